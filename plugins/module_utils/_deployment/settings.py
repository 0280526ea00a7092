# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of a run: which routers to ask, how long to wait, what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, List, NamedTuple

if TYPE_CHECKING:
    from .._pool.stats import Get

# uWSGI's own tolerance, in seconds.
_LEAST_AGE = 17


class Settings(NamedTuple):
    """How to ask routers and the Emperor, and what to do if they can't be asked.

    Attributes:
        emperor_stats: the Emperor's stats server.
        router_stats: those of the routers; empty if the host can't ask them.
        tolerance: seconds after which a router forgets a silent node.
        timeout: maximum seconds of each wait.
        allow_outage: whether a key may be without a node for a while.
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
        """The age in seconds up to which a node's last announcement is fresh."""
        return max(_LEAST_AGE, self.tolerance)


class TurnNeeded(Exception):
    """A serving vassal must restart, and this host must wait for its turn. Nothing was changed yet."""


class Run(NamedTuple):
    """How to do a run.

    Attributes:
        turn: whether it may take out serving vassals, because no other host does so now.
        warn: reports problems that aren't failures.
    """

    check_mode: bool
    turn: bool
    warn: Callable[[str], None]
