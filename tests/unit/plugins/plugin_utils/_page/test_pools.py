# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a picture says about nodes, keys and routers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.pools import STATES as STATES_MEAN
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.pools import Node, picture
from support.pools import info, router

PROBLEM = "_input: is not what emperor.uwsgi.uwsgi_router_info returns with 'routers' in gather; register that and hand it on"
FRESH: dict[str, Any] = {}
GHOST = {"fresh": False, "age": 30}
DEAD = {"fresh": False, "dead": True, "failures": 1, "in_flight": 1}
FAILING = {"failures": 2}
# A node's state on each of two routers, None where it isn't listed, its overall state, and its places.
STATES = [
    (FRESH, FRESH, "fresh", ["fresh", "fresh"]),
    (FRESH, GHOST, "ghost", ["fresh", "ghost"]),
    (FRESH, DEAD, "drained", ["fresh", "drained"]),
    (FRESH, None, "drained", ["fresh", "missing"]),
    (FRESH, FAILING, "failing", ["fresh", "failing"]),
    (GHOST, GHOST, "ghost", ["ghost", "ghost"]),
    (GHOST, None, "ghost", ["ghost", "missing"]),
    (DEAD, None, "drained", ["drained", "missing"]),
    (DEAD, GHOST, "ghost", ["drained", "ghost"]),
    (FAILING, None, "failing", ["failing", "missing"]),
    (FAILING, GHOST, "failing", ["failing", "ghost"]),
    ({**GHOST, "failures": 3}, FRESH, "ghost", ["ghost", "fresh"]),
]


@pytest.mark.parametrize(("one", "other", "state", "places"), STATES)
def test_a_node_is_what_the_routers_say_and_the_worst_counts(
    one: dict[str, Any], other: dict[str, Any] | None, state: str, places: list[str]
) -> None:
    found = picture(info(router("r1", k={"a": one}), router("r2", k={} if other is None else {"a": other})))
    [node] = found.nodes
    assert (node.state, list(node.places.values())) == (state, places)
    assert found.counts == {**dict.fromkeys(found.counts, 0), state: 1}
    assert found.keys[0].state == state


def test_routers_that_do_not_answer_miss_nothing() -> None:
    silent = {"stats": "r2", "error": "r2 does not answer", "pools": []}
    found = picture(info(router("r1", k={"a": FRESH}), silent))
    assert (found.nodes[0].state, found.nodes[0].places) == ("fresh", {"r1": "fresh"})
    assert found.alerts == [("A router does not answer", "r2 does not answer")]
    assert [(one.version, one.error) for one in found.routers] == [("2.0.31", ""), ("", "r2 does not answer")]


def test_figures_are_sums_and_shares() -> None:
    one = {"a": {"requests": 30, "failures": 1}, "b": {"requests": 10}}
    two = {"a": {"requests": 0, "in_flight": 2, "modifier2": 1}, "b": {"requests": 40}}
    found = picture(info(router("r1", k=one, m={"a": {"requests": 0, "modifier1": 5}}), router("r2", k=two)))
    key, other = found.keys
    assert (key.name, key.requests, key.share, key.failures, key.in_flight) == ("k", 80, 1.0, 1, 2)
    assert key.routers == {"r1": 40, "r2": 40}
    assert [(node.address, node.requests, node.share, node.modifier) for node in key.nodes] == [
        ("a", 30, 0.375, "0"), ("b", 50, 0.625, "0")
    ]
    assert (other.share, other.nodes[0].share, other.nodes[0].modifier, other.routers) == (0.0, 0.0, "5", {"r1": 0})
    assert [(one.keys, one.nodes, one.requests) for one in found.routers] == [(2, 2, 40), (1, 2, 40)]
    assert [node.state for node in found.nodes] == ["failing", "drained", "fresh"]


def test_keys_that_nobody_serves_or_a_router_does_not_know_are_said() -> None:
    many = {f"k{at:02}": {"a": GHOST} for at in range(10)}
    found = picture(info(router("r1", **many, only={"a": FRESH}), router("r2", k00={"a": FAILING})))
    assert found.alerts == [
        ("r1 has no node that serves", "k00, k01, k02, k03, k04, k05, k06, k07 and 2 more"),
        ("r2 doesn't know", "k01, k02, k03, k04, k05, k06, k07, k08 and 2 more"),
    ]


def test_results_of_several_hosts_are_named_by_them() -> None:
    first = info(router("127.0.0.1:1", k={"a": FRESH}))
    second = dict(info(router("127.0.0.1:1", k={"a": GHOST}), router("127.0.0.1:2", k={})), time="2026-03-01T12:00:05Z")
    found = picture({"router1": first, "router2": second, "router3": {"unreachable": True, "msg": "no route\n"}})
    assert found.time == "2026-03-01T12:00:05Z"
    assert list(found.nodes[0].places) == ["router1", "router2 127.0.0.1:1", "router2 127.0.0.1:2"]
    assert [(one.stats, one.error) for one in found.routers[3:]] == [("router3", "router3: no route")]


