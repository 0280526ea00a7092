# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source for Event-Driven Ansible: its rules, and its events for a real page of real routers and nodes."""

from __future__ import annotations

import asyncio
import runpy
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.drained import KEY, fleet
from support.loopback import wait_for
from support.modules import ROOT

EDA = ROOT / "extensions" / "eda"
# As ansible-rulebook loads it.
SOURCE = runpy.run_path(str(EDA / "plugins" / "event_source" / "pools.py"))
ADDRESS = "10.0.0.7:1"


def picture(state: str | None = "fresh", serving: int = 1, expected: int | None = 1, up: bool = True) -> dict[str, Any]:
    """A page of one router with one key. Without a state, the key has no node."""
    node = {"host": "node1", "address": ADDRESS, "state": state, "reasons": None, "expected": True}
    key = {"key": "shop", "state": "well", "serving": serving, "expected": expected, "nodes": [node] if state else []}
    return {"routers": [{"name": "r1", "stats": "10.0.0.2:1", "up": up, "error": ""}], "keys": [key]}


def types(*pictures: Any, settle: int = 1, minimum: Any = 0) -> list[list[str]]:
    """The types of the events after each look at the page."""
    watcher = SOURCE["Watcher"](settle, minimum)
    return [[event["type"] for event in watcher.look(one)] for one in pictures]


LOOKS: list[tuple[list[Any], list[list[str]]]] = [
    ([picture(), picture()], [[], []]),
    ([picture(), picture("ghost"), picture("gone"), picture()], [[], ["node_lost"], [], ["node_joined"]]),
    ([picture(), picture("failing"), picture("partial")], [[], ["node_failing"], ["node_restored"]]),
    ([picture(), picture("drained"), picture()], [[], ["node_drained"], ["node_restored"]]),
    ([picture(), picture("drained"), picture(None), picture()], [[], ["node_drained"], [], ["node_joined"]]),
    ([picture(None), picture(), picture(None)], [[], ["node_joined"], ["node_lost"]]),
    ([picture("gone")], [[]]),
    ([picture(up=False), picture()], [["router_silent"], ["router_back"]]),
    ([picture(), None, None, picture()], [[], ["page_silent"], [], ["page_back"]]),
    ([None, picture(), picture("gone")], [["page_silent"], ["page_back"], ["node_lost"]]),
]


@pytest.mark.parametrize(("pictures", "events"), LOOKS)
def test_a_change_is_one_event(pictures: list[Any], events: list[list[str]]) -> None:
    assert types(*pictures) == events


def test_what_does_not_last_is_none() -> None:
    looks = [picture(), picture("gone"), picture(), picture("gone"), picture("gone"), picture("gone")]
    assert types(*looks, settle=2) == [[], [], [], [], ["node_lost"], []]


MINIMUMS: list[tuple[Any, list[Any], list[list[str]]]] = [
    (None, [picture(serving=0), picture(serving=1)], [["pool_below_minimum"], ["pool_restored"]]),
    (None, [picture(serving=0, expected=None)], [[]]),
    (2, [picture(serving=1), picture(serving=2)], [["pool_below_minimum"], ["pool_restored"]]),
    ({"shop": 2}, [picture(serving=1), picture(serving=2)], [["pool_below_minimum"], ["pool_restored"]]),
    ({"wiki": 1}, [picture()], [["pool_below_minimum"]]),
    (1, [picture(), {"routers": [], "keys": []}], [[], ["node_lost"]]),
]


@pytest.mark.parametrize(("minimum", "pictures", "events"), MINIMUMS)
def test_a_pool_has_a_minimum(minimum: Any, pictures: list[Any], events: list[list[str]]) -> None:
    assert types(*pictures, minimum=minimum) == events


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "page must be the address of a live page"),
    ({"page": "ftp://x"}, "page must be the address of a live page"),
    ({"page": "a:1", "pages": []}, "pages is unknown; give some of page"),
    ({"page": "a:1", "interval": 0}, "interval must be a number from 0.1 to 86400, not 0"),
    ({"page": "a:1", "settle": True}, "settle must be a number from 1 to 86400, not True"),
    ({"page": "a:1", "minimum": -1}, "minimum must be a number of nodes, or"),
    ({"page": "a:1", "minimum": {"shop": "2"}}, "minimum must be a number of nodes, or"),
]


@pytest.mark.parametrize(("arguments", "problem"), REFUSED)
def test_what_can_not_be_used_is_refused(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError) as error:
        asyncio.run(SOURCE["main"](asyncio.Queue(), arguments))
    assert str(error.value).startswith(problem)


def test_the_rulebook_has_an_event_that_there_is() -> None:
    (book,) = yaml.safe_load((EDA / "rulebooks" / "pools.yml").read_text(encoding="utf-8"))
    assert [name for source in book["sources"] for name in source if name != "name"] == ["emperor.uwsgi.pools"]
    assert [rule["condition"] for rule in book["rules"]] == ['event.type == "pool_below_minimum"']


def test_nodes_of_real_routers_come_and_go(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client")
    from support.live import Page  # noqa: PLC0415

    async def watched(page: Page, two: Any, drain: Any) -> list[dict[str, Any]]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        arguments = {"page": page.address, "interval": 0.2, "settle": 2, "minimum": {KEY: 2}}
        task = asyncio.create_task(SOURCE["main"](queue, arguments))
        events: list[dict[str, Any]] = []

        async def until(kind: str) -> None:
            while kind not in [event["type"] for event in events]:
                events.append(await asyncio.wait_for(queue.get(), 60))

        try:
            await until("pool_below_minimum")
            await asyncio.to_thread(two.__enter__)
            await until("node_joined")
            await until("pool_restored")
            await asyncio.to_thread(two.__exit__)
            await until("node_lost")
            await asyncio.to_thread(drain)
            await until("node_drained")
        finally:
            task.cancel()
        return events

    with fleet(tmp_path, routers=2) as all_of_it, ExitStack() as stack:
        one, two = all_of_it.node("one"), all_of_it.node("two")
        nodes = [{"key": KEY, "address": node.address, "host": "host-" + node.name, "vassal": node.name} for node in (one, two)]
        vassals = [{"name": "one", "file": str(one.file), "suspend": [str(all_of_it.suspend / "one")]}]
        asked = [{"name": f"router{at}", "stats": router.stats} for at, router in enumerate(all_of_it.routers, 1)]
        peer = stack.enter_context(Page(tmp_path / "peer", vassals=vassals))
        config = {"routers": asked, "expected": nodes, "ask": [{"host": "host-one", "address": peer.address}], "max_age": 6}
        page = stack.enter_context(Page(tmp_path / "page", **config))
        # The first look makes no events about nodes, so the watcher starts while this node is down.
        two.__exit__()
        wait_for("its end", lambda: page.states(KEY)[two.address] in ("ghost", "gone"))
        found = asyncio.run(watched(page, two, lambda: all_of_it.run("drained", one)))
    by_type = {event["type"]: event for event in found}
    assert by_type["node_joined"]["node"]["host"] == "host-two"
    assert by_type["node_lost"]["node"]["host"] == "host-two"
    assert by_type["pool_below_minimum"]["pool"]["serving"] == 1
    assert by_type["node_drained"]["node"]["reasons"] == ["operator"]
