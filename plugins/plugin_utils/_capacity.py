# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Estimates what the announcements of an inventory cost routers and nodes. Pure.

The costs were measured on uWSGI 2.0.31. All of them are higher on a slower core.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.values import shown
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

# CPU seconds for one announcement: of the router that verifies it, and of the vassal's master that signs it.
UNSIGNED = "unsigned"
CHECKED = {"ec": 48e-6, "rsa": 20e-6, UNSIGNED: 3.2e-6}
SIGNED = {"ec": 390e-6, "rsa": 800e-6, UNSIGNED: 0.0}
# The share of a core that announcements may use, and the shortest useful interval.
_SHARE = 0.25
_LEAST_INTERVAL = 5
# The intervals to choose from. Each is twice the one before, so a growing fleet seldom changes its interval. With the longest
# one, a restarted router knows its nodes again within the roles' timeouts.
STEPS = (5, 10, 20, 40)
# The intervals that uWSGI allows.
_MOST_INTERVAL = 86400


class Announcer(NamedTuple):
    """A vassal with its number of subscriptions, and its host and name if known."""

    name: str
    signed: int
    unsigned: int


def capacity(vassals: Any, interval: Any = None, routers: Any = 1, key_type: Any = "ec") -> dict[str, Any]:
    """The cost of vassals' announcements; every vassal announces itself to every router.

    Args:
        vassals: a result of the lookup ``announced_vassals``, or vassals, or lists of either.
        interval: seconds between two announcements; None for the recommended one.
        key_type: the type of the signing keys, ``ec`` or ``rsa``.

    Raises:
        ArgumentError: naming the invalid argument.
    """
    if key_type not in ("ec", "rsa"):
        raise ArgumentError("key_type", f"must be 'ec' or 'rsa', not {shown(key_type)}")
    _check("routers", routers, 1000)
    if interval is not None:
        _check("interval", interval, _MOST_INTERVAL)
    found = list(_announcers("_input", vassals, ""))
    signed, unsigned = sum(one.signed for one in found), sum(one.unsigned for one in found)
    busy = _checking(Announcer("", signed, unsigned), key_type)
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


def chosen_interval(vassals: Any, hosts: int, routers: int, key_type: str) -> int:
    """The interval for the vassals of one of several hosts that announce themselves to the same routers.

    Each host may use an equal share of the quarter of a core that a router has for announcements. So together they stay within
    it, however many subscriptions the others have, and each host can choose without reading the others' variables.

    Args:
        vassals: those of the host, as for ``capacity``.
        hosts: how many hosts there are.
    """
    found = list(_announcers("emperor_vassals", vassals, ""))
    busy = sum(_checking(one, key_type) for one in found)
    signing = max((one.signed for one in found), default=0) * routers * SIGNED[key_type]
    needed = max(busy * hosts, signing) / _SHARE
    return next((step for step in STEPS if step >= needed), STEPS[-1])


def checking(vassals: Any, key_type: str) -> float:
    """A router's CPU seconds for one announcement of each subscription of some vassals."""
    return sum(_checking(one, key_type) for one in _announcers("emperor_vassals", vassals, ""))


def busy_routers(share: float, hosts: int, announcing: int) -> list[str]:
    """A warning if the intervals that hosts chose themselves overload the routers.

    Args:
        share: the share of a core that the announcements use.
        hosts: the number of hosts that each host assumed.
        announcing: the number of hosts that announce.
    """
    if share <= _SHARE:
        return []
    if hosts < announcing:
        remedy = f"emperor_node_count is {hosts}, and {announcing} hosts announce themselves; set it to {announcing} for all"
    else:
        remedy = f"{STEPS[-1]} seconds are the longest interval that is chosen; set a longer emperor_announce_interval"
    return [f"announcements take {share:.0%} of a core of each router; {remedy}"]


def _checking(one: Announcer, key_type: str) -> float:
    return one.signed * CHECKED[key_type] + one.unsigned * CHECKED[UNSIGNED]


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
        raise ArgumentError(name, f"must be a whole number from 1 to {most}, not {shown(value)}")


def _announcers(place: str, value: Any, host: str) -> Iterator[Announcer]:
    """The vassals in lists, in a result of the lookup, or on their own."""
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
    keys = [(bool(one.get("signing")), _keys(one.get("key"))) for one in subscriptions]
    name = ": ".join(part for part in (host, str(vassal.get("name", ""))) if part)
    return Announcer(name, sum(count for signed, count in keys if signed), sum(count for signed, count in keys if not signed))


def _keys(value: Any) -> int:
    """The number of keys of a subscription; each is announced separately."""
    return len(value) if isinstance(value, (list, tuple)) else 1
