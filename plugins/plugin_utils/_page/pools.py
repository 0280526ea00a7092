# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds what the pools of routers show: the state of each node, and what is wrong. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import strict_json
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.pools import MergedNode, MergedPool, Pool, merged
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.pools import Node as RouterNode
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.pools import Router as Asked

# Worst first, with their meanings, which need the age up to which a node is fresh.
STATES = {
    "failing": "Announces itself, and a router has counted failures of it since it joined: refused connections, or an "
    "unsubscription while it had requests in flight.",
    "ghost": "Some router still lists it and has heard nothing of it for more than {0}\u00a0s.",
    "drained": "A router has taken it out: marked it as dead, or no longer lists it while another has it fresh.",
    "fresh": "Announced itself to every router within {0}\u00a0s, and no failures.",
}
# States in which a router sends requests.
SERVING = ("fresh", "failing")
MISSING = "missing"
# States in which a node is missing at a router.
EMPTY, ABSENT = "has no node that serves", "doesn't know"
_MOST_NAMES = 8
# The members of a node that are numbers.
_FIGURES = ("weight", "modifier1", "modifier2", "requests", "failures", "in_flight", "age")


# A router's stats server, a key and a node's address.
Place = tuple[str, str, str]
# A result of uwsgi_router_info, not fully checked.
Result = dict[str, Any]


class Node(NamedTuple):
    """A node of a key.

    Attributes:
        place: from the router's address to the node's state there, or ``MISSING``.
        share: the share of the key's requests, from 0 to 1.
    """

    key: str
    address: str
    state: str
    places: dict[str, str]
    weight: int
    modifier: str
    requests: int
    share: float
    failures: int
    in_flight: int
    age: int


class Key(NamedTuple):
    """A key, with the state of its worst node.

    Attributes:
        counts: the number of nodes in each state.
        routers: those that list it, each with its number of requests.
    """

    name: str
    state: str
    nodes: list[Node]
    counts: dict[str, int]
    requests: int
    share: float
    failures: int
    in_flight: int
    routers: dict[str, int]


class Router(NamedTuple):
    """A router; ``error`` is empty if it answers."""

    stats: str
    version: str
    error: str
    keys: int
    nodes: int
    requests: int


class Gap(NamedTuple):
    """Keys that a router lacks; ``what`` says how."""

    router: str
    what: str
    keys: list[str]


class Picture(NamedTuple):
    """The whole picture; ``alerts`` are what an operator should look at first, each with a headline and details."""

    time: str
    max_age: int
    routers: list[Router]
    keys: list[Key]
    counts: dict[str, int]
    alerts: list[tuple[str, str]]

    @property
    def nodes(self) -> list[Node]:
        """Every node of every key, worst first."""
        order = list(STATES)
        every = [node for key in self.keys for node in key.nodes]
        return sorted(every, key=lambda node: (order.index(node.state), node.key, node.address))


def picture(info: Any) -> Picture:
    """Read a result of ``uwsgi_router_info``.

    Args:
        info: one result, or a mapping of hosts to their results. The host of a single router then is its name.

    Raises:
        ArgumentError: for anything else.
    """
    try:
        results = [info] if "routers" in info else [_of_host(host, result, len(info)) for host, result in info.items()]
        routers = [_asked(router) for result in results for router in result["routers"]]
        answered = [result for result in results if "time" in result]
        time, max_age = max(_line(one["time"]) for one in answered), strict_json.number(answered[0]["max_age"])
        pools = merged(routers)
        judged = {
            (router["stats"], pool["key"], node["address"]): _state(node)
            for router in routers
            for pool in router["pools"]
            for node in pool["nodes"]
        }
        total = sum(node["requests"] for pool in pools for node in pool["nodes"])
        # By key, the routers that list it and their requests for it.
        listed: dict[str, dict[str, int]] = {}
        for router in routers:
            for pool in router["pools"]:
                listed.setdefault(pool["key"], {})[router["stats"]] = sum(node["requests"] for node in pool["nodes"])
        keys = [_key(pool, judged, routers, listed[pool["key"]], total) for pool in pools]
        found = [_router(router) for router in routers]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as exc:
        problem = "is not what emperor.uwsgi.uwsgi_router_info returns with 'routers' in gather; register that and hand it on"
        raise ArgumentError("_input", problem) from exc
    counts = {state: sum(key.counts[state] for key in keys) for state in STATES}
    return Picture(time, max_age, found, keys, counts, _alerts(found, keys))


def _asked(router: Any) -> Asked:
    """A router, after a check of its types: hosts' results are only as trustworthy as the hosts."""
    asked = Asked(stats=_line(router["stats"]), pools=[_pool(pool) for pool in router["pools"]])
    if "version" in router:
        asked["version"] = _line(router["version"])
    if "error" in router:
        asked["error"] = _line(router["error"])
    return asked


