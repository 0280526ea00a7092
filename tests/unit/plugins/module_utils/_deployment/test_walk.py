# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which vassals leave before others are written, with files alone. tests/conformance/test_deployment.py has real Emperors."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _http
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.journal import Journal
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.settings import Run, Settings, TurnNeeded
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.walk import Walk
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.directory import Directory
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.plan import Wanted

# Nobody listens there.
NOBODY = "127.0.0.1:9"


def text(address: str, key: str = "", more: str = "") -> str:
    """A vassal's file."""
    lines = ["[uwsgi]", "socket = " + address, *([f"subscribe2 = server=127.0.0.1:9,key={key}"] if key else []), more, ""]
    return "\n".join(lines)


A, B = "127.0.0.1:3201", "127.0.0.1:3202"
# The files that are there, those that are wanted, and which vassals leave first.
CHANGES: List = [
    ({"a": text(A)}, {"a": text(A)}, []),
    ({}, {"a": text(A)}, []),
    ({"a": text(A)}, {"a": text(A, more="workers = 2")}, []),
    ({"a": text(A)}, {}, ["a"]),
    ({"a": text(A), "b": text(B)}, {"b": text(A)}, ["a"]),
    ({"a": text(A), "b": text(B)}, {"a": text(B), "b": text(A)}, ["a", "b"]),
    ({"a": text(A)}, {"a": text(A, more="listen = 9")}, ["a"]),
    ({"a": text("127.0.0.1:0")}, {"a": text("127.0.0.1:0", more="workers = 2"), "b": text("127.0.0.1:0")}, []),
]


def walk(tmp_path: Path, before: Dict[str, str], after: Dict[str, str], how: Run, stats: List[str]) -> Walk:
    """The walk from one set of files to another."""
    vassals = tmp_path / "vassals"
    vassals.mkdir()
    for name, content in before.items():
        (vassals / (name + ".ini")).write_text(content, encoding="ascii")
    settings = Settings(str(tmp_path / "stats"), stats, 17, 1, False, _http.get)
    found = Walk(settings, str(vassals), Journal(str(tmp_path / "leaving"), Attributes(None, None, 0o700)), how)
    with Directory(str(vassals), "path", how.check_mode) as folder:
        wanted = [Wanted(name + ".ini", content.encode(), "vassals", None, None, None) for name, content in after.items()]
        found.go(folder, folder.compare(wanted, [name + ".ini" for name in before if name not in after]))
    return found


@pytest.mark.parametrize(("before", "after", "left"), CHANGES)
def test_who_must_go_first_is_told_in_check_mode(
    before: Dict[str, str], after: Dict[str, str], left: List[str], tmp_path: Path
) -> None:
    assert sorted(walk(tmp_path, before, after, Run(True, True, lambda dummy: None), []).left) == left
    assert not (tmp_path / "leaving").exists()


def test_who_serves_waits_for_its_turn(tmp_path: Path) -> None:
    with pytest.raises(TurnNeeded):
        walk(tmp_path, {"a": text(A, "shop")}, {}, Run(False, False, lambda dummy: None), [NOBODY])
    assert (tmp_path / "vassals" / "a.ini").exists()
    assert not (tmp_path / "leaving").exists()
