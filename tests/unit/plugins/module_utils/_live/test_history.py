# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several looks together show."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.history import FAILING, POINTS, STEP, History, Line
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.sources import Look, Pools
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import Listed

AGE = 17
START = 1_000_000.0


def look(now: float, *nodes: Listed, errors: Any = None) -> Look:
    pools = Pools("2.0.31", now, 0.1, {"k": {node.address: node for node in nodes}}, {"k": 0})
    return Look(now, 0.1, {"r": pools}, None, {}, {}, {}, {}, {}, errors or {})


def node(now: float, **figures: Any) -> Listed:
    return Listed("n", int(now), **figures)


def seen(*counts: tuple[int, int]) -> tuple[History, float]:
    """A node with its requests and failures at one look after another, a second between them."""
    history, now = History(), START
    for requests, failures in counts:
        now += 1
        history.add(look(now, node(now, requests=requests, failures=failures)), AGE)
    return history, now


# Requests and failures at each look, and the sums of the last minutes.
COUNTS = [
    ([(5, 1)], 0, 0),
    ([(5, 1), (8, 1)], 3, 0),
    ([(5, 1), (8, 3)], 3, 2),
    # The router or the node began again.
    ([(5, 1), (2, 1)], 2, 0),
    ([(9, 9), (0, 0), (4, 2)], 4, 2),
]


@pytest.mark.parametrize(("counts", "requests", "failures"), COUNTS)
def test_only_what_is_new_counts(counts: list[tuple[int, int]], requests: int, failures: int) -> None:
    history, now = seen(*counts)
    assert (sum(history.requests("k", now)), sum(history.failures("k", now))) == (requests, failures)


def test_a_node_that_joins_brings_its_requests_unless_the_router_was_away() -> None:
    for gap, requests in ((1, 7), (FAILING + 1, 0)):
        history = History()
        history.add(look(START), AGE)
        history.add(look(START + gap, node(START + gap, requests=7)), AGE)
        assert sum(history.requests("k", START + gap)) == requests


@pytest.mark.parametrize(
    ("counts", "more", "state"),
    [
        ([(0, 3)], {}, "fresh"),
        ([(0, 3), (0, 4)], {}, "failing"),
        ([(0, 0)], {"dead": True}, "dead"),
        ([(0, 0)], {"old": AGE + 1}, "ghost"),
    ],
)
def test_states(counts: list[tuple[int, int]], more: dict[str, Any], state: str) -> None:
    history, now = seen(*counts)
    one = Listed("n", int(now) - more.pop("old", 0), **more)
    assert history.state("r", "k", one, now, AGE) == state


def test_a_failure_is_over_after_a_while() -> None:
    history, now = seen((0, 0), (0, 1))
    assert history.state("r", "k", node(now), now + FAILING - 1, FAILING) == "failing"
    assert history.state("r", "k", node(now + FAILING), now + FAILING, AGE) == "fresh"


def test_returns_are_counted_of_the_dead_the_silent_and_the_forgotten() -> None:
    history, now = seen((1, 0), (1, 0))
    assert history.returns("r", "k", "n") == 0
    history.add(look(now + 1, node(now, dead=True)), AGE)
    history.add(look(now + 2, node(now + 2)), AGE)
    assert history.returns("r", "k", "n") == 1
    history.add(look(now + 30, node(now + 2)), AGE)
    history.add(look(now + 31, node(now + 31)), AGE)
    assert history.returns("r", "k", "n") == 2
    history.add(look(now + 40), AGE)
    history.add(look(now + 60, node(now + 60)), AGE)
    assert history.returns("r", "k", "n") == 3
    # For an hour.
    history.add(look(now + 60 + 3600), AGE)
    assert history.returns("r", "k", "n") == 0


def test_errors_are_counted_by_their_source() -> None:
    history = History()
    for dummy in range(3):
        history.add(look(START, errors={"router:x": "down"}), AGE)
    assert history.errors == {"router:x": 3}


def test_a_line_has_the_last_minutes() -> None:
    line = Line()
    line.add(START, 1)
    line.add(START + 1, 2)
    line.add(START + STEP, 4)
    assert line.points(START + STEP)[-3:] == [0, 3, 4]
    assert len(line.points(START + STEP)) == POINTS
    assert line.points(START + 3 * STEP)[-4:] == [3, 4, 0, 0]
    assert sum(line.points(START + STEP * (POINTS + 1))) == 0


def test_a_key_that_nobody_lists_is_forgotten() -> None:
    history, now = seen((0, 0), (5, 0))
    later = now + STEP * POINTS + 1
    history.add(Look(later, 0.1, {}, None, {}, {}, {}, {}, {}, {}), AGE)
    assert history.requests("k", later) == []
