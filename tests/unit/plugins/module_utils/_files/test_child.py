# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work as another user: with that user's rights and no others, its errors, and a deadline."""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import child, opened
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.child import as_user, on_behalf_of, where_it_belongs
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import ANYBODY, UnsafePath
from support.files import NOBODY, belongs_to_nobody, needs_root, ordinary_user, put
from support.stream import timed

OTHER = Identity(NOBODY, NOBODY)


def rights() -> Dict[str, Any]:
    with open("/proc/self/status", encoding="utf-8") as stream:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in stream if ":\t" in line)
    return {name: lines[name].split() for name in ("Uid", "Gid", "Groups", "CapEff", "CapPrm", "NoNewPrivs")}


@needs_root
def test_the_child_has_the_users_rights_and_nothing_else() -> None:
    found = as_user(OTHER, rights)
    assert found["Uid"] == found["Gid"] == [str(NOBODY)] * 4
    assert (found["Groups"], found["NoNewPrivs"]) == ([], ["1"])
    assert {int(found[name][0], 16) for name in ("CapEff", "CapPrm")} == {0}
    assert as_user(OTHER, lambda: resource.getrlimit(resource.RLIMIT_CORE)) == [0, 0]
    assert as_user(OTHER, lambda: resource.getrlimit(resource.RLIMIT_CPU)[0], timeout=7) == 8
    assert os.geteuid() == 0


@needs_root
def test_nobody_but_root_can_look_into_the_child() -> None:
    assert as_user(OTHER, lambda: os.stat("/proc/self/mem").st_uid) == 0


@needs_root
def test_the_child_has_nothing_of_roots_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "known to root alone")
    assert as_user(OTHER, lambda: sorted(set(os.environ) - {"PATH", "LD_LIBRARY_PATH", "TMPDIR", "TZ"})) == []
    assert as_user(OTHER, lambda: os.getenv("PATH")) == os.environ["PATH"]
    assert os.environ["TOKEN"] == "known to root alone"


def joined_by_another() -> str:
    """Runs beside another child that is started at the same time and hangs: that one has the pipe too."""
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    return "done"


@needs_root
def test_an_answer_waits_for_nobody_else() -> None:
    with timed(0, 10):
        assert as_user(OTHER, joined_by_another, timeout=20) == "done"


def test_without_another_user_it_is_just_done() -> None:
    pid = os.getpid()
    for user in (None, Identity(os.geteuid(), os.getegid())):
        assert as_user(user, os.getpid) == pid


