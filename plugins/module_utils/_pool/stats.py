# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stats of a router: read from its stats server, and judged.

The format is what ``corerouter_send_stats`` writes (``plugins/corerouter/cr.c``). uWSGI escapes nothing in it, not even what
came with an announcement, writes a comma too many when two routers share an instance, and 2.1 puts an uninitialised byte into
``proto``; all of that is read.
"""

from __future__ import annotations

import json
import re
import socket
import time
from typing import Any, Callable, Dict, Iterable, List, Match, Optional

from .._arguments.values import is_ipv4_port

_DANGLING = re.compile(r",(\s*[\]}])")
# What others decide the content of, and what stands behind it. An address has 255 bytes, and so has a key that a router survives.
_UNESCAPED = re.compile(r'"(cwd|key|name)":"(.{0,4096}?)"(?=,\s*"(?:active_sessions|hash|algo|modifier1)":)', re.DOTALL)
# A router with thousands of nodes writes some megabytes.
_MOST_BYTES = 256 * 2**20


class StatsError(Exception):
    """A router that doesn't answer, or answers something else."""


def address_flaw(value: str) -> Optional[str]:
    """Say why ``value`` can't be a stats server; None where it can."""
    if value.startswith(("http://", "https://", "/")) or is_ipv4_port(value):
        return None
    return f"{value!r} is no stats server; give IPV4:PORT, the absolute path of a unix socket, or an http URL"


def fetch(address: str, timeout: float, get: Callable[[str, float], bytes]) -> bytes:
    """Read all that a stats server sends.

    Args:
        address: ``IPV4:PORT``, a unix socket's absolute path, or an http URL.
        timeout: seconds for all of it.
        get: fetches a URL within some seconds; raises OSError or ValueError.

    Raises:
        StatsError: naming the address and what is wrong.
    """
    target: Any
    deadline = time.monotonic() + timeout
    flaw = address_flaw(address)
    if flaw:
        raise StatsError(flaw)
    try:
        if address.startswith(("http://", "https://")):
            return get(address, timeout)
        if address.startswith("/"):
            family, target = socket.AF_UNIX, address
        else:
            host, dummy, port = address.rpartition(":")
            family, target = socket.AF_INET, (host, int(port))
        with socket.socket(family, socket.SOCK_STREAM) as stream:
            stream.settimeout(timeout)
            stream.connect(target)

            def receive(left: float) -> bytes:
                stream.settimeout(left)
                return stream.recv(65536)

            return read_all(receive, deadline)
    except (OSError, ValueError) as exc:
        raise StatsError(
            f"{address} does not answer: {exc}; check that the router runs and has this stats server"
        ) from exc


def read_all(receive: Callable[[float], bytes], deadline: float) -> bytes:
    """Read until the end, however slowly it comes.

    Args:
        receive: gives some bytes within some seconds, none at the end.
        deadline: the time of ``time.monotonic`` when it must have come.

    Raises:
        OSError: when the time is over.
        ValueError: when it's more than any router has to say.
    """
    parts: List[bytes] = []
    size = 0
    while size < _MOST_BYTES:
        left = deadline - time.monotonic()
        if left <= 0:
            raise OSError("timed out")
        part = receive(left)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    raise ValueError(f"it sends more than {_MOST_BYTES} bytes")


def parse(raw: bytes) -> Dict[str, Any]:
    """Read the JSON of a stats server.

    Raises:
        StatsError: when it can't be read as a router's.
    """
    text = _UNESCAPED.sub(_escaped, raw.decode("utf-8", "replace"))
    try:
        try:
            found = json.loads(text, strict=False)
        except ValueError:
            found = json.loads(_DANGLING.sub(r"\1", text), strict=False)
    except (ValueError, RecursionError) as exc:
        raise StatsError(f"its answer is not the JSON of a stats server: {exc}") from exc
    if not isinstance(found, dict) or "version" not in found:
        raise StatsError("its answer is not that of a uWSGI stats server")
    if "subscriptions" not in found:
        raise StatsError("it is the stats server of something else than a router with a subscription server")
    return found


