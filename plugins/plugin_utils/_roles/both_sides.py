# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks that a node's vassals and the inventory's routers agree: on known keys, and on protocols. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import protocols
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.values import sequence
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

from . import signing
from .other_hosts import OfHost
from .texts import mapping, mappings, text
from .variables import Emperor

_VASSALS = "emperor_vassals"
_SUBSCRIPTIONS = "fastrouter_subscriptions"
# The role's default, which isn't visible from another host.
_SERVER = "0.0.0.0:2626"


def unknown_keys(given: Emperor, name: str, of_host: OfHost) -> list[str]:
    """Signing vassals that the routers' play can't see, because they are defined in a play or as a role parameter.

    Args:
        name: the host's name.

    Raises:
        ArgumentError: for an invalid variable of a router.
    """
    routers = [one for one in given.routers if one != name] or given.routers
    if not given.signing or not given.vassals or not routers:
        return []
    known: set[str] = set()
    for router in routers:
        subscriptions = mappings(f"{router}: {_SUBSCRIPTIONS}", of_host(router, _SUBSCRIPTIONS))
        known.update(signing.names(given, [{"subscriptions": subscriptions}]))
    unknown = sorted(set(signing.names(given, given.vassals)) - known)
    if not unknown:
        return []
    return [
        f"{_VASSALS}: routers would refuse {', '.join(unknown)}, since their play can't see a play's variables or a role's "
        "parameters; put it in the inventory, for example in host_vars, or list the keys in fastrouter_subscriptions"
    ]


def wrong_protocols(given: Emperor, options: Mapping[str, Any], of_host: OfHost) -> list[str]:
    """Sockets whose protocol differs from that of the routers to which they are announced.

    Args:
        options: those of every vassal.
    """
    if not given.routers:
        return []
    found = []
    known: dict[bool, dict[str, str]] = {}
    for at, vassal in enumerate(given.vassals):
        subscriptions, own = vassal.get("subscriptions"), vassal.get("options")
        if isinstance(subscriptions, list) and isinstance(own, Mapping):
            # If a node sets its protocol, a router of 2.1 is meant, which follows it.
            newer = any(isinstance(one, Mapping) and one.get("protocol") for one in subscriptions)
            if newer not in known:
                known[newer] = _speak(given.routers, newer, of_host)
            found += protocols.flaws(f"{_VASSALS}[{at}]", {**options, **own}, subscriptions, known[newer])
    return [f"{flaw.path}: {flaw.problem}" for flaw in found]


def shared_names(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Hosts whose nodes have the same name in one pool of a router of 2.1.

    Args:
        nodes: hosts with their ``vassals``, as returned by the lookup ``announced_vassals``.
    """
    owners: dict[tuple[str, str, str], str] = {}
    found: dict[tuple[str, str, str, str], None] = {}
    for node in nodes:
        for vassal in node.get("vassals") or []:
            for entry in vassal.get("subscriptions") or []:
                for name in _names(f"{node['host']}: {_VASSALS}", entry):
                    owner = owners.setdefault(name, node["host"])
                    if owner != node["host"]:
                        found[owner, node["host"], name[0], name[1]] = None
    return [
        f"{_VASSALS}: {owner} and {other} announce {key!r} with the address_vassal {name!r}, and a router takes both for one "
        "node, whose address changes with each announcement; give each host its own, for example with inventory_hostname in it"
        for owner, other, name, key in found
    ]


def _names(place: str, entry: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The names of a subscription's nodes, each with its key and server."""
    if entry.get("address_vassal") is None:
        return []
    pairs = ((key, server) for key in sequence(place, entry.get("key")) for server in sequence(place, entry.get("server")))
    return [(str(entry["address_vassal"]), str(key), str(server)) for key, server in pairs]


def _speak(routers: Iterable[str], newer: bool, of_host: OfHost) -> dict[str, str]:
    """The subscription servers of routers, each with the protocol that it speaks to its nodes; unknown routers are skipped."""
    found: dict[str, str] = {}
    for router in routers:
        try:
            hosts = [text(router, of_host(router, "ansible_host")) or router]
            for options in _options(router, of_host):
                found.update(protocols.by_server(options, V2_1 if newer else V2_0, hosts))
        except ArgumentError:
            # The router's own run reports it.
            continue
    return found


def _options(router: str, of_host: OfHost) -> list[dict[str, Any]]:
    """The options of a router's instances, as far as they set who they listen to."""

    def words(variable: str) -> str:
        return text(router, of_host(router, variable))

    server = "fastrouter-subscription-server"
    own = {"fastrouter": words("fastrouter_listen"), server: words("fastrouter_subscription_server") or _SERVER}
    added = mapping(router, of_host(router, "fastrouter_options"))
    found = [{**own, **{name: value for name, value in added.items() if name == server}}]
    if words("fastrouter_https") and words("fastrouter_https_subscription_server"):
        front = {"https": words("fastrouter_https"), "http-subscription-server": words("fastrouter_https_subscription_server")}
        found.append(front)
    found += [mapping(router, one.get("options")) for one in mappings(router, of_host(router, "fastrouter_vassals"))]
    return found
