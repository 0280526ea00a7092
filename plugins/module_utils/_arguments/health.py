# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument ``health`` of a vassal: what is asked, how often, and how many answers decide. Pure."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional

from .._errors import ArgumentError
from . import values

# A day; more is no check.
_MOST_SECONDS = 86400
_MOST_COUNT = 1000


class Health(NamedTuple):
    """A check.

    Attributes:
        path: what is requested of the vassal's own socket, None for a command.
        command: for the shell; 0 is well.
        host: the Host header of the request, None for the first key.
        interval: seconds between two checks; ``timeout`` of one.
        fall: failures in a row that take the node out; ``rise``, successes in a row that bring it back.
    """

    path: Optional[str]
    command: Optional[str]
    host: Optional[str]
    interval: int = 5
    timeout: int = 1
    fall: int = 3
    rise: int = 2


def health(path: str, value: Any) -> Health:
    """Check the argument.

    Raises:
        ArgumentError: when it can't be used.
    """
    given = values.mapping(path, value, Health._fields)
    asked = [name for name in ("path", "command") if name in given]
    if len(asked) != 1:
        raise ArgumentError(path, "needs one of path and command; give path to ask the application, or command")
    # A blank or a line break would end the request's path, or its header.
    checks = {"command": values.text, "path": values.word, "host": values.word}
    found: Dict[str, Any] = {name: checks[name](path + "." + name, given[name]) for name in asked + ["host"] if name in given}
    if not found.get("path", "/").startswith("/"):
        raise ArgumentError(path + ".path", f"{found['path']!r} does not begin with a slash; give the path of a request")
    for name, most in (("interval", _MOST_SECONDS), ("timeout", _MOST_SECONDS), ("fall", _MOST_COUNT), ("rise", _MOST_COUNT)):
        if name in given:
            found[name] = values.whole(values.child(path, name), given[name], 1, most)
    return Health(**{"path": None, "command": None, "host": None, **found})
