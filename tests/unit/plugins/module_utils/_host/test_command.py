# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that are begun now and waited for later."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.command import Ended, start
from support.stream import timed

ENDS: List[Tuple[str, Ended]] = [
    ("exit 0", Ended(0, "", "")),
    ("echo a; echo b >&2; exit 3", Ended(3, "a\n", "b\n")),
    ("kill -9 $$", Ended(-9, "", "")),
    # Neither the user's terminal nor the user's language.
    ("cat; echo $LC_ALL", Ended(0, "C\n", "")),
    # Text whatever the bytes are.
    (r"printf '\377'; printf '\303\274' >&2", Ended(0, "\ufffd", "\u00fc")),
    # More than a pipe holds, on both sides.
    ("i=0; while [ $i -lt 3000 ]; do echo 123456789012345678901234567890; i=$((i+1)); done; echo end >&2",
     Ended(0, "123456789012345678901234567890\n" * 3000, "end\n")),
]  # fmt: skip


@pytest.mark.parametrize(("command", "ended"), ENDS)
def test_how_it_ended_and_what_it_wrote_is_told(command: str, ended: Ended) -> None:
    assert start(["/bin/sh", "-c", command], None)() == ended


def test_it_runs_where_it_is_told_with_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPEROR_TEST", "there")
    found = start(["/bin/sh", "-c", "pwd; echo $EMPEROR_TEST"], str(tmp_path))()
    assert found.out == f"{os.path.realpath(str(tmp_path))}\nthere\n"


def test_arguments_are_no_shell_s() -> None:
    assert start(["/bin/echo", "$(id)", "a b", "*"], None)().out == "$(id) a b *\n"


def test_it_runs_while_others_work(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(str(pipe))
    ended = start(["/bin/sh", "-c", f"read line <{pipe}; echo got $line"], None)
    # It waits for a word that only comes now.
    pipe.write_text("it\n")
    assert ended() == Ended(0, "got it\n", "")


def test_several_run_at_once() -> None:
    with timed(0.5, 5):
        ends = [start(["/bin/sleep", "0.5"], None) for dummy in range(10)]
        assert [end().code for end in ends] == [0] * 10


NOT_RUN: List[Tuple[str, str]] = [
    ("gone", "No such file or directory"),
    ("plain", "Permission denied"),
    ("folder", "Permission denied"),
    ("text", "Exec format error"),
]


@pytest.mark.parametrize(("name", "why"), NOT_RUN)
def test_what_can_not_be_run_is_an_error_of_the_host(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)
    path = str(tmp_path / name)
    with pytest.raises(HostError) as caught:
        start([path], None)
    assert str(caught.value) == f"{path}: can't be run: {why}; give another, or make it executable"
    assert caught.value.result == {}


def test_a_working_directory_that_is_not_there_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="can't be run: No such file or directory"):
        start(["/bin/true"], str(tmp_path / "gone"))
