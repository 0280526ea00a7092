# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of routers and their nodes: of one router, judged by their age, and of several as one picture. Pure."""

from __future__ import annotations

from typing import Callable, Collection, Dict, Iterable, List, Optional, Set, Tuple, TypedDict

from .stats import Listed, Table


class Node(TypedDict):
    """A node of a pool as modules return it; ``age`` is the seconds since it last was heard.

    The last three are what 2.1 has of it; from a router of 2.0 they are empty, or 0.
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
    """A router, known by the address of its stats server; one that doesn't answer has ``error`` and no pools."""

    version: str
    pid: Optional[int]
    error: str


class MergedNode(TypedDict):
    """A node as several routers have it together; the lists are the routers', by their ``stats``."""

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
    """A key and its nodes at several routers; ``algo`` is that of the first that says so."""

    key: str
    hits: int
    algo: str
    nodes: List[MergedNode]


# The states that a node can be in at a router, each with how a merged node tells that it is anywhere.
STATES: Dict[str, Callable[[MergedNode], bool]] = {
    "fresh": lambda node: bool(node["fresh_on"]),
    "ghost": lambda node: len(node["ghost_on"]) > len(node["dead_on"]),
    "dead": lambda node: bool(node["dead_on"]),
    "missing": lambda node: bool(node["missing_on"]),
}


def pools(table: Table, now: float, max_age: float, keys: Optional[Collection[str]] = None) -> List[Pool]:
    """The keys of a router and their nodes, judged.

    A router drops a silent node only when somebody asks for its key, so the age of the last announcement tells, not the list.

    Args:
        now: Unix time in seconds, of the router's clock.
        max_age: seconds since the last announcement up to which a node is fresh.
        keys: only these; a set, where they are many.
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
        # A cleared node is listed without its address, however young it is.
        fresh=bool(node.address) and not node.dead and age <= max_age,
        vassal=node.vassal,
        protocol=node.protocol,
        backup=node.backup,
    )


def selected(found: List[Pool], node: Optional[str] = None) -> List[Pool]:
    """The pools with one node, or all; of each pool only the node asked for."""
    if node is None:
        return found
    return _kept(found, lambda pool, item: item["address"] == node)


def in_states(found: List[MergedPool], states: Collection[str]) -> List[MergedPool]:
    """The pools that have nodes which any router has in some states, with these nodes; see ``STATES``."""
    result = []
    for pool in found:
        nodes = [node for node in pool["nodes"] if any(STATES[state](node) for state in states)]
        if nodes:
            result.append(MergedPool(key=pool["key"], hits=pool["hits"], algo=pool["algo"], nodes=nodes))
    return result


def narrowed(found: List[Pool], wanted: Iterable[MergedPool]) -> List[Pool]:
    """The pools of one router, with those nodes alone that are in merged ones, too."""
    pairs: Set[Tuple[str, str]] = {(pool["key"], node["address"]) for pool in wanted for node in pool["nodes"]}
    return _kept(found, lambda pool, item: (pool["key"], item["address"]) in pairs)


def _kept(found: Iterable[Pool], wanted: Callable[[Pool, Node], bool]) -> List[Pool]:
    """Some nodes of pools, without the pools that have none of them."""
    result = []
    for pool in found:
        nodes = [node for node in pool["nodes"] if wanted(pool, node)]
        if nodes:
            result.append(Pool(key=pool["key"], hits=pool["hits"], algo=pool["algo"], nodes=nodes))
    return result


def merged(routers: Iterable[Router]) -> List[MergedPool]:
    """The pools of several routers as one picture, sorted by key and address.

    A node's figures are sums. What it announces is that of its last announcement, whose age is the node's. A cleared node, which
    has no address, is known by its vassal.

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
