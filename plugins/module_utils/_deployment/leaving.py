# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vassals on their way out of their pools: silenced, said goodbye to, and gone from every router.

What is left to be forgotten is known by the texts of a folder of its own, each that of a vassal as it announced itself last. So
the next run completes whatever is cut off.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Callable, Collection, Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.attributes import Attributes
from .._files.child import Identity, on_behalf_of
from .._files.directory import Directory
from .._files.plan import Wanted
from .._host import emperor_stats
from .._ini import instance
from .._ini.instance import Announcement
from .._node import suspend
from .._node.unsubscribe import Farewell
from .._pool import presence, routers
from .._pool.presence import Pair
from .._pool.stats import Get, StatsError, Table

REASON = "deploy"
SUFFIX = ".ini"
_POLL = 0.1
# Seconds that a stats server has for its answer.
_ANSWER = 5
# Datagrams get lost. Where nobody can see that one arrived, it's sent so often.
_SEND_AGAIN = 1.0
_TIMES = 3
# uWSGI's own tolerance.
_LEAST_AGE = 17


class Settings(NamedTuple):
    """How routers and the Emperor are asked, and what happens where they can't be.

    Attributes:
        emperor_stats: the Emperor's stats server.
        router_stats: those of the routers; empty where the host can't ask them.
        tolerance: seconds after which a router forgets whom it hears no more.
        timeout: seconds that each wait takes at most.
        allow_outage: whether a key may be without any node meanwhile.
        get: for stats servers that speak http.
    """

    emperor_stats: str
    router_stats: List[str]
    tolerance: int
    timeout: int
    allow_outage: bool
    get: Get

    @property
    def max_age(self) -> int:
        """Seconds since its last announcement up to which a node is fresh."""
        return max(_LEAST_AGE, self.tolerance)


class Leaver(NamedTuple):
    """A vassal that leaves.

    Attributes:
        path: the file that it was read from.
        announcements: what routers have to forget.
        user: who has a say in the file, as whom keys are read and reasons written.
        problem: why it isn't known what it announced; empty where it is.
        suspend_files: the paths whose existence silences it.
    """

    name: str
    path: str
    announcements: List[Announcement]
    user: Optional[Identity] = None
    problem: str = ""
    suspend_files: Sequence[str] = ()

    @property
    def pairs(self) -> FrozenSet[Pair]:
        """What it announced, by key and address."""
        return frozenset((one.key, one.address) for one in self.announcements)

    def besides(self, pairs: Collection[Pair]) -> Leaver:
        """Without what is announced on; it is silenced all the same."""
        return self._replace(announcements=[one for one in self.announcements if (one.key, one.address) not in pairs])


def leaver(name: str, path: str) -> Leaver:
    """Read what a vassal announces.

    Args:
        path: its file, which is there.
    """
    try:
        found = instance.read("vassals", path)
        announced = found.announcements() if found.subscribes else []
        return Leaver(name, path, announced, found.user, suspend_files=instance.suspend_files(announced))
    except ArgumentError as error:
        return Leaver(name, path, [], None, error.problem)


class Journal:
    """The texts of the vassals that routers have yet to forget.

    Args:
        path: the folder, which is made when it's needed.
        create: its owner, group and mode.
    """

    def __init__(self, path: str, create: Attributes) -> None:
        self._path = path
        self._create = create

    def leavers(self) -> List[Leaver]:
        """Those that an earlier run left, by their names."""
        if not opened.exists(self._path):
            return []
        with Directory(self._path, "leaving_path") as folder:
            names = [name for name in folder.names() if name.endswith(SUFFIX)]
        return [leaver(name[: -len(SUFFIX)], os.path.join(self._path, name)) for name in names]

    def add(self, names: Iterable[str], vassals: str) -> None:
        """Keep the texts of some vassals of a folder, whose they were.

        Raises:
            ArgumentError, HostError: with none of them kept.
        """
        wanted = []
        for name in names:
            path = os.path.join(vassals, name + SUFFIX)
            status = opened.status(path)
            content = opened.read(path, anybodys=True)
            wanted.append(Wanted(name + SUFFIX, content, "leaving_path", status.st_uid, status.st_gid, status.st_mode & 0o7777))
        if wanted:
            with Directory(self._path, "leaving_path", create=self._create, amend=True) as folder:
                folder.apply(folder.compare(wanted))

    def remove(self, names: Iterable[str]) -> None:
        """Forget some."""
        files = [name + SUFFIX for name in names]
        if files and opened.exists(self._path):
            with Directory(self._path, "leaving_path") as folder:
                folder.apply(folder.compare([], files))


