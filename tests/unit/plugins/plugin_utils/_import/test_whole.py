# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""What applies to all announcements of an instance."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import convert, problems
from support.converted import SUB, Cases, S, assert_case, found_in, keys, read
from support.stream import computed

_NO_ADDRESS = "subscriptions[0].server: 'router1:1' is neither an IPv4 address and a port..."
_KEPT = "is announced with the weight {} of a subscribe2 line, which uWSGI 2.0 keeps"
_UNKNOWN = ", which isn't known; give each subscription a balancing_weight"
_LOOP = ", too; give each subscription a balancing_weight, the number of its cores"
WHOLE: Cases = [
    (f"weight = 3\n{SUB}a\nst = {S}:b", {"subscriptions": [{"server": S, "key": ["a", "b"], "balancing_weight": 3}]}, []),
    (f"weight = 0\n{SUB}a", keys("a"), []),
    (
        f"weight = 3\n{SUB}a,weight=2",
        {"subscriptions": [{"server": S, "key": "a", "balancing_weight": 2}]},
        [("weight = 3", "is replaced by the weight of a subscribe2 line, since uWSGI 2.0 keeps the last that it read")],
    ),
    (f"weight = heavy\n{SUB}a", keys("a"), [("weight = heavy", "has 'heavy' where a number belongs")]),
    (
        f"subscribe2 = server=router1:1,key=b,weight=3\n{SUB}a",
        {"subscriptions": [{"server": S, "key": "a", "balancing_weight": 3}]},
        [("subscribe2 = server=router1:1,key=b,weight=3", _NO_ADDRESS), (SUB + "a", _KEPT.format(3))],
    ),
    (
        f"st = {S}:b\n{SUB}a,weight=3\nsubscribe2 = server=router1:1,key=b,weight=x",
        {"subscriptions": [{"server": S, "key": "b", "balancing_weight": 1}, {"server": S, "key": "a", "balancing_weight": 3}]},
        [("subscribe2 = server=router1:1,key=b,weight=x", _NO_ADDRESS), (f"st = {S}:b", _KEPT.format(0))],
    ),
    (
        f"auto-weight = true\nworkers = 3\nprocesses = 2\nthreads = 4\nweight = 9\n{SUB}a",
        {"subscriptions": [{"server": S, "key": "a", "balancing_weight": 8}]},
        [],
    ),
    (
        f"auto-weight = true\nworkers = 3\n{SUB}a",
        {"subscriptions": [{"server": S, "key": "a", "balancing_weight": 3}]},
        [],
    ),
    (f"auto-weight =\n{SUB}a", {"subscriptions": [{"server": S, "key": "a", "balancing_weight": 1}]}, []),
    (f"auto-weight = off\n{SUB}a", keys("a"), []),
    (f"auto-weight = 1\nprocesses = %k\n{SUB}a", keys("a"), [("auto-weight = 1", "depends on processes" + _UNKNOWN)]),
    *(
        (f"auto-weight = 1\n{name} = 100\n{SUB}a", keys("a"), [("auto-weight = 1", f"depends on {name}{_LOOP}")])
        for name in ("async", "gevent", "asyncio", "coroae", "goroutines", "tornado")
    ),
    (
        f"subscribe-with-modifier1 = 7\n{SUB}a,modifier1=5,modifier2=3\nst = {S}:b,9",
        {
            "subscriptions": [
                {"server": S, "key": "a", "modifier": {"modifier1": 7, "modifier2": 3}},
                {"server": S, "key": "b", "modifier": 7},
            ]
        },
        [],
    ),
    (
        f"subscribe-with-modifier1 = 700\n{SUB}a",
        keys("a"),
        [("subscribe-with-modifier1 = 700", "subscriptions[0].modifier: 700 is not between 0 and 255...")],
    ),
]


@pytest.mark.parametrize(("text", "expected", "left_over"), WHOLE)
def test_every_entry_says_what_holds_for_all(text: str, expected: dict[str, Any], left_over: list[tuple[str, str]]) -> None:
    assert_case(text, expected, left_over)


def test_announcements_have_their_limit() -> None:
    files = {"/k": "\n".join(f"k{at}" for at in range(3000))}
    text = "[uwsgi]\n" + f"st = {S}:@/k\n" * 6
    with computed(15), pytest.raises(ArgumentError, match="announces more than 16384 pairs of server and key"):
        found_in(text, V2_1, files=files)


def test_uwsgi_21_keeps_weights_apart() -> None:
    text = f"weight = 3\n{SUB}a,weight=2\n{SUB}b"

    def weights(text: str) -> list[Any]:
        return [entry.get("balancing_weight") for entry in read(text, V2_1).arguments["subscriptions"]]

    # In 2.1 subscribe2 ignores the global weight.
    assert weights(text) == [2, None]
    [left] = read(text, V2_1).left_over
    assert left == ("weight = 3", "says nothing to subscribe2 in uWSGI 2.1; give each subscription what it shall have")
    older = text + "\nsubscribe-to = 10.0.0.2:2626:c"
    assert (sorted(map(str, weights(older))), read(older, V2_1).left_over) == (["2", "3", "None"], [])
    automatic = "auto-weight = 1\nprocesses = 5\n"
    assert (weights(automatic + text), read(automatic + text, V2_1).left_over) == ([2, 5], [])
    assert sorted(weights(automatic + older)) == [2, 5]


def test_uwsgi_21_has_a_modifier_for_the_older_lines_alone() -> None:
    found = read(f"subscribe-with-modifier1 = 7\n{SUB}a\nsubscribe-to = 10.0.0.2:2626:c", V2_1)
    assert {entry["key"]: entry.get("modifier") for entry in found.arguments["subscriptions"]} == {"a": None, "c": 7}


def test_so_many_pairs_and_no_more() -> None:
    def of(lines: str) -> dict[str, Any]:
        files = {"/k": "a\nb\n"}
        return convert.converted(
            "[uwsgi]\n" + lines, V2_0, "/a.ini", files=files, limits=problems.Limits(1000, 1000, 3)
        ).arguments

    assert of(f"{SUB}a\n{SUB}b\n{SUB}c\n") == keys("a", "b", "c")
    with pytest.raises(ArgumentError, match=r"announces more than 3 pairs of server and key\Z"):
        of("subscribe-to = 10.0.0.2:2626:@/k\n" * 2)
