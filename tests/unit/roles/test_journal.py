# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wrapper that names each vassal's lines in the journal, between a real Emperor and its vassals.

The scenario "fronts" has a real journal.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import service
from support.loopback import free_address
from support.uwsgi import BINARY, Instance, plugin_lines

JOURNAL = "/run/systemd/journal/stdout"


def wrapper(folder: Path, journal: Path) -> Path:
    """The wrapper as the role writes it, for a journal in another place."""
    text = service.wrapper(BINARY)
    assert text.startswith("#!/bin/sh\n# Managed by Ansible") and text.count(JOURNAL) == 1
    path = folder / "run-vassal"
    path.write_text(text.replace(JOURNAL, str(journal)), encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("journal", [True, False], ids=["journal", "none"])
def test_each_vassal_runs_under_its_name_where_there_is_a_journal(journal: bool, tmp_path: Path) -> None:
    stand_in = tmp_path / "bin" / "systemd-cat"
    stand_in.parent.mkdir()
    text = f'#!/bin/sh\necho "$1" >> {tmp_path}/names\n[ "$2" = -- ] && shift 2 && exec "$@"\n'
    stand_in.write_text(text, encoding="utf-8")
    stand_in.chmod(0o755)
    vassals = tmp_path / "vassals"
    vassals.mkdir()
    address = free_address()
    lines = ["[uwsgi]", "strict = true", "master = true", *plugin_lines("fastrouter"), "fastrouter = " + address, ""]
    (vassals / "my.shop.ini").write_text("\n".join(lines), encoding="utf-8")
    with socket.socket(socket.AF_UNIX) as stream:
        if journal:
            stream.bind(str(tmp_path / "journal"))
        options = [f"emperor = {vassals}/*.ini", f"emperor-wrapper = {wrapper(tmp_path, tmp_path / 'journal')}"]
        path = f"{stand_in.parent}:{os.environ['PATH']}"
        with Instance(tmp_path, *options, name="emperor", environment={"PATH": path}) as emperor:
            emperor.wait_for_words("fastrouter bound on " + address)
    names = tmp_path / "names"
    assert (names.read_text(encoding="utf-8") if names.exists() else "") == ("--identifier=my.shop\n" if journal else "")
