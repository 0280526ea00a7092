# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument ``on_demand`` of a vassal. Pure."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping

from .._addresses import is_ipv4_port
from .._dialect import V2_1, Release
from .._errors import ArgumentError
from .._masking import mask
from . import values

# What an Emperor reads of the address.
_PRINTABLE = re.compile(r"[!-~]+\Z")


GRACEFUL = "emperor-graceful-shutdown"


def emperor_options(options: Mapping[str, Any], release: Release, has_on_demand: bool) -> Dict[str, Any]:
    """The options of an Emperor, without the one with which an on-demand vassal of 2.1 never sleeps: it starts anew every 5 s."""
    if release < V2_1 or not has_on_demand:
        return dict(options)
    return {name: value for name, value in options.items() if name != GRACEFUL}


def on_demand_address(path: str, value: Any) -> str:
    """What the Emperor can bind: an IPv4 address and a port, or the absolute path of a unix socket.

    Those are what ``on_demand_bind`` (core/emperor.c) takes.

    Raises:
        ArgumentError: when it's something else.
    """
    found = values.text(path, value)
    if not _PRINTABLE.match(found):
        raise ArgumentError(path, f"{mask(found)[:80]!r} has a blank or no ASCII, and the Emperor cuts it there; give another")
    if found.startswith("/"):
        return values.socket_path(path, found)
    if not is_ipv4_port(found):
        raise ArgumentError(
            path,
            f"{mask(found)[:80]!r} is neither an IPv4 address and a port (127.0.0.1:3031) nor the absolute path of a unix "
            "socket, and the Emperor binds nothing else",
        )
    return found
