# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists the ports that a host of the inventory listens on, and who needs each. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._addresses import is_port
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.options import content
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import ROUTERS as ROUTER_OPTIONS
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import SOCKETS
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import kvlist

from . import texts

# Who connects. Nodes and routers are hosts of the inventory, clients are anywhere, and the user names the others.
CLIENTS, FRONTS, MONITORING, NODES, ROUTERS = "clients", "fronts", "monitoring", "nodes", "routers"
REQUESTS, ANNOUNCEMENTS, STATS, PAGE, NODE = "requests", "announcements", "stats", "live page", "node"
_UDP, _TCP = "udp", "tcp"
_EVERYBODY = "0.0.0.0/0"
# Drains ask the routers from the nodes, and a live page asks the other routers.
_READERS = (NODES, ROUTERS, MONITORING)
# Defaults of the roles' variables that the inventory doesn't set.
DEFAULTS = {
    "fastrouter_listen": "127.0.0.1:3030",
    "fastrouter_subscription_server": "0.0.0.0:2626",
    "fastrouter_stats": "127.0.0.1:2627",
    "fastrouter_http_stats": "127.0.0.1:2628",
    "fastrouter_https_stats": "127.0.0.1:2638",
}
_LOCAL = re.compile(r"(127\.[0-9.]+|localhost|\[::1\])\Z")
_NAMED = ("https2", "sslrouter2")
_STATS = re.compile(r"[a-z]+-(stats|stats-server|ss)\Z")
_SERVER = re.compile(r"[a-z]+-subscription-server\Z")


class Use(NamedTuple):
    """The use of a port.

    Attributes:
        who: those who connect.
    """

    name: str
    protocol: str
    who: tuple[str, ...]


_VARIABLES = {
    "fastrouter_listen": Use(REQUESTS, _TCP, (FRONTS,)),
    "fastrouter_http": Use(REQUESTS, _TCP, (CLIENTS,)),
    "fastrouter_https": Use(REQUESTS, _TCP, (CLIENTS,)),
    "fastrouter_subscription_server": Use(ANNOUNCEMENTS, _UDP, (NODES, ROUTERS)),
    "fastrouter_https_subscription_server": Use(ANNOUNCEMENTS, _UDP, (NODES, ROUTERS)),
    "fastrouter_stats": Use(STATS, _TCP, _READERS),
    "fastrouter_http_stats": Use(STATS, _TCP, _READERS),
    "fastrouter_https_stats": Use(STATS, _TCP, _READERS),
    "fastrouter_dashboard": Use(PAGE, _TCP, (ROUTERS, MONITORING)),
}
_OF_NODES = Use(NODE, _TCP, (ROUTERS,))
_METRICS = Use(PAGE, _TCP, (ROUTERS, MONITORING))


