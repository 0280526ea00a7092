# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page shows: the state of each node at all routers together, troubles first."""

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
# What each of two routers lists of the node, what its host says, and what it is.
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
    # Only a reason of that vassal on that host is one.
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
    # Others that left are only remembered by the router.
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
    # By its address, also under a key where nobody expects it.
    assert [node["host"] for node in found["keys"][1]["nodes"]] == ["", "host-10.0.0.7:1"]
    assert [one["headline"] for one in found["troubles"]] == ["A router does not answer", "Not all nodes serve"]
    assert found["troubles"][0]["details"] == "r2: it hangs\\x1b"


def test_nothing_is_well_without_any_router() -> None:
    found = picture(config(1, "a"), look(), History())
    assert [key["state"] for key in found["keys"]] == ["down"]


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
    assert [one["headline"] for one in silent["troubles"]] == ["The Emperor does not answer"]
    assert {one["running"] for one in silent["vassals"]} == {None}


def test_text_of_strangers_is_shown_with_nothing_unseen() -> None:
    name = "a\u202etset\x00"
    text = json.dumps(picture(config(), look(routers={"r1": pools(**{name: {name: {}}})}), History()), ensure_ascii=False)
    assert "\u202e" not in text and "\\u0000" not in text.replace("\\\\", "")


# What is listed of two nodes without any expectation, and what is said of their key.
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
