# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns a look into the page's data: the pools of all routers as one, problems first. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._host import emperor_stats
from .._pool.stats import Listed
from .._visible import seen
from .config import Config, Expected
from .history import POINTS, SERVING, STEP, History
from .sources import Look, Pools

# States of a node at all routers together, worst first. "gone" is silent without a known reason. If its host can be asked
# and has a reason, the node is "drained".
GONE, GHOST, FAILING, PARTIAL, DRAINED, FRESH = "gone", "ghost", "failing", "partial", "drained", "fresh"
STATES = (GONE, GHOST, FAILING, PARTIAL, DRAINED, FRESH)
# States of a key: no node serves it, some nodes don't, or all do.
KEY_STATES = ("down", "degraded", "well")
_MISSING = "missing"
_MOST_NAMES = 6

Key = Dict[str, Any]
Nodes = Dict[str, Dict[str, Listed]]


class _Place(NamedTuple):
    """A node of a key: which routers list it, and in which state."""

    address: str
    states: Dict[str, str]
    listed: List[Tuple[Pools, Listed]]


def picture(config: Config, look: Look, history: History) -> Dict[str, Any]:
    """The content of ``/pools.json``, with text from strangers made safe to show."""
    expected: Dict[str, Dict[str, Expected]] = {}
    for one in config.expected:
        expected.setdefault(one.key, {})[one.address] = one
    by_ip = {one.address.rpartition(":")[0]: one.host for one in config.expected if ":" in one.address}
    names = sorted({*expected, *(key for router in look.routers.values() for key in router.pools)})
    keys = [_key(name, expected.get(name, {}), by_ip, config, look, history) for name in names]
    keys.sort(key=lambda key: (KEY_STATES.index(key["state"]), key["key"]))
    counts = {state: 0 for state in STATES}
    for key in keys:
        for node in key["nodes"]:
            counts[node["state"]] += 1
    vassals = _vassals(config, look)
    return {
        "title": seen(config.title),
        "host": seen(config.host),
        "time": round(look.time, 3),
        "max_age": config.max_age,
        "step": STEP,
        "points": POINTS,
        "counts": counts,
        "troubles": _troubles(config, look, keys, vassals),
        "routers": [_router(one.name, one.stats, look) for one in config.routers],
        "keys": keys,
        "emperor": None if config.emperor is None else {"up": look.emperor is not None},
        "vassals": vassals,
    }


def _router(name: str, stats: str, look: Look) -> Dict[str, Any]:
    found = look.routers.get(name)
    return {
        "name": seen(name),
        "stats": seen(stats),
        "up": found is not None,
        "error": seen(look.errors.get(f"router:{name}", "")),
        "version": seen(found.version) if found else "",
        "keys": len(found.pools) if found else 0,
        "nodes": sum(map(len, found.pools.values())) if found else 0,
        "dropped": found.dropped if found else 0,
    }


def _key(
    name: str, expected: Dict[str, Expected], by_ip: Dict[str, str], config: Config, look: Look, history: History
) -> Key:
    addresses = sorted({*expected, *(one for router in look.routers.values() for one in router.pools.get(name, {}))})
    nodes = []
    for address in addresses:
        place = _place(name, address, config, look, history)
        planned = expected.get(address)
        reasons = _reasons(planned, config, look)
        host = planned.host if planned else by_ip.get(address.rpartition(":")[0], "")
        nodes.append(_node(place, host, reasons, planned is not None if config.expected else None))
    nodes.sort(key=lambda node: (STATES.index(node["state"]), node["host"], node["address"]))
    serving = sum(1 for node in nodes if node["state"] in (FRESH, FAILING, PARTIAL))
    # Unexpected nodes that have left stay in a router's memory until somebody requests the key.
    meant = [node for node in nodes if node["expected"] is not False or node["state"] in (FAILING, PARTIAL)]
    state = "degraded" if any(node["state"] != FRESH for node in meant) else "well"
    if not look.routers or (not serving and meant):
        state = "down"
    return {
        "key": seen(name),
        "state": state,
        "serving": serving,
        "expected": len(expected) if config.expected else None,
        "requests": history.requests(name, look.time),
        "failures": history.failures(name, look.time),
        "nodes": nodes,
    }


