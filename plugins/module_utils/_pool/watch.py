# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routers asked again and again, until some nodes are where they shall be. Free of Ansible."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from .._errors import ArgumentError
from .._ini.instance import Announcement
from . import presence, routers
from .presence import Pair, Seen
from .scanner import Selection
from .stats import Get, Table

# Seconds between two looks, at least. A router writes its table in the loop in which it handles requests, so a look may take it a
# tenth of its time at most.
_POLL = 0.05
_REST = 10
# A node signs and sends within milliseconds after it looked for its suspend file.
_SETTLE = 0.2
# Datagrams get lost.
_SEND_AGAIN = 1.0
# Seconds that a router has for its answer.
_ANSWER = 5
# How many that lag are named.
_MOST_NAMED = 20

# Whether a node is where it shall be, by how it was seen before and how it is seen now.
Arrived = Callable[[Seen, Seen], bool]
# Tells routers of those announcements again of which the argument says so.
Again = Callable[[Callable[[Announcement], bool]], Any]


class Watch:
    """The routers, asked again and again.

    Args:
        stats: their stats servers.
        timeout: seconds for ``wait``.
        pairs: the nodes to look for.
        vassals: those of them that a router of 2.1 knows by a name besides, as they announce it.
        get: for routers whose stats server speaks http.
        max_age: seconds since its last announcement up to which a node is fresh; by default uWSGI's own tolerance.

    Attributes:
        late: after ``wait``, who isn't where it shall be.
    """

    def __init__(
        self,
        stats: Iterable[str],
        timeout: float,
        pairs: Iterable[Pair],
        get: Get,
        vassals: Optional[Mapping[Pair, str]] = None,
        max_age: float = 17,
    ) -> None:
        self._stats: List[str] = list(dict.fromkeys(stats))
        self._timeout = timeout
        self._pairs = list(dict.fromkeys(pairs))
        self._get = get
        self._vassals: Dict[Pair, str] = dict(vassals or {})
        self._own = Selection(self._pairs)
        self._max_age = max_age
        self._errors: Dict[str, str] = {}
        self._last: Dict[str, Table] = {}
        # Those of a router that is silent now are as they were.
        self._sockets: Dict[str, Sequence[str]] = {}
        self._seconds = 0.0
        self.late: List[Seen] = []

    def look(self, others: bool = False) -> List[Seen]:
        """The nodes at every router.

        Args:
            others: also of the other nodes of their keys, for ``require``.
        """
        selection = Selection(self._pairs, others) if others else self._own
        answers = routers.ask(self._stats, min(self._timeout, _ANSWER), self._get, selection.read)
        self._errors = {answer.stats: answer.error for answer in answers if answer.table is None}
        self._last = {answer.stats: answer.table for answer in answers if answer.table is not None}
        self._sockets.update((router, table.sockets) for router, table in self._last.items())
        for table in self._last.values():
            self._vassals.update(presence.names(table))
        # A router that doesn't answer isn't kept from anything.
        self._seconds = max((answer.seconds for answer in answers), default=0.0)
        return [one for router in self._stats for one in self._seen(router)]

    def _seen(self, router: str) -> List[Seen]:
        return presence.look(router, self._last.get(router), self._pairs, self._vassals)

    def require(self, minimum: int, keys: Iterable[str]) -> str:
        """Check that enough others of some keys stay, by the last look.

        Returns:
            what there is to warn of: a pool that is left without a node. Empty where none is.

        Raises:
            ArgumentError: when there would be fewer at any router, or one didn't answer.
        """
        if self._errors and minimum:
            raise ArgumentError("minimum", f"cannot be checked, because a router did not answer: {self.silent()}")
        if not self._last:
            return ""
        left, router, key = presence.fewest(self._last, self._pairs, time.time(), self._max_age, keys)
        if left < minimum:
            raise ArgumentError(
                "minimum",
                f"draining would leave {router} {left} fresh nodes for {key!r}, and minimum is {minimum}; restore other nodes "
                "first",
            )
        if left:
            return ""
        return f"{router} has no other fresh node for {key!r}, and nobody answers its requests; minimum refuses that"

    def wait(self, arrived: Arrived, before: List[Seen], again: Optional[Again] = None, settle: bool = False) -> List[Seen]:
        """Poll until every router has the nodes where they shall be, or the time is over.

        Args:
            again: done from time to time until then.
            settle: look once more a moment after the nodes have arrived: an announcement may have been on its way while a suspend
                file was made.
        """
        deadline = time.monotonic() + self._timeout
        next_time = time.monotonic() + _SEND_AGAIN
        settled = not settle
        while True:
            now = self.look()
            late = [one for old, one in zip(before, now) if not arrived(old, one)]
            if not late and settled:
                return now
            if late and time.monotonic() >= deadline:
                self.late = late
                return now
            came_back = settle and settled
            settled = not settle or not late
            # Routers that can't be asked are told a last time when all others have followed.
            if again and (not late or came_back or time.monotonic() >= next_time):
                again(self._owed(now))
                next_time = time.monotonic() + _SEND_AGAIN
            pause = max(_POLL if late else _SETTLE, _REST * self._seconds)
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())) if late else pause)

    def _owed(self, now: List[Seen]) -> Callable[[Announcement], bool]:
        """Which announcements a router still may have."""
        known: Dict[str, Optional[Set[Pair]]] = {}

        def owed(one: Announcement) -> bool:
            if one.server not in known:
                known[one.server] = presence.owed(one.server, now, self._sockets)
            pairs = known[one.server]
            return pairs is None or (one.key, one.address) in pairs

        return owed

    def is_fresh(self, now: Seen) -> bool:
        """Whether a node is heard, by this host's clock."""
        return now.state == presence.LISTED and time.time() - now.announced <= self._max_age

    def lagging(self) -> str:
        """Who isn't where it shall be, in words."""
        words = [
            f"{one.router} still has {one.node} in {one.key!r} ({one.state}, {one.in_flight} requests in flight)"
            if one.state in (presence.LISTED, presence.DEAD)
            else f"{one.router} doesn't have {one.node} in {one.key!r}"
            for one in self.late
            if one.state != presence.SILENT
        ]
        if len(words) > _MOST_NAMED:
            words[_MOST_NAMED:] = [f"and {len(words) - _MOST_NAMED} more"]
        return "; ".join(words + ([self.silent()] if self._errors else []))

    def silent(self) -> str:
        """Which routers don't answer, and why."""
        return "; ".join(self._errors.values())


def by_pair(seen: Iterable[Seen]) -> Dict[Tuple[str, str], List[Seen]]:
    """What was seen of each node."""
    found: Dict[Tuple[str, str], List[Seen]] = {}
    for one in seen:
        found.setdefault((one.key, one.node), []).append(one)
    return found
