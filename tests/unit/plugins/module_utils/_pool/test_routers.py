# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routers asked at the same time over real sockets, how their answers are judged, and answers from a cache."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _http
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import routers
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.routers import Answer
from hypothesis import given
from hypothesis import strategies as st
from support.stream import refusing, serving, timed

TIMEOUT = 30
NOW = 1000.0


def table(**keys: Dict[str, float]) -> bytes:
    """The stats of a router, with the nodes of each key and the time each was last heard."""
    pools = [
        {"key": key, "hits": 1, "nodes": [{"name": name, "last_check": int(heard)} for name, heard in nodes.items()]}
        for key, nodes in keys.items()
    ]
    return json.dumps({"version": "2.0.31", "pid": 7, "subscriptions": pools}).encode()


def ask(*stats: str, timeout: float = TIMEOUT) -> List[Answer]:
    return routers.ask(list(stats), timeout, _http.get)


def keys(answer: Answer) -> List[str]:
    assert answer.table is not None, answer.error
    return [pool.key for pool in answer.table.pools]


# Arguments


@pytest.mark.parametrize(
    ("stats", "timeout", "max_age", "problem"),
    [
        ([], 1, 0, "router_stats: names no router; give the address of at least one stats server"),
        (["127.0.0.1:1"], 0, 0, "timeout: 0 is too small; give 1 or more seconds"),
        (["127.0.0.1:1"], 1, -1, "max_age: -1 is too small; give 0 or more seconds"),
    ],
)
def test_arguments_with_which_nobody_can_be_asked_are_refused(
    stats: List[str], timeout: int, max_age: int, problem: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        routers.check(stats, timeout, max_age)
    assert str(caught.value) == problem


def test_all_others_are_fine() -> None:
    routers.check(["127.0.0.1:1"], 1, 0)


# Asking


def test_nobody_is_asked_for_nothing() -> None:
    assert ask() == []


def test_each_router_is_asked_once_and_answers_in_its_place(tmp_path: Path) -> None:
    http = b"HTTP/1.0 200 OK\r\n\r\n" + table(c={})
    before = time.time()
    with ExitStack() as stack:
        one = stack.enter_context(serving(0.3, table(a={}), asked=False))
        two = stack.enter_context(serving(table(b={}), path=tmp_path / "s", asked=False))
        url = f"http://{stack.enter_context(serving(http)).address}/"
        found = ask(one.address, two.address, url, one.address)
    assert [answer.stats for answer in found] == [one.address, two.address, url]
    assert [keys(answer) for answer in found] == [["a"], ["b"], ["c"]]
    assert [answer.error for answer in found] == ["", "", ""]
    assert [answer.raw for answer in found] == [b""] * 3
    assert all(before <= answer.time <= time.time() for answer in found)


def test_many_are_asked_at_once() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(0.5, table(**{f"k{at}": {}}), asked=False)) for at in range(20)]
        with timed(0.5, 9):
            found = ask(*[server.address for server in servers])
    assert [keys(answer) for answer in found] == [[f"k{at}"] for at in range(20)]


def test_those_that_do_not_answer_have_their_reason_and_keep_nobody_waiting() -> None:
    with ExitStack() as stack:
        gone = stack.enter_context(refusing())
        mute = stack.enter_context(serving(closes=False, asked=False))
        other, fine = (stack.enter_context(serving(answer, asked=False)) for answer in (b"hello", table(a={})))
        with timed(1.9, 20):
            found = ask(gone, mute.address, other.address, "router:1", fine.address, timeout=2)
    assert [answer.table is None for answer in found] == [True, True, True, True, False]
    check = "; check that the router runs and has this stats server"
    assert [answer.error for answer in found[:2]] == [
        f"{gone} does not answer: [Errno 111] Connection refused" + check,
        f"{mute.address} does not answer: timed out" + check,
    ]
    assert found[2].error.startswith(f"{other.address}: its answer is not the JSON of a stats server: ")
    assert found[3].error.startswith("'router:1' is not a stats server; give ")
    assert {(answer.time, answer.raw) for answer in found[:4]} == {(0.0, b"")}


# Judging


ANSWER = Answer("r", routers.parse(table(a={"10.0.0.7:1": NOW - 10, "10.0.0.8:1": NOW}, b={"10.0.0.7:1": NOW})), NOW)


