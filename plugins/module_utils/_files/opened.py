# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only place where paths become descriptors.

Each part of a path is opened relative to the one before, and links are followed here, so what was checked is what is used.
Nothing is opened twice by its path.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager
from typing import Dict, Iterator, List, Optional, Tuple

from .trust import UnsafePath, crossing, stranger

# The maximum size in bytes of files that are read: ini files, keys, programs of the collection.
MOST_BYTES = 1 << 24
_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Flags that open folders for listing too, and new files.
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 16
_PROCESSES = "/proc/"
# The kernel's limit (MAXSYMLINKS, include/linux/namei.h).
_MOST_LINKS = 40
_MOST_LOOKS = 50
_BETWEEN_LOOKS = 0.02


class Place:
    """Where a path leads, with its folder held open.

    Attributes:
        path: as given.
        folder: a descriptor of the folder, which can only look up names (``O_PATH``).
        name: the last component, which is not a link.
        real: the path without links.
        status: None if nothing is there.
        unsafe: what another user can change on the way there; None if nothing.
        way: the folders and links on the way there, as found.
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
        # A process owns its folder there, but can't put anything into it.
        if path.startswith(_PROCESSES):
            return
        uid = crossing(status, self._caller)
        if uid is not None and self.unsafe is None:
            self.unsafe = UnsafePath(path, uid)

    @property
    def danger(self) -> Optional[UnsafePath]:
        """What another user can change, on the way there or at the end. Nobody can change what a device is."""
        if self.unsafe or self.status is None or not stat.S_ISREG(self.status.st_mode) | stat.S_ISDIR(self.status.st_mode):
            return self.unsafe
        uid = stranger(self.status, self._caller)
        return None if uid is None else UnsafePath(self.path, uid)

    def open_folder(self) -> int:
        """A descriptor of the folder, for listing too."""
        return os.open(self.name, FOLDER, dir_fd=self.folder)

    def open(self) -> int:
        """A descriptor of the file, for reading."""
        return open_in(self.folder, self.name, self.path)


def _parts(path: str) -> List[str]:
    """The components of a path, in reverse order."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def open_in(folder: int, name: str, path: str, any_links: bool = False) -> int:
    """Open a regular file for reading.

    Args:
        folder: a descriptor.
        path: for errors.
        any_links: also if it has a second name, which may be in another user's folder.

    Raises:
        OSError: if it isn't a regular file, such as a link, a pipe or a device.
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
    """Retry, because another run gives the files that it changes a second name for a moment (``Transaction``)."""
    for dummy in range(_MOST_LOOKS):
        if os.fstat(handle).st_nlink <= 1:
            return True
        time.sleep(_BETWEEN_LOOKS)
    return False


def content_of(handle: int, most: int = MOST_BYTES) -> bytes:
    """Up to ``most`` bytes from the start of an open file."""
    parts = []
    left = most
    while left > 0:
        part = os.read(handle, min(left, _CHUNK))
        parts.append(part)
        left -= len(part)
        # A short read means the end of the file.
        if len(part) < _CHUNK:
            break
    return b"".join(parts)


def write(handle: int, content: bytes) -> None:
    """Write all data to an open file or pipe; raises OSError."""
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def read(path: str, most: int = MOST_BYTES, anybodys: bool = False) -> bytes:
    """The content of a file that only root and the caller can change.

    Args:
        anybodys: also read another user's file, if that user can't replace it in its folder.

    Raises:
        UnsafePath: if another user can.
        OSError: if it can't be read, or is longer than ``most`` bytes.
    """
    with Place(path) as place:
        danger = place.unsafe if anybodys else place.danger
        if danger:
            raise danger
        if place.status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return _whole(place, most)


def tail(path: str, start: int, most: int) -> bytes:
    """The end of a file after a given offset, up to a maximum size. Only the caller may be able to change its folders.

    Raises:
        UnsafePath: if another user can.
        OSError: if it can't be read.
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
    """A path without links, as far as it exists."""
    try:
        with Place(path) as place:
            return place.real
    except OSError:
        return os.path.abspath(path)


def secure(path: str) -> None:
    """Raise UnsafePath if a user other than root and the caller can replace what is at a path, such as a socket.

    Whoever uses the path reports if it is missing or can't be seen.
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
    """The status of what is there, following links, without opening it; raises OSError."""
    with Place(path) as place:
        if place.status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return place.status


class Looks:
    """Checks many paths in few folders: a path to a folder that nobody else can change is walked only once."""

    def __init__(self) -> None:
        self._folders: Dict[str, Optional[int]] = {}

    def status(self, path: str) -> os.stat_result:
        """The status of what is at an absolute path, following links, without opening it; raises OSError."""
        folder, dummy, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._enter(folder or "/")
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
            # Whoever looks there gets the error again.
            pass
        return None

    def close(self) -> None:
        """Close the folders."""
        for handle in self._folders.values():
            if handle is not None:
                os.close(handle)
        self._folders.clear()


def exists(path: str) -> bool:
    """Whether anything is there, as far as the caller can see."""
    try:
        status(path)
    except OSError:
        return False
    return True


def readable(path: str) -> bool:
    """Whether this process can read a file of any owner (access(2))."""
    return os.access(path, os.R_OK, effective_ids=True)


def open_folder(path: str) -> int:
    """A descriptor of a folder that only root and the caller can change.

    Raises:
        UnsafePath: if another user can.
        OSError: if it is missing or not a folder.
    """
    with Place(path) as place:
        danger = place.danger
        if danger:
            raise danger
        return place.open_folder()


@contextmanager
def folder(path: str) -> Iterator[int]:
    """The same, open as long as the context lasts."""
    handle = open_folder(path)
    try:
        yield handle
    finally:
        os.close(handle)


def touch(path: str) -> None:
    """Set an mtime that the Emperor recognises as a change: a later whole second than the present one.

    Raises:
        UnsafePath: if another user can replace the file.
        OSError: if it is missing or belongs to another user.
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
