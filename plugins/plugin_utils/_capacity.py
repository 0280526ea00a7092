# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What announcements cost routers and nodes, counted over an inventory. Pure.

The costs were measured on uWSGI 2.0.31. A slower core takes longer for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

# Seconds of a core for one announcement: of the router that checks it, and of the vassal's master that signs it.
UNSIGNED = "unsigned"
CHECKED = {"ec": 48e-6, "rsa": 20e-6, UNSIGNED: 3.2e-6}
SIGNED = {"ec": 390e-6, "rsa": 800e-6, UNSIGNED: 0.0}
# The part of a core that announcements may take, and the least interval that is worth it.
_SHARE = 0.25
_LEAST_INTERVAL = 5
# An interval that uWSGI may have.
_MOST_INTERVAL = 86400


class Announcer(NamedTuple):
    """A vassal, by its host and name where they are known, with the number of its subscriptions."""

    name: str
    signed: int
    unsigned: int


def capacity(vassals: Any, interval: Any = None, routers: Any = 1, key_type: Any = "ec") -> dict[str, Any]:
    """What the announcements of vassals cost; every vassal announces itself to every router.

    Args:
        vassals: as the lookup ``announced_vassals`` gives them, or vassals, or lists of either.
        interval: seconds between two announcements; None for the one that is recommended.
        key_type: that of the signing keys, ``ec`` or ``rsa``.

    Raises:
        ArgumentError: naming the argument that is wrong.
    """
    if key_type not in ("ec", "rsa"):
        raise ArgumentError("key_type", f"must be 'ec' or 'rsa', not {key_type!r}")
    _check("routers", routers, 1000)
    if interval is not None:
        _check("interval", interval, _MOST_INTERVAL)
    found = list(_announcers("_input", vassals, ""))
    signed, unsigned = sum(one.signed for one in found), sum(one.unsigned for one in found)
    busy = signed * CHECKED[key_type] + unsigned * CHECKED[UNSIGNED]
    most = max(found, key=lambda one: (one.signed, one.unsigned), default=Announcer("", 0, 0))
    signing = most.signed * routers * SIGNED[key_type]
    recommended = max(_LEAST_INTERVAL, math.ceil(max(busy, signing) / _SHARE))
    seconds = interval or recommended
    return {
        "subscriptions": signed + unsigned,
        "signed": signed,
        "interval": seconds,
        "recommended_interval": recommended,
        "router_share": round(busy / seconds, 4),
        "busiest_vassal": most.name,
        "vassal_share": round(signing / seconds, 4),
        "warnings": _warnings(seconds, recommended, busy / seconds, signing / seconds, most.name),
    }


def _warnings(interval: int, recommended: int, router: float, vassal: float, name: str) -> list[str]:
    remedy = f"announce every {recommended} seconds"
    found = []
    if router > _SHARE:
        found.append(f"announcements every {interval} seconds take {router:.0%} of a core of each router; {remedy}")
    if vassal > _SHARE:
        who = name or "with most keys"
        found.append(f"signing takes {vassal:.0%} of a core of the vassal {who}; {remedy}, or let several vassals share its keys")
    return found


def _check(name: str, value: Any, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ArgumentError(name, f"must be a whole number from 1 to {most}, not {value!r}")


def _announcers(place: str, value: Any, host: str) -> Iterator[Announcer]:
    """The vassals in lists, in what the lookup gives, or on their own."""
    if isinstance(value, (list, tuple)):
        for at, one in enumerate(value):
            yield from _announcers(f"{place}[{at}]", one, host)
    elif isinstance(value, Mapping) and "subscriptions" in value:
        yield _announcer(place, value, host)
    elif isinstance(value, Mapping) and "host" in value:
        yield from _announcers(f"{place}.vassals", value.get("vassals", []), str(value["host"]))
    elif not isinstance(value, Mapping):
        raise ArgumentError(place, "must be a vassal, a result of the lookup announced_vassals, or a list of them")


def _announcer(place: str, vassal: Mapping[str, Any], host: str) -> Announcer:
    subscriptions = vassal["subscriptions"]
    if isinstance(subscriptions, Mapping):
        subscriptions = [subscriptions]
    if not isinstance(subscriptions, (list, tuple)) or not all(isinstance(one, Mapping) for one in subscriptions):
        raise ArgumentError(f"{place}.subscriptions", "must be a list of subscriptions")
    signed = sum(1 for one in subscriptions if one.get("signing"))
    name = ": ".join(part for part in (host, str(vassal.get("name", ""))) if part)
    return Announcer(name, signed, len(subscriptions) - signed)
