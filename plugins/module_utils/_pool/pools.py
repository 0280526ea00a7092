# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys and nodes of routers: of one router, judged by the age of announcements, or of several combined. Pure."""

from __future__ import annotations

from typing import Callable, Collection, Dict, Iterable, List, Optional, Set, Tuple, TypedDict

from .stats import Listed, Table


class Node(TypedDict):
    """A node of a pool as modules return it; ``age`` is in seconds since its last announcement.

    The last three fields are known only in 2.1; from a router of 2.0 they are empty, or 0.
    """

    address: str
    weight: int
    modifier1: int
    modifier2: int
    requests: int
    failures: int
    in_flight: int
    age: int
    dead: bool
    fresh: bool
    vassal: str
    protocol: str
    backup: int


class Pool(TypedDict):
    """A key and its nodes at one router."""

    key: str
    hits: int
    algo: str
    nodes: List[Node]


class _Asked(TypedDict):
    stats: str
    pools: List[Pool]


class Router(_Asked, total=False):
    """A router, identified by the address of its stats server. If it doesn't answer, it has ``error`` and no pools."""

    version: str
    pid: Optional[int]
    error: str


class MergedNode(TypedDict):
    """A node as seen by several routers; the lists hold routers, by their ``stats``."""

    address: str
    weight: int
    modifier1: int
    modifier2: int
    age: int
    requests: int
    failures: int
    in_flight: int
    fresh_on: List[str]
    ghost_on: List[str]
    dead_on: List[str]
    missing_on: List[str]
    vassal: str
    protocol: str
    backup: int


class MergedPool(TypedDict):
    """A key and its nodes at several routers; ``algo`` is from the first router that has one."""

    key: str
    hits: int
    algo: str
    nodes: List[MergedNode]


# The states of a node at a router, each with how a merged node shows that it is in that state anywhere.
STATES: Dict[str, Callable[[MergedNode], bool]] = {
    "fresh": lambda node: bool(node["fresh_on"]),
    "ghost": lambda node: len(node["ghost_on"]) > len(node["dead_on"]),
    "dead": lambda node: bool(node["dead_on"]),
    "missing": lambda node: bool(node["missing_on"]),
}


def pools(table: Table, now: float, max_age: float, keys: Optional[Collection[str]] = None) -> List[Pool]:
    """The keys and nodes of a router, judged by age.

    A router drops a silent node only when somebody requests its key, so being listed proves nothing, only the age does.

    Args:
        now: Unix time in seconds, by the router's clock.
        max_age: the age in seconds up to which a node's last announcement is fresh.
        keys: only these keys; pass a set if there are many.
    """
    return [
        Pool(key=pool.key, hits=pool.hits, algo=pool.algo, nodes=[_node(node, now, max_age) for node in pool.nodes])
        for pool in table.pools
        if keys is None or pool.key in keys
    ]


def _node(node: Listed, now: float, max_age: float) -> Node:
    age = max(0, int(now - node.last_check))
    return Node(
        address=node.address,
        weight=node.weight,
        modifier1=node.modifier1,
        modifier2=node.modifier2,
        requests=node.requests,
        failures=node.failures,
        in_flight=node.in_flight,
        age=age,
        dead=node.dead,
        # A cleared node is listed without its address, however recent its announcement is.
        fresh=bool(node.address) and not node.dead and age <= max_age,
        vassal=node.vassal,
        protocol=node.protocol,
        backup=node.backup,
    )


def selected(found: List[Pool], node: Optional[str] = None) -> List[Pool]:
    """The pools with a given node, or all pools; only that node of each pool."""
    if node is None:
        return found
    return _kept(found, lambda pool, item: item["address"] == node)


def in_states(found: List[MergedPool], states: Collection[str]) -> List[MergedPool]:
    """The pools with nodes that are in some state at any router, reduced to these nodes; see ``STATES``."""
    result = []
    for pool in found:
        nodes = [node for node in pool["nodes"] if any(STATES[state](node) for state in states)]
        if nodes:
            result.append(MergedPool(key=pool["key"], hits=pool["hits"], algo=pool["algo"], nodes=nodes))
    return result


def narrowed(found: List[Pool], wanted: Iterable[MergedPool]) -> List[Pool]:
    """The pools of one router, reduced to nodes that are also in merged ones."""
    pairs: Set[Tuple[str, str]] = {(pool["key"], node["address"]) for pool in wanted for node in pool["nodes"]}
    return _kept(found, lambda pool, item: (pool["key"], item["address"]) in pairs)


def _kept(found: Iterable[Pool], wanted: Callable[[Pool, Node], bool]) -> List[Pool]:
    """Some nodes of pools, without the pools that have none."""
    result = []
    for pool in found:
        nodes = [node for node in pool["nodes"] if wanted(pool, node)]
        if nodes:
            result.append(Pool(key=pool["key"], hits=pool["hits"], algo=pool["algo"], nodes=nodes))
    return result


def merged(routers: Iterable[Router]) -> List[MergedPool]:
    """The pools of several routers combined, sorted by key and address.

    A node's numbers are sums over all routers. Its other fields are those of its latest announcement, as is its age. A cleared
    node has no address, so its vassal identifies it.

    Args:
        routers: each with its pools, or with ``error``.
    """
    answered = [router for router in routers if "error" not in router]
    hits: Dict[str, int] = {}
    algos: Dict[str, str] = {}
    keys: Dict[str, Dict[Tuple[str, str], MergedNode]] = {}
    for router in answered:
        for pool in router["pools"]:
            hits[pool["key"]] = hits.get(pool["key"], 0) + pool["hits"]
            algos[pool["key"]] = algos.get(pool["key"]) or pool["algo"]
            nodes = keys.setdefault(pool["key"], {})
            for node in pool["nodes"]:
                name = (node["address"], "" if node["address"] else node["vassal"])
                one = nodes.get(name)
                if one is None:
                    one = nodes[name] = _nothing(node)
                _add(one, node, router["stats"])
    for nodes in keys.values():
        for one in nodes.values():
            seen = {*one["fresh_on"], *one["ghost_on"]}
            one["missing_on"] = [router["stats"] for router in answered if router["stats"] not in seen]
    return [
        MergedPool(key=key, hits=hits[key], algo=algos[key], nodes=[nodes[name] for name in sorted(nodes)])
        for key, nodes in sorted(keys.items())
    ]


def _nothing(node: Node) -> MergedNode:
    return MergedNode(
        address=node["address"],
        weight=node["weight"],
        modifier1=node["modifier1"],
        modifier2=node["modifier2"],
        age=node["age"],
        requests=0,
        failures=0,
        in_flight=0,
        fresh_on=[],
        ghost_on=[],
        dead_on=[],
        missing_on=[],
        vassal=node["vassal"],
        protocol=node["protocol"],
        backup=node["backup"],
    )


def _add(one: MergedNode, node: Node, stats: str) -> None:
    if node["age"] < one["age"]:
        one["weight"], one["age"] = node["weight"], node["age"]
        one["modifier1"], one["modifier2"] = node["modifier1"], node["modifier2"]
        one["vassal"], one["protocol"], one["backup"] = node["vassal"], node["protocol"], node["backup"]
    one["requests"] += node["requests"]
    one["failures"] += node["failures"]
    one["in_flight"] += node["in_flight"]
    (one["fresh_on"] if node["fresh"] else one["ghost_on"]).append(stats)
    if node["dead"]:
        one["dead_on"].append(stats)
