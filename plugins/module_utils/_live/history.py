# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only several looks together show: which nodes fail, which come and go, and how many requests there were. Pure.

A router's counters restart at 0 with the router, a node's whenever it joins. All data is bounded: nodes that no router lists
for an hour are forgotten.
"""

from __future__ import annotations

from array import array
from typing import Dict, List, NamedTuple, Tuple

from .._pool.stats import Listed
from .sources import Look

# Seconds per point of a line, and the number of points.
STEP = 5
POINTS = 60
# How many seconds a node counts as failing after a failure.
FAILING = 60
_KEPT = 3600
# States of a node at one router, worst first.
STATES = ("dead", "ghost", "failing", "fresh")
SERVING = ("fresh", "failing")

# A router's name, a key and a node's address.
Id = Tuple[str, str, str]


class Seen(NamedTuple):
    """The history of a node at one router."""

    time: float
    requests: int
    failures: int
    serving: bool
    failed: float
    returns: int


class Line:
    """Sums over the last minutes, oldest first."""

    def __init__(self) -> None:
        self._points = array("f", [0.0] * POINTS)
        self._newest = 0

    def add(self, now: float, value: float) -> None:
        """Add a number to the sum at a time."""
        self._advance(now)
        self._points[self._newest % POINTS] += value

    def points(self, now: float) -> List[float]:
        """The sums; 0 where there was nothing."""
        self._advance(now)
        return [self._points[at % POINTS] for at in range(self._newest + 1, self._newest + 1 + POINTS)]

    def _advance(self, now: float) -> None:
        step = int(now // STEP)
        for at in range(max(self._newest + 1, step - POINTS + 1), step + 1):
            self._points[at % POINTS] = 0.0
        self._newest = max(self._newest, step)


class History:
    """The history of all looks so far, in order."""

    def __init__(self) -> None:
        self._nodes: Dict[Id, Seen] = {}
        self._routers: Dict[str, float] = {}
        self._requests: Dict[str, Line] = {}
        self._failures: Dict[str, Line] = {}
        self._listed: Dict[str, float] = {}
        self.errors: Dict[str, int] = {}

    def add(self, look: Look, max_age: float) -> None:
        """Add a look."""
        for source in look.errors:
            self.errors[source] = self.errors.get(source, 0) + 1
        for name, router in look.routers.items():
            # If a node wasn't there at the last look, all its requests happened since then.
            is_next = look.time - self._routers.get(name, 0.0) < FAILING
            self._routers[name] = look.time
            for key, nodes in router.pools.items():
                self._listed[key] = look.time
                requests = failures = 0
                for address, node in nodes.items():
                    more = self._node((name, key, address), node, router.time, max_age, is_next)
                    requests += more[0]
                    failures += more[1]
                if requests:
                    self._requests.setdefault(key, Line()).add(look.time, requests)
                if failures:
                    self._failures.setdefault(key, Line()).add(look.time, failures)
        self._forget(look.time)

    def _node(self, one: Id, node: Listed, now: float, max_age: float, is_next: bool) -> Tuple[int, int]:
        """Update a node; returns its requests and failures since the last look."""
        serving = not node.dead and now - node.last_check <= max_age
        before = self._nodes.get(one)
        if before is None:
            self._nodes[one] = Seen(now, node.requests, node.failures, serving, now if is_next and node.failures else 0.0, 0)
            return (node.requests, node.failures) if is_next else (0, 0)
        requests = node.requests - before.requests if node.requests >= before.requests else node.requests
        failures = node.failures - before.failures if node.failures >= before.failures else node.failures
        # Also if the router had forgotten it meanwhile.
        returned = serving and (not before.serving or now - before.time > max_age)
        failed = now if failures else before.failed
        self._nodes[one] = Seen(now, node.requests, node.failures, serving, failed, before.returns + int(returned))
        return requests, failures

    def _forget(self, now: float) -> None:
        if any(now - seen.time >= _KEPT for seen in self._nodes.values()):
            self._nodes = {one: seen for one, seen in self._nodes.items() if now - seen.time < _KEPT}
        for key in [key for key, at in self._listed.items() if now - at > STEP * POINTS]:
            for lines in (self._requests, self._failures):
                lines.pop(key, None)
            del self._listed[key]

    def state(self, router: str, key: str, node: Listed, now: float, max_age: float) -> str:
        """The state of a node at one router, one of ``STATES``."""
        if node.dead:
            return "dead"
        if now - node.last_check > max_age:
            return "ghost"
        seen = self._nodes.get((router, key, node.address))
        return "failing" if seen and seen.failed and now - seen.failed < FAILING else "fresh"

    def returns(self, router: str, key: str, address: str) -> int:
        """How often a node came back after an absence."""
        seen = self._nodes.get((router, key, address))
        return seen.returns if seen else 0

    def requests(self, key: str, now: float) -> List[float]:
        """The requests for a key at all routers over the last minutes; empty if there were none."""
        line = self._requests.get(key)
        return line.points(now) if line else []

    def failures(self, key: str, now: float) -> List[float]:
        """The failures of a key's nodes, in the same form."""
        line = self._failures.get(key)
        return line.points(now) if line else []
