# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a live page: written before its vassal, removed after it, and never incomplete."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import program
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.files import Page
from support.files import mode

CONFIG = {"host": "router1"}
PROGRAM = program.program()


def page(folder: Path, config: Any, check_mode: bool = False) -> Page:
    given = {"path": str(folder / "metrics"), "owned": False, "config": config, "program": base64.b64encode(PROGRAM).decode()}
    return Page("desired.metrics", given, None, check_mode)


def changes(results: List[Dict[str, Any]]) -> List[bool]:
    return [one["changed"] for one in results]


def test_both_files_come_once_and_go_with_their_folder(tmp_path: Path) -> None:
    found, folder = page(tmp_path, CONFIG), tmp_path / "metrics"
    assert changes(page(tmp_path, CONFIG, check_mode=True).before()) == [True] and not folder.exists()
    first = found.before()
    assert (changes(first), found.after(), changes(found.before())) == ([True], [], [False])
    assert (folder / "live.zip").read_bytes() == PROGRAM
    assert json.loads((folder / "live.json").read_text(encoding="ascii")) == CONFIG
    assert (mode(folder / "live.zip"), mode(folder / "live.json"), mode(folder)) == ("0444", "0644", "0755")
    assert "(the program)" in str(first[0]["diff"]) and "router1" in str(first[0]["diff"])
    off = page(tmp_path, None)
    assert (off.before(), changes(page(tmp_path, None, check_mode=True).after())) == ([], [True])
    assert (folder / "live.zip").exists()
    assert (changes(off.after()), changes(off.after())) == ([True], [False])
    assert not folder.exists()


def test_files_of_others_stay(tmp_path: Path) -> None:
    page(tmp_path, CONFIG).before()
    foreign = tmp_path / "metrics" / "notes"
    foreign.touch()
    assert changes(page(tmp_path, None).after()) == [True]
    assert list((tmp_path / "metrics").iterdir()) == [foreign]


def test_who_says_nothing_of_a_page_changes_none(tmp_path: Path) -> None:
    page(tmp_path, CONFIG).before()
    silent = Page("desired.metrics", None, None, False)
    assert (silent.before(), silent.after()) == ([], [])
    assert len(list((tmp_path / "metrics").iterdir())) == 2


def test_what_is_no_page_is_refused(tmp_path: Path) -> None:
    for given in (5, {}, {"path": 5}):
        with pytest.raises(ArgumentError, match=r"^desired.metrics: must be a mapping with path, owned and config"):
            Page("desired.metrics", given, None, False)
    with pytest.raises(ArgumentError, match=r"^host: is not text"):
        page(tmp_path, {}).before()
    assert list(tmp_path.iterdir()) == []
