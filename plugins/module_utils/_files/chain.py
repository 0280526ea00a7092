# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that name each other, such as an ini file and those that it includes, read with the rights of who wrote them."""

from __future__ import annotations

from typing import Optional

from . import opened
from .child import Identity, as_user, identity
from .trust import ANYBODY, UnsafePath


class Chain:
    """Reads one file after the other, each of which the one before may have named.

    Files of root's and of the caller's are read as they are. From the first one on that another user could have written, or
    put there, all is read as that user, who could otherwise see what only root can. One of a third user is refused then: two
    users would have a say in what becomes of the other's.

    Attributes:
        user: the least privileged of those whose files were read, None where it's the caller.
    """

    def __init__(self) -> None:
        self.user: Optional[Identity] = None

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            UnsafePath: when several users could have written it, or another one than those before it.
            OSError: when it can't be read.
        """
        if self.user is None:
            try:
                return opened.read(path)
            except UnsafePath as exc:
                if exc.uid == ANYBODY:
                    raise
                self.user = identity(exc.uid)
        return bytes.fromhex(as_user(self.user, lambda: opened.read(path).hex()))
