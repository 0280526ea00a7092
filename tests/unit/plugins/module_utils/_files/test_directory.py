# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory's files are found, compared, shown and written."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import lock
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.directory import Change, Directory, Plan, Wanted
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import ANYBODY, UnsafeArgument, user_name
from support.files import NOBODY, mode, needs_root, ordinary_user, put, snapshot

STRAY = ".emperor-uwsgi-0123abcd-17.tmp"


def bring(folder: Path, *wanted: Wanted, unwanted: Tuple[str, ...] = ()) -> Plan:
    with Directory(str(folder)) as tree:
        plan = tree.compare(wanted, unwanted)
        tree.apply(plan)
    return plan


def refusal(folder: Path, *wanted: Wanted, unwanted: Tuple[str, ...] = ()) -> ArgumentError:
    with Directory(str(folder), "where") as tree, pytest.raises(ArgumentError) as caught:
        tree.compare(wanted, unwanted)
    return caught.value


# Opening


def test_a_missing_directory_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(ArgumentError) as caught, Directory(str(gone), "where"):
        pass
    problem = "the directory {0} is not there; create it first, for example with ansible.builtin.file"
    assert (caught.value.path, caught.value.problem) == ("where", problem.format(gone))
    assert not gone.exists()


@pytest.mark.parametrize("create", [None, Attributes(None, None, 0o700)])
def test_in_check_mode_a_missing_directory_counts_as_empty(tmp_path: Path, create: Optional[Attributes]) -> None:
    gone = tmp_path / "gone"
    with Directory(str(gone), check_mode=True, create=create) as tree:
        assert tree.created is (create is not None)
        assert tree.names() == []
        assert tree.marked(b"", "") == set()
        plan = tree.compare([Wanted("a", b"new", "place")], ["b"])
        tree.apply(plan)
    assert [change.name for change in plan.created] == ["a"]
    assert (plan.updated, plan.removed, plan.unchanged) == ([], [], [])
    assert not gone.exists()


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_file_is_no_directory(tmp_path: Path, check_mode: bool) -> None:
    path = put(tmp_path / "file")
    with pytest.raises(ArgumentError) as caught, Directory(str(path), check_mode=check_mode, create=Attributes(0, 0, 0o700)):
        pass
    assert str(caught.value) == f"path: {path} can't be used as a directory: Not a directory"


def test_a_directory_of_somebody_else_is_an_error() -> None:
    with ordinary_user() as folder:
        (folder / "a").mkdir(mode=0)
        with pytest.raises(ArgumentError, match="can't be used as a directory: Permission denied"), Directory(str(folder / "a")):
            pass
        (folder / "a").chmod(0o700)


@pytest.mark.parametrize(("bits", "expected"), [(0o710, "0710"), (0o2750, "2750"), (None, "0755")])
def test_a_directory_is_made_with_its_mode_and_its_parents_by_the_umask(
    tmp_path: Path, bits: Optional[int], expected: str
) -> None:
    before = os.umask(0o027)
    try:
        with Directory(str(tmp_path / "a" / "b") + "/", create=Attributes(None, None, bits)) as tree:
            assert tree.created
            assert tree.names() == []
    finally:
        os.umask(before)
    assert mode(tmp_path / "a" / "b") == expected
    assert mode(tmp_path / "a") == "0750"
    with Directory(str(tmp_path / "a" / "c"), create=Attributes(None, None, bits)) as tree:
        assert (tree.created, mode(tmp_path / "a" / "c")) == (True, expected)


@needs_root
@pytest.mark.parametrize(("uid", "gid", "expected"), [(0, 6, (0, 6)), (None, 6, (0, 6))])
def test_a_directory_is_made_with_its_owner(tmp_path: Path, uid: Optional[int], gid: int, expected: Tuple[int, int]) -> None:
    with Directory(str(tmp_path / "a" / "b"), create=Attributes(uid, gid, None)):
        pass
    found = (tmp_path / "a" / "b").stat()
    assert (found.st_uid, found.st_gid) == expected
    assert (tmp_path / "a").stat().st_uid == 0


