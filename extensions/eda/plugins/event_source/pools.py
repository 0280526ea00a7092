# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events of live pools, from the live page of a router, for Event-Driven Ansible."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

DOCUMENTATION = r"""
---
short_description: Events of the live pools of uWSGI routers
description:
  - Asks the live page of a router, C(fastrouter_dashboard) of the role fastrouter, and sends an event for each change.
  - An event has C(type), C(key), C(pool) with C(state), C(serving) and C(expected), and C(node) or C(router) where it is about
    one.
  - The types are C(node_joined), C(node_lost), C(node_failing), C(node_drained), C(node_restored), C(pool_below_minimum),
    C(pool_restored), C(router_silent), C(router_back), C(page_silent) and C(page_back).
  - What nodes are like when it starts is no event. A pool that is below its minimum then, or a router that is silent, is one.
options:
  page:
    description: The address of the page, IPV4:PORT, or its http or https URL.
    type: str
    required: true
  interval:
    description: Seconds between two looks.
    type: float
    default: 5
  settle:
    description: The number of looks in a row that must find a change before it is an event.
    type: int
    default: 2
  minimum:
    description:
      - The nodes that every pool must have, or a mapping of keys to them. By default those that the inventory expects, as the
        page knows them.
    type: raw
  timeout:
    description: Seconds that the page has to answer.
    type: float
    default: 10
"""

EXAMPLES = r"""
- emperor.uwsgi.pools:
    page: 10.0.0.2:9717
    minimum: 2
"""

# Of a node on the page, what it is for who waits for events.
_STATES = {"fresh": "serving", "partial": "serving", "failing": "failing", "drained": "drained", "ghost": "lost", "gone": "lost"}
_MOST_BYTES = 64 * 2**20
_ARGUMENTS = ("page", "interval", "settle", "minimum", "timeout")

# What something is, and what is told of it.
Found = dict[tuple[str, ...], tuple[str, dict[str, Any]]]
Event = dict[str, Any]


class Watcher:
    """What has been seen, and what of a new look is an event. Pure.

    Args:
        settle: looks in a row that must find a change.
        minimum: of serving nodes, one number or one for each key; None for what the page expects.
    """

    def __init__(self, settle: int, minimum: int | Mapping[str, int] | None) -> None:
        self._settle, self._minimum = settle, minimum
        self._known: dict[tuple[str, ...], str] = {}
        self._begun = False
        self._waiting: dict[tuple[str, ...], tuple[str, int]] = {}

    def look(self, picture: Mapping[str, Any] | None) -> list[Event]:
        """The events of a look; None is a page that doesn't answer, of which nothing else is known."""
        if picture is None:
            return self._changes({("page",): ("silent", {})})
        found: Found = {("page",): ("well", {}), **dict(_routers(picture)), **dict(self._pools(picture)), **dict(_nodes(picture))}
        if not self._begun:
            self._begun = True
            self._known.update({one: state for one, (state, dummy) in found.items() if one[0] == "node"})
        for one in [one for one in self._known if one not in found]:
            if one[0] == "node":
                # Nobody lists it, nor expects it.
                found[one] = ("absent", {"key": one[1], "node": {"address": one[2]}, "pool": {}})
            else:
                del self._known[one]
        return self._changes(found)

    def _pools(self, picture: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[str, dict[str, Any]]]]:
        pools = {str(one["key"]): _pool(one) for one in picture["keys"]}
        wanted = self._minimum.keys() if isinstance(self._minimum, Mapping) else ()
        known = [one[1] for one, state in self._known.items() if one[0] == "pool" and state == "below"]
        for key in dict.fromkeys([*pools, *wanted, *known]):
            pool = pools.get(key, {"state": "down", "serving": 0, "expected": None})
            if isinstance(self._minimum, Mapping):
                least = self._minimum.get(key, pool["expected"] or 0)
            else:
                least = (pool["expected"] or 0) if self._minimum is None else self._minimum
            state = "below" if pool["serving"] < least else "well"
            yield ("pool", key), (state, {"key": key, "pool": {**pool, "minimum": least}})

    def _changes(self, found: Found) -> list[Event]:
        events = []
        for one, (state, details) in found.items():
            before = self._known.get(one, "absent" if one[0] == "node" else "well")
            if state == before:
                self._waiting.pop(one, None)
                continue
            last, count = self._waiting.pop(one, ("", 0))
            count = count + 1 if last == state else 1
            if count < self._settle:
                self._waiting[one] = (state, count)
                continue
            self._known[one] = state
            if state == "absent":
                del self._known[one]
            kind = _kind(one[0], before, state)
            if kind:
                events.append({"type": kind, **details})
        return events


