# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Converts owner, group and mode from users' notation to numbers."""

from __future__ import annotations

import grp
import pwd
import re
from functools import lru_cache
from typing import Any, NamedTuple, Optional

from .._errors import ArgumentError

_MOST_ID = 2**32 - 2
# ASCII digits, and not thousands of them, which Python refuses to convert.
_NUMBER = re.compile(r"[0-9]{1,20}\Z")


class Attributes(NamedTuple):
    """Numbers as for ``os.chown`` and ``os.chmod``; None leaves one as it is."""

    uid: Optional[int]
    gid: Optional[int]
    mode: Optional[int]


def attributes(path: str, owner: Any, group: Any, mode: Any, check_mode: bool = False) -> Attributes:
    """Look up ``owner``, ``group`` and ``mode``; each may be None.

    Args:
        path: prefix of their names in errors.
        check_mode: return None for a name that the host doesn't know yet, as an earlier task would have created it.

    Raises:
        ArgumentError: if the host doesn't know a name, or a mode isn't octal.
    """
    prefix = path + "." if path else ""
    return Attributes(
        user_number(prefix + "owner", owner, check_mode),
        group_number(prefix + "group", group, check_mode),
        None if mode is None else octal(prefix + "mode", mode),
    )


def user_number(place: str, name: Any, check_mode: bool = False) -> Optional[int]:
    """A user's number; None if there is no name, or as in ``attributes`` in check mode; raises ``ArgumentError``."""
    return None if name is None else _number(place, str(name), "user", check_mode)


def group_number(place: str, name: Any, check_mode: bool = False) -> Optional[int]:
    """The same for a group."""
    return None if name is None else _number(place, str(name), "group", check_mode)


@lru_cache(maxsize=None)
def primary_group(owner: str) -> Optional[str]:
    """The number of a user's primary group, or of a group with the user's number; None if the host doesn't know the user."""
    try:
        return str((pwd.getpwuid(int(owner)) if is_number(owner) else pwd.getpwnam(owner)).pw_gid)
    except (KeyError, ValueError, OverflowError):
        return owner if is_number(owner) else None


def is_number(name: str) -> bool:
    """Whether a user or group is given as a number."""
    return bool(_NUMBER.match(name))


@lru_cache(maxsize=None)
def _number(path: str, name: str, what: str, check_mode: bool) -> Optional[int]:
    if is_number(name):
        # The last 32-bit number means "unchanged" to chown(2).
        if int(name) > _MOST_ID:
            raise ArgumentError(path, f"{name} is beyond the last number of a {what}, {_MOST_ID}")
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid if what == "user" else grp.getgrnam(name).gr_gid
    except (KeyError, ValueError) as exc:
        if check_mode:
            return None
        raise ArgumentError(path, f"the host has no {what} {name!r}; create it first") from exc


def octal(path: str, value: Any) -> int:
    """An octal mode as text, such as ``0640``; raises ``ArgumentError``."""
    # YAML 1.1 reads 0640 as the number 416, and a bare 640 as 640, which nobody intends.
    if not isinstance(value, str) or not re.match(r"0?[0-7]{3,4}\Z", value):
        raise ArgumentError(path, f"{value!r} is not an octal mode; give one in quotes, such as '0640'")
    return int(value, 8)