def fails(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@needs_root
def test_errors_come_back_as_they_are() -> None:
    with pytest.raises(ArgumentError) as argument:
        as_user(OTHER, fails(ArgumentError("a.b", "is wrong")))
    assert (argument.value.path, argument.value.problem) == ("a.b", "is wrong")
    with pytest.raises(HostError) as host:
        as_user(OTHER, fails(HostError("a", "is down", found=[1])))
    assert (host.value.what, host.value.problem, host.value.result) == ("a", "is down", {"found": [1]})
    with pytest.raises(UnsafePath) as unsafe:
        as_user(OTHER, fails(UnsafePath("/a", 7)))
    assert (unsafe.value.path, unsafe.value.uid) == ("/a", 7)
    with pytest.raises(PermissionError) as system:
        as_user(OTHER, lambda: opened.read("/etc/shadow").hex())
    assert system.value.strerror == "Permission denied"


@needs_root
@pytest.mark.parametrize(
    ("work", "problem"),
    [
        (fails(ZeroDivisionError()), "failed: ZeroDivisionError"),
        (lambda: os._exit(3), "failed: no answer"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "failed: no answer"),
        (lambda: b"no JSON", "failed: no answer"),
        (lambda: "x" * (1 << 10), "failed: no answer"),
    ],
    ids=["another error", "it leaves", "it is killed", "no JSON", "too much"],
)
def test_what_is_no_answer_is_an_error(work: Callable[[], Any], problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_MOST_ANSWER", 100)
    with pytest.raises(HostError) as caught:
        as_user(OTHER, work)
    assert caught.value.problem == problem


def lingering() -> None:
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    time.sleep(60)


@needs_root
def test_a_child_has_so_much_time_and_leaves_nothing_behind() -> None:
    # Any process that is left over keeps the other end open.
    reading, writing = os.pipe()
    try:
        with timed(0.3, 20), pytest.raises(HostError) as caught:
            as_user(OTHER, lingering, timeout=0.3)
        os.close(writing)
        assert select.select([reading], [], [], 20)[0] == [reading]
        assert os.read(reading, 1) == b""
    finally:
        os.close(reading)
    assert str(caught.value) == "work as nobody: does not end within 0.3 s; look at what it has to read"


@needs_root
def test_no_descriptor_is_left_open() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    works: List[Callable[[], Any]] = [rights, fails(ValueError()), lambda: os._exit(1)]
    for work in works:
        try:
            as_user(OTHER, work)
        except HostError:
            pass
    assert sorted(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def theirs() -> Iterator[Path]:
    """Another user's file, in a folder of that user."""
    with belongs_to_nobody() as folder:
        put(folder / "file")
        os.chown(folder / "file", NOBODY, NOBODY)
        yield folder / "file"


@needs_root
def test_what_belongs_to_one_user_is_done_as_that_one(theirs: Path) -> None:
    asked = []

    def work() -> List[Any]:
        asked.append(os.geteuid())
        return [os.geteuid(), opened.read(str(theirs)).decode()]

    assert where_it_belongs(work) == [NOBODY, "old"]
    # It's tried as root first, to see whose file it is.
    assert asked == [0]
    assert where_it_belongs(lambda: [os.geteuid()]) == [0]


@needs_root
def test_what_belongs_to_several_users_is_done_as_none_of_them(theirs: Path) -> None:
    theirs.chmod(0o666)
    asked = []

    def work() -> str:
        asked.append(os.geteuid())
        return opened.read(str(theirs)).decode()

    # The folder belongs to one user; as that user it turns out that anybody may change the file.
    with pytest.raises(UnsafePath) as caught:
        where_it_belongs(work)
    assert caught.value.uid == ANYBODY
    os.chown(theirs, 0, 0)
    os.chown(theirs.parent, 0, 0)
    with pytest.raises(UnsafePath) as caught:
        where_it_belongs(work)
    assert (caught.value.uid, asked) == (ANYBODY, [0, 0])


def test_who_is_not_root_can_do_it_as_nobody_else() -> None:
    with ordinary_user():
        for call in (where_it_belongs, partial(on_behalf_of, None), partial(as_user, Identity(1, 1))):
            with pytest.raises(UnsafePath):
                call(fails(UnsafePath("/a", 1)))  # type: ignore[operator]
        assert on_behalf_of(Identity(1, 1), os.geteuid) == os.geteuid()


@needs_root
def test_who_is_given_does_it_whoever_it_belongs_to(theirs: Path) -> None:
    found = {who: on_behalf_of(user, partial(opens, str(theirs))) for who, user in (("they", OTHER), ("it", None))}
    assert found == {"they": NOBODY, "it": NOBODY}
    assert on_behalf_of(None, os.geteuid) == 0
    # The file belongs to NOBODY, so a third user gets an error.
    with pytest.raises(UnsafePath) as caught:
        on_behalf_of(Identity(1, 1), partial(opens, str(theirs)))
    assert caught.value.uid == NOBODY
    with pytest.raises(HostError, match=r"work as nobody: does not end within 0\.2 s"):
        on_behalf_of(OTHER, partial(time.sleep, 60), 0.2)


def opens(path: str) -> int:
    """Read a file that nobody else can change, and say as which user it was read."""
    opened.read(path)
    return os.geteuid()
