# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several looks show together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.history import POINTS, STEP, History, Line
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.sources import Look, Pools
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import Listed

AGE = 17
# A node counts as failing for this long after a failure.
MINUTE = 60
START = 1_000_000.0


def look(now: float, *nodes: Listed, errors: Any = None) -> Look:
    pools = Pools("2.0.31", now, 0.1, {"k": {node.address: node for node in nodes}}, {"k": 0})
    return Look(now, 0.1, {"r": pools}, None, {}, {}, {}, {}, {}, errors or {})


def node(now: float, **figures: Any) -> Listed:
    return Listed("n", int(now), **figures)


def seen(*counts: tuple[int, int]) -> tuple[History, float]:
    """A node with its requests and failures at successive looks, one second apart."""
    history, now = History(), START
    for requests, failures in counts:
        now += 1
        history.add(look(now, node(now, requests=requests, failures=failures)), AGE)
    return history, now


# Requests and failures at each look, and the totals of the last minutes.
COUNTS = [
    ([(5, 1)], 0, 0),
    ([(5, 1), (8, 1)], 3, 0),
    ([(5, 1), (8, 3)], 3, 2),
    # The router or the node started again from zero.
    ([(5, 1), (2, 1)], 2, 0),
    ([(9, 9), (0, 0), (4, 2)], 4, 2),
]


@pytest.mark.parametrize(("counts", "requests", "failures"), COUNTS)
def test_only_what_is_new_counts(counts: list[tuple[int, int]], requests: int, failures: int) -> None:
    history, now = seen(*counts)
    assert (sum(history.requests("k", now)), sum(history.failures("k", now))) == (requests, failures)


def test_a_node_that_joins_brings_its_requests_unless_the_router_was_away() -> None:
    for gap, requests in ((1, 7), (MINUTE + 1, 0)):
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
    assert history.state("r", "k", node(now), now + MINUTE - 1, MINUTE) == "failing"
    assert history.state("r", "k", node(now + MINUTE), now + MINUTE, AGE) == "fresh"


def test_what_is_just_within_its_time_counts() -> None:
    history = History()
    # It was announced just in time, so it was never away.
    for now in (START, START + 20):
        history.add(look(now, node(now - AGE)), AGE)
        assert history.state("r", "k", node(now - AGE), now, AGE) == "fresh"
    assert history.returns("r", "k", "n") == 1
    history.add(look(START + 20 + AGE, node(START + 20)), AGE)
    assert history.returns("r", "k", "n") == 1


def test_a_router_that_was_away_for_long_brings_no_requests_of_before() -> None:
    for gap, requests, state in ((MINUTE - 1, 7, "failing"), (MINUTE, 0, "fresh")):
        history, now = History(), START + gap
        history.add(look(START), AGE)
        one = node(now, requests=7, failures=2)
        history.add(look(now, one), AGE)
        assert (sum(history.requests("k", now)), history.state("r", "k", one, now, AGE)) == (requests, state)
        assert sum(history.failures("k", now)) == (2 if requests else 0)


def test_a_node_begins_without_returns_and_an_unknown_one_has_none() -> None:
    history = History()
    assert (history.returns("r", "k", "n"), history.requests("k", START), history.failures("k", START)) == (0, [], [])
    assert history.state("r", "k", node(START), START, AGE) == "fresh"
    history.add(look(START, node(START)), AGE)
    assert history.returns("r", "k", "n") == 0
    # Without requests there is no line.
    assert (history.requests("k", START), history.failures("k", START)) == ([], [])


def test_nodes_are_kept_for_an_hour_and_keys_as_long_as_their_lines() -> None:
    history, now = seen((1, 0), (2, 1))
    history.add(look(now + 1, node(now, dead=True)), AGE)
    history.add(look(now + 2, node(now + 2, requests=2)), AGE)
    gone = Pools("2.0.31", now, 0.1, {}, {})
    for later, returns, points in ((STEP * POINTS, 1, POINTS), (STEP * POINTS + 1, 1, 0), (3599, 1, 0), (3600, 0, 0)):
        history.add(Look(now + 2 + later, 0.1, {"r": gone}, None, {}, {}, {}, {}, {}, {}), AGE)
        assert history.returns("r", "k", "n") == returns
        assert (len(history.requests("k", now + 2 + later)), len(history.failures("k", now + 2 + later))) == (points, points)


def test_a_node_that_is_forgotten_takes_no_other_with_it() -> None:
    history = History()
    history.add(look(START, Listed("old", int(START))), AGE)
    for later in (1800, 3500):
        history.add(look(START + later, node(START + later)), AGE)
    history.add(look(START + 3600), AGE)
    assert history.returns("r", "k", "n") == 1


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
    # Returns are remembered for an hour.
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
    # A clock that is set back changes nothing.
    line.add(START + STEP * (POINTS + 1), 8)
    line.add(START, 1)
    assert line.points(START)[-2:] == [0, 9]
    assert line.points(START + STEP * 2 * POINTS) == [9, *[0] * (POINTS - 1)]
    assert line.points(START + STEP * (2 * POINTS + 1)) == [0] * POINTS


def test_a_line_has_nothing_from_before_its_minutes() -> None:
    for steps in range(2 * POINTS + 2):
        line = Line()
        line.add(START, 1)
        assert sum(line.points(START + STEP * steps)) == (1 if steps < POINTS else 0)


def test_a_key_that_nobody_lists_is_forgotten() -> None:
    history, now = seen((0, 0), (5, 0))
    later = now + STEP * POINTS + 1
    history.add(Look(later, 0.1, {}, None, {}, {}, {}, {}, {}, {}), AGE)
    assert history.requests("k", later) == []
