# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From paths to descriptors: links, other users' folders, and what is not a regular file."""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path
from typing import Any, Callable, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import opened
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import ANYBODY, UnsafePath
from support.files import NOBODY, needs_root, ordinary_user, put

THROUGH: List[str] = ["a/b/file", "a//b/./file", "a/b/../b/file", "link/b/file", "up/b/file", "a/b/named", "round/b/file"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a" / "b").mkdir(parents=True)
    put(tmp_path / "a" / "b" / "file", "content")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "up").symlink_to("../a/b/..")
    (tmp_path / "up").symlink_to("a/up")
    (tmp_path / "a" / "b" / "named").symlink_to("file")
    (tmp_path / "round").symlink_to(f"../{tmp_path.name}/link")
    return tmp_path


@pytest.mark.parametrize("path", THROUGH)
def test_a_file_is_found_as_the_kernel_finds_it(tree: Path, path: str) -> None:
    assert opened.read(str(tree / path)) == b"content"
    with opened.Place(str(tree / path)) as place:
        assert place.status and os.path.samestat(place.status, os.stat(str(tree / path)))
        assert place.danger is None


def test_a_relative_path_is_below_the_working_directory(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    assert opened.read("a/b/file") == b"content"


def test_the_root_folder_is_a_place_too() -> None:
    with opened.Place("/") as place:
        assert place.status and os.path.samestat(place.status, os.stat("/"))


MISSING: List[Any] = [
    ("none", errno.ENOENT), ("none/none", errno.ENOENT), ("a/b/file/none", errno.ENOTDIR), ("loop", errno.ELOOP),
    ("dangling", errno.ENOENT), ("a", errno.EINVAL),
]


@pytest.mark.parametrize(("path", "number"), MISSING)
def test_what_can_not_be_read_is_an_error(tree: Path, path: str, number: int) -> None:
    (tree / "loop").symlink_to("loop")
    (tree / "dangling").symlink_to("nowhere")
    with pytest.raises(OSError) as caught:
        opened.read(str(tree / path))
    assert caught.value.errno == number
    assert opened.exists(str(tree / path)) is (path == "a")


def fifo(path: Path) -> None:
    os.mkfifo(str(path))


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.bind(str(path))


NO_FILES: List[Callable[[Path], None]] = [fifo, unix_socket, Path.mkdir, lambda path: path.symlink_to("/dev/zero")]


@pytest.mark.parametrize("make", NO_FILES, ids=["a pipe", "a socket", "a folder", "a device"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a")
    with pytest.raises(OSError):
        opened.read(str(tmp_path / "a"))


def test_a_file_with_a_second_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "_MOST_LOOKS", 2)
    os.link(put(tmp_path / "a"), tmp_path / "b")
    with pytest.raises(OSError, match="it has a second name"):
        opened.read(str(tmp_path / "a"))
    with pytest.raises(OSError, match="it has a second name"):
        opened.touch(str(tmp_path / "a"))


def test_a_file_has_a_largest_size(tmp_path: Path) -> None:
    put(tmp_path / "a", "x" * 70000)
    assert len(opened.read(str(tmp_path / "a"), 70000)) == 70000
    with pytest.raises(OSError, match="it has more than 69999 bytes"):
        opened.read(str(tmp_path / "a"), 69999)
    # A sparse file of a terabyte.
    with open(tmp_path / "b", "wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(OSError, match="it has more than "):
        opened.read(str(tmp_path / "b"))


@needs_root
def test_what_a_stranger_can_change_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    put(theirs / "file")
    put(tmp_path / "file")
    (tmp_path / "link").symlink_to("file")
    os.chown(theirs, NOBODY, NOBODY)
    for path, uid in ((theirs / "file", NOBODY), (theirs / "none", NOBODY), (theirs / ".." / "theirs" / "file", NOBODY)):
        with pytest.raises(UnsafePath) as caught:
            opened.read(str(path))
        assert (caught.value.uid, caught.value.path) == (uid, str(theirs))
    os.chown(str(tmp_path / "link"), NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(UnsafePath):
        opened.read(str(tmp_path / "link"))
    os.chown(str(tmp_path / "file"), NOBODY, NOBODY)
    with pytest.raises(UnsafePath):
        opened.read(str(tmp_path / "file"))
    # Root may change its mtime if nobody else can put another file there.
    opened.touch(str(tmp_path / "file"))
    tmp_path.chmod(0o777)
    with pytest.raises(UnsafePath) as caught, opened.folder(str(tmp_path)):
        pass
    assert caught.value.uid == ANYBODY
    tmp_path.chmod(0o700)


def test_the_caller_trusts_itself() -> None:
    with ordinary_user() as folder:
        put(folder / "a")
        assert opened.read(str(folder / "a")) == b"old"
        assert opened.status("/etc/passwd").st_uid == 0


def test_folders_of_a_sticky_one_are_passed_through(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "a").mkdir(mode=0o755)
    put(tmp_path / "a" / "file")
    assert opened.read(str(tmp_path / "a" / "file")) == b"old"
    tmp_path.chmod(0o700)


def test_a_link_that_is_swapped_in_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "secret", "secret")
    put(tmp_path / "file")
    with opened.Place(str(tmp_path / "file")) as place:
        (tmp_path / "file").unlink()
        (tmp_path / "file").symlink_to("secret")
        with pytest.raises(OSError):
            place.open()


def test_a_folder_that_is_swapped_stays_the_one_that_was_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    put(tmp_path / "a" / "file", "first")
    with opened.Place(str(tmp_path / "a" / "file")) as place:
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "a").mkdir()
        put(tmp_path / "a" / "file", "second")
        handle = place.open()
        try:
            assert opened.content_of(handle) == b"first"
        finally:
            os.close(handle)


def test_no_descriptor_is_left_open(tree: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    for path in [*THROUGH, "none", "none/none", "a"]:
        for call in (opened.read, opened.exists, opened.touch):
            try:
                call(str(tree / path))  # type: ignore[operator]
            except OSError:
                pass
    assert sorted(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("ahead", [0.0, 0.7, 1000.7])
def test_a_touched_file_has_a_later_whole_second(tmp_path: Path, ahead: float) -> None:
    mtime = int(time.time()) + ahead
    path = put(tmp_path / "a", mtime=mtime)
    opened.touch(str(path))
    assert int(path.stat().st_mtime) > int(mtime)
    if ahead > 1:
        assert path.stat().st_mtime == int(mtime) + 1


def test_an_old_file_is_touched_to_now(tmp_path: Path) -> None:
    start = time.time()
    opened.touch(str(put(tmp_path / "a")))
    assert (tmp_path / "a").stat().st_mtime >= start - 1e-3
    with pytest.raises(OSError) as caught:
        opened.touch(str(tmp_path / "b"))
    assert caught.value.errno == errno.ENOENT


LOOKED_AT: List[str] = [*THROUGH, "a", "a/b/", "a/b/.", "a/b/..", "a/b/none", "none/none", "a/b/file/none", "loop"]


@pytest.mark.parametrize("path", LOOKED_AT)
def test_looks_see_what_a_look_sees(tree: Path, path: str) -> None:
    (tree / "loop").symlink_to("loop")

    def seen(look: Callable[[str], os.stat_result]) -> Any:
        try:
            return look(f"{tree}/{path}")[:10]
        except OSError as error:
            return error.errno

    looks = opened.Looks()
    before = len(os.listdir("/proc/self/fd"))
    assert [seen(looks.status), seen(looks.status)] == [seen(opened.status)] * 2
    looks.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_looks_do_not_stay_in_a_folder_that_others_can_change(tree: Path) -> None:
    (tree / "a").chmod(0o777)
    looks = opened.Looks()
    assert looks.status(f"{tree}/a/b/file").st_size == 7
    (tree / "a" / "b").rename(tree / "a" / "c")
    (tree / "other").mkdir()
    put(tree / "other" / "file", "others")
    (tree / "a" / "b").symlink_to("../other")
    assert looks.status(f"{tree}/a/b/file").st_size == 6
    looks.close()
