# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads files that name each other, such as an ini file and its includes, with the permissions of whoever wrote them."""

from __future__ import annotations

from typing import Optional

from . import opened
from .child import as_user
from .identity import Identity, identity
from .trust import ANYBODY, UnsafePath


class Chain:
    """Reads one file after another, each of which may be named by the one before.

    Files of root and of the caller are read as the caller. After the first file that another user could have written or
    placed, everything is read as that user, who could otherwise read what only root may. A file of a third user is refused:
    one user could then influence what is read as the other.

    Attributes:
        user: the least privileged user whose files were read; None if that is the caller.
    """

    def __init__(self) -> None:
        self.user: Optional[Identity] = None

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            UnsafePath: if several users could have written it, or a different one than for earlier files.
            OSError: if it can't be read.
        """
        if self.user is None:
            try:
                return opened.read(path)
            except UnsafePath as exc:
                if exc.uid == ANYBODY:
                    raise
                self.user = identity(exc.uid)
        return bytes.fromhex(as_user(self.user, lambda: opened.read(path).hex()))
