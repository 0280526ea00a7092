# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second reader of uWSGI's ini format, written from the observed behaviour of the real one, to test the writer.

It is strict: if the real one would read its environment, a file or its options, which may
contain anything, this one raises.
"""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

_BLANKS = " \t\r"


class SuspiciousError(ValueError):
    """Text whose meaning depends on the environment in which it is read."""


def read(text: str, section: str = "uwsgi") -> List[Tuple[str, str]]:
    """The options of a section, in order, without the placeholders that the text defines.

    Raises:
        SuspiciousError: for anything that would expand to something outside the text.
    """
    found: List[Tuple[str, str]] = []
    current = ""
    for line in _without_magic(text).split("\n"):
        stripped = line.strip(_BLANKS)
        if not stripped or stripped[0] in ";#":
            continue
        if stripped[0] == "[":
            current = stripped[1 : stripped.index("]")]
            continue
        name, dummy, value = stripped.partition("=")
        if current == section:
            found.append((name.strip(_BLANKS), value.strip(_BLANKS)))
    placeholders = dict(value.split("=", 1) for name, value in found if name == "set-ph")
    return [(name, _expanded(value, placeholders)) for name, value in found if name != "set-ph"]


def fields(value: str) -> List[Tuple[str, str]]:
    """The pairs in a ``subscribe2`` line: commas separate them, and a backslash escapes the next character."""
    parts = [""]
    at = 0
    while at < len(value):
        if value[at] == "\\" and at + 1 < len(value):
            parts[-1] += value[at + 1]
            at += 1
        elif value[at] == ",":
            parts.append("")
        else:
            parts[-1] += value[at]
        at += 1
    pairs = [part.partition("=") for part in parts]
    return [(name, content) for name, dummy, content in pairs]


def _without_magic(text: str) -> str:
    """Two per cent signs mean one, one before a parenthesis is handled later, and all others are variables."""
    result = ""
    at = 0
    while at < len(text):
        pair = text[at : at + 2]
        if pair == "%%":
            result += "%"
            at += 2
        elif pair[0] == "%" and pair != "%(":
            raise SuspiciousError(f"{pair!r} at {at}")
        else:
            result += pair[0]
            at += 1
    return result


def _expanded(value: str, placeholders: Dict[str, str]) -> str:
    for opening in ("$(", "@("):
        if opening in value:
            raise SuspiciousError(opening)
    # A placeholder's value is searched for placeholders again.
    while "%(" in value:
        name = re.search(r"%\(([^)]*)\)?", value)
        if not name or name.group(1) not in placeholders:
            raise SuspiciousError("%(")
        value = value.replace(f"%({name.group(1)})", placeholders[name.group(1)], 1)
    return value
