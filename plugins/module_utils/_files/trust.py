# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can change a file or a folder: what root and the caller own, and nobody else can write, is trusted. Pure but for names.

The rule is that of systemd-tmpfiles and of OpenSSH's StrictModes, for whoever calls.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from functools import lru_cache
from typing import Optional, Sequence

from .._errors import ArgumentError

ROOT = 0
# In place of a uid: not one user, but a group or all.
ANYBODY = -1


class UnsafePath(OSError):
    """A path on which somebody else than root and the caller can put something else.

    Attributes:
        uid: who, ANYBODY for several.
    """

    def __init__(self, path: str, uid: int) -> None:
        who = "several users" if uid == ANYBODY else user_name(uid)
        super().__init__(errno.EPERM, f"{path} can be changed by {who}", path)
        self.path = path
        self.uid = uid


class UnsafeArgument(ArgumentError):
    """An argument that names an unsafe path.

    Attributes:
        uid: who can change it, ANYBODY for several.
        made: folders that were made for that user.
    """

    def __init__(self, path: str, problem: str, uid: int, made: Sequence[str] = ()) -> None:
        super().__init__(path, problem)
        self.uid = uid
        self.made = list(made)


def stranger(status: os.stat_result, caller: int) -> Optional[int]:
    """Who besides root and the caller can change a file or what is in a folder: a uid, ANYBODY, or None for nobody."""
    if status.st_uid not in (ROOT, caller):
        return status.st_uid
    # Everybody may write to a link, and nobody can change it.
    if stat.S_ISLNK(status.st_mode):
        return None
    if status.st_mode & stat.S_IWOTH:
        return ANYBODY
    if status.st_mode & stat.S_IWGRP and not _is_own(status.st_gid, status.st_uid):
        return ANYBODY
    return None


def crossing(status: os.stat_result, caller: int) -> Optional[int]:
    """The same for a folder that is passed through: in a sticky one, such as ``/tmp``, each has only his own."""
    found = stranger(status, caller)
    return None if found == ANYBODY and status.st_mode & stat.S_ISVTX else found


@lru_cache(maxsize=None)
def _is_own(gid: int, uid: int) -> bool:
    """Whether a group is root's, or has its user's name and so nobody else in it."""
    if gid == ROOT:
        return True
    try:
        return grp.getgrgid(gid).gr_name == pwd.getpwuid(uid).pw_name
    except KeyError:
        return False


def user_name(uid: int) -> str:
    """A user's name, or its number where the host has none for it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the user {uid}"