def test_a_single_host_that_asked_several_routers_is_none_of_them() -> None:
    both = info(router("r1", k={"a": FRESH}), router("r2", k={"a": FRESH}))
    assert [one.stats for one in picture({"controller": both}).routers] == ["r1", "r2"]
    assert [one.stats for one in picture({"controller": info(router("r1"))}).routers] == ["controller"]


def test_eight_keys_are_all_named() -> None:
    eight = {f"k{at}": {"a": GHOST} for at in range(8)}
    [(headline, details)] = picture(info(router("r1", **eight))).alerts
    assert details == "k0, k1, k2, k3, k4, k5, k6, k7"
    nine = picture(info(router("r1", **eight, k8={}))).alerts
    assert nine == [(headline, details + " and 1 more")]


def test_a_key_without_nodes_is_a_ghost() -> None:
    found = picture(info(router("r1", k={})))
    assert (found.keys[0].state, found.keys[0].counts) == ("ghost", dict.fromkeys(found.counts, 0))
    assert found.alerts == [("r1 has no node that serves", "k")]


def test_a_node_has_what_the_routers_say_of_it() -> None:
    told = {"weight": 3, "modifier1": 5, "modifier2": 6, "requests": 0, "failures": 1, "in_flight": 2, "age": 4}
    found = picture(info(router("r1", k={"a": told})))
    assert found.nodes == [Node("k", "a", "failing", {"r1": "failing"}, 3, "5:6", 0, 0.0, 1, 2, 4)]
    assert (found.time, found.max_age) == ("2026-03-01T12:00:00Z", 17)


# What is left of a node that a router of 2.1 has cleared, and the name that it has on the page.
@pytest.mark.parametrize(("left", "name"), [({"vassal": "shop"}, "shop"), ({}, "")])
def test_a_cleared_node_has_the_name_of_its_vassal(left: dict[str, Any], name: str) -> None:
    found = info(router("r1", k={"a": FRESH}))
    node = found["routers"][0]["pools"][0]["nodes"][0]
    node.pop("vassal", None)
    node.update(left, address="")
    assert [(one.address, one.state) for one in picture(found).nodes] == [(name, "drained")]


def test_nodes_are_sorted_the_worst_first_and_then_by_key_and_address() -> None:
    keys: dict[str, Any] = {"m": {"b": FRESH, "a": GHOST}, "k": {"c": FRESH, "b": DEAD, "a": FRESH}, "l": {"z": FAILING}}
    assert [(node.state, node.key, node.address) for node in picture(info(router("r1", **keys))).nodes] == [
        ("failing", "l", "z"),
        ("ghost", "m", "a"),
        ("drained", "k", "b"),
        ("fresh", "k", "a"),
        ("fresh", "k", "c"),
        ("fresh", "m", "b"),
    ]


def test_every_state_is_explained() -> None:
    assert {state: meaning.format(17) for state, meaning in STATES_MEAN.items()} == {
        "failing": "Announces itself, and a router has counted failures of it since it joined: refused connections, or an "
        "unsubscription while it had requests in flight.",
        "ghost": "Some router still lists it and has heard nothing of it for more than 17\u00a0s.",
        "drained": "A router has taken it out: marked it as dead, or no longer lists it while another has it fresh.",
        "fresh": "Announced itself to every router within 17\u00a0s, and no failures.",
    }


WRONG: list[Any] = [None, 5, "routers", [], {}, {"routers": 5}, {"routers": []}, {"routers": [{}], "time": "", "max_age": 1},
                    {"host": {}}, {"host": 5}, {"host": {"msg": "no route"}}]  # fmt: skip


@pytest.mark.parametrize("given", WRONG)
def test_anything_else_is_an_error(given: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        picture(given)
    assert str(caught.value) == PROBLEM


STRANGE: list[dict[str, Any]] = [
    *[{"nodes": {name: value}} for name in ("weight", "requests", "age")
      for value in (None, "5", 1.5, float("nan"), True, 2**64, [])],
    {"nodes": {"address": 5}}, {"nodes": {"vassal": 5}}, {"nodes": {"address": "", "vassal": 5}}, {"nodes": {"protocol": []}},
    {"nodes": {"backup": "1"}}, {"pools": {"algo": 5}}, {"max_age": float("inf")}, {"max_age": "٣"}, {"time": 5},
]  # fmt: skip


@pytest.mark.parametrize("strange", STRANGE, ids=str)
def test_results_of_other_types_are_an_error(strange: dict[str, Any]) -> None:
    found = info(router("r", **{"a.test": {"10.0.0.7:1": {}}}))
    pool = found["routers"][0]["pools"][0]
    pool["nodes"][0].update(strange.get("nodes", {}))
    pool.update(strange.get("pools", {}))
    found.update({name: value for name, value in strange.items() if name not in ("nodes", "pools")})
    with pytest.raises(ArgumentError, match=r"is not what emperor.uwsgi.uwsgi_router_info returns"):
        picture(found)
