# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides who can change a file or folder. Trusted is what root or the caller owns and nobody else can write. Pure but for names.

The rule is that of systemd-tmpfiles and OpenSSH's StrictModes, for any caller.
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
# Used in place of a uid: a group or everyone, not one user.
ANYBODY = -1


class UnsafePath(OSError):
    """A path where a user other than root and the caller can replace something.

    Attributes:
        uid: the user, or ANYBODY for several.
    """

    def __init__(self, path: str, uid: int) -> None:
        who = "several users" if uid == ANYBODY else user_name(uid)
        super().__init__(errno.EPERM, f"{path} can be changed by {who}", path)
        self.path = path
        self.uid = uid


class UnsafeArgument(ArgumentError):
    """An argument that names an unsafe path.

    Attributes:
        uid: the user who can change it, or ANYBODY for several.
        made: folders that were created for that user.
    """

    def __init__(self, path: str, problem: str, uid: int, made: Sequence[str] = ()) -> None:
        super().__init__(path, problem)
        self.uid = uid
        self.made = list(made)


def stranger(status: os.stat_result, caller: int) -> Optional[int]:
    """Who besides root and the caller can change a file, or what is in a folder: a uid, ANYBODY, or None for nobody."""
    if status.st_uid not in (ROOT, caller):
        return status.st_uid
    # A link is writable for everyone, but nobody can change it.
    if stat.S_ISLNK(status.st_mode):
        return None
    if status.st_mode & stat.S_IWOTH:
        return ANYBODY
    if status.st_mode & stat.S_IWGRP and not _is_own(status.st_gid, status.st_uid):
        return ANYBODY
    return None


def crossing(status: os.stat_result, caller: int) -> Optional[int]:
    """The same for a folder that is only passed through. In a sticky one, such as ``/tmp``, users can only change their own."""
    found = stranger(status, caller)
    return None if found == ANYBODY and status.st_mode & stat.S_ISVTX else found


@lru_cache(maxsize=None)
def _is_own(gid: int, uid: int) -> bool:
    """Whether a group is root's, or is named after the user and so has no other members."""
    if gid == ROOT:
        return True
    try:
        return grp.getgrgid(gid).gr_name == pwd.getpwuid(uid).pw_name
    except KeyError:
        return False


def user_name(uid: int) -> str:
    """A user's name, or the number if the host has no name for it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the user {uid}"
