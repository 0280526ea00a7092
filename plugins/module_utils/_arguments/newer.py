# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Subscription settings that uWSGI 2.1 silently accepts, and what goes wrong with them. Pure.

All of this was observed with 2.1-dev, commit 6cbb2177: core/subscription.c, the fastrouter and the http router.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._dialect import ROUTERS
from .._errors import ArgumentError

_INACTIVE = (
    "no router reads this, so the node gets its full share of the requests; to take it out, give it a suspend_file and drain "
    "it with emperor.uwsgi.uwsgi_drain"
)
_IP_HASH = "ip_hash ignores it, so the node gets requests beside those of lower levels; use another algorithm"


class Entry(NamedTuple):
    """What subscriptions are compared by.

    Attributes:
        place: path of the subscription, such as ``vassals[3].subscriptions[0]``.
        node: identifies the node; the same for the same address.
        vassal: its ``address_vassal``.
    """

    place: str
    servers: Sequence[str]
    keys: Sequence[str]
    node: Any
    vassal: Optional[str] = None


def warnings(path: str, checked: Mapping[str, Any]) -> List[str]:
    """Warnings about settings of one subscription that are accepted but probably not intended."""
    found = []
    if checked.get("inactive"):
        found.append(f"{path}.inactive: {_INACTIVE}")
    algo = checked.get("balancing_algo")
    if algo is not None and algo.argument == "ip_hash" and checked.get("backup_level"):
        found.append(f"{path}.backup_level: {_IP_HASH}")
    return found


def refuse_clearing(path: str, places: Iterable[str]) -> None:
    """Reject ``clear_on_exit`` together with subscriptions that have no ``address_vassal``.

    Args:
        path: path of ``clear_on_exit``.
        places: the subscriptions that lack it.
    """
    for place in places:
        raise ArgumentError(
            path,
            f"needs address_vassal in {place}: a router clears the address of a vassal that it knows by name, and without a name "
            "the node announces itself when it should leave; give every subscription an address_vassal",
        )


def refuse_depth(path: str, depth: int, options: Iterable[str]) -> None:
    """Reject more than one path component for the http router, which ignores all after the first."""
    kind = next((name for name in options if ROUTERS.get(name) == "http"), None)
    if depth > 1 and kind:
        raise ArgumentError(path, f"{depth} is too large for a router with {kind}, which looks at one part of the path; give 1")


def refuse_mountpoints(entries: Iterable[Entry]) -> None:
    """Reject a key together with one of its own mountpoints: nodes of the mountpoint also join the pool of the key."""
    first: Dict[Tuple[str, str, bool], str] = {}
    for entry in entries:
        for key in entry.keys:
            host, slash, dummy = key.partition("/")
            for server in entry.servers:
                other = first.get((server, host, not slash))
                if other is not None:
                    raise ArgumentError(
                        f"{entry.place}.key",
                        f"{key!r} is announced to {server} beside {other}, and uWSGI 2.1 mixes the nodes of a domain with "
                        "those of its mountpoints; give each a domain of its own, or announce them to routers of their own",
                    )
                first.setdefault((server, host, bool(slash)), f"{key!r} of {entry.place}")


def shared(entries: Iterable[Entry]) -> List[str]:
    """Warn about nodes of one pool with the same ``address_vassal``: routers see one node whose address keeps changing."""
    owners: Dict[Tuple[str, str, str], Entry] = {}
    found = []
    for entry in entries:
        if entry.vassal is None:
            continue
        for name in ((server, key, entry.vassal) for server in entry.servers for key in entry.keys):
            owner = owners.setdefault(name, entry)
            if owner.node != entry.node:
                found.append(
                    f"{entry.place}.address_vassal: {entry.vassal!r} is that of {owner.place} too, for the key {name[1]!r}, so "
                    "a router takes both for one node, whose address changes with each announcement; give each its own"
                )
                break
    return found
