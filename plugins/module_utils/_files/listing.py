# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists names in folders of any user, and expands patterns to paths."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import stat
from typing import List

from . import opened
from .child import where_it_belongs

# Per folder: far more than an Emperor has vassals.
_MOST_NAMES = 1 << 14
_PATTERN = re.compile(r"[*?\[]")


def is_pattern(path: str) -> bool:
    """Whether a path has a wildcard."""
    return bool(_PATTERN.search(path))


def names(path: str) -> List[str]:
    """The names in a folder, sorted; another user's folder is listed as that user.

    Raises:
        UnsafePath: if several users can change the folder.
        OSError: if it can't be listed, or has too many names.
    """
    return where_it_belongs(lambda: _names(path))


def matches(pattern: str) -> List[str]:
    """The paths that match a pattern, sorted; a folder that can't be listed has none. Wildcards don't match a leading dot."""
    found = ["/"]
    for part in os.path.abspath(pattern).split("/")[1:]:
        if is_pattern(part):
            found = [os.path.join(folder, name) for folder in found for name in _matching(folder, part)]
        else:
            found = [os.path.join(folder, part) for folder in found]
        del found[_MOST_NAMES:]
    return sorted(path for path in found if opened.exists(path))


def is_folder(path: str) -> bool:
    """Whether a path leads to a folder; raises OSError if nothing is there."""
    return stat.S_ISDIR(opened.status(path).st_mode)


def _matching(folder: str, pattern: str) -> List[str]:
    try:
        found = fnmatch.filter(names(folder), pattern)
    except OSError:
        return []
    return [name for name in found if pattern.startswith(".") or not name.startswith(".")]


def _names(path: str) -> List[str]:
    with opened.Place(path) as place:
        if place.danger:
            raise place.danger
        handle = place.open_folder()
    try:
        found: List[str] = []
        with os.scandir(handle) as entries:
            for entry in entries:
                found.append(entry.name)
                if len(found) > _MOST_NAMES:
                    raise OSError(errno.EFBIG, f"it has more than {_MOST_NAMES} names", path)
    finally:
        os.close(handle)
    return sorted(found)
