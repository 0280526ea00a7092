# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks whether the user that a vassal runs as can read a signing key.

uWSGI opens the private key for every announcement. If it can't, it announces unsigned
(``core/subscription.c``), and the router silently refuses.
"""

from __future__ import annotations

import errno
import os
import pwd
import re
import stat
from functools import lru_cache
from typing import Callable, Dict, FrozenSet, NamedTuple, Optional, Tuple

from .._errors import ArgumentError
from .._files import opened
from .._files.attributes import is_number
from .._files.opened import Place

_MISSING = "it is not there"
_UID_LINE = re.compile(r"^[ \t]*uid[ \t]*=[ \t]*(\S+)[ \t]*$", re.MULTILINE)


class User(NamedTuple):
    """The user who needs to read."""

    name: str
    uid: int
    gids: FrozenSet[int]


def user(path: str, name: str) -> User:
    """Look up a user and all its groups.

    Args:
        name: a name or a number.

    Raises:
        ArgumentError: if the host doesn't know the user.
    """
    try:
        entry = pwd.getpwuid(int(name)) if is_number(name) else pwd.getpwnam(name)
    except (KeyError, ValueError, OverflowError) as exc:
        if is_number(name):
            return User(name, int(name), frozenset([int(name)]))
        raise ArgumentError(path, f"the host has no user {name!r}; create it first") from exc
    return User(entry.pw_name, entry.pw_uid, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)))


def groups(name: str) -> FrozenSet[int]:
    """All groups of a user; none if the host doesn't know the user."""
    try:
        return user("", name).gids
    except ArgumentError:
        return frozenset()


def uid_option(text: str) -> Optional[str]:
    """The value of the last ``uid`` line in an ini file; None if there is none."""
    found = _UID_LINE.findall(text)
    return found[-1] if found else None


def barred(folder: str, reader: Optional[User]) -> Optional[str]:
    """Why ``reader``, if known, can't enter ``folder``; None if it can. Raises OSError."""
    with Place(folder) as place:
        if place.status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        for step, status in [*place.way, (folder, place.status)]:
            if reader and stat.S_ISDIR(status.st_mode) and not _allowed(status, reader, stat.S_IXUSR):
                return f"{reader.name} may not enter {step}"
    return None


def unreadable(
    path: str,
    reader: Optional[User],
    enter: Callable[[str, Optional[User]], Optional[str]] = barred,
    look: Callable[[str], os.stat_result] = opened.status,
) -> Optional[str]:
    """Say why ``reader`` can't read ``path``.

    Args:
        path: an absolute one.
        reader: None if unknown: then only a missing file is a reason.
        enter: says why the reader can't enter a folder.
        look: returns what is at a path; raises OSError.

    Returns:
        the reason; None if there is none, or if this process isn't allowed to look.
    """
    try:
        reason = enter(path.rpartition("/")[0] or "/", reader)
        if reason:
            return reason
        status = look(path)
    except FileNotFoundError:
        return _MISSING
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    if reader and not _allowed(status, reader, stat.S_IRUSR):
        return f"{reader.name} may not read it"
    return None


def _allowed(status: os.stat_result, reader: User, bit: int) -> bool:
    if reader.uid == 0:
        return True
    if status.st_uid == reader.uid:
        return bool(status.st_mode & bit)
    if status.st_gid in reader.gids:
        return bool(status.st_mode & (bit >> 3))
    return bool(status.st_mode & (bit >> 6))


class Readers:
    """Caches results, since a thousand vassals sign with few keys in one folder.

    Args:
        check_mode: accept missing users and keys, because an earlier task would have created them.
    """

    def __init__(self, check_mode: bool = False) -> None:
        self._check_mode = check_mode
        self._users: Dict[str, Optional[User]] = {}
        self._found: Dict[Tuple[Optional[str], str], Optional[str]] = {}
        self._barred = lru_cache(maxsize=None)(barred)
        self._looks = opened.Looks()

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *dummy: object) -> None:
        self._looks.close()

    def flaw(self, file: str, name: Optional[str], named_by: str) -> Optional[str]:
        """What is wrong with a signing key's file; None if nothing.

        Args:
            name: the user that the vassal runs as; None if unknown.
            named_by: the argument that names the user.

        Raises:
            ArgumentError: if the host doesn't know the user.
        """
        if name and name not in self._users:
            self._users[name] = self._user(named_by, name)
        seen = name, file
        if seen not in self._found:
            self._found[seen] = unreadable(file, self._users[name] if name else None, self._barred, self._looks.status)
        reason = self._found[seen]
        if reason is None or (self._check_mode and reason == _MISSING):
            return None
        return f"{file}: {reason}; uWSGI will announce unsigned until it can read this key"

    def _user(self, path: str, name: str) -> Optional[User]:
        try:
            return user(path, name)
        except ArgumentError:
            if self._check_mode:
                return None
            raise
