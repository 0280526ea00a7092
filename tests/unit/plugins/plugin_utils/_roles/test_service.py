# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files with which systemd runs an Emperor."""

from __future__ import annotations

import configparser
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import service
from support.records import EMPEROR


def settings(given: Any) -> dict[str, str]:
    """The section [Service] of a unit file."""
    found = configparser.RawConfigParser(strict=True)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(service.unit(given, "/usr/bin/uwsgi"))
    return dict(found["Service"])


PLAIN = settings(EMPEROR)
# Variables, and what differs in the unit; None for what is missing.
DIFFERING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"user": "", "group": ""}, {"User": None, "Group": None}),
    ({"user": "app", "group": "web"}, {"User": "app", "Group": "web"}),
    (
        {"tyrant": True},
        {"User": None, "Group": None, "NotifyAccess": "main", "ProtectProc": "invisible",
         "CapabilityBoundingSet": "CAP_SETUID CAP_SETGID CAP_KILL"},
    ),
    ({"metrics": "127.0.0.1:1"}, {}),
    (
        {"tyrant": True, "metrics": "127.0.0.1:1", "group": "web"},
        {"User": None, "Group": "web", "NotifyAccess": "main", "ProtectProc": "invisible",
         "CapabilityBoundingSet": "CAP_SETUID CAP_SETGID CAP_KILL"},
    ),
    ({"capabilities": ["CAP_A", "CAP_B"]}, {"CapabilityBoundingSet": "CAP_A CAP_B", "AmbientCapabilities": "CAP_A CAP_B"}),
    ({"writable_paths": ["/a", "/b"]}, {"ReadWritePaths": "-/etc/uwsgi/suspend -/a -/b"}),
    ({"worker_reload_mercy": 5}, {"TimeoutStopSec": "40"}),
    ({"max_fd": 5}, {"LimitNOFILE": "5"}),
    ({"run_dir": "/run/other/uwsgi"}, {"RuntimeDirectory": "other/uwsgi"}),
    ({"dir": "/etc/other"}, {"ExecStart": "/usr/bin/uwsgi --ini /etc/other/emperor.ini"}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "differing"), DIFFERING)
def test_the_unit_follows_from_the_variables(given: dict[str, Any], differing: dict[str, Any]) -> None:
    wanted = {name: value for name, value in {**PLAIN, **differing}.items() if value is not None}
    assert settings(EMPEROR._replace(**given)) == wanted


def test_the_texts_say_what_they_are_and_why() -> None:
    given = EMPEROR._replace(service="uwsgi")
    assert service.path(given) == "/etc/systemd/system/uwsgi.service"
    mark = "# Managed by Ansible, role emperor.uwsgi.emperor\n"
    assert service.unit(given, "/u").startswith(mark + "[Unit]\n")
    why = "\n# What root needs to become each tenant, and to kill a vassal that doesn't stop.\nCapabilityBoundingSet="
    assert [why in service.unit(EMPEROR._replace(tyrant=tyrant), "/u") for tyrant in (True, False)] == [True, False]
    assert service.wrapper("/u").startswith("#!/bin/sh\n" + mark + "#\n# The Emperor runs it as ")


def test_the_wrapper_runs_what_it_is_told_with_its_arguments(tmp_path: Path) -> None:
    program = tmp_path / "a program"
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n', encoding="ascii")
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(service.wrapper(str(program)), encoding="ascii")
    for path in (program, wrapper):
        path.chmod(0o755)
    # There is no journal here.
    found = subprocess.run([wrapper, "--ini", "/v/a b.ini"], capture_output=True, text=True, check=True)
    assert found.stdout == "--ini|/v/a b.ini|"
