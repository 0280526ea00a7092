# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a log, as it is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment import log
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.log import Source
from support import keys

NOWHERE = Source("", False, "", 0)
CASES = [
    ("", ""),
    ("one\ntwo\n", "one\ntwo"),
    ("\n".join(map(str, range(30))), "\n".join(map(str, range(10, 30)))),
    ("\x1b[2Jred\rover\n", "\\x1b[2Jred\\rover"),
    ("x" * 5000, "x" * 4096),
    ("\u00e4" * 4000, "\u00e4" * 2048),
]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_it_is_cut_and_moves_no_cursor(text: str, shown: str) -> None:
    assert log.cut(text) == shown


def test_no_key_is_in_it() -> None:
    assert keys.leaked(log.cut("before\n" + keys.private() + "after"), keys.private()) == []


def vassal(folder: Path, *lines: str) -> Path:
    (folder / "shop.ini").write_text("\n".join(["[uwsgi]", *lines, ""]), encoding="ascii")
    return folder


def test_a_file_of_its_own_comes_before_what_all_share(tmp_path: Path) -> None:
    own, shared = tmp_path / "own.log", tmp_path / "all.log"
    own.write_text("mine\n", encoding="ascii")
    shared.write_text("ours\n", encoding="ascii")
    source = NOWHERE._replace(file=str(shared))
    vassal(tmp_path, "master = true")
    said = log.last_words("shop", str(tmp_path), source)
    assert said == f"the end of its log, which all vassals share (more by: tail {shared}):\nours"
    vassal(tmp_path, f"logto = {own}")
    assert log.last_words("shop", str(tmp_path), source) == f"the end of its log (more by: tail {own}):\nmine"


# Like the journalctl of systemd 247: it counts lines from the given start, unless it reads backwards.
JOURNALCTL = """#!/bin/sh
case " $* " in *" -r "*) seq 30 -1 1 ;; *) seq 1 30 ;; esac | head -n 20
"""


def test_of_the_journal_it_is_the_end_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "journalctl").write_text(JOURNALCTL, encoding="ascii")
    (tmp_path / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    said = log.last_words("shop", str(tmp_path), Source("emperor-uwsgi.service", True, "", 5))
    lines = "\n".join(map(str, range(11, 31)))
    assert said == f"the end of its log (more by: journalctl -t shop --since=@5):\n{lines}"


@pytest.mark.parametrize("line", ["master = true", "logto = /nonexistent/shop.log", "logto = udp:127.0.0.1:9"])
def test_where_nothing_is_found_nothing_is_said(tmp_path: Path, line: str) -> None:
    assert log.last_words("shop", str(vassal(tmp_path, line)), NOWHERE) == ""
    assert log.last_words("gone", str(tmp_path), NOWHERE) == ""
