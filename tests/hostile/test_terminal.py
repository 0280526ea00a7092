# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from strangers that Ansible prints to a terminal: messages, warnings and diffs can't move its cursor."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support import modules, playbook
from support.files import put
from support.stream import serving

# A window title, a cleared screen, an overwritten line, and a reversed direction.
EVIL = "\x1b]0;owned\x07\x1b[2J\rgone \u202e\x9b2K"
SEEN = r"\x1b]0;owned\x07\x1b[2J\rgone"
STATUS = f"HTTP/1.0 500 {EVIL[:-4]}\r\n\r\n".encode("latin-1", "replace")
VASSAL = {"name": "a", "options": {"master": True}}
# What a terminal obeys, except line breaks.
_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


def test_an_error_of_a_module_shows_what_a_server_says_in_words() -> None:
    with serving(STATUS) as server:
        found = modules.run("uwsgi_router_info", {"router_stats": [f"http://{server.address}/"], "timeout": 5})
    assert found.failed
    assert SEEN[:-8] in found.msg
    assert not _OBEYED.search(found.msg)


def test_a_difference_shows_what_is_in_a_file_in_words(tmp_path: Path) -> None:
    put(tmp_path / "a.ini", f"; {EVIL}\n\tb\n")
    found = modules.run("uwsgi_vassals", {"path": str(tmp_path), "vassals": [VASSAL], "validate": False})
    [difference] = found.data["diff"]
    assert difference["before"].startswith(f"; {SEEN}")
    assert not _OBEYED.search(difference["before"])


@pytest.mark.parametrize("require_all", [True, False])
def test_the_inventory_shows_what_a_server_says_in_words(tmp_path: Path, require_all: bool) -> None:
    source = tmp_path / "live.uwsgi_fastrouter.yml"
    good = json.dumps({"version": "2.0.31", "subscriptions": []}).encode("ascii")
    with serving(STATUS) as bad, serving(good, asked=False) as server:
        given = {"router_stats": [f"http://{bad.address}/", server.address], "require_all": require_all}
        source.write_text(json.dumps({"plugin": "emperor.uwsgi.fastrouter", **given}), encoding="utf-8")
        found = playbook.command("ansible-inventory", "--list", "--inventory", str(source), folder=tmp_path)
    assert SEEN[:-8] in found.stderr
    assert not _OBEYED.search(found.stderr)
