# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What announcements cost, by the number of subscriptions, the keys and the interval."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._capacity import busy_routers, capacity, checking, chosen_interval
from hypothesis import given
from hypothesis import strategies as st


def vassal(signed: int = 0, unsigned: int = 0, name: str = "v") -> dict[str, Any]:
    """A vassal with this many subscriptions."""
    return {"name": name, "subscriptions": [{"key": "a.test", "signing": ["SHA256", "/k"]}] * signed + [{"key": "b"}] * unsigned}


def many(count: int, **one: int) -> list[dict[str, Any]]:
    """This many vassals of a kind."""
    return [vassal(**one)] * count


# Vassals and arguments; the resulting interval, the recommended one, and the shares of a router's and a vassal's CPU core.
LOADS: list[tuple[Any, dict[str, Any], tuple[int, int, float, float]]] = [
    ([], {}, (5, 5, 0.0, 0.0)),
    (vassal(signed=1), {}, (5, 5, 0.0, 0.0001)),
    (vassal(signed=1), {"routers": 1000, "interval": 86400}, (86400, 5, 0.0, 0.0)),
    # 5,200 signed subscriptions every second are a quarter of a core.
    (many(2600, signed=10), {}, (5, 5, 0.2496, 0.0008)),
    (many(2700, signed=10), {}, (6, 6, 0.216, 0.0006)),
    (many(10000, signed=10), {}, (20, 20, 0.24, 0.0002)),
    (many(10000, signed=10), {"interval": 10}, (10, 20, 0.48, 0.0004)),
    (many(10000, signed=10), {"interval": 10, "key_type": "rsa"}, (10, 8, 0.2, 0.0008)),
    (many(10000, unsigned=10), {"interval": 10}, (10, 5, 0.032, 0.0)),
    (many(10000, signed=1, unsigned=9), {"interval": 10}, (10, 5, 0.0768, 0.0)),
    # A vassal that signs for a thousand keys and four routers has more work than any router.
    (vassal(signed=1000), {"routers": 4}, (7, 7, 0.0069, 0.2229)),
    (vassal(signed=1000), {"routers": 4, "key_type": "rsa"}, (13, 13, 0.0015, 0.2462)),
    # Exactly as much as is allowed.
    (vassal(signed=3125), {"interval": 10, "key_type": "rsa"}, (10, 10, 0.0063, 0.25)),
    (vassal(signed=1000), {"routers": 1, "interval": 1}, (1, 5, 0.048, 0.39)),
]


@pytest.mark.parametrize(("vassals", "arguments", "expected"), LOADS, ids=range(len(LOADS)))
def test_a_load_is_what_was_measured_for_each_announcement(vassals: Any, arguments: Any, expected: Any) -> None:
    found = capacity(vassals, **arguments)
    shares = found["router_share"], found["vassal_share"]
    assert (found["interval"], found["recommended_interval"], *shares) == expected
    # There is never a warning about a recommended interval, and always one above the limit.
    assert bool(found["warnings"]) == (max(shares) > 0.25)
    assert not capacity(vassals, **{**arguments, "interval": found["recommended_interval"]})["warnings"]


def test_what_is_too_much_is_said_with_a_remedy() -> None:
    busy = [{"host": "node1", "vassals": [vassal(signed=3000, name="shop")]}, {"host": "node2"}, *many(3000, signed=10)]
    assert capacity(busy, interval=5, routers=2)["warnings"] == [
        "announcements every 5 seconds take 32% of a core of each router; announce every 10 seconds",
        "signing takes 47% of a core of the vassal node1: shop; announce every 10 seconds, or let several vassals share its keys",
    ]
    nameless = {"subscriptions": vassal(signed=3000)["subscriptions"]}
    assert capacity(nameless, interval=1)["warnings"] == [
        "signing takes 117% of a core of the vassal with most keys; announce every 5 seconds, or let several vassals share its "
        "keys",
    ]


BUSIEST: list[tuple[Any, str]] = [
    ([], ""),
    ([vassal(signed=1, name="a"), vassal(signed=2, name="b"), vassal(unsigned=9, name="c")], "b"),
    ([vassal(signed=1, unsigned=1, name="a"), vassal(signed=1, unsigned=2, name="b")], "b"),
    ([{"host": "node1", "vassals": [vassal(signed=1, name="a")]}], "node1: a"),
]


@pytest.mark.parametrize(("vassals", "busiest"), BUSIEST)
def test_the_vassal_that_signs_most_is_named(vassals: Any, busiest: str) -> None:
    assert capacity(vassals)["busiest_vassal"] == busiest


FORMS: list[Any] = [
    [vassal(signed=2), vassal(unsigned=1)],
    [[vassal(signed=2)], [[vassal(unsigned=1)]]],
    [{"host": "a", "vassals": [vassal(signed=2), vassal(unsigned=1)]}, {"host": "b"}],
    ({"host": "a", "vassals": [vassal(signed=2), {"name": "silent"}]}, {"subscriptions": {"key": "k"}}),
]


