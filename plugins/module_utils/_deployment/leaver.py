# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vassal as its routers know it: what it announced, and how to silence it."""

from __future__ import annotations

from typing import Collection, FrozenSet, List, NamedTuple, Optional, Sequence

from .._errors import ArgumentError
from .._files.child import on_behalf_of
from .._files.identity import Identity
from .._ini import instance
from .._ini.instance import Announcement
from .._node import suspend
from .._pool.presence import Pair
from .journal import Journal


class Leaver(NamedTuple):
    """A vassal that leaves.

    Attributes:
        path: the file that it was read from.
        announcements: what routers must forget.
        user: who can change the file; keys are read and reasons written as this user.
        problem: why its announcements aren't known; empty if they are.
        suspend_files: the paths that silence it while they exist.
    """

    name: str
    path: str
    announcements: List[Announcement]
    user: Optional[Identity] = None
    problem: str = ""
    suspend_files: Sequence[str] = ()

    @property
    def pairs(self) -> FrozenSet[Pair]:
        """The keys and addresses that it announced."""
        return frozenset((one.key, one.address) for one in self.announcements)

    def besides(self, pairs: Collection[Pair]) -> Leaver:
        """The same, without what is still announced; it is silenced all the same."""
        return self._replace(announcements=[one for one in self.announcements if (one.key, one.address) not in pairs])


def leaver(name: str, path: str) -> Leaver:
    """Read what a vassal announces.

    Args:
        path: its file, which exists.
    """
    try:
        found = instance.read("vassals", path)
        announced = found.announcements() if found.subscribes else []
        return Leaver(name, path, announced, found.user, suspend_files=instance.suspend_files(announced))
    except ArgumentError as error:
        return Leaver(name, path, [], None, error.problem)


def leavers(journal: Journal) -> List[Leaver]:
    """The vassals that an earlier run left behind, by name."""
    return [leaver(name, journal.file(name)) for name in journal.names()]


def reasons(one: Leaver) -> List[str]:
    """The reasons that hold a vassal out, sorted; raises OSError or HostError."""
    found = on_behalf_of(one.user, lambda: [suspend.reasons(path) for path in one.suspend_files])
    return sorted({reason for own in found for reason in own})