@needs_root
def test_a_directory_that_is_made_for_another_user_is_for_a_run_as_that_user(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with pytest.raises(UnsafeArgument) as caught, Directory(str(path), create=Attributes(5, 6, 0o700)):
        pass
    assert (caught.value.uid, caught.value.made) == (5, [str(path.parent), str(path)])
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (5, 6, "0700")
    assert str(caught.value).startswith(f"path: {path} belongs to {user_name(5)}, who could put links there; give ")


@needs_root
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_directory_that_others_can_change_is_an_error(tmp_path: Path, check_mode: bool) -> None:
    for name, uid, bits in (("theirs", NOBODY, 0o755), ("all", 0, 0o777), ("sticky", 0, 0o1777)):
        path = tmp_path / name
        path.mkdir()
        path.chmod(bits)
        os.chown(path, uid, -1)
        (path / "below").mkdir()
        for unsafe in (path, path / "below") if name != "sticky" else (path,):
            with pytest.raises(UnsafeArgument) as caught, Directory(str(unsafe), check_mode=check_mode):
                pass
            assert caught.value.uid == (uid or ANYBODY)
            assert f"path: {path} " in str(caught.value)


@needs_root
def test_a_directory_of_a_user_can_be_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.mkdir()
    os.chown(path, NOBODY, NOBODY)
    for check_mode, owner in ((True, NOBODY), (False, 0)):
        with Directory(str(path), check_mode=check_mode, create=Attributes(0, 0, 0o711), amend=True) as tree:
            assert (tree.amended, tree.created) == (True, False)
        assert path.stat().st_uid == owner
    assert mode(path) == "0711"


def test_a_directory_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir(mode=0o750)
    with Directory(str(folder), create=Attributes(NOBODY, NOBODY, 0o777)) as tree:
        assert not tree.created
    assert mode(folder) == "0750"
    assert folder.stat().st_uid == os.geteuid()


def test_the_directory_is_locked_while_it_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "TIMEOUT", 0)
    with Directory(str(tmp_path)) as tree:
        assert tree.names() == []
        with Directory(str(tmp_path), check_mode=True):
            pass
        with pytest.raises(HostError, match="is locked by process"), Directory(str(tmp_path)):
            pass
    with Directory(str(tmp_path)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = [STRAY[1:], STRAY + "x", ".hidden"]
    for name in [STRAY, ".emperor-uwsgi-ffffffff-0.tmp", *kept]:
        put(tmp_path / name)
    with Directory(str(tmp_path), check_mode=True) as tree:
        assert STRAY in tree.names()
    with Directory(str(tmp_path)) as tree:
        assert tree.names() == sorted(kept)


# Reading


def test_marked_files_are_regular_ones_that_begin_with_the_marker(tmp_path: Path) -> None:
    for name, content in (("a.ini", "MARK"), ("b.ini", "MARK and more"), ("c.ini", "MAR"), ("d.ini", " MARK"), ("e.txt", "MARK")):
        put(tmp_path / name, content)
    (tmp_path / "f.ini").symlink_to("a.ini")
    (tmp_path / "g.ini").mkdir()
    os.mkfifo(str(tmp_path / "h.ini"))
    with Directory(str(tmp_path)) as tree:
        assert tree.marked(b"MARK", ".ini") == {"a.ini", "b.ini"}
        assert tree.marked(b"MARK", ".ini", {"a.ini", "z.ini"}) == {"b.ini"}


def test_a_file_that_can_not_be_read_is_an_error() -> None:
    with ordinary_user() as folder:
        put(folder / "a", bits=0)
        with Directory(str(folder), "where") as tree:
            for read in (lambda: tree.compare([Wanted("a", b"", "items[3]")]), lambda: tree.marked(b"M", "a")):
                with pytest.raises(HostError) as caught:
                    read()
                assert str(caught.value) == f"{folder / 'a'}: can't be read: Permission denied"


ME = (os.getuid(), os.getgid())
COMPARED: List[Any] = [
    ("the same", Wanted("a", b"old", ""), None),
    ("the same in all", Wanted("a", b"old", "", *ME, 0o640), None),
    ("content", Wanted("a", b"new", ""), {}),
    ("all", Wanted("a", b"", "", ME[0] + 1, ME[1] + 1, 0), {
        "owner": (ME[0], ME[0] + 1), "group": (ME[1], ME[1] + 1), "mode": ("0640", "0000"),
    }),
]


@pytest.mark.parametrize(("wanted", "attributes"), [case[1:] for case in COMPARED], ids=[case[0] for case in COMPARED])
def test_files_are_compared_in_content_owner_group_and_mode(tmp_path: Path, wanted: Wanted, attributes: Any) -> None:
    found = put(tmp_path / "a", bits=0o640).lstat()
    with Directory(str(tmp_path)) as tree:
        plan = tree.compare([wanted])
    updated = [] if attributes is None else [Change("a", b"old", wanted.content, found, wanted, attributes)]
    assert plan == Plan([], updated, [], ["a"] if attributes is None else [])
    assert plan.changed is (attributes is not None)


def test_files_that_are_missing_are_created_and_files_that_are_not_wanted_removed(tmp_path: Path) -> None:
    found = put(tmp_path / "a").lstat()
    new = Wanted("b", b"new", "")
    with Directory(str(tmp_path)) as tree:
        assert tree.compare([new]) == Plan([Change("b", None, b"new", None, new, {})], [], [], [])
        assert tree.compare([], ["a", "c"]) == Plan([], [], [Change("a", b"old", None, found, None, {})], [])
        assert tree.compare([new]).changed
        assert tree.compare([], ["a"]).changed
        assert not tree.compare([], ["c"]).changed


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "file")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(str(tmp_path / "pipe"))
    with socket.socket(socket.AF_UNIX) as stream:
        # Bound relative to the folder, since the path of a test's folder is too long for a socket.
        handle = os.open(str(tmp_path), os.O_RDONLY)
        stream.bind(f"/proc/self/fd/{handle}/socket")
        os.close(handle)
    names = (("link", "a symbolic link"), ("folder", "a directory"), ("pipe", "a pipe"), ("socket", "something else"))
    for name, kind in names:
        error = refusal(tmp_path, Wanted(name, b"", "items[3]"))
        problem = f"{tmp_path / name} is {kind} and not a regular file; remove it first"
        assert (error.path, error.problem) == ("items[3]", problem)
    error = refusal(tmp_path, unwanted=("folder",))
    assert (error.path, error.problem) == ("where", f"{tmp_path / 'folder'} is a directory and not a file")


def test_a_link_that_is_not_wanted_is_removed_and_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "file")
    (tmp_path / "link").symlink_to("file")
    plan = bring(tmp_path, unwanted=("link",))
    assert plan.removed[0].before == b""
    assert list(snapshot(tmp_path)) == ["file"]


# Touching
