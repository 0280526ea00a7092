# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks several routers at once: each has pools, or a reason why it has none. Free of Ansible."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Collection, Dict, Iterable, List, NamedTuple, Optional, Union

from .._errors import ArgumentError
from . import strict_json
from .pools import Router, pools, selected
from .stats import Get, StatsError, Table, fetch, parse

_MOST_AT_ONCE = 32
# The largest Unix time in seconds that a float holds exactly.
_LAST = 2**53

# Makes a table from a router's answer; raises StatsError.
Read = Callable[[bytes], Table]


class Answer(NamedTuple):
    """A router's answer.

    Attributes:
        stats: the address of its stats server.
        table: None if there is no answer; ``error`` then says why.
        time: Unix time in seconds when it was read.
        raw: the bytes that were read, if requested.
        seconds: how long the answer took, including reading it.
    """

    stats: str
    table: Optional[Table] = None
    time: float = 0.0
    error: str = ""
    raw: bytes = b""
    seconds: float = 0.0

    def kept(self) -> Dict[str, Any]:
        """The answer in a form for a cache."""
        # Plain text, without any tag of its origin.
        return {"stats": strict_json.text(self.stats), "time": self.time, "raw": self.raw.decode("utf-8", "replace")}


def check(stats: List[str], timeout: int, max_age: int) -> None:
    """Reject arguments with which no router can be asked.

    Raises:
        ArgumentError: naming ``router_stats``, ``timeout`` or ``max_age``.
    """
    if not stats:
        raise ArgumentError("router_stats", "names no router; give the address of at least one stats server")
    for name, value, least in (("timeout", timeout, 1), ("max_age", max_age, 0)):
        if value < least:
            raise ArgumentError(name, f"{value} is too small; give {least} or more seconds")


class _Fetched(NamedTuple):
    """The result of a query: bytes or an error, the time, and the duration."""

    found: Union[bytes, StatsError]
    time: float
    seconds: float


def ask(stats: List[str], timeout: float, get: Get, read: Read = parse, keep: bool = False) -> List[Answer]:
    """The answers of routers, in order, each asked once.

    Args:
        timeout: seconds for each router; all are asked at the same time.
        get: for routers whose stats server speaks http.
        read: parses an answer.
        keep: keep the bytes of each answer.
    """
    addresses = list(dict.fromkeys(stats))
    if not addresses:
        return []
    with ThreadPoolExecutor(min(len(addresses), _MOST_AT_ONCE)) as executor:
        fetched = list(executor.map(lambda address: _fetched(address, timeout, get), addresses))
    answers = []
    # Parsed one at a time: Python can't do it in parallel, and this way only one is in memory as JSON.
    for address in addresses:
        one = fetched.pop(0)
        answers.append(_answer(address, one, read, keep))
    return answers


def _fetched(address: str, timeout: float, get: Get) -> _Fetched:
    begin = time.monotonic()
    try:
        found: Union[bytes, StatsError] = fetch(address, timeout, get)
    except StatsError as error:
        found = error
    return _Fetched(found, time.time(), time.monotonic() - begin)


def _answer(address: str, fetched: _Fetched, read: Read, keep: bool) -> Answer:
    if isinstance(fetched.found, StatsError):
        return Answer(address, error=str(fetched.found))
    begin = time.monotonic()
    found = _read(address, fetched.found, fetched.time, read)
    return found._replace(raw=found.raw if keep else b"", seconds=fetched.seconds + time.monotonic() - begin)


def _read(address: str, raw: bytes, now: float, read: Read = parse) -> Answer:
    try:
        return Answer(address, read(raw), now, raw=raw)
    except StatsError as error:
        return Answer(address, error=f"{address}: {error}")


def restored(kept: Any) -> List[Answer]:
    """Answers from a cache; none if the cache holds anything invalid."""
    try:
        return [
            _read(strict_json.text(one["stats"]), strict_json.text(one["raw"]).encode("utf-8"), _time(one["time"]))
            for one in map(strict_json.mapping, strict_json.sequence(kept))
        ]
    except (KeyError, TypeError):
        return []


def _time(value: Any) -> float:
    # NaN and Infinity, which Python's JSON accepts, are outside this range.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LAST:
        raise TypeError("not a time")
    return float(value)


def judged(answer: Answer, max_age: float, keys: Optional[Collection[str]] = None, node: Optional[str] = None) -> Router:
    """An answer as a router with all or some of its pools, judged at the time when it was read."""
    if answer.table is None:
        return Router(stats=answer.stats, error=answer.error, pools=[])
    return Router(
        stats=answer.stats,
        version=answer.table.version,
        pid=answer.table.pid,
        pools=selected(pools(answer.table, answer.time, max_age, keys), node),
    )


def errors(stats: List[str], routers: Iterable[Router]) -> List[str]:
    """The errors of routers that don't answer, each with the argument that names the router."""
    return [f"router_stats[{stats.index(router['stats'])}]: {router['error']}" for router in routers if "error" in router]
