# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of each vassal of a host when one text takes the place of another, and who has to go out of the way first. Pure.

A reload keeps the sockets of an instance and says no goodbye: what is fixed when a socket is bound changes only when the instance
stops and starts (``uwsgi_setup_inherited_sockets``, core/socket.c), and routers keep the pairs of key and address that are gone
until their tolerance ends.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple

from .._errors import ArgumentError

# It stays as it is.
KEEP = "keep"
# It is new.
START = "start"
# The Emperor reloads it.
RELOAD = "reload"
# It leaves its pools and stops, and starts again with what is wanted.
RESTART = "restart"
# It leaves its pools and stops.
STOP = "stop"

# A key and the address that it is announced with.
Pair = Tuple[str, str]


class Side(NamedTuple):
    """A vassal as it is, or as it shall be.

    Attributes:
        text: its file's.
        pairs: what it announces.
        sockets: the addresses that it binds.
        bound: what is fixed when they are bound, such as their mode: pairs of option and value, in their order.
    """

    text: str
    pairs: FrozenSet[Pair] = frozenset()
    sockets: FrozenSet[str] = frozenset()
    bound: Tuple[Tuple[str, str], ...] = ()


def changes(old: Mapping[str, Side], new: Mapping[str, Side]) -> Dict[str, str]:
    """What becomes of each vassal, one of the five above, those that are first in ``old`` and then the new ones.

    Raises:
        ArgumentError: when two of the wanted ones bind one address.
    """
    _refuse_doubles(new)
    # An address passes on when somebody who doesn't have it now wants it.
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
    # What waits at a socket that a reload closes is lost, and what a router still sends for another key reaches what is new. So
    # all pairs are taken back, and it is stopped.
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
    """The vassals that have to be out of their pools before anything else is written."""
    return [name for name, kind in found.items() if kind in (RESTART, STOP)]
