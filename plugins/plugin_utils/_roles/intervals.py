# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chooses how often a host's vassals announce themselves, and how long routers keep silent nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.default_signing import flat

from .. import _capacity
from .texts import AUTO
from .variables import Emperor, Fastrouter

# As in the roles' defaults: two datagrams in a row may get lost.
_TIMES, _MORE = 3, 2


def settled(given: Emperor) -> Emperor:
    """The variables of a host with the chosen interval, and with a tolerance that fits it.

    Raises:
        ArgumentError: for anything that isn't a vassal.
    """
    auto = given.announce_interval == AUTO
    interval = choice(given, given.vassals).interval if auto else given.announce_interval
    # A host that can't ask the routers must allow for the longest interval of any host.
    longest = _capacity.STEPS[-1] if auto and not given.router_stats else interval
    return given._replace(announce_interval=interval, router_tolerance=max(given.router_tolerance, _tolerance(longest)))


class Choice(NamedTuple):
    """The interval that a host chooses, and the share of a router's core that its announcements then use."""

    interval: int
    share: float


def choice(given: Emperor, vassals: Sequence[Any]) -> Choice:
    """The choice of a host with given vassals.

    Args:
        given: the variables of a host; those that matter here are the same on all hosts.

    Raises:
        ArgumentError: for anything that isn't a vassal.
    """
    announcing, kind = _announcing(given, vassals), given.signing_key_type
    interval = _capacity.chosen_interval(announcing, max(1, given.node_count), max(1, len(given.routers)), kind)
    return Choice(interval, _capacity.checking(announcing, kind) / interval)


def choices(given: Emperor, nodes: Iterable[Mapping[str, Any]]) -> list[Choice]:
    """The choices of all hosts with vassals.

    Args:
        nodes: the hosts, as returned by the lookup ``announced_vassals``.
    """
    return [choice(given, one["vassals"]) for one in nodes if one.get("vassals")]


def longest(found: Iterable[Choice]) -> int:
    """The longest interval that a host chooses."""
    return max((one.interval for one in found), default=_capacity.STEPS[0])


def with_tolerance(routers: Fastrouter, interval: int) -> Fastrouter:
    """The variables of routers with a tolerance that fits an interval."""
    return routers._replace(tolerance=max(routers.tolerance, _tolerance(interval)))


def warnings(given: Emperor, found: Sequence[Choice]) -> list[str]:
    """Warnings about hosts that choose their intervals."""
    return _capacity.busy_routers(sum(one.share for one in found), given.node_count, len(found))


def _announcing(given: Emperor, vassals: Sequence[Any]) -> list[dict[str, Any]]:
    """The announcements of vassals, and whether they are signed. Reading anything else would take seconds for a fleet."""

    def signed(entry: Mapping[str, Any]) -> bool:
        own = entry.get("signing")
        return given.signing if own is None else own is not False

    def read(place: str, vassal: Mapping[str, Any]) -> dict[str, Any]:
        found = flat(place + ".subscriptions", vassal["subscriptions"])
        return {"subscriptions": [{"key": one.get("key"), "signing": signed(one)} for dummy, one in found]}

    every = flat("emperor_vassals", vassals)
    return [read(place, vassal) for place, vassal in every if vassal.get("subscriptions")]


def _tolerance(interval: int) -> int:
    return _TIMES * interval + _MORE
