# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of routers and their nodes, judged, selected and merged."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import pools
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import Listed, ListedPool, Table

FULL = Listed("10.0.0.7:1", 90, 3, 5, 6, 7, 8, 9)
JUDGED = {"address": "10.0.0.7:1", "weight": 3, "modifier1": 5, "modifier2": 6, "requests": 7, "failures": 8, "in_flight": 9,
          "age": 10, "dead": False, "fresh": True, "vassal": "", "protocol": "", "backup": 0}
BARE = {"address": "a", "weight": 1, "modifier1": 0, "modifier2": 0, "requests": 0, "failures": 0, "in_flight": 0,
        "age": 10, "dead": False, "fresh": True, "vassal": "", "protocol": "", "backup": 0}
NEWER = {"vassal": "a.ini", "protocol": "http", "backup": 2}
NODES = [
    (FULL, 10, JUDGED),
    (Listed("a", 90), 10, BARE),
    (FULL, 9, dict(JUDGED, fresh=False)),
    (FULL._replace(dead=True), 10, dict(JUDGED, dead=True, fresh=False)),
    # What 2.1 says; and a node that it has cleared: stopped, and listed without its address.
    (FULL._replace(**NEWER), 10, dict(JUDGED, **NEWER)),
    (FULL._replace(address="", vassal="a.ini"), 10, dict(JUDGED, address="", vassal="a.ini", fresh=False)),
    # The clocks of two hosts differ.
    (FULL._replace(last_check=200), 0, dict(JUDGED, age=0)),
]  # fmt: skip


@pytest.mark.parametrize(("node", "max_age", "expected"), NODES)
def test_a_node_is_fresh_while_its_last_announcement_is(node: Listed, max_age: float, expected: Any) -> None:
    found = Table("2", None, [ListedPool("k", 4, [node], "lrc"), ListedPool("empty", 0, [])])
    assert pools.pools(found, 100.9, max_age) == [
        {"key": "k", "hits": 4, "algo": "lrc", "nodes": [expected]},
        {"key": "empty", "hits": 0, "algo": "", "nodes": []},
    ]


A, B = {"address": "a"}, {"address": "b"}
POOLS: List[Any] = [
    {"key": "k", "hits": 1, "algo": "x", "nodes": [A, B]},
    {"key": "l", "hits": 2, "algo": "y", "nodes": [B]},
    {"key": "m", "hits": 3, "algo": "", "nodes": []},
]
SELECTED: List[Tuple[Any, Any]] = [
    (None, POOLS),
    ("a", [{"key": "k", "hits": 1, "algo": "x", "nodes": [A]}]),
    ("b", [{"key": "k", "hits": 1, "algo": "x", "nodes": [B]}, {"key": "l", "hits": 2, "algo": "y", "nodes": [B]}]),
    ("c", []),
]


@pytest.mark.parametrize(("node", "expected"), SELECTED)
def test_pools_are_selected_by_node(node: Any, expected: Any) -> None:
    assert pools.selected(POOLS, node) == expected


@pytest.mark.parametrize(
    ("keys", "expected"), [(None, ["a", "b"]), (["b"], ["b"]), ({"a", "b", "c"}, ["a", "b"]), ({"c"}, []), ([], [])]
)
def test_only_the_pools_of_some_keys_are_made(keys: Any, expected: Any) -> None:
    table = Table("2", None, [ListedPool("a", 0, []), ListedPool("b", 0, [])])
    assert [pool["key"] for pool in pools.pools(table, 0, 17, keys)] == expected


def places(**lists: List[str]) -> Any:
    """A merged node, by which routers have it in which state."""
    return {"address": "a", **{f"{name}_on": lists.get(name, []) for name in ("fresh", "ghost", "dead", "missing")}}


# A node, and the states that it is in.
STATES: List[Tuple[Any, List[str]]] = [
    (places(fresh=["r"]), ["fresh"]),
    (places(ghost=["r"]), ["ghost"]),
    (places(ghost=["r"], dead=["r"]), ["dead"]),
    (places(ghost=["q", "r"], dead=["r"]), ["ghost", "dead"]),
    (places(fresh=["q"], missing=["r"]), ["fresh", "missing"]),
    (places(fresh=["q"], ghost=["r"], dead=["r"]), ["fresh", "dead"]),
]


@pytest.mark.parametrize(("node", "states"), STATES)
def test_a_node_is_in_the_states_that_any_router_has_it_in(node: Any, states: List[str]) -> None:
    found: List[Any] = [{"key": "k", "hits": 1, "algo": "", "nodes": [node]}]
    for state in pools.STATES:
        assert pools.in_states(found, [state]) == (found if state in states else [])
    assert pools.in_states(found, list(pools.STATES)) == found
    assert pools.in_states(found, []) == []


