# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where a path becomes a descriptor.

Each part of a path is opened in the one before it, and links are followed by hand, so that what was looked at is what is used.
Nothing is opened a second time by its path.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager
from typing import Dict, Iterator, List, Optional, Tuple

from .trust import UnsafePath, crossing, stranger

# The most bytes of a file that is read at all: of an ini file, a key, a program of ours.
MOST_BYTES = 1 << 24
_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# How folders are opened, to be listed as well, and new files.
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 16
_PROCESSES = "/proc/"
# As the kernel has it (MAXSYMLINKS, include/linux/namei.h).
_MOST_LINKS = 40
_MOST_LOOKS = 50
_BETWEEN_LOOKS = 0.02


class Place:
    """Where a path leads, with the folder that it is in held open.

    Attributes:
        path: as it was given.
        folder: a descriptor of the folder, for names in it only (``O_PATH``).
        name: the last part, which is no link.
        real: the path without links.
        status: None where nothing is there.
        unsafe: what on the way there somebody else can change, None where nobody can.
        way: the folders and links on the way there, as they were found.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.folder = os.open("/", _LOOK | os.O_DIRECTORY)
        self.name = "."
        self.status: Optional[os.stat_result] = None
        self.unsafe: Optional[UnsafePath] = None
        self.way: List[Tuple[str, os.stat_result]] = []
        self.real = "/"
        self._caller = os.geteuid()
        try:
            self._go(os.path.abspath(path))
        except OSError as exc:
            self.close()
            raise self.unsafe or OSError(exc.errno, exc.strerror, path) from exc

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *dummy: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder."""
        os.close(self.folder)

    def _go(self, path: str) -> None:
        parts = _parts(path)
        links = 0
        self._judge(self.real, os.fstat(self.folder))
        while parts:
            name = parts.pop()
            above = self.real
            here = self.real = os.path.normpath(os.path.join(above, name))
            try:
                found = os.open(name, _LOOK, dir_fd=self.folder)
            except FileNotFoundError:
                if parts:
                    raise
                self.name = name
                return
            try:
                status = os.fstat(found)
                if stat.S_ISLNK(status.st_mode):
                    self._judge(here, status)
                    links += 1
                    if links > _MOST_LINKS:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                    target = os.readlink("", dir_fd=found)
                    parts += _parts(target)
                    self.real = "/" if target.startswith("/") else above
                    if target.startswith("/"):
                        self._enter(os.open("/", _LOOK | os.O_DIRECTORY))
                    if not parts:
                        self.name, self.status = ".", os.fstat(self.folder)
                    continue
                if not parts:
                    self.name, self.status = name, status
                    return
                if not stat.S_ISDIR(status.st_mode):
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), here)
                self._judge(here, status)
                self._enter(os.dup(found))
            finally:
                os.close(found)
        self.status = self.status or os.fstat(self.folder)

    def _enter(self, folder: int) -> None:
        os.close(self.folder)
        self.folder = folder

    def _judge(self, path: str, status: os.stat_result) -> None:
        self.way.append((path, status))
        # A process owns its folder there, and puts nothing into it.
        if path.startswith(_PROCESSES):
            return
        uid = crossing(status, self._caller)
        if uid is not None and self.unsafe is None:
            self.unsafe = UnsafePath(path, uid)

    @property
    def danger(self) -> Optional[UnsafePath]:
        """What on the way there, or there itself, somebody else can change. Of a device nobody can change what it is."""
        if self.unsafe or self.status is None or not stat.S_ISREG(self.status.st_mode) | stat.S_ISDIR(self.status.st_mode):
            return self.unsafe
        uid = stranger(self.status, self._caller)
        return None if uid is None else UnsafePath(self.path, uid)

    def open_folder(self) -> int:
        """A descriptor of the folder that is there, for listing as well."""
        return os.open(self.name, FOLDER, dir_fd=self.folder)

    def open(self) -> int:
        """A descriptor of the file that is there, to be read."""
        return open_in(self.folder, self.name, self.path)


def _parts(path: str) -> List[str]:
    """The parts of a path, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def open_in(folder: int, name: str, path: str, any_links: bool = False) -> int:
    """Open a regular file, to be read.

    Args:
        folder: a descriptor.
        path: for errors.
        any_links: also one that has a second name, which may be in a folder of somebody else's.

    Raises:
        OSError: when it is something else, such as a link, a pipe or a device.
    """
    handle = os.open(name, _READ, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", path)
        if not any_links and not _has_one_name(handle):
            raise OSError(errno.EMLINK, "it has a second name (a hard link); copy it", path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _has_one_name(handle: int) -> bool:
    """Another run has the files that it changes under two names for a moment (``Transaction``)."""
    for dummy in range(_MOST_LOOKS):
        if os.fstat(handle).st_nlink <= 1:
            return True
        time.sleep(_BETWEEN_LOOKS)
    return False


def content_of(handle: int, most: int = MOST_BYTES) -> bytes:
    """Up to so many bytes from an open file's start."""
    parts = []
    left = most
    while left > 0:
        part = os.read(handle, min(left, _CHUNK))
        parts.append(part)
        left -= len(part)
        # A short one was all there is.
        if len(part) < _CHUNK:
            break
    return b"".join(parts)


