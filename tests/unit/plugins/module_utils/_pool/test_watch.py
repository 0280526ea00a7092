# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routers asked repeatedly: how often, what is sent again to whom, and when it ends. With a clock of the test's own."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini.instance import Announcement
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import presence, watch
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.presence import Seen
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.routers import Answer
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import Listed, ListedPool, Table
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.watch import Watch

ONE, TWO = "10.0.0.2:2627", "10.0.0.3:2627"
SERVERS = ("10.0.0.2:2626", "10.0.0.3:2626")
NODE, OTHER = "10.0.0.7:3031", "10.0.0.8:3031"
PAIR = ("a", NODE)


class Time:
    """A clock that only sleeping and asking move forward."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: List[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now = round(self.now + seconds, 6)


class Routers:
    """Two routers that give one answer after the other, and then repeat the last one.

    Args:
        said: for each look, each router's nodes for the key "a"; None for a router that doesn't answer.
    """

    def __init__(self, clock: Time, said: List[Any], seconds: float = 0.0) -> None:
        self._clock, self._said, self._seconds = clock, list(said), seconds
        self.looks: List[float] = []
        self.timeouts: List[float] = []

    def ask(self, stats: List[str], timeout: float, get: Any, read: Any) -> List[Answer]:
        self.looks.append(round(self._clock.now - 100, 6))
        self.timeouts.append(timeout)
        self._clock.now = round(self._clock.now + self._seconds, 6)
        said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
        return [self._answer(*one) for one in zip(stats, SERVERS, said)]

    def _answer(self, router: str, server: str, nodes: Optional[List[Listed]]) -> Answer:
        if nodes is None:
            return Answer(router, error=f"{router} does not answer")
        table = Table("2", 1, [ListedPool("a", 0, nodes)], (server,))
        return Answer(router, table, self._clock.now, seconds=self._seconds)


Looks = Callable[..., Tuple[Watch, Routers]]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    found = Time()
    monkeypatch.setattr(watch, "time", found)
    return found


@pytest.fixture
def looks(clock: Time, monkeypatch: pytest.MonkeyPatch) -> Looks:
    def made(*said: Any, timeout: float = 10, seconds: float = 0.0) -> Tuple[Watch, Routers]:
        routers = Routers(clock, list(said), seconds)
        monkeypatch.setattr(watch.routers, "ask", routers.ask)
        return Watch([ONE, TWO, ONE], timeout, [PAIR, PAIR], lambda *dummy: b""), routers

    return made


def listed(node: str = NODE, **more: Any) -> Listed:
    return Listed(node, 95, **more)


IN: List[Any] = [[listed()], [listed()]]
OUT: List[Any] = [[], []]


def out(dummy: Seen, now: Seen) -> bool:
    return now.is_out


class Told:
    """Records what is sent again: the servers, each time."""

    def __init__(self, clock: Time) -> None:
        self._clock = clock
        self.times: Dict[float, List[str]] = {}

    def __call__(self, wanted: Callable[[Announcement], bool]) -> None:
        servers = [*SERVERS, "10.0.0.4:2626"]
        one = [server for server in servers if wanted(Announcement("vassal", server, "a", NODE, None, None))]
        self.times[round(self._clock.now - 100, 6)] = one


def test_a_look_says_what_each_router_has(looks: Looks) -> None:
    one, routers = looks([[listed(in_flight=2)], None])
    assert one.look() == [Seen(ONE, "a", NODE, "listed", 2, 95), Seen(TWO, "a", NODE, "no answer")]
    assert routers.timeouts == [5]
    assert one.silent() == f"{TWO} does not answer"


# How long a look takes, and when the looks happen.
PACES = [
    (0.0, 0.2, [0, 0.05, 0.1, 0.15, 0.2]),
    (0.001, 0.2, [0, 0.051, 0.102, 0.153, 0.2]),
    (0.1, 4, [0, 1.1, 2.2, 3.3, 4]),
    # The last look is at the end, however long the pause would be.
    (0.5, 3, [0, 3]),
]


@pytest.mark.parametrize(("seconds", "timeout", "expected"), PACES)
def test_a_router_is_left_alone_ten_times_as_long_as_it_was_asked(
    looks: Looks, seconds: float, timeout: float, expected: List[float]
) -> None:
    one, routers = looks(IN, timeout=timeout, seconds=seconds)
    assert [seen.state for seen in one.wait(out, [])] == ["listed"] * 2
    assert one.late == []
    before = [Seen(ONE, "a", NODE, "listed"), Seen(TWO, "a", NODE, "listed")]
    one, routers = looks(IN, timeout=timeout, seconds=seconds)
    begin = routers._clock.now - 100
    one.wait(out, before)
    assert [round(look - begin, 6) for look in routers.looks] == expected
    assert [seen.router for seen in one.late] == [ONE, TWO]


BEFORE = [Seen(ONE, "a", NODE, "listed"), Seen(TWO, "a", NODE, "listed")]


def test_a_router_that_does_not_answer_makes_no_pause_longer(looks: Looks, clock: Time) -> None:
    one, routers = looks([[listed()], None], timeout=0.2)
    one.wait(out, BEFORE)
    assert routers.looks == [0, 0.05, 0.1, 0.15, 0.2]


# What each look sees, whether an announcement may be on its way, when the looks happen, and who is told again when.
WAITS: List[Any] = [
    ("out at once", [OUT], False, [0], {}),
    ("a moment later still", [OUT], True, [0, 0.2], {0: ["10.0.0.4:2626"]}),
    ("after a while", [IN, IN, OUT], False, [0, 0.05, 0.1], {}),
    ("after a while, and later still", [IN, OUT], True, [0, 0.05, 0.25], {0.05: ["10.0.0.4:2626"]}),
    ("back again", [OUT, IN, OUT], True, [0, 0.2, 0.25, 0.45],
     {0: ["10.0.0.4:2626"], 0.2: [*SERVERS, "10.0.0.4:2626"], 0.25: ["10.0.0.4:2626"]}),
    ("back at one", [OUT, [[], [listed()]], OUT], True, [0, 0.2, 0.25, 0.45],
     {0: ["10.0.0.4:2626"], 0.2: [SERVERS[1], "10.0.0.4:2626"], 0.25: ["10.0.0.4:2626"]}),
    ("dead with a request", [[[listed(dead=True, in_flight=1)], []], OUT], False, [0, 0.05], {}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "settle", "expected", "told"), [case[1:] for case in WAITS], ids=[case[0] for case in WAITS])
def test_waiting(looks: Looks, clock: Time, said: Any, settle: bool, expected: List[float], told: Dict[float, List[str]]) -> None:
    one, routers = looks(*said)
    again = Told(clock)
    assert one.wait(out, BEFORE, again, settle) == one.look()
    assert (routers.looks[:-1], again.times, one.late) == (expected, told, [])


# What routers always answer, and who is told again, once a second.
AGAIN: List[Any] = [
    (IN, [*SERVERS, "10.0.0.4:2626"]),
    ([[listed()], []], [SERVERS[0], "10.0.0.4:2626"]),
    ([[listed(dead=True, in_flight=1)], [listed()]], [SERVERS[1], "10.0.0.4:2626"]),
    # A router may have lost its nodes; if it never answered, nobody knows which server it is.
    ([[], None], [SERVERS[1], "10.0.0.4:2626"]),
]


@pytest.mark.parametrize(("said", "servers"), AGAIN)
def test_what_a_router_still_has_is_sent_again_once_a_second(looks: Looks, clock: Time, said: Any, servers: List[str]) -> None:
    one, dummy = looks(said, timeout=2.5)
    again = Told(clock)
    one.wait(out, BEFORE, again)
    assert [round(at, 1) for at in again.times] == [1, 2]
    assert list(again.times.values()) == [servers] * 2


def test_a_router_that_answered_once_is_known(looks: Looks, clock: Time) -> None:
    one, dummy = looks(OUT, [[], None], timeout=1.5)
    one.look()
    again = Told(clock)
    one.wait(out, BEFORE, again)
    assert list(again.times.values()) == [[SERVERS[1], "10.0.0.4:2626"]]
    assert one.lagging() == f"{TWO} does not answer"


def test_who_lags_in_words(looks: Looks) -> None:
    one, dummy = looks([[listed(in_flight=2)], [listed(dead=True, in_flight=1)]], timeout=1)
    one.wait(out, BEFORE)
    assert one.lagging().split("; ") == [
        f"{ONE} still has {NODE} in 'a' (listed, 2 requests in flight)",
        f"{TWO} still has {NODE} in 'a' (dead, 1 requests in flight)",
    ]
    one, dummy = looks([[], None], timeout=1)
    one.wait(presence.came_in, BEFORE)
    assert one.lagging() == f"{ONE} doesn't have {NODE} in 'a'; {TWO} does not answer"
    one.late = one.late[:1] * 25
    assert one.lagging() == "; ".join([f"{ONE} doesn't have {NODE} in 'a'"] * 20 + ["and 5 more", f"{TWO} does not answer"])


def test_a_minimum_of_others(looks: Looks) -> None:
    both = [[listed(), listed(OTHER)], [listed(OTHER), Listed("old:1", 50)]]
    one, dummy = looks(both)
    one.look(others=True)
    assert one.require(1, ["a"]) == ""
    with pytest.raises(ArgumentError) as found:
        one.require(2, ["a"])
    assert found.value.path == "minimum"
    assert found.value.problem == f"draining would leave {ONE} 1 fresh nodes for 'a', and minimum is 2; restore other nodes first"
    one, dummy = looks(IN)
    one.look(others=True)
    assert one.require(0, ["a"]).startswith(f"{ONE} has no other fresh node for 'a', and nobody answers its requests")
    one, dummy = looks([[listed(OTHER)], None])
    one.look(others=True)
    assert one.require(0, ["a"]) == ""
    with pytest.raises(ArgumentError, match=f"minimum: cannot be checked, because .*: {TWO} does not answer"):
        one.require(1, ["a"])
    one, dummy = looks([None, None])
    one.look(others=True)
    assert one.require(0, ["a"]) == ""


@pytest.mark.parametrize(("given", "oldest"), [({}, 83), ({"max_age": 62}, 38)])
def test_who_is_fresh(clock: Time, given: Dict[str, int], oldest: int) -> None:
    seen = Seen(ONE, "a", NODE, "listed", 0, oldest)
    one = Watch([ONE], 10, [PAIR], lambda *dummy: b"", **given)  # type: ignore[arg-type]
    assert [one.is_fresh(now) for now in (seen, seen._replace(announced=oldest - 1), seen._replace(state="dead"))] == [
        True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(("max_age", "left"), [(17, 0), (62, 1)])
def test_how_old_another_node_may_be_is_said(clock: Time, looks: Looks, max_age: int, left: int) -> None:
    one, routers = looks([[listed(), Listed("10.0.0.9:1", 50)]] * 2)
    aged = Watch([ONE], 10, [PAIR], lambda *dummy: b"", max_age=max_age)
    aged.look(others=True)
    if left:
        assert aged.require(1, ["a"]) == ""
    else:
        with pytest.raises(ArgumentError, match="0 fresh nodes for"):
            aged.require(1, ["a"])


def test_what_was_seen_of_each_node() -> None:
    one, two = BEFORE
    other = one._replace(node=OTHER)
    assert watch.by_pair([one, other, two]) == {PAIR: [one, two], ("a", OTHER): [other]}
