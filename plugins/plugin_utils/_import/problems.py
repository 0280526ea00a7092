# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can't be read or converted, and how far readers go. Pure."""

from __future__ import annotations

from typing import NamedTuple

# uWSGI's files have three levels.
MOST_DEPTH = 16
MOST_ROWS = 2**14


class Limits(NamedTuple):
    """How much is read of one instance.

    Attributes:
        characters: of its own text and of those that are given with it, each.
        parsed: characters that are gone through, where a text is read again for another of its sections.
        rows: lines with what it includes, entries of subscriptions, and lines that are given back, each.
    """

    characters: int
    parsed: int
    rows: int


# As of a vassal on a host, which may have four times the lines.
WIDE = Limits(2 * 2**20, 8 * 2**20, MOST_ROWS)


class NotReadError(ValueError):
    """A text that uWSGI does not start with, or that is more than anybody writes; says why."""


class LeftOver(NamedTuple):
    """A line that the arguments don't say, or not wholly, and why."""

    line: str
    why: str
