# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stats of a router, read from its stats server.

The format is what ``corerouter_send_stats`` writes (``plugins/corerouter/cr.c``). uWSGI escapes nothing in it, not even what
came with an announcement, writes a comma too many when two routers share an instance, and 2.1 puts an uninitialised byte into
``proto``; all of that is read.
"""

from __future__ import annotations

import json
import re
import socket
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .._addresses import endpoint, is_url, stats_flaw
from .._dialect import ROUTERS
from .._errors import HostError
from .._files import opened
from .._files.child import where_it_belongs
from . import strict_json

_DANGLING = re.compile(r",(\s*[\]}])")
# What others decide the content of, and the members that can be behind it; 2.1 has a node's vassal.
_BEHIND = {
    "cwd": ("active_sessions",),
    "key": ("hash",),
    "name": ("modifier1", "vassal"),
    "vassal": ("modifier1",),
    "proto": ("wrr",),
}
_OPENING = re.compile(r'"(cwd|key|name|vassal|proto)":"')
_CLOSING = re.compile(r'"(?=,\s*"(active_sessions|hash|modifier1|vassal|wrr)":)')
# What 2.1 says of a node is the first letter of what the node announced, and any byte where it announced nothing.
_PROTOCOLS = {"h": "http", "u": "uwsgi"}
# An address has 255 bytes, and so has a key that a router survives.
_MOST_CHARACTERS = 4096
# A router with thousands of nodes writes some megabytes, and all that is read must also be parsed in time.
_MOST_BYTES = 64 * 2**20
_CHUNK = 1 << 16
# json.dumps looks at its options each time.
_ESCAPE = json.JSONEncoder().encode
# What is the name of a router's list of its addresses.
_KINDS = sorted(set(ROUTERS.values()))

# Fetches a URL within some seconds; raises OSError or ValueError.
Get = Callable[[str, float], bytes]


class StatsError(Exception):
    """A router that doesn't answer, or answers something else."""


class Listed(NamedTuple):
    """A node as one router lists it under one key.

    Attributes:
        last_check: when it last was heard, Unix time in seconds of the router's clock.
        in_flight: the requests that it has right now.
        dead: whether it was taken out and gets no new request.
        vassal: the name by which 2.1 knows it besides. Its address is empty while it is cleared: stopped, and still listed.
        protocol: http or uwsgi, empty where the node or the router says nothing of it.
        backup: gets requests only while no node with a lower one is there.
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
        algo: uWSGI's name of its balancing algorithm, empty from a router of 2.0.
    """

    key: str
    hits: int
    nodes: List[Listed]
    algo: str = ""


class Table(NamedTuple):
    """The subscriptions of one router.

    Attributes:
        version: that of its uWSGI.
        sockets: its addresses, that of its subscription server among them.
    """

    version: str
    pid: Optional[int]
    pools: List[ListedPool]
    sockets: Tuple[str, ...] = ()


class Process(NamedTuple):
    """The process of a router.

    Attributes:
        sessions: its clients' connections right now, those between two requests as well.
        table: None of a router without a subscription server.
    """

    pid: int
    sessions: int
    table: Optional[Table]


def fetch(address: str, timeout: float, get: Get, most: Optional[int] = None) -> bytes:
    """Read all that a stats server sends.

    Args:
        address: ``IPV4:PORT``, a unix socket's absolute path, or an http URL.
        timeout: seconds for all of it.
        get: for a URL.
        most: bytes that it may have on a socket, None for more than any router writes.

    Raises:
        StatsError: naming the address and what is wrong.
    """
    flaw = stats_flaw(address)
    if flaw:
        raise StatsError(f"{address!r} {flaw}")
    try:
        if is_url(address):
            return get(address, timeout)
        if not address.startswith("/"):
            return _received(address, timeout, most)
        # As whoever can put another socket in its place.
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
    """Read until the end, however slowly it comes.

    Args:
        receive: gives some bytes within some seconds, none at the end.
        deadline: the time of ``time.monotonic`` when it must have come.
        most: bytes that it may have, None for more than any router writes.

    Raises:
        OSError: when the time is over.
        ValueError: when it's more than any router has to say.
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
        StatsError: when it isn't a router's, or has anything in it that no router writes.
    """
    return _table(_loaded(raw))


def _table(found: Dict[str, Any]) -> Table:
    if "subscriptions" not in found:
        raise StatsError("it is the stats server of something else than a router with a subscription server")
    try:
        pools = [_pool(strict_json.mapping(pool)) for pool in strict_json.sequence(found["subscriptions"])]
        pid = found.get("pid")
        sockets = [strict_json.text(one) for kind in _KINDS for one in strict_json.sequence(found.get(kind, []))]
        return Table(
            strict_json.text(found["version"]), pid if pid is None else strict_json.number(pid), pools, tuple(sockets)
        )
    except (KeyError, TypeError) as exc:
        raise StatsError("its answer has no table of nodes as a router has") from exc


def process(raw: bytes) -> Process:
    """Read what a router's stats server says of its process, also one of a router without a subscription server.

    Raises:
        StatsError: when it isn't a router's, or has anything in it that no router writes.
    """
    found = _loaded(raw)
    try:
        counts = strict_json.number(found["pid"]), strict_json.number(found["active_sessions"])
    except (KeyError, TypeError) as exc:
        raise StatsError("its answer has no sessions as a router has") from exc
    return Process(*counts, _table(found) if "subscriptions" in found else None)


def _loaded(raw: bytes) -> Dict[str, Any]:
    """What any uWSGI stats server sends; raises StatsError."""
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
    """The text with what others decide the content of written as JSON has it, found in one pass."""
    closings = [(found.start(), found.group(1)) for found in _CLOSING.finditer(text)]
    parts: List[str] = []
    done = at = 0
    for opening in _OPENING.finditer(text):
        begin = opening.end()
        # Not inside of a value.
        if opening.start() < done:
            continue
        while at < len(closings) and closings[at][0] < begin:
            at += 1
        end = _end(closings, at, begin, _BEHIND[opening.group(1)])
        if end is not None:
            parts += [text[done : begin - 1], _ESCAPE(text[begin:end])]
            done = end + 1
    return "".join([*parts, text[done:]])


def _end(closings: Sequence[Tuple[int, str]], at: int, begin: int, behind: Sequence[str]) -> Optional[int]:
    """Where a value ends that begins at ``begin``: at the first quote before one of the members that can be behind it."""
    while at < len(closings) and closings[at][0] - begin <= _MOST_CHARACTERS:
        if closings[at][1] in behind:
            return closings[at][0]
        at += 1
    return None


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
    """The protocol that a router's letter stands for, empty where it stands for none."""
    return _PROTOCOLS.get(letter, "")
