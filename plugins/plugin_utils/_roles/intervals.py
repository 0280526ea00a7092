# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often a host's vassals announce themselves, and for how long routers keep whom they hear no more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import _capacity
from . import signing
from .texts import AUTO
from .variables import Emperor, Fastrouter

# As in the roles' defaults: two datagrams in a row may be lost.
_TIMES, _MORE = 3, 2


def settled(given: Emperor) -> Emperor:
    """The variables of a host with the interval that is chosen, and with a tolerance that goes with it.

    Raises:
        ArgumentError: for a vassal that can't be signed for.
    """
    auto = given.announce_interval == AUTO
    interval = chosen(given, given.vassals) if auto else given.announce_interval
    # Who can't ask the routers has to reckon with the host that announces itself least.
    longest = _capacity.STEPS[-1] if auto and not given.router_stats else interval
    return given._replace(announce_interval=interval, router_tolerance=max(given.router_tolerance, _tolerance(longest)))


def chosen(given: Emperor, vassals: Sequence[Any]) -> int:
    """The interval for a host with some vassals."""
    return _chosen(given, signing.signed(given, vassals))


def _chosen(given: Emperor, announcing: Sequence[Any]) -> int:
    return _capacity.chosen_interval(announcing, max(1, given.node_count), max(1, len(given.routers)), given.signing_key_type)


def longest(given: Emperor, nodes: Iterable[Mapping[str, Any]]) -> int:
    """The longest interval that hosts choose.

    Args:
        given: the variables of the routers' host, of which the other hosts have those that matter here as well.
        nodes: the hosts with their vassals, as the lookup ``announced_vassals`` gives them.
    """
    return max((chosen(given, one["vassals"]) for one in nodes if "vassals" in one), default=_capacity.STEPS[0])


def with_tolerance(routers: Fastrouter, interval: int) -> Fastrouter:
    """The variables of routers with a tolerance that goes with an interval."""
    return routers._replace(tolerance=max(routers.tolerance, _tolerance(interval)))


def warnings(given: Emperor, nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What there is to warn of where hosts choose their intervals."""
    announcing = [signing.signed(given, one["vassals"]) for one in nodes if one.get("vassals")]
    share = sum(_capacity.checking(one, given.signing_key_type) / _chosen(given, one) for one in announcing)
    return _capacity.busy_routers(share, given.node_count, len(announcing))


def _tolerance(interval: int) -> int:
    return _TIMES * interval + _MORE
