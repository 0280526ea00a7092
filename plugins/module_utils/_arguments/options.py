# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns a vassal's raw options into lines of its file. Pure.

Values are in uWSGI's own language, or literal if the user says so. Options that have an argument are rejected here,
because nothing would check them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List, Tuple

from .._errors import ArgumentError
from .._ini import writer
from .._ini.writer import Line
from . import table, values

LITERAL = "literal"
# Options whose values name other options, with the separator: "set = NAME=VALUE", "declare-option = OWN=NAME=VALUE;...".
_SETS = ("set", "vassal-set", "vassals-set")
_DECLARES = ("declare-option", "declare-option2")
_TELLING = frozenset([*_SETS, *_DECLARES, *table.ARGUMENTS])
_WRONG = f"must be a value, a list of values or {{{LITERAL}: TEXT}}; give true for an option that takes none"
_SWALLOWS = (
    "ends in '%', which would make the next line a part of this value; give {" + LITERAL + ": ...} to have uWSGI read the text "
    "as it is, or write '%%'"
)


def option_lines(path: str, value: Any) -> Dict[str, List[Line]]:
    """The lines of each option. A list repeats the option, null leaves it out.

    Raises:
        ArgumentError: for the first option that is invalid.
    """
    if value is not None and not isinstance(value, values.MAPPINGS):
        raise ArgumentError(path, "must be a mapping of uWSGI's options to values")
    found: Dict[str, List[Line]] = {}
    for name, item in (value or {}).items():
        if not isinstance(name, str) or not writer.is_option_name(name):
            raise ArgumentError(values.child(path, name), "is not a valid option name; use letters, digits, '-', '_' and '.'")
        if isinstance(item, (list, tuple)):
            place = values.child(path, name)
            found[name] = [_line(place, at, name, one) for at, one in enumerate(item)]
        else:
            found[name] = [] if item is None else [_line(path, name, name, item)]
    return found


def content(value: Any) -> Any:
    """The text of a literal value; any other value unchanged."""
    return value[LITERAL] if _is_literal(value) else value


def _is_literal(value: Any) -> bool:
    return isinstance(value, Mapping) and list(value) == [LITERAL]


def named(name: str, value: str) -> Tuple[str, ...]:
    """All options that uWSGI reads from one line: the line's own, and those that its value names."""
    if name in _SETS:
        return (name, value.partition("=")[0])
    if name in _DECLARES:
        return (name, *(one.partition("=")[0] for one in value.partition("=")[2].split(";")))
    return (name,)


def _line(path: str, place: Any, name: str, value: Any) -> Line:
    """The line for one value; ``place`` is the position of the value in ``path``."""
    literal = False
    if isinstance(value, str):
        text = _raw(path, place, value)
    elif isinstance(value, (int, float)):
        text = _number(path, place, value)
    elif _is_literal(value):
        text, literal = _literal(values.child(path, place), name, value[LITERAL]), True
    else:
        raise ArgumentError(values.child(path, place), _WRONG)
    if name in _TELLING:
        _refuse_arguments(path, place, name, text)
    return Line(name, text, literal)


def _refuse_arguments(path: str, place: Any, name: str, text: str) -> None:
    """Reject a line that sets an option which has an argument."""
    for one in named(name, text):
        if one in table.ARGUMENTS:
            argument = table.ARGUMENTS[one]
            if path.startswith("default_") and argument.startswith("client_params"):
                argument = "default_" + argument
            what = "is" if one == name else f"sets {one}, which is"
            raise ArgumentError(values.child(path, place), f"{what} not checked among the options; use {argument}")


def _literal(path: str, name: str, value: Any) -> str:
    """Text that uWSGI reads exactly as given."""
    place = values.child(path, LITERAL)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ArgumentError(place, "must be text")
    text = value if isinstance(value, str) else _number(path, LITERAL, value)
    flaw = writer.line_flaw(name, text)
    if flaw:
        raise ArgumentError(place, flaw + "; give a value without it")
    return text


def _raw(path: str, place: Any, text: str) -> str:
    """Text in uWSGI's own language."""
    flaw = writer.raw_flaw(text)
    if flaw:
        raise ArgumentError(values.child(path, place), flaw + "; give a list to repeat the option")
    if writer.swallows(text):
        raise ArgumentError(values.child(path, place), _SWALLOWS)
    return text


def _number(path: str, place: Any, value: float) -> str:
    """The text of a number, or of true or false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not values.is_sane(value):
        raise ArgumentError(values.child(path, place), "is not a finite number of 64 bits; give one, or text")
    return str(value)
