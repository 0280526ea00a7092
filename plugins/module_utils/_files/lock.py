# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Allows one run at a time in a folder: a lock that only its owner can open, and that ends with the run."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from contextlib import contextmanager
from typing import Iterator, Optional

from .._errors import HostError
from . import opened, temporary
from .trust import ROOT

# A suffix that an Emperor doesn't read as a vassal.
NAME = ".emperor-uwsgi.lock"
# Seconds to wait for another run.
TIMEOUT = 60
_POLL = 0.05
# If nothing can be written, no lock is needed.
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def held(folder: int, path: str, timeout: float) -> Iterator[None]:
    """Hold the lock of a folder.

    Args:
        path: the folder's path, for errors.
        path: the folder's, for errors.
        timeout: seconds to wait for another run.

    Raises:
        HostError: naming the holder, if it isn't free by then.
    """
    handle = _taken(folder, path, time.monotonic() + timeout)
    try:
        yield
    finally:
        if handle is not None:
            try:
                os.unlink(NAME, dir_fd=folder)
            except FileNotFoundError:
                # Removed with its folder.
                pass
            os.close(handle)


def _taken(folder: int, path: str, deadline: float) -> Optional[int]:
    while True:
        try:
            _clear(folder)
            handle = os.open(NAME, _FLAGS, 0o600, dir_fd=folder)
        except OSError as exc:
            if exc.errno in _UNWRITABLE:
                return None
            raise
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last holder removes it at the end. Then nobody else finds this file.
            if _is_there(folder, handle):
                # A killed run left its file there.
                os.ftruncate(handle, 0)
                os.write(handle, str(os.getpid()).encode("ascii"))
                return handle
        except BlockingIOError as exc:
            if time.monotonic() >= deadline:
                raise HostError(path, f"is locked by process {_holder(handle)}; wait for it, or stop it") from exc
            time.sleep(_POLL)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _clear(folder: int) -> None:
    """Remove what no run created in the lock's place: a former owner of the folder may have left it, and hold it for ever."""
    try:
        found = os.stat(NAME, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    owned = found.st_uid in (ROOT, os.geteuid()) and found.st_nlink <= 1 and not found.st_mode & 0o077
    if owned and stat.S_ISREG(found.st_mode):
        return
    if stat.S_ISDIR(found.st_mode):
        # It may contain anything, and nobody needs it under this name.
        os.rename(NAME, next(temporary.names()), src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(NAME, dir_fd=folder)


def _is_there(folder: int, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(NAME, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _holder(handle: int) -> str:
    return opened.content_of(handle, 20).decode("ascii", "replace") or "unknown"
