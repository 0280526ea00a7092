# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stats of an Emperor: the state of its vassals. Pure.

The format is that of ``emperor_send_stats`` (``core/emperor.c``). A reload sets ``accepting`` to 0 until the
vassal's workers are up.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from .._pool import strict_json
from .._pool.stats import Get, StatsError, fetch

# More than any Emperor can run.
_MOST_VASSALS = 100_000


class Vassal(NamedTuple):
    """A vassal that an Emperor runs.

    Attributes:
        id: its path, or its name if the Emperor watches a folder instead of a pattern.
        modified: mtime in seconds of the file version that it runs.
        accepting: whether its workers accept requests.
        ready: whether it has started. Vassals without workers, such as routers, report nothing else.
        on_demand: the address that the Emperor binds for it; None if it starts immediately.
        asleep: whether it waits for its first request.
        cursed: whether the Emperor is stopping it.
        respawns: how often the Emperor reloaded it; a crash resets it to 0.
        started: Unix time in seconds of its start or last reload.
    """

    id: str
    modified: int = 0
    accepting: bool = False
    ready: bool = False
    on_demand: Optional[str] = None
    asleep: bool = False
    cursed: bool = False
    respawns: int = 0
    started: int = 0


class Emperor(NamedTuple):
    """The vassals of an Emperor.

    Attributes:
        failing: how often each vassal that doesn't start was tried, by ``id``.
        pid: its process; 0 if unknown.
    """

    vassals: List[Vassal]
    failing: Dict[str, int]
    pid: int = 0


class State(NamedTuple):
    """The state of one vassal.

    Attributes:
        running: None if it doesn't run.
        failing: how often it failed to start; it is also running while it is tried again.
    """

    running: Optional[Vassal] = None
    failing: int = 0


def ask(address: str, timeout: float, get: Get) -> Emperor:
    """Ask an Emperor's stats server.

    Raises:
        StatsError: naming the address, if it isn't an Emperor's stats server.
    """
    raw = fetch(address, timeout, get)
    try:
        return parse(raw)
    except StatsError as error:
        raise StatsError(f"{address}: {error}") from error


def parse(raw: bytes) -> Emperor:
    """Read the JSON of an Emperor's stats server.

    Raises:
        StatsError: if they aren't an Emperor's, or have anything that no Emperor writes.
    """
    try:
        found = strict_json.load(raw.decode("utf-8", "replace"))
    except ValueError as exc:
        raise StatsError(f"its answer is not the JSON of a stats server: {exc}") from exc
    if not isinstance(found, dict) or "vassals" not in found:
        raise StatsError("it is not an Emperor's stats server")
    try:
        vassals, failing = strict_json.sequence(found["vassals"]), strict_json.sequence(found.get("blacklist", []))
        if len(vassals) + len(failing) > _MOST_VASSALS:
            raise StatsError(f"its answer has more than {_MOST_VASSALS} vassals")
        running = [_vassal(strict_json.mapping(one)) for one in vassals]
        return Emperor(running, _attempts(failing), strict_json.number(found.get("pid", 0)))
    except (KeyError, TypeError) as exc:
        raise StatsError("its answer has no valid list of vassals") from exc


def _attempts(failing: List[Any]) -> Dict[str, int]:
    """How often each was tried; the maximum if it is listed twice."""
    found: Dict[str, int] = {}
    for one in map(strict_json.mapping, failing):
        name = strict_json.text(one["id"])
        found[name] = max(found.get(name, 0), strict_json.number(one.get("attempt", 1)))
    return found


def _vassal(one: Dict[str, Any]) -> Vassal:
    on_demand = strict_json.text(one.get("on_demand", "")) or None
    return Vassal(
        id=strict_json.text(one["id"]),
        modified=strict_json.number(one.get("last_mod", 0)),
        accepting=strict_json.number(one.get("accepting", 0)) != 0,
        ready=strict_json.number(one.get("ready", 0)) != 0,
        on_demand=on_demand,
        asleep=on_demand is not None and strict_json.number(one.get("pid", 0)) == -1,
        cursed=strict_json.number(one.get("cursed", 0)) != 0,
        respawns=strict_json.number(one.get("respawns", 0)),
        started=strict_json.number(one.get("last_run", 0)),
    )


def state(emperor: Emperor, path: str) -> State:
    """One vassal of an Emperor, by the path of its file; the first if there are two."""
    return states(emperor, [path])[path]


def states(emperor: Emperor, paths: Iterable[str]) -> Dict[str, State]:
    """Several vassals of an Emperor, as in ``state``."""
    first: Dict[str, int] = {}
    for at, one in enumerate(emperor.vassals):
        first.setdefault(one.id, at)
    found = {}
    for path in paths:
        names = (path, os.path.basename(path))
        at = min((first[name] for name in names if name in first), default=-1)
        running = emperor.vassals[at] if at >= 0 else None
        found[path] = State(running, next((emperor.failing[name] for name in names if name in emperor.failing), 0))
    return found