def test_of_a_key_only_the_nodes_in_a_state_stay() -> None:
    fresh, ghost = {**places(fresh=["r"]), "address": "f"}, {**places(ghost=["r"]), "address": "g"}
    empty = {"key": "l", "hits": 1, "algo": "", "nodes": []}
    found: List[Any] = [{"key": "k", "hits": 1, "algo": "", "nodes": [fresh, ghost]}, empty]
    assert pools.in_states(found, ["ghost"]) == [{"key": "k", "hits": 1, "algo": "", "nodes": [ghost]}]


def test_a_router_is_narrowed_to_the_nodes_of_a_picture() -> None:
    picture: List[Any] = [{"key": "k", "nodes": [B]}, {"key": "m", "nodes": [A]}]
    assert pools.narrowed(POOLS, picture) == [{"key": "k", "hits": 1, "algo": "x", "nodes": [B]}]


def test_routers_are_merged_to_one_picture() -> None:
    def node(address: str, number: int, fresh: bool, age: int, dead: bool = False) -> Dict[str, Any]:
        sums = {"requests": number, "failures": number * 10, "in_flight": number * 100}
        last = {"weight": age + 1, "modifier1": age + 2, "modifier2": age + 3, "age": age}
        newer = {"vassal": f"{age}.ini", "protocol": f"p{age}", "backup": age + 4}
        return {"address": address, "fresh": fresh, "dead": dead, **sums, **last, **newer}

    first = [{"key": "k", "hits": 5, "algo": "", "nodes": [node("b", 1, True, 7), node("a", 2, True, 3)]}]
    second = [{"key": "k", "hits": 6, "algo": "wrr", "nodes": [node("b", 4, False, 5, True), node("a", 1, False, 20)]}]
    routers: List[Any] = [
        {"stats": "r1", "pools": first},
        {"stats": "r2", "pools": [*second, {"key": "e", "hits": 1, "algo": "lrc", "nodes": []}]},
        {"stats": "r3", "pools": []},
        {"stats": "r4", "pools": [], "error": "it does not answer"},
    ]
    merged = [
        {"address": "a", "weight": 4, "modifier1": 5, "modifier2": 6, "age": 3, "requests": 3, "failures": 30, "in_flight": 300,
         "fresh_on": ["r1"], "ghost_on": ["r2"], "dead_on": [], "missing_on": ["r3"],
         "vassal": "3.ini", "protocol": "p3", "backup": 7},
        {"address": "b", "weight": 6, "modifier1": 7, "modifier2": 8, "age": 5, "requests": 5, "failures": 50, "in_flight": 500,
         "fresh_on": ["r1"], "ghost_on": ["r2"], "dead_on": ["r2"], "missing_on": ["r3"],
         "vassal": "5.ini", "protocol": "p5", "backup": 9},
    ]
    assert pools.merged(routers) == [
        {"key": "e", "hits": 1, "algo": "lrc", "nodes": []}, {"key": "k", "hits": 11, "algo": "wrr", "nodes": merged}
    ]


def test_cleared_nodes_are_told_apart_by_their_vassals() -> None:
    cleared = [dict(BARE, address="", fresh=False, vassal=name) for name in ("b.ini", "a.ini")]
    routers: List[Any] = [{"stats": "r1", "pools": [{"key": "k", "hits": 0, "algo": "wrr", "nodes": [BARE, *cleared]}]}]
    found = pools.merged(routers)[0]["nodes"]
    assert [(one["address"], one["vassal"], one["fresh_on"], one["ghost_on"]) for one in found] == [
        ("", "a.ini", [], ["r1"]), ("", "b.ini", [], ["r1"]), ("a", "", ["r1"], [])
    ]


@pytest.mark.parametrize("ages", [(5, 5), (5, 6), (6, 5)])
def test_a_node_has_the_weight_of_its_last_announcement_and_of_two_at_once_the_first_routers(ages: Tuple[int, int]) -> None:
    nodes = [dict(BARE, age=age, weight=weight, modifier1=weight) for age, weight in zip(ages, (1, 2))]
    routers: List[Any] = [
        {"stats": stats, "pools": [{"key": "k", "hits": 0, "algo": "", "nodes": [node]}]}
        for stats, node in zip(("r1", "r2"), nodes)
    ]
    [found] = pools.merged(routers)[0]["nodes"]
    weight = 2 if ages == (6, 5) else 1
    assert (found["weight"], found["modifier1"], found["age"]) == (weight, weight, 5)
