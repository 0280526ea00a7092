# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns the arguments of a group, such as ``client_params``, into lines. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from .._dialect import Release, require
from .._errors import ArgumentError
from .._ini.writer import Line
from . import table, values
from .table import Row


def written(path: str, name: str, value: Any, release: Release) -> Tuple[List[Line], List[str]]:
    """The lines of a group, and warnings about settings that are probably not intended.

    Args:
        path: the group's, for errors.
        name: one of ``table.GROUPS`` other than the subscriptions.
        value: as given by the user.

    Raises:
        ArgumentError: for the first argument that is invalid.
    """
    rows = table.GROUPS[name]
    given = values.mapping(path, value, dict.fromkeys(row.argument for row in rows))
    lines = _lines(path, rows, given, release)
    if "dir_credentials" in given and not given.get("pass_unix_credentials"):
        return lines, [
            values.child(path, "dir_credentials") + ": without pass_unix_credentials the router treats every sender as root"
        ]
    return lines, []


def _lines(path: str, rows: Tuple[Row, ...], given: Dict[str, Any], release: Release) -> List[Line]:
    """The options of a group of plain options, in the order of the rows."""
    lines: List[Line] = []
    for row in rows:
        if row.argument not in given:
            continue
        place = values.child(path, row.argument)
        require(place, "the option " + row.name, row.since, release)
        value = row.kind.check(place, given[row.argument])
        pairs = row.kind.write(row.name, value)
        for name, text in pairs:
            require(place, f"the {row.kind.name} {text}", row.kind.since(value), release)
            lines.append(Line(name, text))
    return _joined(path, lines, given)


def _joined(path: str, lines: List[Line], given: Dict[str, Any]) -> List[Line]:
    """Combine the two arguments of ALGO:DIR into one line."""
    pair = ("digest_algo", "dir_cert")
    missing = [name for name in pair if name not in given]
    if len(missing) == 1:
        other = pair[1 - pair.index(missing[0])]
        raise ArgumentError(
            values.child(path, other),
            f"needs {missing[0]} as well; uWSGI reads both from one option and verifies no signature with one alone",
        )
    if missing:
        return lines
    return [Line(lines[0].name, lines[0].value + ":" + lines[1].value), *lines[2:]]
