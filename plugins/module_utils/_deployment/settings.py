# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run is done: whom it asks, how long it waits, what it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, List, NamedTuple

if TYPE_CHECKING:
    from .._pool.stats import Get

# Seconds that a stats server has for its answer.
ANSWER = 5
# uWSGI's own tolerance, in seconds.
_LEAST_AGE = 17


class Settings(NamedTuple):
    """How routers and the Emperor are asked, and what happens where they can't be.

    Attributes:
        emperor_stats: the Emperor's stats server.
        router_stats: those of the routers; empty where the host can't ask them.
        tolerance: seconds after which a router forgets whom it hears no more.
        timeout: seconds that each wait takes at most.
        allow_outage: whether a key may be without any node meanwhile.
        get: for stats servers that speak http.
    """

    emperor_stats: str
    router_stats: List[str]
    tolerance: int
    timeout: int
    allow_outage: bool
    get: Get

    @property
    def max_age(self) -> int:
        """Seconds since its last announcement up to which a node is fresh."""
        return max(_LEAST_AGE, self.tolerance)


class TurnNeeded(Exception):
    """Somebody who serves has to stop and start, and nothing is changed yet."""


class Run(NamedTuple):
    """How it is done.

    Attributes:
        turn: whether it may take out what serves, since no other host does.
        warn: tells what is no failure.
    """

    check_mode: bool
    turn: bool
    warn: Callable[[str], None]
