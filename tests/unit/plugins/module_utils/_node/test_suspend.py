# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reasons that keep an instance silent: each one holds until it is removed itself, whatever happens to the others."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Iterator

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.child import on_behalf_of
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import ANYBODY, UnsafePath
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import suspend
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.suspend import HEALTH, OPERATOR
from support.files import NOBODY, belongs_to_nobody, mode, needs_root, ordinary_user
from support.modules import COLLECTIONS

NAMES = [
    ("operator", True),
    ("2nd-deploy_1", True),
    ("a" * 64, True),
    ("a" * 65, False),
    ("", False),
    (".", False),
    ("..", False),
    ("a/b", False),
    ("a\n", False),
    ("-a", False),
    ("_a", False),
    ("A", False),
    ("a b", False),
    ("ä", False),
]


@pytest.mark.parametrize(("name", "good"), NAMES)
def test_names_of_reasons(name: str, good: bool) -> None:
    assert suspend.is_reason(name) is good


def test_the_path_is_there_as_long_as_there_is_a_reason(tmp_path: Path) -> None:
    path = str(tmp_path / "shop")
    assert suspend.reasons(path) == []
    assert suspend.hold(path, OPERATOR)
    assert not suspend.hold(path, OPERATOR)
    assert suspend.hold(path, HEALTH)
    assert suspend.reasons(path) == [HEALTH, OPERATOR]
    assert suspend.release(path, OPERATOR)
    assert not suspend.release(path, OPERATOR)
    assert suspend.reasons(path) == [HEALTH]
    assert suspend.release(path, HEALTH)
    assert not os.path.exists(path)
    assert not suspend.release(path, HEALTH)
    assert os.listdir(tmp_path) == []


def test_a_plain_file_is_the_operators(tmp_path: Path) -> None:
    path = tmp_path / "shop"
    path.write_text("out, says Jo")
    assert suspend.reasons(str(path)) == [OPERATOR]
    assert not suspend.hold(str(path), OPERATOR)
    with pytest.raises(FileExistsError):
        suspend.hold(str(path), HEALTH)
    assert not suspend.release(str(path), HEALTH)
    assert path.read_text() == "out, says Jo"
    assert suspend.release(str(path), OPERATOR)
    assert not path.exists()


def test_what_an_interrupted_run_left_is_the_operators(tmp_path: Path) -> None:
    path = tmp_path / "shop"
    path.mkdir()
    assert suspend.reasons(str(path)) == [OPERATOR]
    assert suspend.hold(str(path), OPERATOR)
    assert suspend.release(str(path), OPERATOR)
    path.mkdir()
    assert suspend.release(str(path), OPERATOR)
    assert not path.exists()


def test_each_reason_has_the_time_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "shop"
    assert suspend.times(str(path)) == {}
    for reason, since in ((OPERATOR, 1_700_000_000), (HEALTH, 1_700_000_060.5)):
        suspend.hold(str(path), reason)
        os.utime(path / reason, (0, since))
    os.utime(path, (0, 1))
    assert list(suspend.times(str(path)).items()) == [(HEALTH, 1_700_000_060.5), (OPERATOR, 1_700_000_000)]
    for reason in (OPERATOR, HEALTH):
        (path / reason).unlink()
    os.utime(path, (0, 2))
    assert suspend.times(str(path)) == {OPERATOR: 2}
    path.rmdir()
    path.touch()
    os.utime(path, (0, 3))
    assert suspend.times(str(path)) == {OPERATOR: 3}


def test_a_reason_that_goes_while_it_is_read_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "shop")
    suspend.hold(path, OPERATOR)

    def is_reason(name: str) -> bool:
        suspend.release(path, name)
        return True

    monkeypatch.setattr(suspend, "is_reason", is_reason)
    assert suspend.times(path) == {}


