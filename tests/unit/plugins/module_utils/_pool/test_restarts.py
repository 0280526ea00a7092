# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What routers have before they are restarted, and what is missing afterwards."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import restarts
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.restarts import Router
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import StatsError
from support.stream import serving


def look(**said: Any) -> Router:
    answer = {"version": "2", "pid": 7, "active_sessions": 3, **said}
    with serving(json.dumps(answer).encode(), asked=False) as server:
        return restarts.look(server.address, 10, lambda *dummy: b"", 17)


def test_a_router_has_sessions_and_the_nodes_that_it_has_heard_of_late() -> None:
    now = int(time.time())
    nodes = [
        {"name": "10.0.0.7:3031", "last_check": now - 2},
        {"name": "10.0.0.8:3031", "last_check": now - 60},
        {"name": "10.0.0.9:3031", "last_check": now, "death_mark": 1},
    ]
    pools = [{"key": "a", "nodes": nodes}, {"key": "b", "nodes": nodes[:1]}, {"key": "c"}]
    assert look() == Router(7, 3, frozenset())
    assert look(subscriptions=pools) == Router(7, 3, frozenset({("a", "10.0.0.7:3031"), ("b", "10.0.0.7:3031")}))
    with pytest.raises(StatsError):
        look(pid=None)


A, B, C = ("a", "10.0.0.7:3031"), ("a", "10.0.0.8:3031"), ("b", "10.0.0.7:3031")
AFTER = [
    (Router(7, 0, frozenset({A, B})), "is still the process from before"),
    (Router(8, 0, frozenset({A, B})), ""),
    (Router(8, 5, frozenset({A, B, C})), ""),
    (Router(8, 0, frozenset({B})), "has 1 of 2 nodes again; 10.0.0.7:3031 of a is missing"),
    (Router(8, 0, frozenset({C})), "has 0 of 2 nodes again; 10.0.0.7:3031 of a is missing"),
]


@pytest.mark.parametrize(("now", "words"), AFTER)
def test_it_is_over_when_another_process_has_all_of_them(now: Router, words: str) -> None:
    assert restarts.missing(Router(7, 1, frozenset({A, B})), now) == words
