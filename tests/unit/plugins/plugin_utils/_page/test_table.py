# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of live pools for a terminal, whatever text hosts and routers put in it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import table
from hypothesis import given
from hypothesis import strategies as st

TIME = "2026-01-01T12:00:00Z"
DIR = "/etc/uwsgi/suspend"


def node(address: str, **given: Any) -> dict[str, Any]:
    figures = {"weight": 1, "modifier1": 0, "modifier2": 0, "requests": 120, "failures": 0, "in_flight": 0, "age": 2}
    return {"address": address, "dead": False, "fresh": True, **figures, **given}


def answer(*pools: tuple[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = [{"key": key, "hits": 1, "nodes": nodes} for key, nodes in pools]
    return {"time": TIME, "max_age": 17, "routers": [{"stats": "10.0.0.2:2627", "version": "2.0.31", "pools": found}]}


def file(path: str, mtime: float = 1_700_000_000) -> dict[str, Any]:
    return {"path": f"{DIR}/{path}", "mtime": mtime}


SHOP = {"name": "shop", "subscriptions": [{"key": ["shop.test", "www.test"]}]}
WIKI = {"name": "0wiki", "subscriptions": [{"key": "wiki.test"}, {"key": "wiki.test"}]}
ANNOUNCED = [{"host": "node2", "vassals": [SHOP, WIKI]}, {"host": "r"}]


def test_who_serves_is_first_and_then_who_is_held_out() -> None:
    nodes = [node("10.0.0.7:3031"), node("10.0.0.9:3031", fresh=False, age=100)]
    info = {"router1": answer(("shop.test", nodes)), "r2": {"msg": "no"}}
    files = [file("shop"), file("shop/operator"), file("shop/health", 1_700_000_060)]
    held = {"node2": {"path": DIR, "files": files}, "node3": {}}
    assert table.lines(info, held, ANNOUNCED, {"10.0.0.7": "node1", "": "r"}) == [
        "router1: 1 keys, 2 nodes",
        "r2: does not answer: r2: no",
        "",
        "key        node           host   state  requests  age, s",
        "shop.test  10.0.0.7:3031  node1  fresh       120       2",
        "shop.test  10.0.0.9:3031         ghost       120     100",
        "shop.test  shop           node2  held out by health since 2023-11-14 22:14:20Z, operator since 2023-11-14 22:13:20Z",
        "www.test   shop           node2  held out by health since 2023-11-14 22:14:20Z, operator since 2023-11-14 22:13:20Z",
    ]


HELD: list[tuple[dict[str, Any], list[str]]] = [
    ({"path": DIR, "files": []}, []),
    ({"path": DIR + "/", "files": [file("blog")]}, ["?  blog  node2  held out by operator since 2023-11-14 22:13:20Z"]),
    ({"path": DIR, "tyrant": True, "files": [file("alice"), file("alice/blog"), file("alice/blog/health")]},
     ["?  blog  node2  held out by health since 2023-11-14 22:13:20Z"]),
    ({"path": "/elsewhere", "files": [file("blog")]}, []),
    ({"path": DIR, "files": [file("blog", 1e300)]}, ["?  blog  node2  held out by operator since ?"]),
]  # fmt: skip


@pytest.mark.parametrize(("held", "words"), HELD)
def test_what_holds_a_vassal_is_found(held: dict[str, Any], words: list[str]) -> None:
    found = table.lines({"router1": answer()}, {"node2": held}, [], {})
    assert [" ".join(line.split()) for line in found[3:]] == [" ".join(line.split()) for line in words]


def test_routers_that_are_all_silent_are_told() -> None:
    silent = {"r1": {"msg": "no\x1b[2J\n"}, "r2": {}}
    assert table.lines(silent, {}, [], {}) == ["r1: does not answer: no\\x1b[2J", "r2: does not answer: "]
    assert table.lines({}, {}, [], {}) == ["There is no router; set pools_routers."]


@given(st.text(), st.text())
def test_text_of_strangers_stays_on_its_line_and_moves_no_cursor(key: str, address: str) -> None:
    pools = (key, [node(address or "a")])
    held = {"n\n": {"path": DIR, "files": [{"path": f"{DIR}/{address.replace('/', '')}/{key.replace('/', '')}", "mtime": 0}]}}
    found = table.lines({"r\x1b": answer(pools)}, held, [], {})
    assert not [line for line in found if any(ord(one) < 32 or ord(one) == 127 for one in line)]
    assert len(found) == 5


def test_of_a_key_those_that_serve_are_first_whatever_they_are_called() -> None:
    held = {"node2": {"path": DIR, "files": [file("0wiki")]}}
    found = table.lines({"router1": answer(("wiki.test", [node("10.0.0.7:3031"), node("1\n")]))}, held, ANNOUNCED, {})
    assert [line.split()[:2] for line in found[3:]] == [
        ["wiki.test", "1\\n"], ["wiki.test", "10.0.0.7:3031"], ["wiki.test", "0wiki"]
    ]  # fmt: skip


def test_what_is_long_is_cut_but_the_reasons() -> None:
    key, reason = "k" * 61, "r" * 200
    info = {"router1": answer((key, [node("n" * 60)])), "r2": {"msg": "m" * 600}}
    held = {"h" * 61: {"path": DIR, "files": [file(f"{'v' * 61}/{reason}"), file(f"w/{reason * 3}")]}}
    found = table.lines(info, held, [], {})
    assert found[1] == "r2: does not answer: r2: " + "m" * 474 + "\u2026"
    assert len(found[1]) == 500
    assert found[4].split()[:3] == ["?", "v" * 59 + "\u2026", "h" * 59 + "\u2026"]
    assert f"held out by {reason} since" in found[4]
    assert found[5].endswith(f"held out by {reason * 2}{'r' * 87}\u2026")
    assert found[6].split()[:2] == ["k" * 59 + "\u2026", "n" * 60]
    (silent,) = table.lines({"r2": {"msg": "m" * 600}}, {}, [], {})
    assert silent == "r2: does not answer: " + "m" * 478 + "\u2026"


def test_the_reasons_are_as_wide_as_they_are() -> None:
    held = {"node2": {"path": DIR, "files": [file("shop")]}}
    assert table.lines({"router1": answer(("k", [node("a")]))}, held, ANNOUNCED, {})[2:4] == [
        "key        node  host   state  requests  age, s",
        "k          a            fresh       120       2",
    ]


MAPPING = "is not a mapping; give one, as the filter's documentation says"
LIST = "is not a list; give one, as the filter's documentation says"
TIME_OF_FILE = "has an mtime that is not a number; give what ansible.builtin.find returns"
REFUSED: list[tuple[tuple[Any, ...], str]] = [
    ((answer(), 5, [], {}), f"held: {MAPPING}"),
    ((answer(), {"n": 5}, [], {}), f"held.n: {MAPPING}"),
    ((answer(), {"n": {"files": 5}}, [], {}), f"held.n.files: {LIST}"),
    ((answer(), {"n": {"files": [5]}}, [], {}), f"held.n.files: {MAPPING}"),
    ((answer(), {"n": {"path": "/d", "files": [{"path": "/d/a"}]}}, [], {}), f"held.n.files: {TIME_OF_FILE}"),
    ((answer(), {"n": {"path": "/d", "files": [{"path": "/d/a", "mtime": True}]}}, [], {}), f"held.n.files: {TIME_OF_FILE}"),
    ((answer(), {}, {}, {}), f"announced: {LIST}"),
    ((answer(), {}, [5], {}), f"announced: {MAPPING}"),
    ((answer(), {}, [{"host": "n", "vassals": 5}], {}), f"announced: {LIST}"),
    ((answer(), {}, [{"host": "n", "vassals": [5]}], {}), f"announced: {MAPPING}"),
    ((answer(), {}, [{"host": "n", "vassals": [{"subscriptions": 5}]}], {}), f"announced: {LIST}"),
    ((answer(), {}, [{"host": "n", "vassals": [{"subscriptions": [5]}]}], {}), f"announced: {MAPPING}"),
    ((answer(), {}, [], []), f"names: {MAPPING}"),
]


@pytest.mark.parametrize(("arguments", "problem"), REFUSED)
def test_what_is_something_else_is_refused(arguments: tuple[Any, ...], problem: str) -> None:
    with pytest.raises(ArgumentError) as error:
        table.lines(*arguments)
    assert str(error.value) == problem


@pytest.mark.parametrize("info", ["x", {"router1": "x"}, {"routers": "x"}])
def test_what_is_no_answer_of_a_router_is_refused(info: Any) -> None:
    with pytest.raises(ArgumentError) as error:
        table.lines(info, {}, [], {})
    assert error.value.path.startswith("_input")
