# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes vassals out of their pools: silences them, unsubscribes them, and waits until no router lists them."""

from __future__ import annotations

import time
from functools import partial
from typing import Callable, Collection, Dict, List, Optional, Tuple

from .._errors import ArgumentError, HostError
from .._files.child import on_behalf_of
from .._host import emperor_stats
from .._ini import instance
from .._node import suspend
from .._node.unsubscribe import Farewell
from .._pool import presence, routers
from .._pool.stats import ANSWER, StatsError, Table
from .leaver import Leaver, reasons
from .settings import Settings

REASON = "deploy"
_POLL = 0.1
# Datagrams get lost. If no router can confirm one, it is sent this often.
_SEND_AGAIN = 1.0
_TIMES = 3


class Way:
    """Some vassals that leave their pools.

    Args:
        warn: gets what the user should know.
    """

    def __init__(self, settings: Settings, leavers: List[Leaver], warn: Callable[[str], None]) -> None:
        self._settings = settings
        self._leavers = leavers
        self._warn = warn
        self._names = instance.vassals(one for leaver in leavers for one in leaver.announcements)
        self._farewells: List[Farewell] = []
        # Until every router has forgotten them.
        self.certain = False
        self._unknown = False
        for one in leavers:
            problem = one.problem
            try:
                if one.announcements:
                    self._farewells.append(Farewell(one.announcements, one.user))
            except ArgumentError as error:
                # For example, because a key file is gone.
                problem = error.problem
            if problem:
                self._unknown = True
                why = f"it cannot be unsubscribed, so routers may keep it for up to {settings.tolerance} s"
                warn(f"{one.path}: {why}: {problem}")

    def require_others(self, keys: Collection[str], fixed: Collection[str]) -> None:
        """Check that each of some keys keeps a fresh node besides these vassals.

        Args:
            fixed: the vassals that could also stay as they are, so they are refused if no router can be asked.

        Raises:
            ArgumentError: if a key would have no node left, or no router can be asked.
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
        """Wait until every router that answers lists all nodes that nothing holds out. Later checks find other problems."""
        deadline = time.monotonic() + self._settings.timeout
        pairs = sorted({pair for one in self._leavers if not reasons(one) for pair in one.pairs})
        while pairs and time.monotonic() < deadline:
            seen = [one for router, table in self._tables()[0].items() for one in presence.look(router, table, pairs)]
            if all(one.state == presence.LISTED for one in seen):
                return
            time.sleep(_POLL)

    def silence(self) -> None:
        """Hold them all out with a reason, so that none announces itself again.

        Raises:
            HostError: and then none is held.
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
        """Remove the reason, from all or from some."""
        for one in self._leavers:
            if names is None or one.name in names:
                on_behalf_of(one.user, partial(_release, one, (REASON,)))

    def clear(self, names: Collection[str]) -> None:
        """Remove all reasons from vassals that are gone for good."""
        for one in self._leavers:
            if one.name in names:
                on_behalf_of(one.user, partial(_release, one, None))

    def leave(self) -> None:
        """Unsubscribe them until every router that can be asked has forgotten them.

        Raises:
            HostError: naming a router that has not by the time-out.
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
        """If no router could confirm that it forgot them, wait until its tolerance must have expired.

        Args:
            since: the monotonic time since when nothing was announced.
        """
        if (self._farewells or self._unknown) and not self.certain:
            time.sleep(max(0.0, since + self._settings.tolerance - time.monotonic()))

    def stopped(self, paths: Collection[str]) -> None:
        """Wait until the Emperor has stopped the vassals of some files. If no Emperor runs, they have stopped.

        Raises:
            HostError: if it has not by the time-out.
        """
        deadline = time.monotonic() + self._settings.timeout
        while True:
            try:
                found = emperor_stats.ask(self._settings.emperor_stats, ANSWER, self._settings.get)
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
        answers = routers.ask(self._settings.router_stats, ANSWER, self._settings.get)
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


def _release(one: Leaver, which: Optional[Collection[str]]) -> None:
    """Remove reasons; None for all of them."""
    for path in one.suspend_files:
        for reason in suspend.reasons(path) if which is None else which:
            suspend.release(path, reason)


def _hold(one: Leaver) -> None:
    """Hold one out, if its suspend files have a folder. Without a folder it announces itself until it stops."""

    def work() -> None:
        for path in one.suspend_files:
            try:
                suspend.hold(path, REASON)
            except FileNotFoundError:
                continue

    on_behalf_of(one.user, work)
