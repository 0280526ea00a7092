# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Summarises a large pool: its problems, worst first, and sums of the rest. Pure, and linear in subscriptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from .pools import ABSENT, EMPTY, MISSING, SERVING, STATES, Node, Picture, Router, gaps, listed

# Up to this number, subscriptions are drawn individually.
_MOST_DRAWN = 200
_MOST_WORST = 10
# Used where several routers are meant.
_PLURAL = {EMPTY: "have no node that serves", ABSENT: "don't know"}
# Worst first, as everywhere; what a router may lack comes last.
PLACES = (*STATES, MISSING)


class Part(NamedTuple):
    """A key with its nodes, or a node with its keys.

    Attributes:
        counts: how many subscriptions it has in each state.
    """

    name: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """The number of its subscriptions."""
        return sum(self.counts.values())

    @property
    def serving(self) -> int:
        """How many of them get requests."""
        return sum(self.counts[state] for state in SERVING)

    @property
    def rank(self) -> tuple[float, float, str]:
        """Lower is worse: first by the share that serves, then by the share that is healthy."""
        total = self.total or 1
        return self.serving / total, self.counts["fresh"] / total, self.name


class Worst(NamedTuple):
    """The worst of all keys or nodes, and how many have problems."""

    number: int
    parts: list[Part]


class Known(NamedTuple):
    """A router, and the states of its subscriptions."""

    router: Router
    counts: dict[str, int]


class Summary(NamedTuple):
    """The whole summary.

    Attributes:
        alerts: what an operator should look at first, each with a headline and details; what several routers lack is one alert.
        shares: the number of keys, by the share of their nodes that serve.
    """

    alerts: list[tuple[str, str]]
    shares: list[tuple[str, int]]
    keys: Worst
    nodes: Worst
    routers: list[Known]


def is_large(picture: Picture) -> bool:
    """Whether a pool has more subscriptions than a person can inspect one by one."""
    return sum(len(key.nodes) for key in picture.keys) > _MOST_DRAWN


def summary(picture: Picture) -> Summary:
    """Sum up a pool."""
    keys = [Part(key.name, key.counts) for key in picture.keys]
    addresses: dict[str, dict[str, int]] = {}
    routers: dict[str, Counter[str]] = {router.stats: Counter() for router in picture.routers}
    for key in picture.keys:
        for node in key.nodes:
            counts = addresses.setdefault(node.address, dict.fromkeys(STATES, 0))
            counts[node.state] += 1
            _count(routers, node)
    return Summary(
        alerts=_alerts(picture),
        shares=_shares(keys),
        keys=_worst(keys),
        nodes=_worst(Part(address, counts) for address, counts in addresses.items()),
        routers=[Known(router, {place: routers[router.stats][place] for place in PLACES}) for router in picture.routers],
    )


def _alerts(picture: Picture) -> list[tuple[str, str]]:
    silent = [router.error for router in picture.routers if router.error]
    found = [("A router does not answer" if len(silent) == 1 else "Routers do not answer", listed(silent))] if silent else []
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for gap in gaps(picture.routers, picture.keys):
        together.setdefault((gap.what, tuple(gap.keys)), []).append(gap.router)
    for (what, keys), routers in together.items():
        found.append((f"{listed(routers)} {what if len(routers) == 1 else _PLURAL[what]}", listed(list(keys))))
    return found


def _count(routers: dict[str, Counter[str]], node: Node) -> None:
    for stats, place in node.places.items():
        routers[stats][place] += 1


def _shares(keys: list[Part]) -> list[tuple[str, int]]:
    found = Counter(_share(key) for key in keys)
    return [(name, found[name]) for name in ("no node", "up to half", "more than half", "all")]


def _share(key: Part) -> str:
    if not key.serving:
        return "no node"
    if key.serving == key.total:
        return "all"
    return "up to half" if 2 * key.serving <= key.total else "more than half"


def _worst(parts: Iterable[Part]) -> Worst:
    found = [part for part in parts if part.counts["fresh"] < part.total or not part.total]
    return Worst(len(found), sorted(found, key=lambda part: part.rank)[:_MOST_WORST])
