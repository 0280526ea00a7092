# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument ``health`` of a vassal: what to request, how often, and how many answers decide. Pure."""

from __future__ import annotations

from typing import Any, Dict

from .._errors import ArgumentError
from .._node.probe import Check
from . import values

# A day. A longer interval checks nothing in practice.
_MOST_SECONDS = 86400
_MOST_COUNT = 1000


def health(path: str, value: Any, vassal: str = "") -> Check:
    """Check the argument.

    Args:
        vassal: the path of the vassal's ini file.

    Raises:
        ArgumentError: when it can't be used.
    """
    given = values.mapping(path, value, dict.fromkeys(Check._fields[1:]))
    asked = [name for name in ("path", "command") if name in given]
    if len(asked) != 1:
        both = "give either path or command, not both"
        raise ArgumentError(path, both if asked else "needs path, to send the application a request, or command")
    # A blank or a line break would end the path or the header of the request.
    checks = {"command": values.text, "path": values.word, "host": values.word}
    found: Dict[str, Any] = {name: checks[name](path + "." + name, given[name]) for name in [*asked, "host"] if name in given}
    if "path" in found and not found["path"].startswith("/"):
        raise ArgumentError(path + ".path", f"{found['path']!r} does not begin with a slash; give the path of a request")
    for name, most in (("interval", _MOST_SECONDS), ("timeout", _MOST_SECONDS), ("fall", _MOST_COUNT), ("rise", _MOST_COUNT)):
        if name in given:
            found[name] = values.whole(values.child(path, name), given[name], 1, most)
    return Check(vassal=vassal, **found)