def _pool(pool: Any) -> Pool:
    return Pool(
        key=_line(pool["key"]),
        hits=strict_json.number(pool["hits"]),
        # An older result lacks the data that only 2.1 has.
        algo=_line(pool.get("algo", "")),
        nodes=[
            RouterNode(
                # A router of 2.1 has cleared it: only its name is left, and it gets no requests.
                address=_line(node["address"]) or _line(node.get("vassal", "")),
                dead=bool(node["dead"]) or not node["address"],
                fresh=bool(node["fresh"]),
                vassal=_line(node.get("vassal", "")),
                protocol=_line(node.get("protocol", "")),
                backup=strict_json.number(node.get("backup", 0)),
                **{name: strict_json.number(node[name]) for name in _FIGURES},  # type: ignore[typeddict-item]
            )
            for node in pool["nodes"]
        ],
    )


def _line(value: Any) -> str:
    # A path may contain half of a surrogate pair; the page shows it.
    if not isinstance(value, str):
        raise TypeError
    return value


def _of_host(host: str, result: Result, hosts: int) -> Result:
    """A host's result, with the host as its router's name; a router without an answer if the host has no result."""
    if "routers" not in result:
        return {"routers": [Asked(stats=host, error=f"{host}: {str(result['msg']).strip()}", pools=[])]}
    named = []
    for one in result["routers"]:
        # A host that asked several routers isn't the name of any.
        name = host if len(result["routers"]) == 1 else one["stats"] if hosts == 1 else f"{host} {one['stats']}"
        named.append({**one, "stats": name})
    return {**result, "routers": named}


def _state(node: RouterNode) -> str:
    if node["dead"]:
        return "drained"
    if not node["fresh"]:
        return "ghost"
    return "failing" if node["failures"] else "fresh"


def _key(pool: MergedPool, judged: dict[Place, str], routers: list[Asked], listed: dict[str, int], total: int) -> Key:
    name = pool["key"]
    requests = sum(node["requests"] for node in pool["nodes"])
    nodes = [_node(name, node, judged, routers, requests) for node in pool["nodes"]]
    counts = {state: sum(node.state == state for node in nodes) for state in STATES}
    return Key(
        name=name,
        state=next((state for state in STATES if counts[state]), "ghost"),
        nodes=nodes,
        counts=counts,
        requests=requests,
        share=requests / total if total else 0.0,
        failures=sum(node.failures for node in nodes),
        in_flight=sum(node.in_flight for node in nodes),
        routers=listed,
    )


def _node(key: str, node: MergedNode, judged: dict[Place, str], routers: list[Asked], requests: int) -> Node:
    address = node["address"]
    places = {
        router["stats"]: judged.get((router["stats"], key, address), MISSING) for router in routers if "error" not in router
    }
    found = set(places.values())
    if MISSING in found and node["fresh_on"]:
        found.add("drained")
    return Node(
        key=key,
        address=address,
        state=next(state for state in STATES if state in found),
        places=places,
        weight=node["weight"],
        modifier=f"{node['modifier1']}:{node['modifier2']}" if node["modifier2"] else str(node["modifier1"]),
        requests=node["requests"],
        share=node["requests"] / requests if requests else 0.0,
        failures=node["failures"],
        in_flight=node["in_flight"],
        age=node["age"],
    )


def _router(router: Asked) -> Router:
    nodes = [node for pool in router["pools"] for node in pool["nodes"]]
    return Router(
        stats=router["stats"],
        version=str(router.get("version", "")),
        error=router.get("error", ""),
        keys=len(router["pools"]),
        nodes=len({node["address"] for node in nodes}),
        requests=sum(node["requests"] for node in nodes),
    )


def _alerts(routers: list[Router], keys: list[Key]) -> list[tuple[str, str]]:
    found = [("A router does not answer", router.error) for router in routers if router.error]
    return found + [(f"{gap.router} {gap.what}", listed(gap.keys)) for gap in gaps(routers, keys)]


def gaps(routers: list[Router], keys: list[Key]) -> list[Gap]:
    """What routers lack."""
    found = []
    for router in routers:
        known = [key for key in keys if router.stats in key.routers]
        empty = [key.name for key in known if not any(node.places.get(router.stats) in SERVING for node in key.nodes)]
        absent = [key.name for key in keys if router.stats not in key.routers and not router.error]
        found += [Gap(router.stats, EMPTY, empty), Gap(router.stats, ABSENT, absent)]
    return [gap for gap in found if gap.keys]


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")