def _kind(what: str, before: str, state: str) -> str:
    """The type of an event; empty for what is none."""
    if what == "node":
        if state == "serving":
            return "node_joined" if before in ("absent", "lost") else "node_restored"
        if state in ("lost", "absent"):
            return "node_lost" if before in ("serving", "failing") else ""
        return "node_" + state
    return {
        ("pool", "below"): "pool_below_minimum",
        ("pool", "well"): "pool_restored",
        ("router", "silent"): "router_silent",
        ("router", "well"): "router_back",
        ("page", "silent"): "page_silent",
        ("page", "well"): "page_back",
    }.get((what, state), "")


def _routers(picture: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[str, dict[str, Any]]]]:
    for one in picture["routers"]:
        details = {"router": {"name": one["name"], "stats": one["stats"], "error": one["error"]}}
        yield ("router", str(one["name"])), ("well" if one["up"] else "silent", details)


def _nodes(picture: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[str, dict[str, Any]]]]:
    for key in picture["keys"]:
        for one in key["nodes"]:
            node = {name: one[name] for name in ("host", "address", "state", "reasons", "expected")}
            details = {"key": key["key"], "node": node, "pool": _pool(key)}
            yield ("node", str(key["key"]), str(one["address"])), (_STATES[one["state"]], details)


def _pool(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in ("state", "serving", "expected")}


def fetch(page: str, timeout: float) -> dict[str, Any] | None:
    """What a page shows, None where it doesn't answer or is none."""
    url = page.rstrip("/") if "://" in page else "http://" + page
    try:
        with urllib.request.urlopen(url + "/pools.json", timeout=timeout) as answer:
            found = json.loads(answer.read(_MOST_BYTES))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _checked(args: Mapping[str, Any]) -> tuple[str, float, int, Any, float]:
    """The arguments; raises ValueError for one that can't be used."""
    for name in args:
        if name not in _ARGUMENTS:
            raise ValueError(f"{name} is unknown; give some of {', '.join(_ARGUMENTS)}")
    page = args.get("page")
    if not isinstance(page, str) or not page or ("://" in page and not page.startswith(("http://", "https://"))):
        raise ValueError("page must be the address of a live page; give IPV4:PORT, or an http or https URL")
    interval, timeout, settle = args.get("interval", 5), args.get("timeout", 10), args.get("settle", 2)
    for name, value, least in (("interval", interval, 0.1), ("timeout", timeout, 0.1), ("settle", settle, 1)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= 86400:
            raise ValueError(f"{name} must be a number from {least} to 86400, not {value!r}")
    minimum = args.get("minimum")
    for value in minimum.values() if isinstance(minimum, Mapping) else [0 if minimum is None else minimum]:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"minimum must be a number of nodes, or a mapping of keys to such numbers, not {value!r}")
    return page, float(interval), int(settle), minimum, float(timeout)


async def main(queue: asyncio.Queue[Event], args: dict[str, Any]) -> None:
    """Send events for ever.

    Args:
        queue: of the rulebook.
        args: of the source.
    """
    page, interval, settle, minimum, timeout = _checked(args)
    watcher = Watcher(settle, minimum)
    while True:
        picture = await asyncio.to_thread(fetch, page, timeout)
        try:
            events = watcher.look(picture)
        except (KeyError, TypeError, AttributeError) as exc:
            # It isn't a live page; what was known stays.
            sys.stderr.write(f"emperor.uwsgi.pools: {page} is no live page: {type(exc).__name__}\n")
            events = watcher.look(None)
        for event in events:
            await queue.put(event)
        await asyncio.sleep(interval)
