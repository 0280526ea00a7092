# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a node's socket speaks, against what the routers speak to which it announces itself. Pure.

Where they differ, every answer is empty and nothing is logged. The protocol of a socket is that of its option, or for those
without one that of ``protocol`` (core/protocol.c). The fastrouter speaks uwsgi. The http router does so in 2.0; in 2.1 it speaks
http to nodes that announce ``proto=h``, and with ``http-backend-http`` to all. The others pass on whatever comes.
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
# What the node says that it speaks.
ANNOUNCED = "announced"
# Bytes, which mean nothing to the router.
ANY = "any"

# What isn't said by the option's own name.
_OF_SOCKETS = {
    "socket": "",
    "uwsgi-socket": UWSGI,
    "puwsgi-socket": UWSGI,
    "http11-socket": HTTP,
    "suwsgi-socket": "uwsgi with TLS",
}
_OF_ROUTERS = {"fastrouter": UWSGI, "http": UWSGI, "rawrouter": ANY, "sslrouter": ANY}
_DEFAULTS = ("protocol", "socket-protocol")
# Where sockets may come from besides, and then their numbers are unknown.
_ELSEWHERE = re.compile(r"(include|inherit.*|ini|ini-paste.*|if-.*|for.*|emperor-fd-config|map-socket|zerg|shared-socket)\Z")
_WILDCARD = re.compile(r"(0\.0\.0\.0|\*)?\Z")


class Flaw(NamedTuple):
    """What doesn't fit, as ``ArgumentError`` takes it."""

    path: str
    problem: str


class _Socket(NamedTuple):
    option: str
    address: str
    speaks: str


def by_server(options: Mapping[str, Any], release: Release, hosts: Iterable[str] = ()) -> Dict[str, str]:
    """The subscription servers of one router, each with what the router speaks to its nodes; empty for what is no router.

    Args:
        options: the router's, as a vassal has them.
        release: of the router's uWSGI.
        hosts: the router's IPv4 addresses, for a server that is on all of them.
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
    """Judge what a vassal announces to routers of which it is known what they speak.

    Args:
        path: the vassal's, such as ``vassals[3]``.
        options: all of its options, those of the defaults too.
        subscriptions: as a user gives them; what is none is for the check of the arguments.
        routers: servers as the subscriptions have them to ``UWSGI``, ``HTTP``, ``ANNOUNCED`` or ``ANY``.
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
    """The socket that is announced, None where that is another's, or isn't known."""
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
    """What uWSGI reads of an option's or an argument's value, whatever form it has."""
    given: Tuple[Any, ...] = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return [str(content(one)) for one in given if one is not None]