def _escaped(found: Match[str]) -> str:
    return f'"{found.group(1)}":{json.dumps(found.group(2))}'


def pools(found: Dict[str, Any], now: float, max_age: float) -> List[Dict[str, Any]]:
    """The keys of a router and their nodes, judged.

    A router drops a silent node only when somebody asks for its key, so the age of the last announcement tells, not the list.

    Args:
        now: Unix time in seconds, of the router's clock.
        max_age: seconds since the last announcement up to which a node is fresh.

    Raises:
        StatsError: when it isn't the table of a router.
    """
    try:
        return [
            {
                "key": pool["key"],
                "hits": pool.get("hits", 0),
                "nodes": [_node(node, now, max_age) for node in pool.get("nodes", [])],
            }
            for pool in found["subscriptions"]
        ]
    except (KeyError, TypeError, AttributeError) as exc:
        raise StatsError("its answer has no table of nodes as a router has") from exc


def _node(node: Dict[str, Any], now: float, max_age: float) -> Dict[str, Any]:
    age = max(0, int(now - node["last_check"]))
    dead = bool(node.get("death_mark"))
    return {
        "address": node["name"],
        "weight": node.get("weight", 1),
        "modifier1": node.get("modifier1", 0),
        "modifier2": node.get("modifier2", 0),
        "requests": node.get("requests", 0),
        "failures": node.get("failcnt", 0),
        "in_flight": node.get("ref", 0),
        "age": age,
        "dead": dead,
        "fresh": not dead and age <= max_age,
    }


def selected(
    found: Iterable[Dict[str, Any]], key: Optional[str] = None, node: Optional[str] = None
) -> List[Dict[str, Any]]:
    """The pools of one key, or with one node, or all; of each pool only the node asked for."""
    result = []
    for pool in found:
        if key is not None and pool["key"] != key:
            continue
        nodes = [item for item in pool["nodes"] if node is None or item["address"] == node]
        if nodes or node is None:
            result.append(dict(pool, nodes=nodes))
    return result


def merged(routers: Iterable[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The pools of several routers as one picture, sorted by key and address.

    A node's figures are sums. Its weight and modifiers are those of its last announcement, whose age is the node's.

    Args:
        routers: each with ``stats``, its address, and ``pools``, or with ``error``.
    """
    answered = [router for router in routers if "error" not in router]
    hits: Dict[str, int] = {}
    keys: Dict[str, Dict[str, Dict[str, Any]]] = {}
    for router in answered:
        for pool in router["pools"]:
            hits[pool["key"]] = hits.get(pool["key"], 0) + pool["hits"]
            nodes = keys.setdefault(pool["key"], {})
            for node in pool["nodes"]:
                _add(nodes.setdefault(node["address"], _nothing(node)), node, router["stats"])
    for nodes in keys.values():
        for one in nodes.values():
            seen = one["fresh_on"] + one["ghost_on"]
            one["missing_on"] = [router["stats"] for router in answered if router["stats"] not in seen]
    return [
        {"key": key, "hits": hits[key], "nodes": [nodes[name] for name in sorted(nodes)]} for key, nodes in sorted(keys.items())
    ]


_SUMS = ("requests", "failures", "in_flight")
_PLACES = ("fresh_on", "ghost_on", "dead_on", "missing_on")
_LAST = ("weight", "modifier1", "modifier2", "age")


def _nothing(node: Dict[str, Any]) -> Dict[str, Any]:
    one: Dict[str, Any] = {name: node[name] for name in ("address",) + _LAST}
    one.update({name: 0 for name in _SUMS})
    one.update({name: [] for name in _PLACES})
    return one


def _add(one: Dict[str, Any], node: Dict[str, Any], stats: str) -> None:
    if node["age"] < one["age"]:
        one.update({name: node[name] for name in _LAST})
    for name in _SUMS:
        one[name] += node[name]
    one["fresh_on" if node["fresh"] else "ghost_on"].append(stats)
    if node["dead"]:
        one["dead_on"].append(stats)
