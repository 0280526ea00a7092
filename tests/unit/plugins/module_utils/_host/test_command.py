# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that are started now and waited for later."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import child
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import command
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.command import Ended, start
from support.files import NOBODY, needs_root, ordinary_user, passable, program
from support.stream import timed

OTHER = Identity(NOBODY, NOBODY)

ENDS: List[Tuple[str, Ended]] = [
    ("exit 0", Ended(0, "", "")),
    ("echo a; echo b >&2; exit 3", Ended(3, "a\n", "b\n")),
    ("kill -9 $$", Ended(-9, "", "")),
    # It gets neither the user's terminal nor the user's language.
    ("cat; echo $LC_ALL", Ended(0, "C\n", "")),
    # The output is text, whatever its bytes are.
    (r"printf '\377'; printf '\303\274' >&2", Ended(0, "\ufffd", "\u00fc")),
    # More than a pipe holds on stdout, before anything on stderr.
    ("i=0; while [ $i -lt 3000 ]; do echo 123456789012345678901234567890; i=$((i+1)); done; echo end >&2",
     Ended(0, "123456789012345678901234567890\n" * 3000, "end\n")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ended"), ENDS)
def test_how_it_ended_and_what_it_wrote_is_told(text: str, ended: Ended) -> None:
    assert start(["/bin/sh", "-c", text], None)() == ended


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
    # It waits for a word that is written only now.
    pipe.write_text("it\n")
    assert ended() == Ended(0, "got it\n", "")


def test_several_run_at_once() -> None:
    with timed(1, 9):
        ends = [start(["/bin/sleep", "1"], None) for dummy in range(10)]
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


def test_without_its_working_directory_it_starts_in_the_root_folder(tmp_path: Path) -> None:
    assert start(["/bin/pwd"], str(tmp_path / "gone"))().out == "/\n"


# Limits


class Left:
    """Tells whether any process still has a pipe open; each process opens it first."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "left"
        os.mkfifo(str(self._path), 0o666)
        self._path.chmod(0o666)
        self._handle = os.open(str(self._path), os.O_RDONLY | os.O_NONBLOCK)
        self.opens = f"exec 9>{self._path}; echo >&9; "

    def __enter__(self) -> Left:
        return self

    def __exit__(self, *dummy: object) -> None:
        os.close(self._handle)

    def gone(self) -> bool:
        """Whether there were some, and all of them end within a while."""
        said = b""
        while select.select([self._handle], [], [], 20)[0]:
            part = os.read(self._handle, 1000)
            if not part:
                return bool(said)
            said += part
        return False


# Commands that stay, or leave a child behind.
STAYING = ["sleep 600 & sleep 600", "sleep 600 & exit 0", "trap '' TERM HUP; sleep 600", "exec >&- 2>&-; sleep 600"]
USERS: List[Optional[Identity]] = [None, OTHER] if os.geteuid() == 0 else [None]


@pytest.mark.parametrize("user", USERS, ids=str)
@pytest.mark.parametrize("text", STAYING)
def test_at_the_deadline_all_of_it_is_killed(monkeypatch: pytest.MonkeyPatch, text: str, user: Optional[Identity]) -> None:
    assert command._TIMEOUT == 60
    monkeypatch.setattr(command, "_TIMEOUT", 0.5)
    with passable() as folder, Left(folder) as left:
        ended = start(["/bin/sh", "-c", left.opens + text], None, user)
        with timed(0, 20), pytest.raises(HostError) as caught:
            ended()
        assert str(caught.value) == "/bin/sh: does not end within 0.5 s"
        assert left.gone()


def test_the_deadline_is_that_of_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_TIMEOUT", 0.5)
    ended, late = start(["/bin/sh", "-c", "echo a"], None), start(["/bin/sleep", "600"], None)
    time.sleep(0.7)
    # What ended in time succeeds, however late it is asked.
    assert ended() == Ended(0, "a\n", "")
    with timed(0, 20), pytest.raises(HostError, match="does not end within"):
        late()


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_what_says_too_much_is_killed(monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    assert command._MOST_BYTES == 1 << 22
    monkeypatch.setattr(command, "_MOST_BYTES", 100000)
    with passable() as folder, Left(folder) as left:
        with timed(0, 20), pytest.raises(HostError) as caught:
            start(["/bin/sh", "-c", f"{left.opens}while :; do echo {'y' * 1000}{stream}; done"], None)()
        assert str(caught.value) == "/bin/sh: writes more than 100000 bytes"
        assert left.gone()
    # This much on each stream is not too much.
    said = start(["/bin/sh", "-c", "head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2"], None)()
    assert (said.code, len(said.out), len(said.err)) == (0, 100000, 100000)


def test_no_descriptor_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_TIMEOUT", 0.2)
    before = sorted(os.listdir("/proc/self/fd"))
    for argv in (["/bin/true"], ["/bin/sleep", "600"], ["/nonexistent"]):
        try:
            start(argv, None)()
        except HostError:
            pass
    assert sorted(os.listdir("/proc/self/fd")) == before


# As another user


@pytest.fixture
def folders() -> Iterator[Path]:
    """A folder that every user may enter; only root may enter the folder in it."""
    with passable() as found:
        (found / "closed").mkdir(mode=0o700)
        yield found


def status(user: Optional[Identity]) -> Dict[str, List[str]]:
    """What the kernel says about a command that is run as a user."""
    found = start(["/bin/cat", "/proc/self/status"], None, user)()
    lines = dict(line.split(":\t", 1) for line in found.out.splitlines() if ":\t" in line)
    return {name: lines[name].split() for name in ("Uid", "Gid", "Groups", "CapEff", "CapPrm", "NoNewPrivs")}


@needs_root
def test_it_has_the_users_rights_and_nothing_else() -> None:
    groups = os.getgroups()
    os.setgroups([0, 4, 5])
    try:
        found = status(OTHER)
        assert status(None)["Groups"] == ["0", "4", "5"]
    finally:
        os.setgroups(groups)
    assert found["Uid"] == found["Gid"] == [str(NOBODY)] * 4
    assert (found["Groups"], found["NoNewPrivs"]) == ([], ["1"])
    assert {int(found[name][0], 16) for name in ("CapEff", "CapPrm")} == {0}
    assert (os.geteuid(), os.getgroups()) == (0, groups)
    assert start(["/bin/sh", "-c", "ulimit -c; ulimit -t"], None, OTHER)().out == "0\n61\n"


@pytest.mark.parametrize("user", [None, Identity(0, 0)], ids=str)
def test_without_another_user_it_is_run_as_the_caller(user: Optional[Identity]) -> None:
    assert status(user)["Uid"][1] == str(os.geteuid())


def test_who_is_not_root_runs_it_as_itself() -> None:
    with ordinary_user():
        assert status(Identity(1, 1))["Uid"][1] == str(os.geteuid())


# The folder where it should start, and where it does start, below this one.
STARTS: List[Tuple[Optional[str], str]] = [("", ""), ("closed", "/"), ("closed/none", "/"), ("none", "/"), (None, "/")]


@needs_root
@pytest.mark.parametrize(("cwd", "there"), STARTS)
def test_where_the_user_can_not_go_it_starts_elsewhere(folders: Path, cwd: Optional[str], there: str) -> None:
    found = start(["/bin/pwd"], None if cwd is None else str(folders / cwd), OTHER)()
    assert found == Ended(0, (there or str(folders)) + "\n", "")


@needs_root
def test_what_the_user_can_not_run_is_not_run(folders: Path) -> None:
    path = program(folders / "closed", "exit 0")
    assert start([path], None)().code == 0
    with pytest.raises(HostError) as caught:
        start([path], None, OTHER)
    assert str(caught.value) == f"{path}: can't be run as nobody: Permission denied; give another, or make it executable"


@needs_root
def test_a_user_that_can_not_be_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*dummy: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(child, "become", fails)
    with pytest.raises(HostError, match=r"/bin/true: can't be run as nobody: "):
        start(["/bin/true"], None, OTHER)
