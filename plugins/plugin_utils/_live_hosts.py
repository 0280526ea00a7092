# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the hosts that serve the pools of routers. Pure."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from ansible_collections.emperor.uwsgi.plugins.module_utils._addresses import is_ipv4_port
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.pools import MergedNode, Pool, Router, merged

# The controller, which has the stats server if that is a unix socket.
LOCALHOST = "localhost"
_LOOPBACK = "127."


class LiveNode(MergedNode):
    """A node of a host, with the key that it serves, and whether it is fresh at any router."""

    key: str
    fresh: bool


def live_hosts(routers: list[Router], ghosts: bool) -> tuple[dict[str, list[LiveNode]], list[str]]:
    """The nodes of each host, by its IPv4 address or name.

    A node that is only reachable from its own host, such as on a unix socket, is on the host of the router that lists it.

    Args:
        routers: as returned by ``routers.judged``.
        ghosts: include nodes that are fresh at no router.

    Returns:
        each host's nodes, sorted by key and address, as in ``merged``, each with its ``key`` and with ``fresh``; and
        the addresses that no router can use.
    """
    hosts: dict[str, list[LiveNode]] = {}
    unusable: dict[str, None] = {}
    homes: dict[str, list[Router]] = {}
    places = {address: _host(address) for address in _addresses(routers)}
    for router in routers:
        homes.setdefault(_home(router["stats"]), []).append(_with_own(router, places))
    for node in _nodes(routers, ghosts):
        host = places[node["address"]]
        if host is None:
            unusable[node["address"]] = None
        elif not _is_own(host):
            hosts.setdefault(host, []).append(node)
    for home, its_routers in homes.items():
        for node in _nodes(its_routers, ghosts):
            host = places[node["address"]]
            # To a router on loopback; another loopback address may be another host to Ansible.
            place = host if host and (home == LOCALHOST or home.startswith(_LOOPBACK)) else home
            hosts.setdefault(place, []).append(node)
    return {host: sorted(nodes, key=lambda one: (one["key"], one["address"])) for host, nodes in hosts.items()}, list(unusable)


def group_names(keys: Iterable[str], safe: Callable[[str], str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """A unique group name for each key.

    Anyone who can announce a node chooses keys, and must not get a node into the group of another key.

    Args:
        safe: makes a group name from a key; several keys may have the same.

    Returns:
        the names by key; and the keys that got a different name, each with the key that has the original one: the
        first of the conflicting keys in alphabetical order.
    """
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    for key in sorted(set(keys)):
        name = safe(key)
        if name in owners:
            others.append((key, owners[name]))
            digest = hashlib.sha256(key.encode("utf-8")).hexdigest()
            # Somebody may have announced keys with every name that the digest has room for.
            longer = (f"{name}_{digest[:size].ljust(size, '0')}" for size in itertools.count(6))
            name = next(one for one in longer if one not in owners)
        owners[name] = key
        names[key] = name
    return names, others


def _addresses(routers: list[Router]) -> set[str]:
    return {node["address"] for router in routers for pool in router["pools"] for node in pool["nodes"]}


def _is_own(host: str) -> bool:
    """Whether a node's address means the host of whoever connects to it."""
    return not host or host.startswith(_LOOPBACK)


def _with_own(router: Router, places: dict[str, str | None]) -> Router:
    """A router, with only the nodes on its own host."""
    pools = []
    for pool in router["pools"]:
        near = [node for node in pool["nodes"] if (host := places[node["address"]]) is not None and _is_own(host)]
        if near:
            pools.append(Pool(key=pool["key"], hits=pool["hits"], algo=pool["algo"], nodes=near))
    own = router.copy()
    own["pools"] = pools
    return own


def _nodes(routers: list[Router], ghosts: bool) -> Iterator[LiveNode]:
    for pool in merged(routers):
        for node in pool["nodes"]:
            fresh = bool(node["fresh_on"])
            # A node that a router of 2.1 has cleared is nowhere.
            if node["address"] and (fresh or ghosts):
                yield LiveNode(**node, key=pool["key"], fresh=fresh)


def _host(address: str) -> str | None:
    """The IPv4 address that a router connects to; empty for its own host, None if it can't be used."""
    if address.startswith(("/", "@")):
        return ""
    if address.startswith(":"):
        address = "0.0.0.0" + address
    if not is_ipv4_port(address):
        return None
    host = address.rpartition(":")[0]
    return "" if host == "0.0.0.0" else host


def _home(stats: str) -> str:
    """The host of a router, by the address of its stats server."""
    if stats.startswith("/"):
        return LOCALHOST
    if "://" in stats:
        return urlsplit(stats).hostname or LOCALHOST
    return stats.rpartition(":")[0]
