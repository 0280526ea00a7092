# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of one node in the tables of its routers: out, in, or on its way. Pure.

The tables come from ``stats.parse``.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from .stats import Listed, Table

ABSENT = "absent"
# Gets no new requests. Listed until its last request ends and somebody requests its key. A node cleared by 2.1 counts too.
DEAD = "dead"
LISTED = "listed"
SILENT = "no answer"
# Hosts in addresses that mean every address of the own host.
_ANY = ("", "*", "0.0.0.0")

# A subscription key and a node's address.
Pair = Tuple[str, str]


class Seen(NamedTuple):
    """A node at one router, under one key.

    Attributes:
        state: ``ABSENT``, ``DEAD``, ``LISTED``, or ``SILENT`` if the router doesn't answer.
        in_flight: its current requests.
        announced: the time of its last announcement, in seconds by the router's clock.
    """

    router: str
    key: str
    node: str
    state: str
    in_flight: int = 0
    announced: int = 0

    @property
    def is_out(self) -> bool:
        """Whether it has no requests and gets no new ones."""
        return self.state == ABSENT or (self.state == DEAD and not self.in_flight)

    def shown(self) -> Dict[str, Any]:
        """In the form of a module's result."""
        return {"router": self.router, "key": self.key, "node": self.node, "state": self.state, "in_flight": self.in_flight}


def look(router: str, table: Optional[Table], pairs: Iterable[Pair], vassals: Optional[Mapping[Pair, str]] = None) -> List[Seen]:
    """Find nodes in a router's table.

    Args:
        table: None if the router doesn't answer.
        vassals: the names by which a router of 2.1 also knows nodes: a cleared node has no address but continues with
            its requests.
    """
    if table is None:
        return [Seen(router, key, node, SILENT) for key, node in pairs]
    found = {(pool.key, node.address): node for pool in table.pools for node in pool.nodes}
    cleared = {(pool.key, node.vassal): node for pool in table.pools for node in pool.nodes if not node.address and node.vassal}
    return [_seen(router, pair, found.get(pair) or cleared.get((pair[0], (vassals or {}).get(pair, "")))) for pair in pairs]


def names(table: Table) -> Dict[Pair, str]:
    """The vassal names by which a router of 2.1 also knows nodes."""
    return {(pool.key, node.address): node.vassal for pool in table.pools for node in pool.nodes if node.address and node.vassal}


def _seen(router: str, pair: Pair, node: Optional[Listed]) -> Seen:
    if node is None:
        return Seen(router, pair[0], pair[1], ABSENT)
    is_dead = node.dead or not node.address
    return Seen(router, pair[0], pair[1], DEAD if is_dead else LISTED, node.in_flight, node.last_check)


def came_in(before: Seen, now: Seen) -> bool:
    """Whether a node was heard again since ``before``. Its age can't tell, unless the clocks of host and router agree."""
    return now.state == LISTED and (before.state != LISTED or now.announced > before.announced)


def owed(server: str, now: Iterable[Seen], sockets: Mapping[str, Sequence[str]]) -> Optional[Set[Pair]]:
    """What to tell the router behind a subscription server again: nodes that it lists, or may list while it is silent.

    Args:
        now: the nodes at all routers.
        sockets: each router's addresses, if it ever answered.

    Returns:
        None if no router is known to be behind the server, so that it may list everything.
    """
    behind = [router for router, own in sockets.items() if any(_is_behind(server, one, router) for one in own)]
    if not behind:
        return None
    return {(one.key, one.node) for one in now if one.router in behind and one.state in (LISTED, SILENT)}


def _is_behind(server: str, address: str, router: str) -> bool:
    """Whether datagrams to ``server`` arrive at an address of a router, which is known by its stats server."""
    host, colon, port = address.rpartition(":")
    if not colon or host not in _ANY:
        return server == address
    # Relative to the host of its stats server, which is only known from an IP address.
    return server == f"{router.rpartition(':')[0]}:{port}"


def fewest(
    tables: Mapping[str, Table], pairs: Sequence[Pair], now: float, max_age: float, keys: Optional[Iterable[str]] = None
) -> Tuple[int, str, str]:
    """The minimum number of fresh nodes, besides those of ``pairs``, that any router has for any key.

    Args:
        now: Unix time in seconds.
        max_age: the age in seconds up to which a node's last announcement is fresh.
        keys: the keys to check, at least one; by default those of ``pairs``.

    Returns:
        the number, the router and the key.
    """
    leaving = {node for dummy, node in pairs}
    counted = list(dict.fromkeys(keys if keys is not None else (key for key, dummy in pairs)))
    counts = []
    for router, table in tables.items():
        pools = {pool.key: pool.nodes for pool in table.pools}
        for key in counted:
            others = [
                node
                for node in pools.get(key, [])
                if node.address and node.address not in leaving and not node.dead and now - node.last_check <= max_age
            ]
            counts.append((len(others), router, key))
    return min(counts)
