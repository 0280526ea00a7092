# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads JSON from strangers within limits, and checks the types of its values. Pure.

Invalid text is a ValueError. A value of the wrong type is a TypeError.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Callable, Dict, List

# Up to Python 3.10 nothing else limits it, and parsing a number takes quadratic time.
_MOST_DIGITS = 4300
_TOO_LONG = f"a number has more than {_MOST_DIGITS} digits"
# uWSGI writes numbers of 64 bits (core/stats.c).
_LEAST, _MOST = -(2**63), 2**64 - 1
# A node has 20 members, so this is enough for a router with 100,000 nodes. Each needs up to a few hundred bytes of memory.
_MOST_MEMBERS = 2**21


def load(text: str) -> Any:
    """Read JSON whose texts may contain control characters.

    Raises:
        ValueError: if it isn't JSON, is nested too deeply, or has too many members.
    """
    if text.count(",") + text.count("[") + text.count("{") > _MOST_MEMBERS:
        raise ValueError(f"it has more than {_MOST_MEMBERS} members")
    try:
        return json.loads(text, strict=False, parse_constant=_refuse_constant, parse_int=_reader())
    except RecursionError as exc:
        raise ValueError("it is nested too deeply") from exc
    except ValueError as exc:
        if str(exc).startswith("Exceeds the limit"):
            raise ValueError(_TOO_LONG) from None
        raise


def number(value: Any) -> int:
    """A whole number of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not _LEAST <= value <= _MOST:
        raise TypeError("not a whole number of 64 bits")
    return value


def numbers(values: List[Any]) -> List[int]:
    """Several whole numbers of 64 bits, checked together: a large pool has millions."""
    if {*map(type, values)} == {int} and min(values) >= _LEAST and max(values) <= _MOST:
        return values
    return [number(value) for value in values]


def text(value: Any) -> str:
    """Text that can be written anywhere: JSON may contain half of a surrogate pair.

    It is converted to plain text, without what a subclass adds, such as the tag by which Ansible knows a template.
    """
    if not isinstance(value, str):
        raise TypeError("not text")
    try:
        return value.encode("utf-8").decode("utf-8")
    except UnicodeEncodeError as exc:
        raise TypeError("not valid Unicode text") from exc


def mapping(value: Any) -> Dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def sequence(value: Any) -> List[Any]:
    """A list."""
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _reader() -> Callable[[str], int]:
    """A parser for numbers. Python's own is used if it has a limit itself: a function here takes as long as all the rest."""
    limit = getattr(sys, "get_int_max_str_digits", lambda: 0)()
    return int if 0 < limit <= _MOST_DIGITS else _integer


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(_TOO_LONG)
    return int(digits)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")
