# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists the nodes that are held out on all hosts, as lines for a terminal. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

from .table import line, moment

_HEADS = ("host", "vassal", "held out by", "since")
_NOBODY = "Nobody is held out."
_LONGEST_ERROR = 500


def lines(results: Any) -> list[str]:
    """The lines.

    Args:
        results: from hosts to what the module ``uwsgi_drain`` returned for their ``vassals``, or its failure.

    Raises:
        ArgumentError: for anything else.
    """
    rows: list[tuple[str, ...]] = []
    errors: list[str] = []
    for host, result in _mapping("_input", results).items():
        one = _mapping(f"_input.{host}", result)
        # A host without vassals was not asked.
        if one.get("skipped"):
            continue
        if "vassals" in one:
            rows += _rows(str(host), one["vassals"])
        else:
            said = str(one.get("msg", "")).strip() or "an earlier task failed"
            errors.append(line(f"{host}: not known: {said}", _LONGEST_ERROR))
    table = _table(sorted(rows)) if rows else [_NOBODY]
    return [*table, *([""] if errors else []), *errors]


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    cells = [[line(cell) for cell in row] for row in (_HEADS, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(_HEADS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]


def _rows(host: str, vassals: Any) -> Iterator[tuple[str, ...]]:
    place = f"_input.{host}.vassals"
    for at, one in enumerate(values.sequence(place, vassals)):
        vassal = _mapping(f"{place}[{at}]", one)
        name = os.path.splitext(os.path.basename(str(vassal.get("vassal", ""))))[0]
        for each, entry in enumerate(values.sequence(f"{place}[{at}].held", vassal.get("held", []))):
            held = _mapping(f"{place}[{at}].held[{each}]", entry)
            since = held.get("since")
            if isinstance(since, bool) or not isinstance(since, (int, float)):
                raise ArgumentError(f"{place}[{at}].held[{each}].since", "is not a number; give what uwsgi_drain returns")
            yield host, name, str(held.get("reason", "")), moment(since)


def _mapping(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ArgumentError(place, "is not a mapping; give hosts with what uwsgi_drain returned of their vassals")
    return value
