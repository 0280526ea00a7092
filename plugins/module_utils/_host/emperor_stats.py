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
from typing import Any, Dict, NamedTuple

from .._pool.stats import StatsError


class State(NamedTuple):
    """A vassal as its Emperor has it.

    Attributes:
        known: whether it runs.
        modified: the mtime of its file, in seconds, that it runs on.
        accepting: whether its workers take requests.
        failing: how often it failed to start.
        asleep: whether it waits for its first request, since it runs on demand.
    """

    known: bool = False
    modified: int = 0
    accepting: bool = False
    failing: int = 0
    asleep: bool = False


def parse(raw: bytes) -> Dict[str, Any]:
    """Read the JSON of an Emperor's stats server; raises StatsError."""
    try:
        found = json.loads(raw.decode("utf-8", "replace"), strict=False)
    except ValueError as exc:
        raise StatsError(f"its answer is not the JSON of a stats server: {exc}") from exc
    if not isinstance(found, dict) or "vassals" not in found:
        raise StatsError("it is the stats server of something else than an Emperor")
    return found


def vassal(found: Dict[str, Any], path: str) -> State:
    """One vassal, known by its path, or by its name where the Emperor watches a folder and not a pattern."""
    names = (path, os.path.basename(path))
    for one in found["vassals"]:
        if one.get("id") in names:
            asleep = bool(one.get("on_demand")) and one.get("pid") == -1
            return State(True, int(one.get("last_mod", 0)), bool(one.get("accepting")), asleep=asleep)
    for one in found.get("blacklist", []):
        if one.get("id") in names:
            return State(failing=int(one.get("attempt", 1)))
    return State()
