# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares routers before and after a restart: their sessions, and the nodes that they still miss. Free of Ansible."""

from __future__ import annotations

import time
from typing import FrozenSet, NamedTuple, Tuple

from . import stats
from .stats import Get


class Router(NamedTuple):
    """A running router.

    Attributes:
        sessions: its clients' connections.
        nodes: keys and addresses of the nodes that it heard recently.
    """

    pid: int
    sessions: int
    nodes: FrozenSet[Tuple[str, str]] = frozenset()


def look(address: str, timeout: float, get: Get, max_age: float) -> Router:
    """Ask a router's stats server.

    Args:
        max_age: the age in seconds up to which a node's last announcement counts.

    Raises:
        StatsError: if there is no valid answer.
    """
    found = stats.process(stats.fetch(address, timeout, get))
    oldest = time.time() - max_age
    pools = found.table.pools if found.table else []
    nodes = ((pool.key, node.address) for pool in pools for node in pool.nodes if node.last_check >= oldest and not node.dead)
    return Router(found.pid, found.sessions, frozenset(nodes))


def missing(before: Router, now: Router) -> str:
    """What a router's restart still lacks, as the end of a sentence; empty if it is complete."""
    if now.pid == before.pid:
        return "is still the process from before"
    left = sorted(before.nodes - now.nodes)
    if left:
        key, address = left[0]
        return f"has {len(before.nodes) - len(left)} of {len(before.nodes)} nodes again; {address} of {key} is missing"
    return ""
