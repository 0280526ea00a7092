# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides what happens to each vassal of a host when its file changes, and which must leave first. Pure.

After a reload an instance keeps its sockets and doesn't unsubscribe. Socket settings change only when the instance
stops and starts (``uwsgi_setup_inherited_sockets``, core/socket.c), and routers keep the removed pairs of key and address
until their tolerance expires.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple

from .._errors import ArgumentError

# Unchanged.
KEEP = "keep"
# New.
START = "start"
# Reloaded by the Emperor.
RELOAD = "reload"
# Leaves its pools, stops, and starts again with the new file.
RESTART = "restart"
# Leaves its pools and stops.
STOP = "stop"

# A key and the address announced for it.
Pair = Tuple[str, str]


class Side(NamedTuple):
    """A vassal as it is, or as it is wanted.

    Attributes:
        text: the content of its file.
        pairs: what it announces.
        sockets: the addresses that it binds.
        bound: settings that are fixed when they are bound, such as their mode: pairs of option and value, in order.
    """

    text: str
    pairs: FrozenSet[Pair] = frozenset()
    sockets: FrozenSet[str] = frozenset()
    bound: Tuple[Tuple[str, str], ...] = ()


def changes(old: Mapping[str, Side], new: Mapping[str, Side]) -> Dict[str, str]:
    """What happens to each vassal, one of the five values above: first those in ``old``, then the new ones.

    Raises:
        ArgumentError: if two of the wanted vassals bind the same address.
    """
    _refuse_doubles(new)
    # An address moves if a vassal that doesn't have it now wants it.
    wanted = {address: name for name, side in new.items() for address in side.sockets}
    passing = {
        name for name, side in old.items() for address in side.sockets if wanted.get(address, name) != name
    }
    found = {}
    for name in [*old, *(one for one in new if one not in old)]:
        found[name] = _change(old.get(name), new.get(name), name in passing)
    return found


def _change(old: Optional[Side], new: Optional[Side], passes: bool) -> str:
    if old is None:
        return START
    if new is None:
        return STOP
    if old.text == new.text and not passes:
        return KEEP
    # A reload that closes a socket loses the requests waiting there, and what routers still send for the old key reaches the new
    # one. So all pairs are unsubscribed, and the vassal is stopped.
    if passes or old.pairs - new.pairs or old.bound != new.bound:
        return RESTART
    return RELOAD


def _refuse_doubles(new: Mapping[str, Side]) -> None:
    taken: Dict[str, str] = {}
    for name, side in new.items():
        for address in sorted(side.sockets):
            first = taken.setdefault(address, name)
            if first != name:
                raise ArgumentError(
                    f"vassals ({name})", f"binds {address}, as {first} does; only one of them could; give each its own"
                )


def out_first(found: Mapping[str, str]) -> List[str]:
    """The vassals that must leave their pools before anything else is written."""
    return [name for name, kind in found.items() if kind in (RESTART, STOP)]
