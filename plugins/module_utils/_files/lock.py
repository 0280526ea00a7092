# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time in a folder: a lock that nobody but its owner can open, and that is gone when the run is."""

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

# No suffix that an Emperor takes for a vassal.
NAME = ".emperor-uwsgi.lock"
# Seconds to wait for another run.
TIMEOUT = 60
_POLL = 0.05
# Where nothing can be written, there is nothing to keep others from.
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def held(folder: int, path: str, timeout: float) -> Iterator[None]:
    """Hold the lock of a folder.

    Args:
        folder: a descriptor.
        path: the folder's, for errors.
        timeout: seconds to wait for another run.

    Raises:
        HostError: naming who holds it, when it isn't free by then.
    """
    handle = _taken(folder, path, time.monotonic() + timeout)
    try:
        yield
    finally:
        if handle is not None:
            try:
                os.unlink(NAME, dir_fd=folder)
            except FileNotFoundError:
                # Gone with its folder.
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
            # Whoever held it before removes it at the end, and then this is a file that nobody else finds.
            if _is_there(folder, handle):
                # A run that was killed left its own there.
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
    """Take away what no run made in the lock's place: whose folder this was before may have left it, and hold it for ever."""
    try:
        found = os.stat(NAME, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    owned = found.st_uid in (ROOT, os.geteuid()) and found.st_nlink <= 1 and not found.st_mode & 0o077
    if owned and stat.S_ISREG(found.st_mode):
        return
    if stat.S_ISDIR(found.st_mode):
        # It may have anything in it, and nobody misses it under this name.
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
