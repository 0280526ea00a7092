# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders of files: their content, who watches them, and files that even root can't change."""

from __future__ import annotations

import ctypes
import os
import re
import select
import shutil
import stat
import struct
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

# The user "nobody": neither root nor the ordinary user who runs the tests.
NOBODY = 65534
# The user of a module's dry run when the tests run as root.
DRY_RUN = {"user": "nobody"} if os.geteuid() == 0 else {}
# The lock of a run, while it lasts.
LOCK = ".emperor-uwsgi.lock"
# The mtime of files that existed long before a test.
OLD = 1_000_000_000
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away or act as another user")

_TEMPORARY = re.compile(r"\.emperor-uwsgi-[0-9a-f]{8}-(\d+)\.tmp\Z")
# linux/inotify.h
_EVENTS = {0x2: "modify", 0x4: "attrib", 0x40: "moved from", 0x80: "moved to", 0x100: "create", 0x200: "delete"}
_READS = {0x1: "access", 0x20: "open"}
_EVENT = struct.Struct("iIII")
_IMMUTABLE_SECONDS = 10


def snapshot(folder: Path) -> Dict[str, Tuple[Any, ...]]:
    """The full state of the files in a folder: type and mode, owner, group, inode, mtime and content; without locks."""
    found = {}
    for path in sorted(one for one in folder.iterdir() if one.name != LOCK):
        status = path.lstat()
        content: Any = path.read_bytes() if stat.S_ISREG(status.st_mode) else None
        if path.is_symlink():
            content = os.readlink(path)
        identity = (oct(status.st_mode), status.st_uid, status.st_gid, status.st_ino, status.st_mtime_ns)
        found[path.name] = (*identity, content)
    return found


def put(path: Path, content: str = "old", bits: int = 0o644, mtime: float = OLD) -> Path:
    """Write a file with a mode and an age."""
    path.write_text(content)
    path.chmod(bits)
    os.utime(str(path), (mtime, mtime))
    return path


def filled(value: Any, names: Dict[str, str]) -> Any:
    """Arguments with their folders filled in: "{theirs}/a" is in the folder ``theirs``."""
    if isinstance(value, dict):
        return {name: filled(one, names) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return value.format(**names) if isinstance(value, str) and value.startswith("{") else value


def mode(path: Path) -> str:
    """A file's mode as users write it."""
    return f"{stat.S_IMODE(path.lstat().st_mode):04o}"


def program(folder: Path, text: str) -> str:
    """Write a shell script that everybody may run, in place of a program such as uWSGI."""
    path = folder / "program"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


@contextmanager
def passable() -> Iterator[Path]:
    """A folder that everybody may enter and only its owner, who runs the tests, may change; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-tests-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(str(folder))


@contextmanager
def belongs_to_nobody() -> Iterator[Path]:
    """A folder of the user "nobody", in a folder of root that everybody may enter."""
    with passable() as folder:
        found = folder / "theirs"
        found.mkdir()
        os.chown(str(found), NOBODY, NOBODY)
        yield found


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """Make a file immutable, even for root; skips the test if that isn't possible."""
    command = ["chattr", "+i", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_IMMUTABLE_SECONDS, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("only root can make files immutable, and not in every file system")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(path)], timeout=_IMMUTABLE_SECONDS, check=True)


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """Be an ordinary user, by dropping root's privileges for a while.

    Returns:
        a folder that the user owns.
    """
    # Not below pytest's folders, which only their owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-tests-"))
    groups = os.getgroups()
    root = os.geteuid() == 0
    try:
        if root:
            os.chown(folder, NOBODY, NOBODY)
            os.setgroups([])
            os.setegid(NOBODY)
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
                os.setegid(0)
                os.setgroups(groups)
    finally:
        shutil.rmtree(str(folder))


class Watch:
    """What the kernel reports to a watcher of folders, such as an Emperor.

    Args:
        reads: report opening and reading instead of changes.
    """

    def __init__(self, *folders: Path, reads: bool = False) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for folder in folders:
            if libc.inotify_add_watch(self._handle, os.fsencode(folder), sum(_READS if reads else _EVENTS)) < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch")

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *dummy: object) -> None:
        os.close(self._handle)

    def wait(self, seconds: float) -> None:
        """Wait until something happens, and discard it."""
        if select.select([self._handle], [], [], seconds)[0]:
            os.read(self._handle, 65536)

    def events(self) -> List[Tuple[str, str]]:
        """The events so far, each with its name; a temporary name becomes ``tmp`` and its number."""
        found = []
        try:
            data = os.read(self._handle, 65536)
        except BlockingIOError:
            data = b""
        while data:
            mask, size = _EVENT.unpack_from(data)[1::2]
            name = data[_EVENT.size : _EVENT.size + size].rstrip(b"\0").decode()
            found.append((_EVENTS.get(mask & 0xFFFF, hex(mask)), _TEMPORARY.sub(r"tmp\1", name)))
            data = data[_EVENT.size + size :]
        return found
