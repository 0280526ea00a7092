# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second reader of uWSGI's ini format, written from what the real one was seen to do, to hold the writer against.

It is a suspicious one: where the real one would look into its environment, a file or its options, which may have
anything in them, this raises.
"""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

_BLANKS = " \t\r"


class SuspiciousError(ValueError):
    """Text whose meaning depends on where it is read."""


def read(text: str, section: str = "uwsgi") -> List[Tuple[str, str]]:
    """The options of a section, in their order, without the placeholders that the text defines.

    Raises:
        SuspiciousError: for anything that would be expanded to something that the text doesn't say itself.
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
    """The pairs of a ``subscribe2`` line: commas part them, and a backslash takes the next character as it is."""
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
    """Two per cent signs are one, one before a parenthesis waits for later, and all others stand for something."""
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
    # What a placeholder brings is looked through for placeholders again.
    while "%(" in value:
        name = re.search(r"%\(([^)]*)\)?", value)
        if not name or name.group(1) not in placeholders:
            raise SuspiciousError("%(")
        value = value.replace(f"%({name.group(1)})", placeholders[name.group(1)], 1)
    return value
