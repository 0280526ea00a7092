# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode as users write them, to numbers."""

from __future__ import annotations

import grp
import pwd
import re
from functools import lru_cache
from typing import Any, NamedTuple, Optional

from .._errors import ArgumentError

_MOST_ID = 2**32 - 2
# In ASCII, and not of thousands of digits, which Python refuses to read.
_NUMBER = re.compile(r"[0-9]{1,20}\Z")


class Attributes(NamedTuple):
    """Numbers as for ``os.chown`` and ``os.chmod``; None leaves one as it is."""

    uid: Optional[int]
    gid: Optional[int]
    mode: Optional[int]


def attributes(path: str, owner: Any, group: Any, mode: Any, check_mode: bool = False) -> Attributes:
    """Look up what ``owner``, ``group`` and ``mode`` say; each may be None.

    Args:
        path: what stands before their names in errors.
        check_mode: a name that the host doesn't know yet is left as None: an earlier task would have created it.

    Raises:
        ArgumentError: for a name that the host doesn't know, or a mode that isn't octal.
    """
    prefix = path + "." if path else ""
    return Attributes(
        user_number(prefix + "owner", owner, check_mode),
        group_number(prefix + "group", group, check_mode),
        None if mode is None else octal(prefix + "mode", mode),
    )


def user_number(place: str, name: Any, check_mode: bool = False) -> Optional[int]:
    """A user's number, None where none is named, or as ``attributes`` has it in check mode; raises ``ArgumentError``."""
    return None if name is None else _number(place, str(name), "user", check_mode)


def group_number(place: str, name: Any, check_mode: bool = False) -> Optional[int]:
    """The same for a group."""
    return None if name is None else _number(place, str(name), "group", check_mode)


@lru_cache(maxsize=None)
def primary_group(owner: str) -> Optional[str]:
    """The number of a user's own group, or of one that has the user's number; None where the host doesn't know the user."""
    try:
        return str((pwd.getpwuid(int(owner)) if is_number(owner) else pwd.getpwnam(owner)).pw_gid)
    except (KeyError, ValueError, OverflowError):
        return owner if is_number(owner) else None


def is_number(name: str) -> bool:
    """Whether a user or a group is named by its number."""
    return bool(_NUMBER.match(name))


@lru_cache(maxsize=None)
def _number(path: str, name: str, what: str, check_mode: bool) -> Optional[int]:
    if is_number(name):
        # The last one of 32 bits means "leave it" to chown(2).
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
    """A mode in octal, as text such as ``0640``; raises ``ArgumentError``."""
    # YAML 1.1 reads 0640 as the number 416, and a bare 640 as 640, which nobody means.
    if not isinstance(value, str) or not re.match(r"0?[0-7]{3,4}\Z", value):
        raise ArgumentError(path, f"{value!r} is not an octal mode; give one in quotes, such as '0640'")
    return int(value, 8)
