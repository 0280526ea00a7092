# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which host a node is on, by its address and the router that lists it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._live_hosts import group_names, live_hosts


def router(stats: str, *addresses: str, fresh: bool = True) -> dict[str, Any]:
    """A router that lists nodes for one key."""
    figures: dict[str, Any] = dict.fromkeys(
        ("age", "weight", "modifier1", "modifier2", "requests", "failures", "in_flight", "backup"), 0
    )
    figures.update(vassal="", protocol="")
    nodes = [dict(figures, address=address, dead=False, fresh=fresh) for address in addresses]
    return {"stats": stats, "pools": [{"key": "k", "hits": 0, "algo": "", "nodes": nodes}]}


# The router that lists the node, the node's address, and the host; empty if it can't be told.
PLACES = [
    ("10.0.0.2:1", "10.0.0.7:1", "10.0.0.7"),
    ("10.0.0.2:1", "/run/s", "10.0.0.2"),
    ("10.0.0.2:1", "@s", "10.0.0.2"),
    ("10.0.0.2:1", "0.0.0.0:1", "10.0.0.2"),
    ("10.0.0.2:1", ":1", "10.0.0.2"),
    ("10.0.0.2:1", "127.0.0.1:1", "10.0.0.2"),
    ("http://router.test:80/s", "/run/s", "router.test"),
    ("/run/stats", "/run/s", "localhost"),
    ("/run/stats", "127.0.0.1:1", "127.0.0.1"),
    ("/run/stats", "10.0.0.7:1", "10.0.0.7"),
    ("127.0.0.1:1", "127.0.0.2:1", "127.0.0.2"),
    ("127.0.0.1:1", "/run/s", "127.0.0.1"),
    ("127.0.0.1:1", ":1", "127.0.0.1"),
    ("127.0.0.1:1", "10.0.0.7:1", "10.0.0.7"),
    ("http://127.0.0.1:80/s", "127.0.0.2:1", "127.0.0.2"),
    ("https://10.0.0.2/s", "127.0.0.2:1", "10.0.0.2"),
    ("http:///s", "/run/s", "localhost"),
    ("10.0.0.2:1", ":x", ""),
    *(("10.0.0.2:1", address, "") for address in ("node:1", "[::1]:1", "run/s", "10.0.0.7", "10.0.0.7:0", "300.0.0.1:1")),
]


@pytest.mark.parametrize(("stats", "address", "host"), PLACES)
def test_a_node_is_where_its_router_finds_it(stats: str, address: str, host: str) -> None:
    hosts, unusable = live_hosts([router(stats, address)], ghosts=False)
    assert {name: [node["address"] for node in nodes] for name, nodes in hosts.items()} == ({host: [address]} if host else {})
    assert unusable == ([] if host else [address])


def test_a_node_that_a_router_has_cleared_is_nowhere() -> None:
    for ghosts in (True, False):
        assert live_hosts([router("10.0.0.2:1", "", fresh=False)], ghosts) == ({}, [])


def test_one_path_on_two_routers_is_two_nodes() -> None:
    hosts, dummy = live_hosts([router("10.0.0.2:1", "/run/s"), router("10.0.0.3:1", "/run/s")], ghosts=False)
    assert {name: [node["fresh_on"] for node in nodes] for name, nodes in hosts.items()} == {
        "10.0.0.2": [["10.0.0.2:1"]], "10.0.0.3": [["10.0.0.3:1"]]
    }


def test_a_node_is_live_where_any_router_has_it_fresh() -> None:
    routers = [router("10.0.0.2:1", "10.0.0.7:1", "10.0.0.8:1", fresh=False), router("10.0.0.3:1", "10.0.0.8:1")]
    assert list(live_hosts(routers, ghosts=False)[0]) == ["10.0.0.8"]
    hosts = live_hosts(routers, ghosts=True)[0]
    assert {name: nodes[0]["fresh"] for name, nodes in hosts.items()} == {"10.0.0.7": False, "10.0.0.8": True}


def test_a_node_that_no_router_can_use_is_told_once() -> None:
    routers = [router("10.0.0.2:1", "node:1", "10.0.0.7:1"), router("10.0.0.3:1", "node:1", "node:2")]
    hosts, unusable = live_hosts(routers, ghosts=False)
    assert (list(hosts), unusable) == (["10.0.0.7"], ["node:1", "node:2"])


def test_the_nodes_of_a_host_are_sorted_and_have_their_keys() -> None:
    def with_keys(stats: str, **keys: list[str]) -> dict[str, Any]:
        pools = [dict(router(stats, *addresses)["pools"][0], key=key) for key, addresses in keys.items()]
        return {"stats": stats, "pools": pools}

    routers = [with_keys("10.0.0.2:1", b=["10.0.0.2:2", "/run/s"], a=["10.0.0.2:3"]), with_keys("10.0.0.3:1", a=["10.0.0.2:1"])]
    [(host, nodes)] = live_hosts(routers, ghosts=False)[0].items()
    assert host == "10.0.0.2"
    assert [(node["key"], node["address"]) for node in nodes] == [
        ("a", "10.0.0.2:1"), ("a", "10.0.0.2:3"), ("b", "/run/s"), ("b", "10.0.0.2:2")
    ]  # fmt: skip
    assert (nodes[0]["fresh_on"], nodes[0]["missing_on"]) == (["10.0.0.3:1"], ["10.0.0.2:1"])


def test_routers_of_one_host_see_the_same_local_node() -> None:
    [(host, nodes)] = live_hosts([router("10.0.0.2:1", "/run/s"), router("10.0.0.2:2", "/run/s")], ghosts=False)[0].items()
    assert (host, [node["fresh_on"] for node in nodes]) == ("10.0.0.2", [["10.0.0.2:1", "10.0.0.2:2"]])


GROUPS: list[tuple[list[str], dict[str, str], list[tuple[str, str]]]] = [
    ([], {}, []),
    (["a.test", "b.test", "a.test"], {"a.test": "a_test", "b.test": "b_test"}, []),
    (["a_test", "a.test"], {"a.test": "a_test", "a_test": "a_test_a79348"}, [("a_test", "a.test")]),
    (
        ["a_test", "a.test", "a-test"],
        {"a-test": "a_test", "a.test": "a_test_52dcf5", "a_test": "a_test_a79348"},
        [("a.test", "a-test"), ("a_test", "a-test")],
    ),
]


@pytest.mark.parametrize(("keys", "names", "others"), GROUPS)
def test_no_two_keys_have_one_group(keys: list[str], names: dict[str, str], others: list[tuple[str, str]]) -> None:
    assert group_names(keys, lambda key: re.sub("[^a-z]", "_", key)) == (names, others)


def test_a_key_that_is_the_name_of_another_key_s_group_gets_a_longer_one() -> None:
    keys = ["a.test", "a_test"]
    taken = group_names(keys, lambda key: key.replace(".", "_"))[0]["a_test"]
    names, others = group_names([*keys, taken], lambda key: key.replace(".", "_"))
    assert sorted(names) == sorted([*keys, taken])
    assert len(set(names.values())) == 3
    assert names["a.test"] == "a_test"
    assert others


def test_keys_with_all_the_longer_names_of_another_leave_it_one() -> None:
    digest = hashlib.sha256(b"a_test").hexdigest()
    keys = ["a_test", "a.test", *(f"a.test.{digest[:size]}" for size in range(6, 65)), f"a.test.{digest}0"]
    names, others = group_names(keys, lambda key: key.replace(".", "_"))
    assert others == [("a_test", "a.test")]
    assert names["a_test"] == f"a_test_{digest}00"
    assert len(set(names.values())) == len(keys)
