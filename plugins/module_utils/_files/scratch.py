# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A temporary folder of the caller's, with files that another user may be allowed to read."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import Iterator, List, Optional

from . import opened
from .identity import Identity, is_other
from .opened import Place
from .trust import UnsafePath, crossing


class Scratch:
    """The folder.

    Args:
        handle: a descriptor of it.
        user: who reads the files; None for the caller.
    """

    def __init__(self, path: str, handle: int, user: Optional[Identity]) -> None:
        self.path = path
        self._handle = handle
        self._user = user
        self._names: List[str] = []

    def put(self, name: str, content: bytes) -> str:
        """Write a file that its reader can't change.

        Returns:
            its path.
        """
        handle = os.open(name, opened.NEW, 0o600, dir_fd=self._handle)
        self._names.append(name)
        try:
            if self._user:
                os.fchown(handle, self._user.uid, self._user.gid)
            os.fchmod(handle, 0o400)
            opened.write(handle, content)
        finally:
            os.close(handle)
        return os.path.join(self.path, name)

    def clear(self) -> None:
        """Remove the files."""
        while self._names:
            os.unlink(self._names.pop(), dir_fd=self._handle)


@contextmanager
def scratch(user: Optional[Identity] = None) -> Iterator[Scratch]:
    """Create a folder in the system's temporary folder, and remove it at the end.

    Args:
        user: who may enter but not list it; None for the caller alone.

    Raises:
        UnsafePath: if another user could put a link in its place.
        OSError: if it can't be created.
    """
    other = user if is_other(user) else None
    with Place(tempfile.gettempdir()) as above:
        if above.unsafe:
            raise above.unsafe
        uid = None if above.status is None else crossing(above.status, os.geteuid())
        if uid is not None:
            raise UnsafePath(above.path, uid)
        top = above.open_folder()
    try:
        name = f"emperor-uwsgi-{os.urandom(8).hex()}"
        os.mkdir(name, 0o700, dir_fd=top)
        handle = os.open(name, opened.FOLDER, dir_fd=top)
        found = Scratch(os.path.join(above.real, name), handle, other)
        try:
            os.fchmod(handle, 0o711 if other else 0o700)
            yield found
        finally:
            found.clear()
            os.close(handle)
            os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