@pytest.mark.parametrize("vassals", FORMS, ids=range(len(FORMS)))
def test_vassals_are_found_in_what_inventories_have(vassals: Any) -> None:
    found = capacity(vassals)
    assert (found["subscriptions"], found["signed"]) == (3, 2)


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    ("text", {}, "_input: must be a vassal, a result of the lookup announced_vassals, or a list of them"),
    ([vassal(), None], {}, "_input[1]: must be a vassal, a result of the lookup announced_vassals, or a list of them"),
    (
        [{"host": "a", "vassals": [5]}],
        {},
        "_input[0].vassals[0]: must be a vassal, a result of the lookup announced_vassals, or a list of them",
    ),
    ([{"subscriptions": "{{ x }}"}], {}, "_input[0].subscriptions: must be a list of subscriptions"),
    ([{"subscriptions": [5]}], {}, "_input[0].subscriptions: must be a list of subscriptions"),
    ([], {"interval": 0}, "interval: must be a whole number from 1 to 86400, not 0"),
    ([], {"interval": True}, "interval: must be a whole number from 1 to 86400, not True"),
    ([], {"interval": "5"}, "interval: must be a whole number from 1 to 86400, not '5'"),
    ([], {"interval": 86401}, "interval: must be a whole number from 1 to 86400, not 86401"),
    ([], {"routers": 1001}, "routers: must be a whole number from 1 to 1000, not 1001"),
    ([], {"routers": 0}, "routers: must be a whole number from 1 to 1000, not 0"),
    ([], {"key_type": "dsa"}, "key_type: must be 'ec' or 'rsa', not 'dsa'"),
]


@pytest.mark.parametrize(("vassals", "arguments", "problem"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_wrong_is_named(vassals: Any, arguments: Any, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        capacity(vassals, **arguments)
    assert str(caught.value) == problem


# A host's vassals, the number of hosts and of routers, the type of the keys, and the interval.
CHOSEN: list[tuple[Any, int, int, str, int]] = [
    ([], 1000, 2, "ec", 5),
    ([], 1, 10_000, "ec", 5),
    (vassal(signed=1), 62_500, 1, "rsa", 5),
    (vassal(signed=1), 62_501, 1, "rsa", 10),
    (vassal(signed=10), 1, 1, "ec", 5),
    (vassal(signed=26), 1000, 1, "ec", 5),
    (vassal(signed=27), 1000, 1, "ec", 10),
    (many(2, signed=26), 1000, 1, "ec", 10),
    (vassal(signed=100), 1000, 1, "ec", 20),
    (vassal(signed=100), 1000, 1, "rsa", 10),
    (vassal(unsigned=100), 1000, 1, "ec", 5),
    ({"subscriptions": {"key": ["a"] * 100, "signing": ["SHA256", "/k"]}}, 1000, 1, "ec", 20),
    # A single host that signs for many keys and routers.
    (vassal(signed=1000), 1, 4, "ec", 10),
    (vassal(signed=1000), 1, 4, "rsa", 20),
    (vassal(signed=10000), 1000, 4, "ec", 40),
]


@pytest.mark.parametrize(("vassals", "hosts", "routers", "key_type", "interval"), CHOSEN, ids=range(len(CHOSEN)))
def test_a_host_chooses_by_its_own_keys_and_the_number_of_hosts(
    vassals: Any, hosts: int, routers: int, key_type: str, interval: int
) -> None:
    assert chosen_interval(vassals, hosts, routers, key_type) == interval


@pytest.mark.parametrize("found", [lambda vassals: chosen_interval(vassals, 1, 1, "ec"), lambda vassals: checking(vassals, "ec")])
def test_what_is_wrong_with_a_host_s_vassals_is_named(found: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^emperor_vassals\[0\]\.subscriptions: must be a list of subscriptions$"):
        found([{"subscriptions": 5}])


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30))
def test_hosts_that_choose_for_themselves_leave_the_routers_their_time(keys: list[int]) -> None:
    fleet = [{"subscriptions": {"key": ["k"] * count, "signing": ["SHA256", "/k"]}} for count in keys]
    chosen = [chosen_interval(one, len(fleet), 1, "ec") for one in fleet]
    share = sum(checking(one, "ec") / interval for one, interval in zip(fleet, chosen))
    assert share <= 0.25 or max(chosen) == 40
    # One more host changes an interval by at most one step.
    assert all(chosen_interval(one, len(fleet) + 1, 1, "ec") <= 2 * interval for one, interval in zip(fleet, chosen))


def test_routers_that_have_too_much_to_do_are_told_why() -> None:
    assert busy_routers(0.25, 1, 9) == []
    assert busy_routers(0.5, 10, 40) == [
        "announcements take 50% of a core of each router; emperor_node_count is 10, and 40 hosts announce themselves; set it to "
        "40 for all"
    ]
    assert busy_routers(0.5, 40, 40) == [
        "announcements take 50% of a core of each router; 40 seconds are the longest interval that is chosen; set a longer "
        "emperor_announce_interval"
    ]