def write(handle: int, content: bytes) -> None:
    """Write all of it to an open file or pipe; raises OSError."""
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def read(path: str, most: int = MOST_BYTES, anybodys: bool = False) -> bytes:
    """The content of a file that nobody but root and the caller can change.

    Args:
        anybodys: also of one that another user owns, in folders where that user can't put another thing in its place.

    Raises:
        UnsafePath: when somebody else can.
        OSError: when it can't be read, or has more than ``most`` bytes.
    """
    with Place(path) as place:
        danger = place.unsafe if anybodys else place.danger
        if danger:
            raise danger
        if place.status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return _whole(place, most)


def tail(path: str, start: int, most: int) -> bytes:
    """What a file has from a byte on, at most so much of its end; of a file in folders that nobody else can change.

    Raises:
        UnsafePath: when somebody else can.
        OSError: when it can't be read.
    """
    with Place(path) as place:
        if place.unsafe:
            raise place.unsafe
        handle = place.open()
    try:
        os.lseek(handle, max(start, os.fstat(handle).st_size - most), os.SEEK_SET)
        return content_of(handle, most)
    finally:
        os.close(handle)


def _whole(place: Place, most: int) -> bytes:
    handle = place.open()
    try:
        content = content_of(handle, most + 1)
    finally:
        os.close(handle)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", place.path)
    return content


def real(path: str) -> str:
    """A path without links, as far as it is there."""
    try:
        with Place(path) as place:
            return place.real
    except OSError:
        return os.path.abspath(path)


def secure(path: str) -> None:
    """Raise UnsafePath where somebody else than root and the caller can put something in a path's place, such as a socket.

    What isn't there, or can't be seen, is for whoever uses it to say.
    """
    try:
        with Place(path) as place:
            unsafe = place.unsafe
    except UnsafePath:
        raise
    except OSError:
        return
    if unsafe:
        raise unsafe


def status(path: str) -> os.stat_result:
    """What is there, links followed, without opening it; raises OSError."""
    with Place(path) as place:
        if place.status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return place.status


class Looks:
    """Looks at many things in few folders: the way to a folder that nobody else can change is walked once."""

    def __init__(self) -> None:
        self._folders: Dict[str, Optional[int]] = {}

    def status(self, path: str) -> os.stat_result:
        """What is there, links followed, without opening it; raises OSError."""
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = self._enter(folder)
        handle = self._folders[folder]
        if handle is not None and name not in ("", ".", ".."):
            found = os.stat(name, dir_fd=handle, follow_symlinks=False)
            if not stat.S_ISLNK(found.st_mode):
                return found
        return status(path)

    def _enter(self, path: str) -> Optional[int]:
        try:
            with Place(path) as place:
                if place.danger is None and place.status is not None:
                    return os.open(place.name, _LOOK | os.O_DIRECTORY, dir_fd=place.folder)
        except OSError:
            # Whoever looks there hears it again.
            pass
        return None

    def close(self) -> None:
        """Leave the folders."""
        for handle in self._folders.values():
            if handle is not None:
                os.close(handle)
        self._folders.clear()


def exists(path: str) -> bool:
    """Whether there is anything, as far as the caller can see."""
    try:
        status(path)
    except OSError:
        return False
    return True


def readable(path: str) -> bool:
    """Whether this process can read a file, whosever it is (access(2))."""
    return os.access(path, os.R_OK, effective_ids=True)


def open_folder(path: str) -> int:
    """A descriptor of a folder that nobody but root and the caller can change.

    Raises:
        UnsafePath: when somebody else can.
        OSError: when it isn't there or is no folder.
    """
    with Place(path) as place:
        danger = place.danger
        if danger:
            raise danger
        return place.open_folder()


@contextmanager
def folder(path: str) -> Iterator[int]:
    """The same, open for as long as the context lasts."""
    handle = open_folder(path)
    try:
        yield handle
    finally:
        os.close(handle)


def touch(path: str) -> None:
    """Give a file an mtime that the Emperor takes for a change: a later whole second, whatever it has now.

    Raises:
        UnsafePath: when somebody else can put another in its place.
        OSError: when it isn't there or isn't the caller's own.
    """
    with Place(path) as place:
        if place.unsafe:
            raise place.unsafe
        handle = place.open()
    try:
        newer = max(time.time(), int(os.fstat(handle).st_mtime) + 1)
        os.utime(handle, (newer, newer))
    finally:
        os.close(handle)
