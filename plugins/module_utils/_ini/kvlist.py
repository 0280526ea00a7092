# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of names and values in one option's value, as ``subscribe2`` and ``https2`` have them: parse and join. Pure.

The format is that of ``uwsgi_kvlist_parse`` (core/utils.c): ``name=value`` pairs with commas and nothing else between them,
where a backslash takes the next character as it is.
"""

from __future__ import annotations

import re
from typing import Dict, Iterable, Tuple

# What is between two commas, with escaped ones; at the end of the text a backslash takes nothing.
_FIELD = re.compile(r"(?:\A|,)((?:[^\\,]+|\\.?)*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)


def escape(value: str) -> str:
    """Write one value."""
    return value.replace("\\", "\\\\").replace(",", "\\,")


def join(pairs: Iterable[Tuple[str, str]]) -> str:
    """Write names and values as one list; the names have neither a comma nor a backslash."""
    return ",".join(name + "=" + escape(value) for name, value in pairs)


def parse(text: str) -> Dict[str, str]:
    """Read a list; of a name that is there twice the last value counts, as for uWSGI."""
    fields = _FIELD.findall(text)
    if "\\" in text:
        fields = [_ESCAPED.sub(r"\1", field) for field in fields]
    return {name: value for name, dummy, value in (field.partition("=") for field in fields)}
