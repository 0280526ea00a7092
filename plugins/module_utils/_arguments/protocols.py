# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the protocol of a node's socket with that of the routers it announces itself to. Pure.

If they differ, every response is empty and nothing is logged. The socket's option sets its protocol; for options that
don't, ``protocol`` does (core/protocol.c). The fastrouter speaks uwsgi. So does the http router in 2.0. In 2.1 it speaks
http to nodes that announce ``proto=h``, and to all nodes with ``http-backend-http``. The other routers pass on all bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .._dialect import ROUTERS, SOCKETS, V2_1, Release
from .kinds import read_flag
from .options import content

UWSGI = "uwsgi"
HTTP = "http"
# The router uses the protocol that the node announces.
ANNOUNCED = "announced"
# The router passes on bytes without reading them.
ANY = "any"

# Protocols that the option's name doesn't tell.
_OF_SOCKETS = {
    "puwsgi-socket": UWSGI,
    "http11-socket": HTTP,
    "suwsgi-socket": "uwsgi with TLS",
}
_OF_ROUTERS = {"fastrouter": UWSGI, "http": UWSGI, "rawrouter": ANY, "sslrouter": ANY}
_DEFAULTS = ("protocol", "socket-protocol")
# Other sources of sockets. If one is used, the sockets' numbers are unknown.
_ELSEWHERE = re.compile(r"(include|inherit.*|ini|ini-paste.*|if-.*|for.*|emperor-fd-config|map-socket|zerg|shared-socket)\Z")
_WILDCARD = re.compile(r"(0\.0\.0\.0|\*)?\Z")


class Flaw(NamedTuple):
    """A mismatch, as the arguments of ``ArgumentError``."""

    path: str
    problem: str


class _Socket(NamedTuple):
    option: str
    address: str
    speaks: str


def by_server(options: Mapping[str, Any], release: Release, hosts: Iterable[str] = ()) -> Dict[str, str]:
    """The subscription servers of one router, each with what the router speaks to its nodes; empty if it is not a router.

    Args:
        options: the router's options, as in a vassal.
        release: of the router's uWSGI.
        hosts: the router's IPv4 addresses, for a server that listens on all of them.
    """
    plugin = next((ROUTERS[name] for name in options if name in ROUTERS), "")
    if not plugin:
        return {}
    speaks = _OF_ROUTERS[plugin]
    if plugin == "http" and release >= V2_1:
        everywhere = any(read_flag(value) for value in _values(options.get("http-backend-http")))
        speaks = HTTP if everywhere else ANNOUNCED
    found = {}
    for server in _values(options.get(plugin + "-subscription-server")):
        host, dummy, port = server.rpartition(":")
        is_everywhere = not server.startswith("/") and _WILDCARD.match(host)
        found.update(dict.fromkeys([f"{one}:{port}" for one in hosts] if is_everywhere else [server], speaks))
    return found


def flaws(path: str, options: Mapping[str, Any], subscriptions: Iterable[Any], routers: Mapping[str, str]) -> List[Flaw]:
    """Check what a vassal announces to routers whose protocol is known.

    Args:
        path: path of the vassal, such as ``vassals[3]``.
        options: all of its options, including the defaults.
        subscriptions: as given by the user; invalid ones are left to the check of the arguments.
        routers: from servers as subscriptions name them to ``UWSGI``, ``HTTP``, ``ANNOUNCED`` or ``ANY``.
    """
    sockets = list(_sockets(options))
    is_certain = not any(_ELSEWHERE.match(str(name)) for name in options)
    found = []
    for at, entry in enumerate(subscriptions):
        if not isinstance(entry, Mapping):
            continue
        socket = _announced(sockets, entry.get("address"), is_certain)
        if socket is None:
            continue
        for server in _values(entry.get("server")):
            problem = _problem(socket, server, routers.get(server, ANY), entry.get("protocol") or UWSGI)
            if problem:
                found.append(Flaw(f"{path}.subscriptions[{at}].server", problem))
    return found


def _problem(socket: _Socket, server: str, router: str, announced: str) -> str:
    wanted = announced if router == ANNOUNCED else router
    if wanted in (ANY, socket.speaks):
        return ""
    where = f"the vassal's {socket.option} {socket.address} speaks {socket.speaks}"
    if router == ANNOUNCED and socket.speaks in (HTTP, UWSGI):
        told = f"{where}, and {server} is told that it speaks {wanted}"
        return f"{told}, so every answer would be empty; set protocol to {socket.speaks}"
    needed = "socket" if wanted == UWSGI else "http-socket"
    return (
        f"{where}, and the router at {server} speaks {wanted} to its nodes, so every answer would be empty and nothing logged; "
        f"announce a socket of the option {needed}"
    )


def _announced(sockets: List[_Socket], address: Any, is_certain: bool) -> Optional[_Socket]:
    """The announced socket; None if it is another instance's or unknown."""
    text = "0" if address is None else str(address)
    if text.isascii() and text.isdigit():
        number = int(text) if len(text) < 4 else len(sockets)
        return sockets[number] if is_certain and number < len(sockets) else None
    return next((one for one in sockets if one.address == text), None)


def _sockets(options: Mapping[str, Any]) -> Iterator[_Socket]:
    """An instance's sockets, in the order of their lines."""
    default = UWSGI
    for name in _DEFAULTS:
        default = next(reversed(_values(options.get(name))), default)
    for name, value in options.items():
        if name in SOCKETS:
            speaks = _OF_SOCKETS.get(name, name[: -len("-socket")]) or default
            for one in _values(value):
                yield _Socket(name, one.partition(",")[0], speaks)


def _values(value: Any) -> List[str]:
    """The values of an option or argument as uWSGI reads them, whatever their form."""
    given: Tuple[Any, ...] = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return [str(content(one)) for one in given if one is not None]
