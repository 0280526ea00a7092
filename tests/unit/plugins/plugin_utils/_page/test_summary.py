# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary of a large pool."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.pools import picture
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.summary import Summary, is_large, summary
from support.pools import info, router

FRESH: dict[str, Any] = {}
GHOST = {"fresh": False, "age": 30}
DEAD = {"fresh": False, "dead": True}
FAILING = {"failures": 2}


def key(*nodes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A key's nodes, named by number."""
    return {f"n{at:02}": node for at, node in enumerate(nodes)}


def of(*routers: dict[str, Any]) -> Summary:
    """The summary of these routers' answers."""
    return summary(picture(info(*routers)))


# The nodes of a key, and what the key counts as.
SHARES = [
    ((), "no node"),
    ((GHOST,), "no node"),
    ((GHOST, DEAD), "no node"),
    ((FRESH, GHOST, GHOST), "up to half"),
    ((FRESH, GHOST), "up to half"),
    ((FAILING, DEAD), "up to half"),
    ((FRESH, FRESH, GHOST), "more than half"),
    ((FRESH, FAILING), "all"),
    ((FRESH,), "all"),
]


@pytest.mark.parametrize(("nodes", "share"), SHARES)
def test_a_key_counts_by_the_part_of_its_nodes_that_serve(nodes: tuple[dict[str, Any], ...], share: str) -> None:
    found = of(router("r1", k=key(*nodes), well=key(FRESH)))
    expected = {"no node": 0, "up to half": 0, "more than half": 0, "all": 1}
    expected[share] += 1
    assert found.shares == list(expected.items())


def test_the_worst_keys_and_nodes_come_first() -> None:
    found = of(
        router(
            "r1",
            well=key(FRESH, FRESH, FRESH, FRESH),
            shaky=key(FAILING, FRESH, FRESH, FRESH),
            half=key(GHOST, GHOST, FRESH, FRESH),
            gone=key(GHOST, DEAD, DEAD, DEAD),
            bare={},
        )
    )
    assert [(part.name, part.serving, part.total) for part in found.keys.parts] == [
        ("bare", 0, 0), ("gone", 0, 4), ("half", 2, 4), ("shaky", 4, 4)
    ]  # fmt: skip
    assert found.keys.number == 4
    assert [(part.name, part.serving, part.total) for part in found.nodes.parts] == [
        ("n00", 2, 4), ("n01", 2, 4), ("n02", 3, 4), ("n03", 3, 4)
    ]  # fmt: skip
    assert found.nodes.parts[0].counts == {"failing": 1, "ghost": 2, "drained": 0, "fresh": 1}


def test_of_many_in_trouble_ten_are_named() -> None:
    found = of(router("r1", **{f"k{at:02}": key(GHOST) for at in range(30)}, well=key(FRESH)))
    assert (found.keys.number, [part.name for part in found.keys.parts]) == (30, [f"k{at:02}" for at in range(10)])


def test_a_router_has_the_states_of_all_nodes_there() -> None:
    silent = {"stats": "r3", "error": "r3 does not answer", "pools": []}
    found = of(router("r1", k=key(FRESH, GHOST, FAILING)), router("r2", k=key(FRESH)), silent)
    assert [(one.router.stats, list(one.counts.items())) for one in found.routers] == [
        ("r1", [("failing", 1), ("ghost", 1), ("drained", 0), ("fresh", 1), ("missing", 0)]),
        ("r2", [("failing", 0), ("ghost", 0), ("drained", 0), ("fresh", 1), ("missing", 2)]),
        ("r3", [("failing", 0), ("ghost", 0), ("drained", 0), ("fresh", 0), ("missing", 0)]),
    ]


def test_what_several_routers_lack_is_said_once() -> None:
    silent = [{"stats": f"r{at}", "error": f"r{at} is off", "pools": []} for at in (7, 8)]
    both = {"gone": key(GHOST), "well": key(FRESH)}
    found = of(router("r1", **both), router("r2", **both), router("r3", well=key(FRESH)), router("r4", gone=key(FRESH)), *silent)
    assert found.alerts == [
        ("Routers do not answer", "r7 is off, r8 is off"),
        ("r1, r2 have no node that serves", "gone"),
        ("r3 doesn't know", "gone"),
        ("r4 doesn't know", "well"),
    ]
    assert of(router("r1"), silent[0]).alerts == [("A router does not answer", "r7 is off")]
    two = of(router("r1", a=key(FRESH)), router("r2"), router("r3"))
    assert two.alerts == [("r2, r3 don't know", "a")]


@pytest.mark.parametrize(("count", "large"), [(1, False), (200, False), (201, True)])
def test_a_pool_is_large_by_its_subscriptions(count: int, large: bool) -> None:
    half = count // 2
    keys = {"a": key(*[FRESH] * half), "b": key(*[FRESH] * (count - half))}
    # The same subscriptions on another router are not counted again.
    assert is_large(picture(info(router("r1", **keys), router("r2", **keys)))) == large