class Way:
    """The way of some vassals out of their pools.

    Args:
        warn: is told what the user should know.
    """

    def __init__(self, settings: Settings, leavers: List[Leaver], warn: Callable[[str], None]) -> None:
        self._settings = settings
        self._leavers = leavers
        self._warn = warn
        self._names = instance.vassals(one for leaver in leavers for one in leaver.announcements)
        self._farewells: List[Farewell] = []
        # Until every router is seen to have forgotten them.
        self.certain = False
        self._unknown = False
        for one in leavers:
            problem = one.problem
            try:
                if one.announcements:
                    self._farewells.append(Farewell(one.announcements, one.user))
            except ArgumentError as error:
                # Such as a key that is gone.
                problem = error.problem
            if problem:
                self._unknown = True
                why = f"nobody can say goodbye for it, so routers may keep it for up to {settings.tolerance} s"
                warn(f"{one.path}: {why}: {problem}")

    def require_others(self, keys: Collection[str], fixed: Collection[str]) -> None:
        """See that each of some keys keeps a fresh node that isn't one of these vassals.

        Args:
            fixed: the vassals that could go on as they are, so that they are refused where no router can be asked.

        Raises:
            ArgumentError: when one would be left without, or nobody can look.
        """
        held = [one for one in self._leavers if any(key in keys for key, dummy in one.pairs)]
        if self._settings.allow_outage or not held:
            return
        tables, silent = self._tables()
        if not tables:
            unseen = [one.name for one in held if one.name in fixed]
            if unseen:
                raise ArgumentError(
                    f"vassals ({', '.join(unseen)})",
                    "must stop and start, since what is fixed when a socket is bound changes, and no router can be asked who "
                    "else serves its keys; set emperor_router_stats, use the playbook emperor.uwsgi.site or rolling_update, or "
                    "set emperor_allow_outage",
                )
            return
        pairs = sorted({pair for one in held for pair in one.pairs if pair[0] in keys})
        seen = [one for router, table in tables.items() for one in presence.look(router, table, pairs, self._names)]
        listed = sorted({(one.key, one.node) for one in seen if one.state == presence.LISTED})
        if not listed:
            return
        left, router, key = presence.fewest(tables, listed, time.time(), self._settings.max_age)
        if left < 1 or silent:
            why = f"{router} has no other fresh node for {key!r}" if left < 1 else "; ".join(silent)
            names = ", ".join(one.name for one in held if any(pair in listed for pair in one.pairs))
            raise ArgumentError(
                f"vassals ({names})",
                f"must stop and start, and {why}; bring others up first, use the playbook emperor.uwsgi.site or rolling_update, "
                "or set emperor_allow_outage",
            )

    def returned(self) -> None:
        """Wait until every router that answers lists all that nothing holds out. What is wrong otherwise is found later."""
        deadline = time.monotonic() + self._settings.timeout
        pairs = sorted({pair for one in self._leavers if not reasons(one) for pair in one.pairs})
        while pairs and time.monotonic() < deadline:
            seen = [one for router, table in self._tables()[0].items() for one in presence.look(router, table, pairs)]
            if all(one.state == presence.LISTED for one in seen):
                return
            time.sleep(_POLL)

    def silence(self) -> None:
        """Hold them all out by a reason, so that none announces itself again.

        Raises:
            HostError: with none held.
        """
        done: List[Leaver] = []
        try:
            for one in self._leavers:
                done.append(one)
                _hold(one)
        except OSError as exc:
            self._leavers, rest = done, self._leavers
            self.release()
            self._leavers = rest
            raise HostError(str(exc.filename or ""), f"can't be held out: {exc.strerror}; nothing was changed") from exc

    def release(self, names: Optional[Collection[str]] = None) -> None:
        """Take the reason away, from all or from some."""
        for one in self._leavers:
            if names is None or one.name in names:
                on_behalf_of(one.user, partial(_release, one, (REASON,)))

    def clear(self, names: Collection[str]) -> None:
        """Take all reasons away from some that are gone for good."""
        for one in self._leavers:
            if one.name in names:
                on_behalf_of(one.user, partial(_release, one, None))

    def leave(self) -> None:
        """Say goodbye until every router that can be asked has forgotten them.

        Raises:
            HostError: when one has not by the time-out, naming it.
        """
        settings = self._settings
        if not any(one.announcements for one in self._leavers):
            return
        self.certain = bool(settings.router_stats) and not self._unknown
        if not settings.router_stats:
            for at in range(_TIMES):
                time.sleep(_SEND_AGAIN if at else 0)
                self._say()
            return
        deadline = time.monotonic() + settings.timeout
        again = 0.0
        while True:
            if time.monotonic() >= again:
                self._say()
                again = time.monotonic() + _SEND_AGAIN
            tables, silent = self._tables()
            late = self._late(tables)
            if not late:
                break
            if time.monotonic() >= deadline:
                raise HostError(f"timed out after {settings.timeout} s", "; ".join(late))
            time.sleep(_POLL)
        if silent:
            self.certain = False
            self._warn(f"a router may keep what left for up to {settings.tolerance} s: {'; '.join(silent)}")

    def outlast(self, since: float) -> None:
        """Where nobody could see that the routers forgot them, wait until they have.

        Args:
            since: the monotonic time from which on nothing was announced.
        """
        if (self._farewells or self._unknown) and not self.certain:
            time.sleep(max(0.0, since + self._settings.tolerance - time.monotonic()))

    def stopped(self, paths: Collection[str]) -> None:
        """Wait until the Emperor has stopped what it ran from some files; one that doesn't run has.

        Raises:
            HostError: when it has not by the time-out.
        """
        deadline = time.monotonic() + self._settings.timeout
        while True:
            try:
                found = emperor_stats.ask(self._settings.emperor_stats, _ANSWER, self._settings.get)
            except StatsError:
                return
            running = {one.id for one in found.vassals}.intersection(paths)
            if not running:
                return
            if time.monotonic() >= deadline:
                raise HostError(
                    ", ".join(sorted(running)),
                    f"is out of its pools and does not stop within {self._settings.timeout} s; the next run goes on from here",
                )
            time.sleep(_POLL)

    def _say(self) -> None:
        for one in self._farewells:
            one.send()

    def _tables(self) -> Tuple[Dict[str, Table], List[str]]:
        answers = routers.ask(self._settings.router_stats, _ANSWER, self._settings.get)
        return (
            {one.stats: one.table for one in answers if one.table is not None},
            [one.error for one in answers if one.table is None],
        )

    def _late(self, tables: Dict[str, Table]) -> List[str]:
        pairs = sorted({pair for one in self._leavers for pair in one.pairs})
        return [
            f"{seen.router} still has {seen.node} in {seen.key!r} ({seen.state}, {seen.in_flight} requests in flight)"
            for router, table in tables.items()
            for seen in presence.look(router, table, pairs, self._names)
            if not seen.is_out
        ]


def reasons(one: Leaver) -> List[str]:
    """The reasons that hold a vassal out, sorted; raises OSError or HostError."""
    found = on_behalf_of(one.user, lambda: [suspend.reasons(path) for path in one.suspend_files])
    return sorted({reason for own in found for reason in own})


def _release(one: Leaver, which: Optional[Collection[str]]) -> None:
    """Take reasons away; None for all that there are."""
    for path in one.suspend_files:
        for reason in suspend.reasons(path) if which is None else which:
            suspend.release(path, reason)


def _hold(one: Leaver) -> None:
    """Hold one out, as far as its suspend files have a folder; without one it announces itself until it stops."""

    def work() -> None:
        for path in one.suspend_files:
            try:
                suspend.hold(path, REASON)
            except FileNotFoundError:
                continue

    on_behalf_of(one.user, work)
