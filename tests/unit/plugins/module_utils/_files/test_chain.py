# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that name each other: once another user's file is read, everything after it is read as that user."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.chain import Chain
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import ANYBODY, UnsafePath
from support.files import NOBODY, needs_root, ordinary_user, passable, put

# A third user, besides root and nobody.
THIRD = 1


@pytest.fixture
def tree() -> Iterator[Path]:
    """Root's files, one of them readable only by root, and two other users' folders with a file in each."""
    with passable() as folder:
        put(folder / "open", "root's")
        put(folder / "secret", "a secret", bits=0o600)
        for name, uid in (("theirs", NOBODY), ("third", THIRD)):
            (folder / name).mkdir()
            for path in (folder / name, put(folder / name / "file", name)):
                os.chown(path, uid, uid)
        yield folder


def test_own_files_are_read_as_they_are(tmp_path: Path) -> None:
    content = bytes(range(256)) * 300
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "a").chmod(0o600)
    chain = Chain()
    assert chain.read(str(tmp_path / "a")) == chain.read(str(tmp_path / "a")) == content
    assert chain.user is None
    with pytest.raises(FileNotFoundError):
        chain.read(str(tmp_path / "none"))
    assert chain.user is None


@needs_root
def test_from_the_first_strangers_file_on_all_is_read_as_that_user(tree: Path) -> None:
    content = bytes(range(256)) * 300
    (tree / "theirs" / "file").write_bytes(content)
    chain = Chain()
    assert chain.read(str(tree / "secret")) == b"a secret"
    assert chain.user is None
    assert chain.read(str(tree / "theirs" / "file")) == content
    assert chain.user == identity(NOBODY)
    assert chain.read(str(tree / "open")) == b"root's"
    with pytest.raises(PermissionError) as caught:
        chain.read(str(tree / "secret"))
    assert caught.value.strerror == "Permission denied"
    with pytest.raises(FileNotFoundError):
        chain.read(str(tree / "none"))
    # A new chain starts without this limit.
    assert Chain().read(str(tree / "secret")) == b"a secret"


def link_to(target: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "theirs" / "link").symlink_to(folder / target)

    return make


def second_name(folder: Path) -> None:
    os.link(folder / "secret", folder / "theirs" / "link")


TRICKS: List[Tuple[Callable[[Path], None], str]] = [
    (link_to("secret"), "Permission denied"),
    (second_name, "Permission denied"),
    (link_to("none"), "No such file or directory"),
    (link_to("theirs"), "it is not a regular file"),
]


@needs_root
@pytest.mark.parametrize(("trick", "words"), TRICKS, ids=["a link", "a hard link", "a dangling link", "a folder"])
def test_what_a_stranger_puts_there_shows_nothing_that_only_root_can_read(
    tree: Path, trick: Callable[[Path], None], words: str
) -> None:
    trick(tree)
    chain = Chain()
    with pytest.raises(OSError) as caught:
        chain.read(str(tree / "theirs" / "link"))
    assert caught.value.strerror == words
    # Later files are not read as root either.
    with pytest.raises(PermissionError):
        chain.read(str(tree / "secret"))


# The file read before, the file, the modes of its folder and its own, who can change it, and as whom all is read from then on.
REFUSED: List[Tuple[str, str, int, int, int, Optional[int]]] = [
    ("", "theirs/file", 0o755, 0o664, ANYBODY, NOBODY),
    ("", "theirs/file", 0o775, 0o644, ANYBODY, NOBODY),
    ("theirs", "theirs/file", 0o755, 0o664, ANYBODY, NOBODY),
    ("theirs", "theirs/file", 0o755, 0o646, ANYBODY, NOBODY),
    ("theirs", "theirs/file", 0o775, 0o644, ANYBODY, NOBODY),
    ("theirs", "third/file", 0o755, 0o644, THIRD, NOBODY),
    ("third", "theirs/file", 0o755, 0o644, NOBODY, THIRD),
    ("", "roots/file", 0o755, 0o664, ANYBODY, None),
    ("", "roots/file", 0o755, 0o646, ANYBODY, None),
    ("", "roots/file", 0o775, 0o644, ANYBODY, None),
    ("theirs", "roots/file", 0o755, 0o664, ANYBODY, NOBODY),
]


@needs_root
@pytest.mark.parametrize(("before", "name", "folder_bits", "bits", "who", "user"), REFUSED)
def test_files_that_several_users_have_a_say_in_are_refused(
    tree: Path, before: str, name: str, folder_bits: int, bits: int, who: int, user: Optional[int]
) -> None:
    (tree / "roots").mkdir()
    put(tree / "roots" / "file")
    chain = Chain()
    if before:
        chain.read(str(tree / before / "file"))
    path = tree / name
    for one, mode in ((path.parent, folder_bits), (path, bits)):
        # A group that is not a user's own.
        os.chown(one, -1, 54321)
        one.chmod(mode)
    with pytest.raises(UnsafePath) as caught:
        chain.read(str(path))
    assert caught.value.uid == who
    assert chain.user == (None if user is None else identity(user))


@needs_root
def test_who_is_not_root_reads_no_other_users_file() -> None:
    with ordinary_user() as folder:
        put(folder / "own", "own")
        assert Chain().read(str(folder / "own")) == b"own"
        assert Chain().read("/etc/passwd")
        os.seteuid(0)
        os.chown(str(folder / "own"), THIRD, THIRD)
        os.seteuid(NOBODY)
        with pytest.raises(UnsafePath) as caught:
            Chain().read(str(folder / "own"))
        assert caught.value.uid == THIRD
