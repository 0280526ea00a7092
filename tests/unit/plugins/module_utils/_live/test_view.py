# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page shows: each node's state at all routers together, with the troubles first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.emperor_stats import Emperor, Vassal
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.history import History
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.sources import Result
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.view import picture
from support.looks import config, look, pools

OLD, DEAD = {"last_check": 999_000}, {"dead": True}
HELD = {"host-a": {"a": ["operator"]}}
# What each of two routers lists for the node, what its host says, and the resulting state.
NODES: list[tuple[list[dict[str, Any] | None], Any, str]] = [
    ([{}, {}], {}, "fresh"),
    ([{}, {}], HELD, "fresh"),
    ([{}, None], {}, "partial"),
    ([{}, OLD], {}, "partial"),
    ([{}, DEAD], {}, "partial"),
    ([OLD, OLD], {}, "ghost"),
    ([OLD, None], {}, "ghost"),
    ([DEAD, DEAD], {}, "gone"),
    ([None, None], {}, "gone"),
    ([None, None], {"host-a": {"a": []}}, "gone"),
    # Only a reason for this vassal on this host counts.
    ([None, None], {"host-b": {"a": ["operator"]}, "host-a": {"b": ["operator"]}}, "gone"),
    ([None, None], HELD, "drained"),
    ([DEAD, OLD], HELD, "drained"),
    ([{}, None], HELD, "drained"),
]


@pytest.mark.parametrize(("listed", "others", "state"), NODES)
def test_a_node_s_state(listed: list[dict[str, Any] | None], others: Any, state: str) -> None:
    routers = {f"r{at}": pools(**({} if one is None else {"k": {"a": one}})) for at, one in enumerate(listed, 1)}
    found = picture(config(2, "a"), look(routers=routers, others=others), History())
    (key,) = found["keys"]
    (node,) = key["nodes"]
    serves = state in ("fresh", "partial")
    assert (node["state"], key["serving"], found["counts"][state]) == (state, int(serves), 1)
    assert key["state"] == ("well" if state == "fresh" else "degraded" if serves else "down")


def test_own_reasons_are_those_of_this_host() -> None:
    given = config(1, expected="")
    given = given._replace(expected=(config(1, "a").expected[0]._replace(host="here"),))
    (key,) = picture(given, look(routers={"r1": pools()}, held={"a": ["health"]}), History())["keys"]
    assert (key["nodes"][0]["state"], key["nodes"][0]["reasons"]) == ("drained", ["health"])


# What is expected, what is listed, and the key's state.
KEYS = [
    ("a b", {"a": {}, "b": {}}, "well"),
    ("a b", {"a": {}}, "degraded"),
    ("a b", {}, "down"),
    # A router may still list other nodes that have left.
    ("a", {"a": {}, "old": OLD}, "well"),
    ("", {"a": {}, "old": OLD}, "degraded"),
    ("", {"old": OLD}, "down"),
]


@pytest.mark.parametrize(("expected", "listed", "state"), KEYS)
def test_a_key_s_state(expected: str, listed: Any, state: str) -> None:
    (key,) = picture(config(1, expected), look(routers={"r1": pools(k=listed)}), History())["keys"]
    assert key["state"] == state


def test_troubles_are_first_and_hosts_have_names() -> None:
    routers = {"r1": pools(k={"10.0.0.7:1": {}}, a={"10.0.0.7:2": {}, "10.0.0.9:1": {}}, z={"10.0.0.7:1": OLD})}
    given = config(2, "10.0.0.7:1 10.0.0.8:1")
    found = picture(given, look(routers=routers, errors={"router:r2": "it hangs\x1b"}), History())
    assert [(key["key"], key["state"]) for key in found["keys"]] == [("k", "degraded"), ("a", "well"), ("z", "well")]
    assert [node["host"] for node in found["keys"][0]["nodes"]] == ["host-10.0.0.8:1", "host-10.0.0.7:1"]
    # The host is found by the address, even under a key for which it isn't expected.
    assert [node["host"] for node in found["keys"][1]["nodes"]] == ["", "host-10.0.0.7:1"]
    assert [one["headline"] for one in found["troubles"]] == ["A router does not answer", "Not all nodes serve"]
    assert found["troubles"][0]["details"] == "r2: it hangs\\x1b"


def test_nothing_is_well_without_any_router() -> None:
    found = picture(config(1, "a"), look(), History())
    assert [key["state"] for key in found["keys"]] == ["down"]
    assert [one["details"] for one in found["troubles"]] == ["r1: ", "k"]


