# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the stats of a router from its stats server.

The format is that of ``corerouter_send_stats`` (``plugins/corerouter/cr.c``). uWSGI escapes nothing in it, not even text
from announcements. It writes a superfluous comma if two routers share an instance, and 2.1 puts an uninitialised byte into
``proto``. This reader accepts all of that.
"""

from __future__ import annotations

import json
import re
import socket
import time
from bisect import bisect_left
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .._addresses import endpoint, is_url, stats_flaw
from .._dialect import ROUTERS
from .._errors import HostError
from .._files import opened
from .._files.child import where_it_belongs
from . import strict_json

_DANGLING = re.compile(r",(\s*[\]}])")
# Members whose content others decide, and the members that can follow them; only 2.1 has a node's vassal.
_BEHIND = {
    "cwd": ("active_sessions",),
    "key": ("hash",),
    "name": ("modifier1", "vassal"),
    "vassal": ("modifier1",),
    "proto": ("wrr",),
}
_OPENING = re.compile(r'"(cwd|key|name|vassal|proto)":"')
_CLOSING = re.compile(r'"(?=,\s*"(active_sessions|hash|modifier1|vassal|wrr)":)')
# 2.1 reports the first letter of what the node announced, or any byte if it announced nothing.
_PROTOCOLS = {"h": "http", "u": "uwsgi"}
# An address has at most 255 bytes, and so has a key that a router survives.
_MOST_CHARACTERS = 4096
# A router with thousands of nodes writes a few megabytes, and all of it must also be parsed in time.
_MOST_BYTES = 64 * 2**20
_CHUNK = 1 << 16
# Seconds within which a stats server must answer, unless the caller sets another time.
ANSWER = 5
# json.dumps would check its options on each call.
_ESCAPE = json.JSONEncoder().encode
# The text before a router's list of its addresses.
_KINDS = sorted(set(ROUTERS.values()))

# Fetches a URL within some seconds; raises OSError or ValueError.
Get = Callable[[str, float], bytes]


class StatsError(Exception):
    """A router doesn't answer, or its answer is invalid."""


class Listed(NamedTuple):
    """A node as one router lists it under one key.

    Attributes:
        last_check: Unix time in seconds of its last announcement, by the router's clock.
        in_flight: its current requests.
        dead: whether it was removed and gets no new requests.
        vassal: the name by which 2.1 also knows it. Its address is empty while it is cleared: stopped, but still listed.
        protocol: http or uwsgi; empty if unknown.
        backup: gets requests only while there is no node with a lower number.
    """

    address: str
    last_check: int
    weight: int = 1
    modifier1: int = 0
    modifier2: int = 0
    requests: int = 0
    failures: int = 0
    in_flight: int = 0
    dead: bool = False
    vassal: str = ""
    protocol: str = ""
    backup: int = 0


class ListedPool(NamedTuple):
    """A key as one router lists it.

    Attributes:
        hits: the requests for it.
        algo: uWSGI's name of its balancing algorithm; empty from a router of 2.0.
    """

    key: str
    hits: int
    nodes: List[Listed]
    algo: str = ""


class Table(NamedTuple):
    """The subscriptions of one router.

    Attributes:
        version: the release of its uWSGI.
        sockets: its addresses, including that of its subscription server.
    """

    version: str
    pid: Optional[int]
    pools: List[ListedPool]
    sockets: Tuple[str, ...] = ()


class Process(NamedTuple):
    """The process of a router.

    Attributes:
        sessions: its clients' current connections, including idle ones.
        table: None if the router has no subscription server.
    """

    pid: int
    sessions: int
    table: Optional[Table]


def fetch(address: str, timeout: float, get: Get, most: Optional[int] = None) -> bytes:
    """Read everything that a stats server sends.

    Args:
        address: ``IPV4:PORT``, a unix socket's absolute path, or an http URL.
        timeout: seconds in total.
        get: fetches URLs.
        most: maximum bytes from a socket; None for more than any router writes.

    Raises:
        StatsError: naming the address and the problem.
    """
    flaw = stats_flaw(address)
    if flaw:
        raise StatsError(f"{address!r} {flaw}")
    try:
        if is_url(address):
            return get(address, timeout)
        if not address.startswith("/"):
            return _received(address, timeout, most)
        # As the user who can put another socket in its place.
        return where_it_belongs(lambda: _received(address, timeout, most).decode("latin-1"), timeout + 1).encode("latin-1")
    except (OSError, ValueError, HostError) as exc:
        raise StatsError(
            f"{address} does not answer: {exc}; check that the router runs and has this stats server"
        ) from exc


def _received(address: str, timeout: float, most: Optional[int]) -> bytes:
    deadline = time.monotonic() + timeout
    family, target = endpoint(address)
    if address.startswith("/"):
        opened.secure(address)
    with socket.socket(family, socket.SOCK_STREAM) as stream:
        stream.settimeout(timeout)
        stream.connect(target)

        def receive(left: float) -> bytes:
            stream.settimeout(left)
            return stream.recv(_CHUNK)

        return read_all(receive, deadline, most)