def shown(**arguments: Any) -> Dict[str, Dict[str, bool]]:
    """The keys and nodes of a router, and which are fresh."""
    found = routers.judged(ANSWER, **arguments)
    return {pool["key"]: {node["address"]: node["fresh"] for node in pool["nodes"]} for pool in found["pools"]}


def test_an_answer_is_judged_as_of_when_it_was_read() -> None:
    assert shown(max_age=10) == {"a": {"10.0.0.7:1": True, "10.0.0.8:1": True}, "b": {"10.0.0.7:1": True}}
    assert shown(max_age=9)["a"] == {"10.0.0.7:1": False, "10.0.0.8:1": True}
    found = routers.judged(ANSWER, 17)
    assert (found["stats"], found["version"], found["pid"]) == ("r", "2.0.31", 7)
    assert "error" not in found


def test_a_key_and_a_node_are_picked() -> None:
    assert shown(max_age=17, keys=["b"]) == {"b": {"10.0.0.7:1": True}}
    assert shown(max_age=17, node="10.0.0.8:1")["a"] == {"10.0.0.8:1": True}
    assert shown(max_age=17, keys={"a", "c"}, node="10.0.0.8:1") == {"a": {"10.0.0.8:1": True}}
    assert shown(max_age=17, keys={"none"}) == shown(max_age=17, keys=[]) == {}


def test_one_without_an_answer_has_its_reason_and_no_pools() -> None:
    assert routers.judged(Answer("r", error="is gone"), 17, ["a"]) == {"stats": "r", "error": "is gone", "pools": []}


def test_errors_name_the_argument_of_each() -> None:
    judged = [routers.judged(one, 17) for one in (Answer("b", error="is gone"), ANSWER, Answer("c", error="is late"))]
    assert routers.errors(["b", "r", "b", "c"], judged) == ["router_stats[0]: is gone", "router_stats[3]: is late"]
    assert routers.errors(["r"], judged[1:2]) == []


# Caching


def test_what_was_kept_comes_back_as_it_was() -> None:
    kept = [Answer("r", ANSWER.table, NOW, raw=table(a={"10.0.0.7:1": NOW - 10, "10.0.0.8:1": NOW}, b={"10.0.0.7:1": NOW}))]
    text = json.dumps([answer.kept() for answer in kept])
    assert routers.restored(json.loads(text)) == kept


def test_bytes_that_are_no_text_are_kept_as_they_are_read() -> None:
    raw = table(**{"a": {}}).replace(b'"a"', b'"\xff"')
    [found] = routers.restored([Answer("r", None, NOW, raw=raw).kept()])
    assert keys(found) == ["\ufffd"]


def test_what_a_cache_holds_is_judged_like_an_answer() -> None:
    [found] = routers.restored([{"stats": "r", "time": NOW, "raw": "hello"}])
    assert (found.table, found.time) == (None, 0.0)
    assert found.error.startswith("r: its answer is not the JSON of a stats server: ")
    assert routers.restored([]) == []


GOOD = {"stats": "r", "time": NOW, "raw": table(a={}).decode()}
NONE: List[Any] = [
    None, 5, [5], ["r"], [None], [{}], [GOOD, {}], {"a": GOOD}, [{**GOOD, "raw": 5}], [{**GOOD, "raw": None}],
    [{**GOOD, "time": "now"}], [{**GOOD, "time": None}], [{**GOOD, "time": 10**400}], [{**GOOD, "time": []}],
    *[[{**GOOD, "time": time}] for time in (float("nan"), float("inf"), float("-inf"), -1, 2**53 + 1, True, "5")],
    [{**GOOD, "stats": 5}], (GOOD,),
]  # fmt: skip


@pytest.mark.parametrize("kept", NONE, ids=str)
def test_of_a_cache_with_anything_else_nothing_is_used(kept: Any) -> None:
    assert routers.restored(kept) == []


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.one_of(st.sampled_from(sorted(GOOD)), st.text()), inner)),
)


@given(st.one_of(_JSON, st.lists(st.fixed_dictionaries({name: _JSON for name in GOOD}))))
def test_any_cache_is_answers_or_nothing(kept: Any) -> None:
    for answer in routers.restored(kept):
        assert bool(answer.error) == (answer.table is None)
        routers.judged(answer, 17)