def test_vassals() -> None:
    vassals = [{"name": name, "file": f"/{name}.ini"} for name in ("up", "bad", "off", "router")]
    vassals[3]["accepts"] = False  # type: ignore[assignment]
    running = [Vassal("/up.ini", accepting=True, respawns=3), Vassal("/router.ini", ready=True)]
    given = config(0, vassals=vassals, emperor="127.0.0.1:1")
    found = picture(
        given,
        look(emperor=Emperor(running, {"/bad.ini": 4}), held={"up": ["operator"]}, results={"up": Result(False, True, 0.1, 1)}),
        History(),
    )
    fields = ("running", "accepting", "failed_starts", "respawns", "reasons", "check")
    assert {one["name"]: tuple(one[field] for field in fields) for one in found["vassals"]} == {
        "up": (True, True, 0, 3, ["operator"], False),
        "bad": (False, False, 4, 0, None, None),
        "off": (False, False, 0, 0, None, None),
        "router": (True, None, 0, 0, None, None),
    }
    assert [one["headline"] for one in found["troubles"]] == ["A vassal does not start", "A vassal fails its check"]
    silent = picture(given, look(errors={"emperor:": "x"}), History())
    assert silent["troubles"] == [{"headline": "The Emperor does not answer", "details": "x"}]
    assert {one["running"] for one in silent["vassals"]} == {None}


def test_text_of_strangers_is_shown_with_nothing_unseen() -> None:
    name = "a\u202etset\x00"
    text = json.dumps(picture(config(), look(routers={"r1": pools(**{name: {name: {}}})}), History()), ensure_ascii=False)
    assert "\u202e" not in text and "\\u0000" not in text.replace("\\\\", "")


def test_all_that_the_page_is_made_of() -> None:
    """The page's script reads these members."""
    history = History()
    for at, requests in enumerate((1, 4)):
        figures = {"requests": requests, "failures": at, "in_flight": 2, "weight": 3, "last_check": 999_995}
        other = {"requests": 5, "failures": 0, "in_flight": 1, "weight": 1, "last_check": 999_998}
        routers = {"r1": pools(k={"10.0.0.7:1": figures}), "r2": pools(k={"10.0.0.7:1": other}, z={})._replace(dropped=9)}
        found = look(
            time=999_999.0004 + at,
            routers=routers,
            errors={"router:r3": "down", "host:a": "x"},
            others={"host-10.0.0.7:1": {"10.0.0.7:1": []}},
        )
        history.add(found, 17)
    vassals = [{"name": "v", "file": "/v.ini"}]
    shown = picture(config(3, "10.0.0.7:1", title="Shop", vassals=vassals, emperor="127.0.0.1:9"), found, history)
    key, empty = shown.pop("keys")
    lines = [key.pop("requests"), key.pop("failures")]
    assert [[sum(line), len(line)] for line in lines] == [[3, 60], [1, 60]]
    assert key == {
        **{"key": "k", "state": "degraded", "serving": 1, "expected": 1},
        "nodes": [
            {
                **{"host": "host-10.0.0.7:1", "address": "10.0.0.7:1", "state": "failing", "expected": True, "reasons": []},
                **{"routers": {"r1": "failing", "r2": "fresh"}, "weight": 3, "requests": 9, "failures": 1, "in_flight": 3},
                "age": 2,
            }
        ],
    }
    nobody = {"serving": 0, "expected": 0, "requests": [], "failures": [], "nodes": []}
    assert empty == {"key": "z", "state": "well", **nobody}
    up = {"up": True, "error": "", "version": "2.0.31", "keys": 1, "nodes": 1, "dropped": 0}
    down = {"up": False, "error": "down", "version": "", "keys": 0, "nodes": 0, "dropped": 0}
    assert shown == {
        **{"title": "Shop", "host": "here", "time": 1_000_000.0, "max_age": 17, "step": 5, "points": 60},
        "counts": {"gone": 0, "ghost": 0, "failing": 1, "partial": 0, "drained": 0, "fresh": 0},
        "troubles": [
            {"headline": "A router does not answer", "details": "r3: down"},
            {"headline": "The Emperor does not answer", "details": ""},
            {"headline": "Nodes fail, or not all routers have them", "details": "k"},
            {"headline": "A host does not say why its nodes keep silent", "details": "a"},
        ],
        "routers": [
            {"name": "r1", "stats": "127.0.0.1:1", **up},
            {"name": "r2", "stats": "127.0.0.1:2", **up, "keys": 2, "dropped": 9},
            {"name": "r3", "stats": "127.0.0.1:3", **down},
        ],
        "emperor": {"up": False},
        "vassals": [
            {
                **{"name": "v", "running": None, "accepting": None, "asleep": False, "failed_starts": 0, "respawns": 0},
                **{"reasons": None, "check": None},
            }
        ],
    }