def read_all(receive: Callable[[float], bytes], deadline: float, most: Optional[int] = None) -> bytes:
    """Read until the end, however slowly the data arrives.

    Args:
        receive: returns some bytes within some seconds; none at the end.
        deadline: the time in ``time.monotonic`` by which all must have arrived.
        most: maximum bytes; None for more than any router writes.

    Raises:
        OSError: if the time is over.
        ValueError: if it is longer than any router's.
    """
    parts: List[bytes] = []
    size, most = 0, _MOST_BYTES if most is None else most
    while size < most:
        left = deadline - time.monotonic()
        if left <= 0:
            raise OSError("timed out")
        part = receive(left)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    raise ValueError(f"it sends more than {most} bytes")


def parse(raw: bytes) -> Table:
    """Read the JSON of a router's stats server.

    Raises:
        StatsError: if it isn't a router's, or has anything that no router writes.
    """
    return _table(_loaded(raw))


def _table(found: Dict[str, Any]) -> Table:
    if "subscriptions" not in found:
        raise StatsError("it is not the stats server of a router with a subscription server")
    try:
        pools = [_pool(strict_json.mapping(pool)) for pool in strict_json.sequence(found["subscriptions"])]
        pid = found.get("pid")
        sockets = [strict_json.text(one) for kind in _KINDS for one in strict_json.sequence(found.get(kind, []))]
        return Table(
            strict_json.text(found["version"]), pid if pid is None else strict_json.number(pid), pools, tuple(sockets)
        )
    except (KeyError, TypeError) as exc:
        raise StatsError("its answer has no valid table of nodes") from exc


def process(raw: bytes) -> Process:
    """Read the process data in a router's stats; the router needs no subscription server.

    Raises:
        StatsError: if it isn't a router's, or has anything that no router writes.
    """
    found = _loaded(raw)
    try:
        counts = strict_json.number(found["pid"]), strict_json.number(found["active_sessions"])
    except (KeyError, TypeError) as exc:
        raise StatsError("its answer has no valid sessions") from exc
    return Process(*counts, _table(found) if "subscriptions" in found else None)


def _loaded(raw: bytes) -> Dict[str, Any]:
    """The JSON from any uWSGI stats server; raises StatsError."""
    text = _escaped(raw.decode("utf-8", "replace"))
    try:
        try:
            found = strict_json.load(text)
        except ValueError:
            found = strict_json.load(_DANGLING.sub(r"\1", text))
    except ValueError as exc:
        raise StatsError(f"its answer is not the JSON of a stats server: {exc}") from exc
    if not isinstance(found, dict) or "version" not in found:
        raise StatsError("its answer is not that of a uWSGI stats server")
    return found


def _escaped(text: str) -> str:
    """The text with proper JSON escapes in the values that others decide, in one pass."""
    closings: Dict[str, List[int]] = {}
    for found in _CLOSING.finditer(text):
        closings.setdefault(found.group(1), []).append(found.start())
    quotes = {member: [closings[name] for name in behind if name in closings] for member, behind in _BEHIND.items()}
    parts: List[str] = []
    done = 0
    for opening in _OPENING.finditer(text):
        # Don't search within a value.
        if opening.start() < done:
            continue
        begin = opening.end()
        end = _end(quotes[opening.group(1)], begin)
        if end is not None:
            parts += [text[done : begin - 1], _ESCAPE(text[begin:end])]
            done = end + 1
    return "".join([*parts, text[done:]])


def _end(closings: Sequence[List[int]], begin: int) -> Optional[int]:
    """The end of the value at ``begin``: the first quote that is followed by one of the members that can come next.

    Args:
        closings: for each of these members, the quotes in the text that it follows.
    """
    # Not a search from one quote to the next: strangers may write thousands that end no value.
    found = [quotes[at] for quotes in closings for at in [bisect_left(quotes, begin)] if at < len(quotes)]
    nearest = min(found, default=None)
    return None if nearest is None or nearest - begin > _MOST_CHARACTERS else nearest


def _pool(pool: Dict[str, Any]) -> ListedPool:
    return ListedPool(
        strict_json.text(pool["key"]),
        strict_json.number(pool.get("hits", 0)),
        [_listed(strict_json.mapping(node)) for node in strict_json.sequence(pool.get("nodes", []))],
        strict_json.text(pool.get("algo", "")),
    )


def _listed(node: Dict[str, Any]) -> Listed:
    get = node.get
    last_check, weight, modifier1, modifier2, requests, failures, in_flight, dead, backup = strict_json.numbers(
        [
            node["last_check"],
            get("weight", 1),
            get("modifier1", 0),
            get("modifier2", 0),
            get("requests", 0),
            get("failcnt", 0),
            get("ref", 0),
            get("death_mark", 0),
            get("backup", 0),
        ]
    )
    return Listed(
        strict_json.text(node["name"]),
        last_check,
        weight,
        modifier1,
        modifier2,
        requests,
        failures,
        in_flight,
        dead != 0,
        vassal=strict_json.text(get("vassal", "")),
        protocol=protocol(strict_json.text(get("proto", ""))),
        backup=backup,
    )


def protocol(letter: str) -> str:
    """The protocol for a router's letter; empty if it means none."""
    return _PROTOCOLS.get(letter, "")
