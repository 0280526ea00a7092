# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of a role as they are written, each with what there is to say about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .. import _role_options
from .document import Note, Rows
from .instance import Option


class Variable(NamedTuple):
    """One variable.

    Attributes:
        name: empty where there is only something to say.
        notes: what stands above it.
    """

    name: str
    value: Any
    notes: list[str] = []  # noqa: RUF012 - never changed in place


def rows(found: Iterable[Variable]) -> Rows:
    """Variables as they are written."""
    return Rows(row for one in found for row in (*map(Note, one.notes), *([(one.name, one.value)] if one.name else [])))


def option_rows(options: Iterable[Option]) -> Rows:
    """Options as they are written."""
    found = Rows()
    for one in options:
        found += map(Note, one.notes)
        if one.values:
            found.append((one.name, one.value))
    return found


def accepted(options: Iterable[Option], variable: str, own: dict[str, Any]) -> list[Option]:
    """Options with what the role refuses in a variable said in their place.

    Args:
        own: what the role sets itself, where the same value may be said again.
    """
    found = []
    for one in options:
        flaws = _role_options.together(own, {one.name: one.value}, variable).flaws if one.values else []
        if flaws:
            found.append(one.left(flaws[0].partition(": ")[2]))
        else:
            found.append(one)
    return found


def without_defaults(options: Iterable[Option], defaults: dict[str, Any]) -> list[Option]:
    """Options without those that only say what the role says of every vassal."""
    return [one for one in options if one.notes or not one.values or not _is_default(one, defaults)]


def _is_default(one: Option, defaults: dict[str, Any]) -> bool:
    default = defaults.get(one.name)
    if default is None or len(one.values) != 1:
        return False
    return bool(one.values[0] in (True, "") if default is True else one.values[0] == default)