def ports(host: str, variables: Mapping[str, Any], is_router: bool, sources: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """The ports of a host that others connect to, each once, with the addresses that need it.

    Args:
        variables: the host's variables.
        is_router: whether it has the role ``fastrouter``.
        sources: the addresses for each of ``who`` except the clients.

    Raises:
        ArgumentError: for an invalid port.
    """
    found: dict[tuple[str, int], tuple[list[str], list[str]]] = {}
    for place, use, value in [*(_of_router(host, variables) if is_router else ()), *_of_node(host, variables)]:
        port = _port(place, value)
        if port:
            names, addresses = found.setdefault((use.protocol, port), ([], []))
            names.append(use.name)
            addresses += [address for who in use.who for address in ([_EVERYBODY] if who == CLIENTS else sources[who])]
    return [
        {"port": port, "protocol": protocol, "name": ", ".join(dict.fromkeys(names)), "sources": _sorted(addresses)}
        for (protocol, port), (names, addresses) in sorted(found.items())
    ]


def source(place: str, value: Any) -> str:
    """An IPv4 address or network.

    Raises:
        ArgumentError: for anything else.
    """
    given = values.text(place, value)
    try:
        network = ipaddress.IPv4Network(given)
    except ValueError as exc:
        raise ArgumentError(place, f"{values.shown(given)} is not an IPv4 address or network; give one, as numbers") from exc
    # The prefix length even if a netmask is given, which nftables doesn't accept.
    return str(network) if "/" in given else given


def _sorted(addresses: list[str]) -> list[str]:
    """Each address once, without those that are in one of the networks: nftables rejects sets with both."""
    found = {address: ipaddress.IPv4Network(address) for address in addresses}
    networks = [one for one in found.values() if one.num_addresses > 1]
    inside = {address for address, one in found.items() if any(one != other and one.subnet_of(other) for other in networks)}
    return sorted(found.keys() - inside, key=found.__getitem__)


def _of_router(host: str, variables: Mapping[str, Any]) -> Iterator[tuple[str, Use, str]]:
    for name, use in _VARIABLES.items():
        if name in ("fastrouter_http_stats", "fastrouter_https_stats") and not variables.get(name.removesuffix("_stats")):
            continue
        yield f"{host}: {name}", use, texts.text(f"{host}: {name}", variables.get(name, DEFAULTS.get(name)))
    for name in ("fastrouter_options", "fastrouter_http_options", "fastrouter_https_options"):
        yield from _of_options(f"{host}: {name}", texts.mapping(f"{host}: {name}", variables.get(name)))
    place = f"{host}: fastrouter_vassals"
    for at, one in enumerate(texts.mappings(place, variables.get("fastrouter_vassals"))):
        yield from _of_options(f"{place}[{at}].options", texts.mapping(f"{place}[{at}].options", one.get("options")))


def _of_options(place: str, options: Mapping[str, Any]) -> Iterator[tuple[str, Use, str]]:
    """The ports in a router's options."""
    for option, given in options.items():
        name = str(option)
        if name in ROUTER_OPTIONS:
            use = Use(REQUESTS, _TCP, (FRONTS if name == "fastrouter" else CLIENTS,))
        elif _SERVER.match(name):
            use = Use(ANNOUNCEMENTS, _UDP, (NODES, ROUTERS))
        elif _STATS.match(name):
            use = Use(STATS, _TCP, _READERS)
        else:
            continue
        for value in _each(f"{place}.{name}", given):
            yield f"{place}.{name}", use, kvlist.parse(value).get("addr", "") if name in _NAMED else value


def _of_node(host: str, variables: Mapping[str, Any]) -> Iterator[tuple[str, Use, str]]:
    yield f"{host}: emperor_metrics", _METRICS, texts.text(f"{host}: emperor_metrics", variables.get("emperor_metrics"))
    place = f"{host}: emperor_vassals"
    for at, one in enumerate(texts.mappings(place, variables.get("emperor_vassals"))):
        where = f"{place}[{at}]"
        # Another vassal announces it.
        for value in _each(f"{where}.on_demand", one.get("on_demand")):
            yield f"{where}.on_demand", _OF_NODES, value
        options = texts.mapping(f"{where}.options", one.get("options")) if one.get("subscriptions") else {}
        for name in sorted(SOCKETS & options.keys()):
            for value in _each(f"{where}.options.{name}", options[name]):
                yield f"{where}.options.{name}", _OF_NODES, value


def _each(place: str, value: Any) -> list[str]:
    given = value if isinstance(value, (list, tuple)) else [value]
    return [texts.text(place, content(one)) for one in given]


def _port(place: str, value: str) -> int:
    """The port of an address that others can reach; 0 if there is none, or for unix sockets and local addresses."""
    address = value.partition(",")[0]
    where, colon, port = address.rpartition(":")
    if not colon or address.startswith(("/", "@")) or _LOCAL.match(where):
        return 0
    if not is_port(port):
        raise ArgumentError(place, f"{values.shown(address)} has no port from 1 to 65535; give one that stays the same")
    return int(port)
