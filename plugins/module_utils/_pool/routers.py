# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several routers asked at once: each with its pools, or with the reason why it has none."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any, Dict, Iterable, List, Optional

from ansible.module_utils import urls

from .._errors import ArgumentError
from . import stats as _stats

_MOST_AT_ONCE = 32


def check(stats: List[str], timeout: int, max_age: int) -> None:
    """Refuse arguments with which no router can be asked.

    Raises:
        ArgumentError: naming ``stats``, ``timeout`` or ``max_age``.
    """
    if not stats:
        raise ArgumentError("stats", "names no router; give the address of at least one stats server")
    for name, value, least in (("timeout", timeout, 1), ("max_age", max_age, 0)):
        if value < least:
            raise ArgumentError(name, f"{value} is too small; give {least} or more seconds")


def ask(stats: List[str], timeout: int) -> List[Dict[str, Any]]:
    """The answers of routers, in their order, each asked once.

    Args:
        timeout: seconds for each, all at once.

    Returns:
        each with ``stats``, its address, and either ``error``, or ``found``, what ``stats.parse`` gives, and ``time``, Unix time
        in seconds when it was read.
    """
    addresses = list(dict.fromkeys(stats))
    with ThreadPoolExecutor(min(len(addresses), _MOST_AT_ONCE)) as pool:
        return list(pool.map(lambda address: _answer(address, timeout), addresses))


def judged(
    answer: Dict[str, Any], max_age: float, key: Optional[str] = None, node: Optional[str] = None
) -> Dict[str, Any]:
    """An answer as a router with its pools, as of when it was read.

    Returns:
        ``stats``, ``pools``, and ``version`` and ``pid``, or ``error``.
    """
    router = {"stats": answer["stats"]}
    if "found" in answer:
        try:
            pools = _stats.pools(answer["found"], answer["time"], max_age)
            found = answer["found"]
            return dict(router, version=str(found["version"]), pid=found.get("pid"), pools=_stats.selected(pools, key, node))
        except _stats.StatsError as error:
            answer = {"error": f"{answer['stats']}: {error}"}
    return dict(router, error=answer["error"], pools=[])


def errors(stats: List[str], routers: Iterable[Dict[str, Any]]) -> List[str]:
    """What is wrong with those of the routers that don't answer, each with the argument that names it."""
    return [
        f"stats[{stats.index(router['stats'])}]: {router['error']}" for router in routers if "error" in router
    ]


def _answer(address: str, timeout: int) -> Dict[str, Any]:
    try:
        raw = _stats.fetch(address, timeout, get)
    except _stats.StatsError as error:
        return {"stats": address, "error": str(error)}
    try:
        return {"stats": address, "found": _stats.parse(raw), "time": time.time()}
    except _stats.StatsError as error:
        return {"stats": address, "error": f"{address}: {error}"}


def get(url: str, timeout: float) -> bytes:
    """Fetch a URL; raises OSError or ValueError."""
    deadline = time.monotonic() + timeout
    try:
        response = urls.open_url(url, timeout=timeout)
        return _stats.read_all(lambda dummy: response.read1(65536), deadline)
    except (HTTPException, urls.ConnectionError) as exc:
        raise ValueError(str(exc) or type(exc).__name__) from exc
