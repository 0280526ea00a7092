# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves from the existing vassals to the wanted ones: decides which leave first, and completes interrupted runs."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Optional, Tuple

from .._dialect import BOUND, SOCKETS
from .._errors import ArgumentError
from .._files import opened
from .._files.chain import Chain
from .._files.directory import Directory
from .._files.plan import Change as FileChange
from .._files.plan import Plan
from .._ini import instance
from . import serving
from .changes import RESTART, Side, changes, out_first
from .journal import SUFFIX, Journal
from .leaver import Leaver, leaver, leavers
from .leaving import Way
from .settings import Run, Settings, TurnNeeded


class Walk:
    """What happens between checking the vassals and writing them.

    Attributes:
        left: the names of the vassals that left their pools.
        failed: how often each vassal had failed to start.

    Args:
        path: the folder of the vassals.
        journal: of the vassals that routers have not yet forgotten.
    """

    def __init__(self, settings: Settings, path: str, journal: Journal, run: Run) -> None:
        self.left: List[str] = []
        self.failed: Dict[str, int] = {}
        self._run = run
        self._settings = settings
        self._path = path
        self._journal = journal
        self._again: List[Tuple[Way, List[str]]] = []
        self._back: List[str] = []

    def go(self, folder: Directory, plan: Plan) -> bool:
        """Take out the vassals that must leave; returns whether the directory changed."""
        before = leavers(self._journal) if not self._run.check_mode else []
        if not plan.changed and not before:
            return False
        self.failed = serving.failing(self._settings) if plan.changed else {}
        old = {name: leaver(name, self._file(name)) for name in _vassals(plan.updated + plan.removed)}
        sides = {name: _side(one.path, None, one) for name, one in old.items()}
        wanted = {name: _side(self._file(name), content) for name, content in _vassals(plan.created + plan.updated).items()}
        found = changes(sides, wanted)
        names = out_first(found)
        way = Way(self._settings, [old[name] for name in names], self._run.warn)
        self._back = [name for name in names if found[name] == RESTART]
        leaves = any(old[name].announcements for name in names) and bool(self._settings.router_stats)
        if leaves and not self._run.turn and not self._run.check_mode:
            # By then, vassals that other hosts took out are back.
            raise TurnNeeded
        # A key that nobody announces any more needs no node.
        keys = {key for side in wanted.values() for key, dummy in side.pairs}
        way.require_others(keys, [name for name in self._back if sides[name].bound != wanted[name].bound])
        if self._run.check_mode:
            self.left = names
            return False
        return self._done(folder, names, way, before)

    def _done(self, folder: Directory, names: List[str], way: Way, before: List[Leaver]) -> bool:
        # Vassals that an interrupted run took out: their files are gone, so nothing else would unsubscribe them.
        cut = [one for one in before if not opened.exists(self._file(one.name))]
        if cut:
            # Another vassal may have its key and address by now.
            there = [name[: -len(SUFFIX)] for name in folder.names() if name.endswith(SUFFIX)]
            kept = {pair for name in there if name not in names for pair in leaver(name, self._file(name)).pairs}
            cut = [one.besides(kept) for one in cut]
        self._journal.add(names, self._path)
        if names:
            self._leave(folder, way, names)
        if cut:
            rest = Way(self._settings, cut, self._run.warn)
            self._gone(rest, [one.name for one in cut])
        self.left = names + [one.name for one in cut]
        return bool(names)

    def _leave(self, folder: Directory, way: Way, names: List[str]) -> None:
        way.silence()
        try:
            way.leave()
        except BaseException:
            way.release()
            self._journal.remove(names)
            raise
        folder.apply(folder.compare([], [name + SUFFIX for name in names]))
        # Once more, because a vassal may have announced itself while it was being silenced.
        self._gone(way, names)

    def _gone(self, way: Way, names: List[str]) -> None:
        way.stopped([self._file(name) for name in names])
        since = time.monotonic()
        way.leave()
        way.outlast(since)
        self._again.append((way, names))

    def end(self) -> None:
        """Let vassals that were taken out only for a while announce themselves again, and clear the journal."""
        for way, names in self._again:
            way.release([name for name in names if opened.exists(self._file(name))])
            way.clear([name for name in names if not opened.exists(self._file(name))])
            self._journal.remove(names)
        if self._back and self._settings.router_stats:
            # Until then, no other host may take out nodes.
            Way(self._settings, [leaver(name, self._file(name)) for name in self._back], self._run.warn).returned()

    def _file(self, name: str) -> str:
        return os.path.join(self._path, name + SUFFIX)


def _vassals(found: List[FileChange]) -> Dict[str, Optional[bytes]]:
    """The vassals whose files change, with their new content."""
    return {one.name[: -len(SUFFIX)]: one.after for one in found if one.name.endswith(SUFFIX)}


def _side(path: str, content: Any, old: Any = None) -> Side:
    """A vassal as it is, or as its file will be."""
    chain = Chain()

    def read(asked: str) -> bytes:
        return content if content is not None and asked == path else chain.read(asked)

    try:
        found = instance.read("vassals", path, read)
        announced = found.announcements() if found.subscribes else []
    except ArgumentError:
        # If it is unknown, the code that takes the vassal out reports it. New vassals are checked elsewhere.
        return Side(text=repr(content))
    sockets = [option for option in found.options if option.name in SOCKETS and not option.flaw]
    # A port that the system chooses and a shared socket belong to no vassal alone.
    own = frozenset(option.value for option in sockets if not option.value.endswith(":0") and not option.value.startswith("="))
    return Side(
        text=repr([(option.name, option.value) for option in found.options]),
        pairs=old.pairs if old else frozenset((one.key, one.address) for one in announced),
        sockets=own,
        bound=tuple((option.name, option.value) for option in found.options if option.name in BOUND)
        + tuple((option.name, "") for option in sockets),
    )