def test_a_node_that_no_router_lists_has_no_figures() -> None:
    (key,) = picture(config(1, "a"), look(routers={"r1": pools()}), History())["keys"]
    (node,) = key["nodes"]
    assert node == {
        **{"host": "host-a", "address": "a", "state": "gone", "expected": True, "reasons": None, "routers": {"r1": "missing"}},
        **{"weight": None, "requests": 0, "failures": 0, "in_flight": 0, "age": None},
    }


def test_without_expectations_nobody_is_unexpected() -> None:
    found = picture(config(), look(routers={"r1": pools(k={"a": {"last_check": 1_000_009}})}), History())
    (key,) = found["keys"]
    assert (key["expected"], key["nodes"][0]["expected"], found["emperor"]) == (None, None, None)
    # A router's clock may be behind.
    assert key["nodes"][0]["age"] == 0


def test_the_worst_nodes_are_first_and_then_by_their_hosts() -> None:
    listed = {"b": {}, "a": {}, "10.0.0.1:2": {}, "10.0.0.1:1": {}, "g": OLD}
    (key,) = picture(config(1, "a b g"), look(routers={"r1": pools(k=listed)}), History())["keys"]
    assert [node["address"] for node in key["nodes"]] == ["g", "10.0.0.1:1", "10.0.0.1:2", "a", "b"]


# What two routers list, with a node x that the inventory doesn't expect, and the state of the key.
STRANGERS: list[tuple[list[Any], str]] = [
    ([{"a": {}, "x": {}}, {"a": {}, "x": {}}], "well"),
    ([{"a": {}, "x": {}}, {"a": {}}], "degraded"),
    ([{"a": {}, "x": DEAD}, {"a": {}, "x": OLD}], "well"),
]


@pytest.mark.parametrize(("listed", "state"), STRANGERS)
def test_a_node_that_nobody_expects_counts_while_it_serves(listed: list[Any], state: str) -> None:
    routers = {f"r{at}": pools(k=one) for at, one in enumerate(listed, 1)}
    found = picture(config(2, "a"), look(routers=routers), History())
    assert found["keys"][0]["state"] == state
    assert {node["address"]: node["host"] for node in found["keys"][0]["nodes"]} == {"a": "host-a", "x": ""}
    headlines = ["Nodes fail, or not all routers have them"] if state == "degraded" else []
    assert [one["headline"] for one in found["troubles"]] == headlines


def test_a_long_trouble_names_a_few() -> None:
    routers = {"r1": pools(**{f"k{at}": {"a": OLD} for at in range(8)})}
    errors = {f"host:h{at}": "x" for at in range(8)}
    found = picture(config(), look(routers=routers, errors=errors), History())["troubles"]
    assert [one["details"] for one in found] == ["k0, k1, k2, k3, k4, k5 and 2 more", "h0, h1, h2, h3, h4, h5"]
    for count, more in ((6, ""), (7, " and 1 more")):
        routers = {"r1": pools(**{f"k{at}": {"a": OLD} for at in range(count)})}
        assert picture(config(), look(routers=routers), History())["troubles"][0]["details"] == "k0, k1, k2, k3, k4, k5" + more


def test_a_sleeping_vassal_is_asleep() -> None:
    vassals = [{"name": one, "file": f"/{one}.ini"} for one in ("a", "b")]
    running = [Vassal("/a.ini", asleep=True), Vassal("/b.ini", ready=True)]
    found = picture(config(0, vassals=vassals, emperor="127.0.0.1:1"), look(emperor=Emperor(running, {})), History())
    assert [(one["asleep"], one["accepting"]) for one in found["vassals"]] == [(True, False), (False, False)]


# What two routers list when nothing is expected, and what the page says about the key.
HEADLINES: list[tuple[list[Any], str]] = [
    ([{"k": {"a": {}, "b": OLD}}, {"k": {"a": {}, "b": OLD}}], "Not all nodes serve"),
    ([{"k": {"a": {}}}, {"k": {}}], "Nodes fail, or not all routers have them"),
    ([{"k": {"a": OLD}}, {"k": {}}], "Nobody serves"),
]


@pytest.mark.parametrize(("listed", "headline"), HEADLINES)
def test_a_headline_says_what_is_wrong(listed: list[Any], headline: str) -> None:
    routers = {f"r{at}": pools(**one) for at, one in enumerate(listed, 1)}
    found = picture(config(2), look(routers=routers), History())
    assert [(one["headline"], one["details"]) for one in found["troubles"]] == [(headline, "k")]
