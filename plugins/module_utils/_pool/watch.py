# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Polls routers until some nodes are in the wanted state. Free of Ansible."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from .._errors import ArgumentError
from .._ini.instance import Announcement
from . import presence, routers
from .presence import Pair, Seen
from .scanner import Selection
from .stats import ANSWER, Get, Table

# Minimum seconds between two looks. A router writes its table in the loop that handles requests, so looks may take a
# tenth of its time at most.
_POLL = 0.05
_REST = 10
# A node signs and sends within milliseconds after it checked for its suspend file.
_SETTLE = 0.2
# Datagrams get lost.
_SEND_AGAIN = 1.0
# How many late nodes are named.
_MOST_NAMED = 20

# Whether a node is in the wanted state, from its first and its current state.
Arrived = Callable[[Seen, Seen], bool]
# Tells routers again about the announcements that its argument selects.
Again = Callable[[Callable[[Announcement], bool]], Any]


class Watch:
    """Polls routers.

    Args:
        stats: their stats servers.
        timeout: seconds for ``wait``.
        pairs: the nodes to look for.
        vassals: the names by which a router of 2.1 also knows some of them, as they announce them.
        get: for routers whose stats server speaks http.
        max_age: the age in seconds up to which a node's last announcement is fresh; by default uWSGI's own tolerance.

    Attributes:
        late: after ``wait``, the nodes that aren't in the wanted state.
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
        # A silent router's nodes keep their last known state.
        self._sockets: Dict[str, Sequence[str]] = {}
        self._seconds = 0.0
        self.late: List[Seen] = []

    def look(self, others: bool = False) -> List[Seen]:
        """Get the nodes at every router.

        Args:
            others: also the other nodes of their keys, for ``require``.
        """
        selection = Selection(self._pairs, others) if others else self._own
        answers = routers.ask(self._stats, min(self._timeout, ANSWER), self._get, selection.read)
        self._errors = {answer.stats: answer.error for answer in answers if answer.table is None}
        self._last = {answer.stats: answer.table for answer in answers if answer.table is not None}
        self._sockets.update((router, table.sockets) for router, table in self._last.items())
        for table in self._last.values():
            self._vassals.update(presence.names(table))
        # A router that doesn't answer can be asked again at any time.
        self._seconds = max((answer.seconds for answer in answers), default=0.0)
        return [one for router in self._stats for one in self._seen(router)]

    def _seen(self, router: str) -> List[Seen]:
        return presence.look(router, self._last.get(router), self._pairs, self._vassals)

    def require(self, minimum: int, keys: Iterable[str]) -> str:
        """Check by the last look that enough other nodes of some keys remain.

        Returns:
            a warning if a pool is left without a node; otherwise empty.

        Raises:
            ArgumentError: if a router would have fewer, or didn't answer.
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
        """Poll until every router has the nodes in the wanted state, or the time is over.

        Args:
            again: called from time to time until then.
            settle: look once more a moment after the nodes have arrived, in case an announcement was under way when a suspend
                file was created.
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
            # Tell routers that can't be asked a last time, after all others have followed.
            if again and (not late or came_back or time.monotonic() >= next_time):
                again(self._owed(now))
                next_time = time.monotonic() + _SEND_AGAIN
            pause = max(_POLL if late else _SETTLE, _REST * self._seconds)
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())) if late else pause)

    def _owed(self, now: List[Seen]) -> Callable[[Announcement], bool]:
        """The announcements that a router may still have."""
        known: Dict[str, Optional[Set[Pair]]] = {}

        def owed(one: Announcement) -> bool:
            if one.server not in known:
                known[one.server] = presence.owed(one.server, now, self._sockets)
            pairs = known[one.server]
            return pairs is None or (one.key, one.address) in pairs

        return owed

    def is_fresh(self, now: Seen) -> bool:
        """Whether a node is fresh, by this host's clock."""
        return now.state == presence.LISTED and time.time() - now.announced <= self._max_age

    def lagging(self) -> str:
        """The nodes that aren't in the wanted state, in words."""
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
        """The routers that don't answer, and why."""
        return "; ".join(self._errors.values())


def by_pair(seen: Iterable[Seen]) -> Dict[Tuple[str, str], List[Seen]]:
    """The state of each node at each router."""
    found: Dict[Tuple[str, str], List[Seen]] = {}
    for one in seen:
        found.setdefault((one.key, one.node), []).append(one)
    return found
