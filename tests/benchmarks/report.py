# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results as a printed table, as JSON, and as a page of the documentation. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.measure import Line
from benchmarks.plot import Bar, Group

_PAGE = """\
..
  Copyright (c) 2026, the emperor.uwsgi authors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made by "make bench". Change tests/benchmarks, and run it again.

.. _ansible_collections.emperor.uwsgi.docsite.performance:

How fast it is
==============

All vassals of a host are one task, and so are all its signing keys. ``make bench`` compares that with the usual way in the
same run, on a connection of the type ``local``, where a task costs least. The figures are
from {machines}.

.. image:: ../performance.svg
   :alt: {alt}

The dashed bars are extrapolated from shorter loops. The time of a loop per item does not depend on the number of items,
which is measured as well.

.. list-table::
   :header-rows: 1

   * - What
     - Wanted
     - Reached
{rows}

Of a run on a thousand vassals that changes nothing, half of the time is the cost of any task, even of a ping. The rest is
the start of the module, and on the host the checks of a thousand descriptions and the comparison of a thousand files with
their wanted text. Nothing is cached between runs.

A loop that writes the same files has the cost of a task for each file, also if nothing has changed.
"""


class Part(NamedTuple):
    """The figures of a part of the benchmarks, such as ``keys``, and the machine that they come from."""

    machine: str
    lines: Sequence[Line]


def wanted(line: Line) -> str:
    """The limit of a line, in words."""
    return f"{'at least' if line.better == 'more' else 'at most'} {line.limit:g} {line.unit}".rstrip()


def reached(line: Line) -> str:
    """The result of a line, in words."""
    digits = 0 if line.reached >= 100 else 2
    return f"{line.reached:.{digits}f} {line.unit}".rstrip()


def table(lines: Sequence[Line]) -> str:
    """The table to print."""
    rows = [("", "what", "wanted", "reached", "")]
    rows += [(str(line.number), line.what, wanted(line), reached(line), "met" if line.met else "MISSED") for line in lines]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def to_json(parts: Mapping[str, Part]) -> str:
    """All results as JSON."""
    found = {
        name: {"machine": part.machine, "lines": [dict(line._asdict(), met=line.met) for line in part.lines]}
        for name, part in parts.items()
    }
    return json.dumps(found, indent=2) + "\n"


def from_json(text: str) -> dict[str, Part]:
    """The results from the JSON of ``to_json``."""
    return {
        name: Part(part["machine"], [Line(**{field: line[field] for field in Line._fields}) for line in part["lines"]])
        for name, part in json.loads(text).items()
    }


def page(parts: Mapping[str, Part], alt: str) -> str:
    """The documentation's page."""
    lines = [line for part in parts.values() for line in part.lines]
    rows = "\n".join(f"   * - {line.what}\n     - {wanted(line)}\n     - {reached(line)}" for line in lines)
    machines = " and from ".join(sorted({part.machine for part in parts.values()}))
    return _PAGE.format(machines=machines, alt=alt, rows=rows)


def groups(parts: Mapping[str, Part]) -> list[Group]:
    """The bars of the plot, from the lines' ``times``."""
    lines = [line for part in parts.values() for line in part.lines]
    first, again = (line.times for line in lines if line.number == 1 and line.times)
    pings = next(line.times for line in lines if line.number == 2)
    keys = next(line.times for line in lines if line.number == 4)
    role = next(line.times for line in lines if line.number == 5)
    return [
        Group(
            "1,000 vassals",
            [
                Bar("a loop of templates, written", 1000 * first["loop of 200, an item"], "guess"),
                Bar("a loop of templates, unchanged", 1000 * again["loop of 200, an item"], "guess"),
                Bar("uwsgi_vassals, written", pings["first"], "ours"),
                Bar("uwsgi_vassals, unchanged", pings["unchanged"], "ours"),
                Bar("a ping", pings["ping"], "peer"),
            ],
        ),
        Group(
            "Signing keys, made and installed",
            [
                Bar("loops of openssl_privatekey, copy", 1000 * keys["loop of 50, a key"], "guess"),
                Bar("1,000 keys, on node and router", keys["1,000 keys"], "ours"),
                Bar("1 key, on node and router", keys["1 key"], "ours"),
            ],
        ),
        Group(
            "The role emperor, unchanged",
            [Bar("1,000 vassals", role["1,000 vassals"], "ours"), Bar("1 vassal", role["1 vassal"], "ours")],
        ),
    ]