def _place(key: str, address: str, config: Config, look: Look, history: History) -> _Place:
    states: Dict[str, str] = {}
    listed: List[Tuple[Pools, Listed]] = []
    for name, router in look.routers.items():
        node = router.pools.get(key, {}).get(address)
        states[name] = _MISSING if node is None else history.state(name, key, node, router.time, config.max_age)
        if node is not None:
            listed.append((router, node))
    return _Place(address, states, listed)


def _reasons(planned: Any, config: Config, look: Look) -> Any:
    """Why a node is silent; None if unknown."""
    if planned is None or not planned.vassal:
        return None
    own = look.held if planned.host == config.host else look.others.get(planned.host, {})
    return own.get(planned.vassal)


def _node(place: _Place, host: str, reasons: Any, expected: Optional[bool]) -> Dict[str, Any]:
    listed = [node for dummy, node in place.listed]
    ages = [max(0, int(router.time - node.last_check)) for router, node in place.listed]
    return {
        "host": seen(host),
        "address": seen(place.address),
        "state": _state(place.states, reasons),
        "expected": expected,
        "reasons": None if reasons is None else [seen(one) for one in reasons],
        "routers": {seen(name): state for name, state in place.states.items()},
        "weight": max((node.weight for node in listed), default=None),
        "requests": sum(node.requests for node in listed),
        "failures": sum(node.failures for node in listed),
        "in_flight": sum(node.in_flight for node in listed),
        "age": min(ages, default=None),
    }


def _state(states: Dict[str, str], reasons: Any) -> str:
    found = set(states.values())
    if reasons and found != {FRESH}:
        return DRAINED
    if "failing" in found:
        return FAILING
    if found == {FRESH}:
        return FRESH
    if found & set(SERVING):
        return PARTIAL
    return GHOST if GHOST in found else GONE


def _vassals(config: Config, look: Look) -> List[Dict[str, Any]]:
    states = emperor_stats.states(look.emperor, [one.file for one in config.vassals]) if look.emperor else {}
    found = []
    for one in config.vassals:
        state = states.get(one.file)
        running = state.running if state else None
        check = look.results.get(one.name)
        found.append(
            {
                "name": seen(one.name),
                "running": None if state is None else running is not None,
                "accepting": None if state is None or not one.accepts else bool(running and running.accepting),
                "asleep": bool(running and running.asleep),
                "failed_starts": state.failing if state else 0,
                "respawns": running.respawns if running else 0,
                "reasons": look.held.get(one.name),
                "check": None if check is None else check.well,
            }
        )
    return found


def _troubles(config: Config, look: Look, keys: List[Key], vassals: List[Dict[str, Any]]) -> List[Dict[str, str]]:
    """What an operator should look at first: headlines with details, worst first."""
    found = [("A router does not answer", f"{name}: {look.errors.get('router:' + name, '')}") for name in _down(config, look)]
    if config.emperor is not None and look.emperor is None:
        found.append(("The Emperor does not answer", look.errors.get("emperor:", "")))
    degraded = [key for key in keys if key["state"] == "degraded"]
    for headline, names in (
        ("Nobody serves", [key["key"] for key in keys if key["state"] == "down"]),
        ("Not all nodes serve", [key["key"] for key in degraded if any(_is_out(node) for node in key["nodes"])]),
        ("Nodes fail, or not all routers have them", [key["key"] for key in degraded if not any(map(_is_out, key["nodes"]))]),
        ("A vassal does not start", [one["name"] for one in vassals if one["failed_starts"]]),
        ("A vassal fails its check", [one["name"] for one in vassals if one["check"] is False]),
    ):
        if names:
            rest = len(names) - _MOST_NAMES
            found.append((headline, ", ".join(names[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")))
    silent = [source.partition(":")[2] for source in look.errors if source.startswith("host:")]
    if silent:
        found.append(("A host does not say why its nodes keep silent", ", ".join(silent[:_MOST_NAMES])))
    return [{"headline": headline, "details": seen(details)} for headline, details in found]


def _is_out(node: Dict[str, Any]) -> bool:
    return node["expected"] is not False and node["state"] not in (FRESH, FAILING, PARTIAL)


def _down(config: Config, look: Look) -> List[str]:
    return [one.name for one in config.routers if one.name not in look.routers]
