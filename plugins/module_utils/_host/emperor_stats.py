# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Emperor's own stats: what becomes of one of its vassals. Pure.

The format is what ``emperor_send_stats`` (``core/emperor.c``) writes. A reload sets ``accepting`` to 0 until the
vassal's workers are up.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, NamedTuple, Optional

from .._pool.stats import Get, StatsError, fetch


class Vassal(NamedTuple):
    """A vassal that an Emperor runs.

    Attributes:
        id: its path, or its name where the Emperor watches a folder and not a pattern.
        modified: the mtime of its file, in seconds, that it runs on.
        accepting: whether its workers take requests.
        on_demand: the address that the Emperor binds for it, None where it runs from the start.
        asleep: whether it waits for its first request.
        cursed: whether the Emperor is stopping it.
    """

    id: str
    modified: int = 0
    accepting: bool = False
    on_demand: Optional[str] = None
    asleep: bool = False
    cursed: bool = False


class Emperor(NamedTuple):
    """What an Emperor runs, and how often each of those that don't start was tried, by their ``id``."""

    vassals: List[Vassal]
    failing: Dict[str, int]


class State(NamedTuple):
    """What becomes of one vassal.

    Attributes:
        running: None where it doesn't run.
        failing: how often it failed to start.
    """

    running: Optional[Vassal] = None
    failing: int = 0


def ask(address: str, timeout: float, get: Get) -> Emperor:
    """Ask an Emperor's stats server.

    Raises:
        StatsError: when it doesn't answer as one, naming the address.
    """
    raw = fetch(address, timeout, get)
    try:
        return parse(raw)
    except StatsError as error:
        raise StatsError(f"{address}: {error}") from error


def parse(raw: bytes) -> Emperor:
    """Read the JSON of an Emperor's stats server; raises StatsError."""
    try:
        found = json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as exc:
        raise StatsError(f"its answer is not the JSON of a stats server: {exc}") from exc
    if not isinstance(found, dict) or "vassals" not in found:
        raise StatsError("it is the stats server of something else than an Emperor")
    try:
        return Emperor(
            [_vassal(one) for one in found["vassals"]],
            {str(one["id"]): int(one.get("attempt", 1)) for one in found.get("blacklist", [])},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise StatsError("its answer has no vassals as an Emperor has") from exc


def _vassal(one: Dict[str, Any]) -> Vassal:
    on_demand = one.get("on_demand") or None
    return Vassal(
        id=str(one["id"]),
        modified=int(one.get("last_mod", 0)),
        accepting=bool(one.get("accepting")),
        on_demand=None if on_demand is None else str(on_demand),
        asleep=on_demand is not None and one.get("pid") == -1,
        cursed=bool(one.get("cursed")),
    )


def state(emperor: Emperor, path: str) -> State:
    """One vassal of an Emperor, by the path of its file."""
    names = (path, os.path.basename(path))
    for one in emperor.vassals:
        if one.id in names:
            return State(one)
    return State(failing=next((emperor.failing[name] for name in names if name in emperor.failing), 0))
