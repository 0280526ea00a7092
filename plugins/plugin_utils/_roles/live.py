# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live pages of a host, from the roles' variables: their vassals, and what they ask. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._addresses import (
    is_given_port,
    is_ipv4_port,
    is_url,
    node_flaw,
    stats_flaw,
)
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.options import content
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import SOCKETS
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import config

from . import emperor, fastrouter
from .other_hosts import COUNTS, OfHost
from .texts import text
from .variables import Emperor, Fastrouter

# The vassals' names.
METRICS, DASHBOARD = "emperor-metrics", "fastrouter-dashboard"
CLIENT = "prometheus_client"
# The role's default, which isn't visible from another host.
_STATS = "127.0.0.1:2627"
_ANY = re.compile(r"(0\.0\.0\.0)?:[0-9]+\Z")
_PORT = re.compile(r":([0-9]+)\Z")
_EXPANDED = re.compile(r"%|\$\(|@\(")
_MOST_COUNT = 10_000


class Made(NamedTuple):
    """A configuration, and what was left out of it with a reason."""

    config: dict[str, Any]
    warnings: list[str]


def vassal(name: str, address: str, folder: str, given: Emperor, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The vassal that serves a page: a single process, since the page keeps data in memory.

    Args:
        folder: of its files.
        defaults: the options of the other vassals, none of which apply to it.
    """
    archive, file = f"{folder}/{config.ARCHIVE}", f"{folder}/{config.FILE}"
    loaded = plugin(given)
    own: dict[str, Any] = {
        "strict": True,
        **({"need-plugins": loaded} if loaded else {}),
        "master": True,
        "vacuum": True,
        "die-on-term": True,
        "close-on-exec": True,
        "auto-procname": True,
        "procname-prefix-spaced": "%n",
        "http-socket": address,
        # Python searches the folder where uWSGI starts.
        "chdir": {"literal": folder},
        **({"virtualenv": {"literal": given.pip_venv}} if given.install == "pip" else {}),
        "pythonpath": {"literal": archive},
        "module": config.MODULE,
        "env": {"literal": f"{config.VARIABLE}={file}"},
        "touch-reload": [{"literal": archive}, {"literal": file}],
        "need-app": True,
        "lazy-apps": True,
        "single-interpreter": True,
        "enable-threads": True,
        "processes": 1,
        "threads": 4,
        "harakiri": 30,
        "buffer-size": 16384,
        "reload-on-rss": 256,
        "limit-post": 1,
        "disable-logging": True,
    }
    # With a tyrant Emperor it is a tenant like the others.
    whose = {"owner": given.user, "group": given.group} if given.tyrant else {}
    return {"name": name, "options": {**dict.fromkeys(defaults), **own}, **whose}


def plugin(given: Emperor) -> str:
    """uWSGI's Python plugin; empty if Python is built in."""
    found = [one for one in given.plugins if one.startswith("python")]
    return (found or (["python3"] if given.install == "package" else [""]))[0]


def metrics(given: Emperor, host: str) -> Made:
    """What ``emperor_metrics`` asks: the host's own Emperor and vassals.

    Raises:
        ArgumentError: if there are too many.
    """
    # Tenants' gates can't write there.
    gates = [] if given.tyrant else [str(one["name"]) for one in emperor.gate(given)]
    return _checked("emperor_metrics", {**_own(host, given), "gates": [emperor.paths(given).results] if gates else []}, [])


class Fleet(NamedTuple):
    """What the page of a router covers.

    Attributes:
        host: the router's name.
        routers: the router's vassals, as for the module ``uwsgi_vassals``.
        nodes: the announcements and options of hosts, as in ``other_hosts.nodes``.
        certificates: those that the routers read.
    """

    host: str
    routers: Sequence[Mapping[str, Any]]
    nodes: Sequence[Mapping[str, Any]]
    certificates: Sequence[str]
    of_host: OfHost


def dashboard(given: Fastrouter, own: Emperor, fleet: Fleet) -> Made:
    """What ``fastrouter_dashboard`` asks: routers, this host's Emperor, and the pages of the hosts with nodes.

    Raises:
        ArgumentError: for a router or node with an unknown address.
    """
    routers = dict(_routers(given, fleet))
    ask = dict(_peers(given, fleet))
    unknown = [one["host"] for one in fleet.nodes if "problem" in one]
    options: Mapping[str, Any] = fleet.routers[0]["options"] if fleet.routers else {}
    ports = {_port(one) for one in _each(options.get("fastrouter-subscription-server"))}
    there = _own(fleet.host, own)
    at = emperor.paths(own)
    there["vassals"] += [] if "emperor" not in there else [
        {"name": one["name"], "file": f"{at.routers}/{one['name']}.ini", "accepts": False}
        for one in fleet.routers
        if one["name"] not in {vassal["name"] for vassal in there["vassals"]}
    ]
    found = {
        **there,
        "title": given.report_title or "uWSGI pools",
        "routers": [{"name": name, "stats": stats} for name, stats in routers.items()],
        "certificates": list(fleet.certificates),
        "expected": list(_expected(fleet.nodes, ports)),
        "ask": [{"host": name, "address": address} for name, address in ask.items()],
        "max_age": given.tolerance,
        "signing_tolerance": given.signing_tolerance if own.signing else 0,
    }
    warnings = []
    if unknown:
        warnings.append(
            f"fastrouter_dashboard: the page won't miss the nodes of {', '.join(unknown)}, since their vassals can't be resolved "
            "here; gather the facts of all hosts first"
        )
    return _checked("fastrouter_dashboard", found, warnings)


def flaws(given: Emperor) -> list[str]:
    """Problems with ``emperor_metrics``."""
    return _address_flaws("emperor_metrics", given.metrics)


def router_flaws(given: Fastrouter, own: Emperor) -> list[str]:
    """Problems with ``fastrouter_dashboard``."""
    found = _address_flaws("fastrouter_dashboard", given.dashboard)
    if given.dashboard and given.dashboard == own.metrics:
        found.append(f"fastrouter_dashboard: {given.dashboard} is that of emperor_metrics too; give each its own port")
    return found


def warnings(name: str, address: str) -> list[str]:
    """Warnings about who can see a page.

    Args:
        name: the variable that holds its address, which is empty if there is no page.
    """
    if not address or address.startswith("127."):
        return []
    return [
        f"{name}: whoever reaches {address} sees the names, addresses and figures of the pools, since the page has no password; "
        "let only your monitoring reach it, or bind it to 127.0.0.1 behind a server with a password"
    ]


def imports(given: Emperor, binary: str) -> dict[str, Any]:
    """The modules that uWSGI's Python must have if the role doesn't install them."""
    return {
        "module": CLIENT,
        "plugin": plugin(given),
        "binary": binary,
        "user": given.user,
        "why": "emperor_metrics and fastrouter_dashboard need it; install it for that Python (python3-prometheus-client of "
        f"Debian, or {CLIENT} by pip), or leave these variables out",
    }


def _checked(name: str, found: dict[str, Any], said: list[str]) -> Made:
    try:
        config.parse(found)
    except ArgumentError as error:
        raise ArgumentError(name, f"makes no live page: {error}") from error
    return Made(found, said)


def _address_flaws(name: str, address: str) -> list[str]:
    return [f"{name}: {address!r} is not an address for a page; give IPV4:PORT"] if address and not is_ipv4_port(address) else []


def _own(host: str, given: Emperor) -> dict[str, Any]:
    """What a page shows of its own host. A tenant's data is private."""
    if given.tyrant and not emperor.shares_stats(given):
        return {"host": host, "vassals": []}
    at = emperor.paths(given)
    found: dict[str, dict[str, Any]] = {}
    known: set[str] = set()
    for one in given.vassals:
        name = str(one.get("name") or "")
        # A missing or duplicate name is rejected when the vassals are written.
        if name and name not in found:
            found[name] = {"name": name, "file": f"{at.vassals}/{name}.ini"}
            if given.tyrant:
                continue
            found[name]["suspend"] = _suspend_files(one, name, given)
            stats = _stats(one)
            if stats and stats not in known:
                known.add(stats)
                found[name]["stats"] = stats
    for one in emperor.gate(given):
        found.setdefault(one["name"], {"name": one["name"], "file": f"{at.vassals}/{one['name']}.ini", "accepts": False})
    return {"host": host, "emperor": at.stats, "vassals": list(found.values())}


def _suspend_files(one: Mapping[str, Any], name: str, given: Emperor) -> list[str]:
    entries = one.get("subscriptions")
    found = {
        str(entry.get("suspend_file") or entry.get("check_file") or f"{given.suspend_dir}/{name}")
        for entry in (entries if isinstance(entries, (list, tuple)) else [])
        if isinstance(entry, Mapping)
    }
    return sorted(path for path in found if path.startswith("/"))


def _stats(one: Mapping[str, Any]) -> str:
    """The stats server of a vassal, as reached from its own host; empty if it has none that can be asked."""
    options = one.get("options")
    found = content(options.get("stats")) if isinstance(options, Mapping) else None
    address = found if isinstance(found, str) else ""
    if _ANY.match(address):
        address = "127.0.0.1:" + address.rpartition(":")[2]
    return "" if not address or is_url(address) or stats_flaw(address) or _EXPANDED.search(address) else address


def _routers(given: Fastrouter, fleet: Fleet) -> Iterator[tuple[str, str]]:
    """The names of routers and addresses of their stats servers."""
    taken: dict[str, str] = {}
    for at, entry in enumerate(given.dashboard_routers or [fleet.host]):
        place = f"fastrouter_dashboard_routers[{at}]"
        name, said, address = entry.partition("=")
        if not said and name == fleet.host:
            address = fastrouter.own_stats(given)
        elif not said:
            address = _seen(place, name, "fastrouter_stats", fleet.of_host) or _STATS
        if taken.setdefault(address, name) != name:
            raise ArgumentError(
                place,
                f"{name} would be asked at {address}, which is the stats server of {taken[address]}; let fastrouter_stats of "
                f"{name} be an address that this host reaches, or give {name}=IPV4:PORT",
            )
        yield name, address


def _peers(given: Fastrouter, fleet: Fleet) -> Iterator[tuple[str, str]]:
    """The names of hosts and addresses of their pages."""
    for at, entry in enumerate(given.dashboard_nodes):
        place = f"fastrouter_dashboard_nodes[{at}]"
        name, said, address = entry.partition("=")
        if name == fleet.host:
            continue
        if not said:
            address = _seen(place, name, "emperor_metrics", fleet.of_host)
        if not address:
            raise ArgumentError(place, f"{name} has no emperor_metrics; set it there, or leave {name} out")
        yield name, address


def _seen(place: str, name: str, variable: str, of_host: OfHost) -> str:
    """The address in a variable of another host, as reached from here."""
    try:
        found = text(f"{name}: {variable}", of_host(name, variable))
        host = text(f"{name}: ansible_host", of_host(name, "ansible_host")) if _ANY.match(found) else ""
    except ArgumentError as error:
        raise ArgumentError(place, str(error)) from error
    if not _ANY.match(found):
        return found
    address = f"{host or name}:{found.rpartition(':')[2]}"
    if not is_ipv4_port(address):
        raise ArgumentError(
            place, f"{variable} of {name} is {found}, and {host or name} is not an IPv4 address; give {name}=IPV4:PORT"
        )
    return address


def _expected(nodes: Iterable[Mapping[str, Any]], ports: set[str]) -> Iterator[dict[str, Any]]:
    """The nodes of the routers' pools: everything that subscribes to one of the ports."""
    known = set()
    for one in nodes:
        for each in one.get("vassals", []):
            options = each.get("options", {})
            for entry in each.get("subscriptions", []):
                servers = {_port(str(server)) for server in _each(entry.get("server"))}
                address = _address(entry.get("address"), options)
                if not address or not (servers & ports or "" in servers | ports):
                    continue
                # A missing name is rejected when the vassals are written.
                named = {"vassal": str(each["name"])} if each.get("name") else {}
                for key in map(str, _each(entry.get("key"))):
                    if key and (key, address) not in known:
                        known.add((key, address))
                        yield {"key": key, "address": address, "host": one["host"], **named, "capacity": _capacity(options)}


def _address(given: Any, options: Mapping[str, Any]) -> str:
    """The address that a subscription announces; empty if it isn't known before the node runs."""
    if isinstance(given, str) and not given.isdecimal():
        return given
    sockets = [str(content(one)) for name, value in options.items() if name in SOCKETS for one in _each(value)]
    number = 0 if given is None or isinstance(given, bool) else int(given)
    found = sockets[number] if 0 <= number < len(sockets) else ""
    return "" if not found or is_given_port(found) or _EXPANDED.search(found) or node_flaw(found) else found


def _capacity(options: Mapping[str, Any]) -> int:
    """How many requests a vassal can handle at once; 0 if its own options don't say."""
    counts = {name: str(content(options[name])) for name in COUNTS if name in options}
    if not counts or not all(one.isdecimal() and 0 < int(one) < _MOST_COUNT for one in counts.values()):
        return 0
    processes = int(counts.get("processes", counts.get("workers", "1")))
    return processes * max(int(counts.get(name, "1")) for name in ("threads", "async", "gevent"))


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [] if value is None else [value]


def _port(address: Any) -> str:
    found = _PORT.search(str(content(address)))
    return found[1] if found else ""
