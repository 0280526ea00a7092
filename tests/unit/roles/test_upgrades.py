# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an upgrade of uWSGI, or of the collection, restarts and reloads, on this machine and without root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.action.uwsgi_emperor import was_installed
from support.loopback import free_address
from support.modules import ROOT
from support.role import apply

# How uWSGI is installed, what the install tasks registered, and whether this is another uWSGI.
UPGRADES: list[tuple[str, dict[str, Any], bool]] = [
    ("pip", {}, False),
    ("pip", {"emperor__pip": {"changed": False}}, False),
    ("pip", {"emperor__pip": {"changed": True}}, True),
    ("package", {"emperor__apt": {"changed": True}, "emperor__package": {"changed": False, "skipped": True}}, True),
    ("package", {"emperor__apt": {"changed": False, "skipped": True}, "emperor__package": {"changed": True}}, True),
    # This was registered by an earlier play, for another role.
    ("none", {"emperor__pip": {"changed": True}}, False),
]


def test_an_upgrade_restarts_what_it_is_about(tmp_path: Path) -> None:
    vassals = [{"name": name, "options": {"socket": free_address(), "need-app": None}} for name in ("shop", "blog")]
    files = [tmp_path / "etc" / "vassals" / name for name in ("shop.ini", "blog.ini")]

    def emperor(*arguments: str, **variables: Any) -> str:
        run = apply(tmp_path, "emperor", *arguments, emperor_vassals=vassals, emperor_signing=False, **variables)
        assert run.code == 0, run.output
        return (tmp_path / "etc" / "run" / "emperor.pid").read_text(encoding="ascii")

    try:
        first = emperor()
        wanted = [path.read_bytes() for path in files]
        # As another release of the collection might have written it.
        files[0].write_bytes(wanted[0].replace(b"vacuum = true\n", b""))
        times = [path.stat().st_mtime_ns for path in files]
        assert emperor() == first
        assert [path.read_bytes() for path in files] == wanted
        assert [path.stat().st_mtime_ns == time for path, time in zip(files, times)] == [False, True]
        # As if the install task, which is skipped here, had reported a change.
        installed = {"emperor_install": "pip", "emperor__pip": {"changed": True}}
        assert emperor("--skip-tags=install", **installed) != first
    finally:
        run = apply(tmp_path, "emperor", emperor_state="absent")
    assert run.code == 0, run.output


@pytest.mark.parametrize(("install", "registered", "wanted"), UPGRADES)
def test_what_installs_says_whether_it_is_an_upgrade(install: str, registered: dict[str, Any], wanted: bool) -> None:
    known = yaml.safe_load((ROOT / "roles" / "emperor" / "vars" / "main.yml").read_text(encoding="utf-8"))
    assert was_installed(install, {**known, **registered}) is wanted