@pytest.mark.parametrize("place", ["missing/shop", "file/shop", "link", "folder-link"])
def test_where_nothing_can_be_held_that_is_an_error(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "folder-link").symlink_to("folder")
    for reason in (OPERATOR, HEALTH):
        with pytest.raises(OSError) as found:
            suspend.hold(str(tmp_path / place), reason)
        assert found.value.strerror
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "folder-link", "link"]
    assert os.listdir(tmp_path / "folder") == []
    assert (tmp_path / "file").read_text() == "mine"


def test_below_a_file_nothing_holds(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "shop")
    with pytest.raises(NotADirectoryError):
        suspend.reasons(path)
    assert not suspend.release(path, OPERATOR)
    assert (tmp_path / "file").exists()


@pytest.mark.parametrize("name", ["folder/", "link", "A file", ".hidden", "passwd.bak"])
def test_a_folder_of_other_things_gets_no_reason(name: str, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    if name == "link":
        (tmp_path / "shop" / name).symlink_to("nowhere")
    elif name.endswith("/"):
        (tmp_path / "shop" / name).mkdir()
    else:
        (tmp_path / "shop" / name).touch()
    path = str(tmp_path / "shop")
    for call in (lambda: suspend.reasons(path), lambda: suspend.hold(path, OPERATOR)):
        with pytest.raises(OSError, match="it is a folder with something else in it"):
            call()
    assert not suspend.release(path, OPERATOR)
    assert os.listdir(path) == [name.rstrip("/")]


def test_more_reasons_than_anybody_has_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.mkdir()
    for number in range(1000):
        (path / f"r{number}").touch()
    assert len(suspend.reasons(str(path))) == 1000
    (path / "r1000").touch()
    for call in (suspend.reasons, partial(suspend.hold, reason=OPERATOR)):
        with pytest.raises(OSError, match="it has more than 1000 reasons"):
            call(str(path))


def test_a_link_to_a_file_is_the_operators(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "shop").symlink_to("file")
    path = str(tmp_path / "shop")
    assert suspend.reasons(path) == [OPERATOR]
    assert not suspend.hold(path, OPERATOR)
    assert suspend.release(path, OPERATOR)
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_that_may_not_be_read_is_an_error() -> None:
    with ordinary_user() as folder:
        path = folder / "secret" / "shop"
        path.parent.mkdir(mode=0)
        try:
            for call in (lambda: suspend.reasons(str(path)), lambda: suspend.hold(str(path), OPERATOR)):
                with pytest.raises(PermissionError):
                    call()
            with pytest.raises(PermissionError):
                suspend.release(str(path), OPERATOR)
        finally:
            path.parent.chmod(0o700)


def test_an_instance_of_another_user_sees_it_whatever_the_umask_is(tmp_path: Path) -> None:
    """uWSGI treats a file that it can't read as missing (``uwsgi_file_exists``, core/utils.c)."""
    before = os.umask(0o077)
    try:
        suspend.hold(str(tmp_path / "shop"), OPERATOR)
        (tmp_path / "left").mkdir()
        suspend.hold(str(tmp_path / "left"), OPERATOR)
    finally:
        os.umask(before)
    assert (mode(tmp_path / "shop"), mode(tmp_path / "left")) == ("0755", "0755")


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of another user, which everybody may enter."""
    with belongs_to_nobody() as found:
        yield found


@needs_root
def test_root_does_nothing_itself_in_a_folder_of_another_users(theirs: Path) -> None:
    path = str(theirs / "shop")
    for call in (partial(suspend.hold, path, OPERATOR), partial(suspend.release, path, OPERATOR), partial(suspend.reasons, path)):
        with pytest.raises(UnsafePath) as caught:
            call()
        assert (caught.value.path, caught.value.uid) == (str(theirs), NOBODY)
    assert os.listdir(theirs) == []


@needs_root
def test_the_owner_of_the_folder_can_hold_what_root_holds(theirs: Path) -> None:
    path = str(theirs / "shop")
    owner = Identity(NOBODY, NOBODY)
    assert on_behalf_of(None, partial(suspend.hold, path, OPERATOR))
    assert ((theirs / "shop").stat().st_uid, (theirs / "shop" / OPERATOR).stat().st_uid) == (NOBODY, NOBODY)
    assert on_behalf_of(owner, partial(suspend.hold, path, HEALTH))
    for user in (None, owner):
        assert on_behalf_of(user, partial(suspend.reasons, path)) == [HEALTH, OPERATOR]
    assert on_behalf_of(None, partial(suspend.release, path, OPERATOR))
    assert not on_behalf_of(None, partial(suspend.release, path, OPERATOR))
    assert on_behalf_of(owner, partial(suspend.release, path, HEALTH))
    assert os.listdir(theirs) == []


@needs_root
def test_a_reason_of_roots_in_a_folder_of_its_own_is_nobody_elses(theirs: Path) -> None:
    path = str(theirs.parent / "shop")
    assert on_behalf_of(None, partial(suspend.hold, path, OPERATOR))
    assert (theirs.parent / "shop").stat().st_uid == 0
    # The owner of an instance sees it, but can't remove it.
    owner = Identity(NOBODY, NOBODY)
    assert on_behalf_of(owner, partial(suspend.reasons, path)) == [OPERATOR]
    for call in (suspend.hold, suspend.release):
        with pytest.raises(PermissionError):
            on_behalf_of(owner, partial(call, path, OPERATOR if call is suspend.release else HEALTH))
    assert suspend.reasons(path) == [OPERATOR]


@needs_root
def test_a_link_in_a_folder_of_another_users_leads_root_nowhere(theirs: Path) -> None:
    (theirs.parent / "roots").mkdir()
    (theirs / "link").symlink_to(theirs.parent / "roots")
    for path in (theirs / "link" / "shop", theirs / "link"):
        for reason in (OPERATOR, HEALTH):
            with pytest.raises(OSError):
                on_behalf_of(None, partial(suspend.hold, str(path), reason))
    assert list((theirs.parent / "roots").iterdir()) == []


@pytest.mark.parametrize("call", ["reasons", "hold", "release"])
def test_in_a_folder_that_several_users_can_change_nothing_is_done(tmp_path: Path, call: str) -> None:
    path = str(tmp_path / "shop")
    suspend.hold(path, OPERATOR)
    tmp_path.chmod(0o777)
    arguments = () if call == "reasons" else (OPERATOR,)
    work = partial(getattr(suspend, call), path, *arguments)
    for run in (work, partial(on_behalf_of, None, work)):
        with pytest.raises(UnsafePath) as caught:
            run()
        assert caught.value.uid == ANYBODY
    tmp_path.chmod(0o700)
    assert suspend.reasons(path) == [OPERATOR]


# A separate program that holds and releases; while it holds, the path must exist.
_HOLDER = """
import os, sys
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import suspend
path, reason, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for at in range(count):
    if not suspend.hold(path, reason):
        sys.exit("held already")
    for dummy in range(at % 7):
        if not os.access(path, os.R_OK) or reason not in suspend.reasons(path):
            sys.exit("gone while held")
    if not suspend.release(path, reason):
        sys.exit("released by another")
"""


def test_those_who_come_and_go_at_once_undo_nobody(tmp_path: Path) -> None:
    path = str(tmp_path / "shop")
    argv = [sys.executable, "-c", _HOLDER, path]
    environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    holders = [
        subprocess.Popen([*argv, f"reason-{at}", "1500"], env=environment, stderr=subprocess.PIPE) for at in range(4)
    ]
    said = [holder.communicate(timeout=120)[1].decode() for holder in holders]
    assert said == [""] * len(holders)
    assert os.listdir(tmp_path) == []


def test_the_path_stays_while_others_come_and_go(tmp_path: Path) -> None:
    path = str(tmp_path / "shop")
    suspend.hold(path, OPERATOR)
    environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    argv = [sys.executable, "-c", _HOLDER, path, HEALTH, "1500"]
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE) as holder:
        looks = 0
        while holder.poll() is None:
            assert OPERATOR in suspend.reasons(path)
            looks += 1
        assert holder.stderr is not None
        assert holder.stderr.read() == b""
    assert looks > 100
    assert suspend.reasons(path) == [OPERATOR]
