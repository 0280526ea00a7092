# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of live pools for a terminal, and whatever hosts and routers say in it."""

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
ANNOUNCED = [{"host": "node2", "vassals": [SHOP]}, {"host": "r"}]


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


REFUSED: list[tuple[tuple[Any, ...], str]] = [
    (("x", {}, [], {}), "_input"),
    ((answer(), 5, [], {}), "held"),
    ((answer(), {"n": 5}, [], {}), "held.n"),
    ((answer(), {"n": {"files": 5}}, [], {}), "held.n.files"),
    ((answer(), {"n": {"path": "/d", "files": [{"path": "/d/a"}]}}, [], {}), "held.n.files"),
    ((answer(), {}, {}, {}), "announced"),
    ((answer(), {}, [5], {}), "announced"),
    ((answer(), {}, [], []), "names"),
]


@pytest.mark.parametrize(("arguments", "place"), REFUSED)
def test_what_is_something_else_is_refused(arguments: tuple[Any, ...], place: str) -> None:
    with pytest.raises(ArgumentError) as error:
        table.lines(*arguments)
    assert error.value.path == place
