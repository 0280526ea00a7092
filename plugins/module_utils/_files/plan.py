# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans what happens to the files of a directory, and shows the changes to the user. Pure."""

from __future__ import annotations

import os
import stat
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from .._errors import ArgumentError
from .._visible import seen

_MOST_NAMES = 5
_MEANT = "check that nothing is missing from the inventory, or allow it; with the roles, emperor_allow_empty does"


class Wanted(NamedTuple):
    """A file that must exist.

    Attributes:
        name: its name in the directory.
        place: path of the argument that asks for it, for errors.
        uid: the owner, None to keep it; the same for ``gid`` and ``mode``.
    """

    name: str
    content: bytes
    place: str
    uid: Optional[int] = None
    gid: Optional[int] = None
    mode: Optional[int] = None


class Change(NamedTuple):
    """What happens to one file.

    Attributes:
        before: its content, None if it doesn't exist; the same for ``after``.
        found: the result of ``lstat``, None if it doesn't exist.
        wanted: None for a file to remove.
        attributes: for each of owner, group and mode that differs, a pair of old and new.
    """

    name: str
    before: Optional[bytes]
    after: Optional[bytes]
    found: Optional[os.stat_result]
    wanted: Optional[Wanted]
    attributes: Dict[str, Tuple[Any, Any]]


class Plan(NamedTuple):
    """What to do; ``unchanged`` are names."""

    created: List[Change]
    updated: List[Change]
    removed: List[Change]
    unchanged: List[str]

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.created or self.updated or self.removed)


def refuse_losses(path: str, plan: Plan, allow_empty: bool, limit: int = 100) -> None:
    """Refuse to remove files that are most probably still wanted.

    Args:
        allow_empty: allow removing the last file.
        limit: percentage of the existing files that may be removed.

    Raises:
        ArgumentError: naming the argument that allows it.
    """
    removed = len(plan.removed)
    there = removed + len(plan.updated) + len(plan.unchanged)
    names = ", ".join(change.name for change in plan.removed[:_MOST_NAMES]) + (", ..." if removed > _MOST_NAMES else "")
    if removed and there + len(plan.created) == removed and not allow_empty:
        raise ArgumentError("allow_empty", f"nothing would be left in {path}, where {names} would be removed; {_MEANT}")
    if removed * 100 > limit * there:
        raise ArgumentError("purge_limit", f"{removed} of the {there} files in {path} would be removed: {names}; {_MEANT}")


def differences(path: str, plan: Plan, shown: Callable[[bytes], str]) -> List[Dict[str, Any]]:
    """A plan as Ansible's diff.

    Args:
        shown: replaces the content of a file.
    """
    found = []
    for change in plan.removed + plan.created + plan.updated:
        header = os.path.join(path, change.name)
        item = {
            "before_header": header,
            "after_header": header,
            "before": "" if change.before is None else seen(shown(change.before)),
            "after": "" if change.after is None else seen(shown(change.after)),
        }
        for side, key in enumerate(("before", "after")):
            words = [f"{name}: {pair[side]}\n" for name, pair in sorted(change.attributes.items())]
            item[key] += "".join(words)
        found.append(item)
    return found


def attribute_changes(found: os.stat_result, wanted: Wanted) -> Dict[str, Tuple[Any, Any]]:
    """The owner, group, mode and number of names that differ, each as found and as wanted."""
    differing: Dict[str, Tuple[Any, Any]] = {}
    if wanted.uid is not None and wanted.uid != found.st_uid:
        differing["owner"] = (found.st_uid, wanted.uid)
    if wanted.gid is not None and wanted.gid != found.st_gid:
        differing["group"] = (found.st_gid, wanted.gid)
    if wanted.mode is not None and wanted.mode != stat.S_IMODE(found.st_mode):
        differing["mode"] = (f"{stat.S_IMODE(found.st_mode):04o}", f"{wanted.mode:04o}")
    if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        differing["names"] = (found.st_nlink, 1)
    return differing
