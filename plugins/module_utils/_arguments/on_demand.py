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

# The part of the address that an Emperor reads.
_PRINTABLE = re.compile(r"[!-~]+\Z")


GRACEFUL = "emperor-graceful-shutdown"


def emperor_options(options: Mapping[str, Any], release: Release, has_on_demand: bool) -> Dict[str, Any]:
    """The Emperor's options, without the one that stops 2.1's on-demand vassals from sleeping: it restarts them every 5 s."""
    if release < V2_1 or not has_on_demand:
        return dict(options)
    return {name: value for name, value in options.items() if name != GRACEFUL}


def on_demand_address(path: str, value: Any) -> str:
    """An address that the Emperor can bind: IPv4 and port, or the absolute path of a unix socket.

    ``on_demand_bind`` (core/emperor.c) accepts only those.

    Raises:
        ArgumentError: for anything else.
    """
    found = values.text(path, value)
    if not _PRINTABLE.match(found):
        raise ArgumentError(
            path, f"{mask(found)[:80]!r} has a blank or non-ASCII character, where the Emperor cuts it; give another"
        )
    if found.startswith("/"):
        return values.socket_path(path, found)
    if not is_ipv4_port(found):
        raise ArgumentError(
            path,
            f"{mask(found)[:80]!r} is neither an IPv4 address and a port (127.0.0.1:3031) nor the absolute path of a unix "
            "socket, and the Emperor binds nothing else",
        )
    return found
