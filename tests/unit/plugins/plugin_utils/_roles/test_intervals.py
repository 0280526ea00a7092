# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Intervals that hosts choose, and the tolerances that fit them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import intervals
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.texts import AUTO
from support import records

ROUTERS = {"routers": ["r1", "r2"]}


def shop(*keys: str) -> list[dict[str, Any]]:
    return [{"name": "shop", "subscriptions": [{"server": "10.0.0.2:2626", "key": list(keys)}]}]


MANY = shop(*(f"k{at}" for at in range(100)))
UNSIGNED = [{"subscriptions": [{**one, "signing": False} for one in MANY[0]["subscriptions"]]}]
SIGNED = [{"subscriptions": [{**one, "signing": ["SHA256", "/k"]} for one in MANY[0]["subscriptions"]]}]
STATS = {"router_stats": ["10.0.0.2:2627"]}
# What differs from the defaults, and the interval and the tolerance.
SETTLED: list[tuple[dict[str, Any], int, int]] = [
    ({}, 5, 17),
    ({"announce_interval": 3}, 3, 17),
    ({"announce_interval": 20}, 20, 62),
    ({"announce_interval": 20, "router_tolerance": 100}, 20, 100),
    ({"announce_interval": AUTO, **STATS}, 5, 17),
    ({"announce_interval": AUTO, **STATS, "vassals": MANY, "node_count": 1000}, 20, 62),
    # If nobody has said how large the fleet is, it counts as one host, and without known routers as one router.
    ({"announce_interval": AUTO, **STATS, "vassals": shop(*(f"k{at}" for at in range(5000))), "node_count": 0}, 10, 32),
    ({"announce_interval": AUTO, **STATS, "vassals": MANY * 200, "node_count": 0}, 5, 17),
    ({"announce_interval": AUTO, **STATS, "vassals": MANY, "node_count": 1000, "signing": False}, 5, 17),
    ({"announce_interval": AUTO, **STATS, "vassals": MANY, "node_count": 1000, "signing_key_type": "rsa"}, 10, 32),
    ({"announce_interval": AUTO, **STATS, "vassals": UNSIGNED, "node_count": 1000}, 5, 17),
    ({"announce_interval": AUTO, **STATS, "vassals": SIGNED, "node_count": 1000, "signing": False}, 20, 62),
    ({"announce_interval": AUTO, **STATS, "vassals": [{"name": "silent", "subscriptions": None}], "node_count": 1000}, 5, 17),
    # The routers' nodes are not known, and others may announce themselves less often.
    ({"announce_interval": AUTO, "vassals": MANY}, 5, 122),
    ({"announce_interval": AUTO}, 5, 122),
]


@pytest.mark.parametrize(("given", "interval", "tolerance"), SETTLED, ids=range(len(SETTLED)))
def test_a_tolerance_goes_with_the_interval(given: dict[str, Any], interval: int, tolerance: int) -> None:
    found = intervals.settled(records.EMPEROR._replace(**given))
    assert (found.announce_interval, found.router_tolerance) == (interval, tolerance)


def test_routers_wait_for_the_one_that_announces_itself_least() -> None:
    given = records.EMPEROR._replace(node_count=1000, **ROUTERS)
    nodes = [{"host": "a", "vassals": shop("x")}, {"host": "b", "vassals": MANY}, {"host": "c"}, {"host": "d", "vassals": []}]
    assert [intervals.longest(intervals.choices(given, some)) for some in (nodes, nodes[:1], [])] == [20, 5, 5]
    found = [intervals.with_tolerance(records.FASTROUTER, interval).tolerance for interval in (5, 20)]
    assert found == [17, 62]
    assert intervals.with_tolerance(records.FASTROUTER._replace(tolerance=100), 20).tolerance == 100


def test_routers_tell_when_a_fleet_is_larger_than_its_hosts_know() -> None:
    nodes = [{"host": f"n{at}", "vassals": MANY} for at in range(400)] + [{"host": "other"}]
    wrong, right = (records.EMPEROR._replace(node_count=count, **ROUTERS) for count in (10, 400))
    assert intervals.warnings(right, intervals.choices(right, nodes)) == []
    assert [words.partition(";")[0] for words in intervals.warnings(wrong, intervals.choices(wrong, nodes))] == [
        "announcements take 38% of a core of each router"
    ]


def test_what_is_no_vassal_is_refused_by_its_place() -> None:
    with pytest.raises(ArgumentError, match=r"emperor_vassals\[0\]: must be a mapping"):
        intervals.choice(records.EMPEROR, ["shop"])
    with pytest.raises(ArgumentError, match=r"emperor_vassals\[0\]\.subscriptions\[1\]: must be a mapping"):
        intervals.choice(records.EMPEROR, [{"subscriptions": [{}, "shop"]}])
