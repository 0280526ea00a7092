# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node in its routers' tables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import presence
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.presence import Seen
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import Listed, ListedPool, Table

ROUTER, KEY, NODE = "10.0.0.2:2627", "a.test", "10.0.0.7:3031"
OTHER = "10.0.0.8:3031"
NOW = 1000.0


def node(address: str = NODE, last_check: int = 990, dead: bool = False, in_flight: int = 0) -> Listed:
    return Listed(address, last_check, dead=dead, in_flight=in_flight)


def table(**pools: list[Listed]) -> Table:
    """A router's table; each argument's name is a key without its ``.test``."""
    return Table("2.0.31", 1, [ListedPool(key + ".test", 0, nodes) for key, nodes in pools.items()])


def seen(state: str, in_flight: int = 0, announced: int = 0, node: str = NODE, key: str = KEY) -> Seen:
    return Seen(ROUTER, key, node, state, in_flight, announced)


LOOKS: list[tuple[str, Any, Seen]] = [
    ("no answer", None, seen("no answer")),
    ("no keys", table(), seen("absent")),
    ("another key", table(b=[node()]), seen("absent")),
    ("no nodes", table(a=[]), seen("absent")),
    ("another node", table(a=[node(OTHER)]), seen("absent")),
    ("listed", table(a=[node()]), seen("listed", 0, 990)),
    ("listed and busy", table(a=[node(OTHER, in_flight=9), node(in_flight=2)]), seen("listed", 2, 990)),
    ("dead", table(a=[node(dead=True)]), seen("dead", 0, 990)),
    ("dead and busy", table(a=[node(dead=True, in_flight=1)]), seen("dead", 1, 990)),
    ("dead for another key", table(b=[node(dead=True)], a=[node()]), seen("listed", 0, 990)),
]


@pytest.mark.parametrize(("found", "expected"), [case[1:] for case in LOOKS], ids=[case[0] for case in LOOKS])
def test_look(found: Any, expected: Seen) -> None:
    assert presence.look(ROUTER, found, [(KEY, NODE)]) == [expected]


# A node that 2.1 has cleared has a vassal but no address: how it is listed, the name it is looked for by, and how it is seen.
CLEARED: list[tuple[str, Listed, dict[Any, str], Seen]] = [
    ("busy", Listed("", 990, in_flight=1, vassal="a.ini"), {(KEY, NODE): "a.ini"}, seen("dead", 1, 990)),
    ("idle", Listed("", 990, vassal="a.ini"), {(KEY, NODE): "a.ini"}, seen("dead", 0, 990)),
    ("dead", Listed("", 990, dead=True, vassal="a.ini"), {(KEY, NODE): "a.ini"}, seen("dead", 0, 990)),
    ("another vassal", Listed("", 990, in_flight=1, vassal="b.ini"), {(KEY, NODE): "a.ini"}, seen("absent")),
    ("another key's name", Listed("", 990, in_flight=1, vassal="a.ini"), {("b.test", NODE): "a.ini"}, seen("absent")),
    ("no name", Listed("", 990, in_flight=1, vassal="a.ini"), {}, seen("absent")),
    ("no name, and a short one there", Listed("", 990, in_flight=1, vassal="Z"), {}, seen("absent")),
    ("no name at all", Listed("", 990, in_flight=1), {(KEY, NODE): ""}, seen("absent")),
    ("at another address now", Listed(OTHER, 990, in_flight=1, vassal="a.ini"), {(KEY, NODE): "a.ini"}, seen("absent")),
]


@pytest.mark.parametrize(("one", "vassals", "expected"), [case[1:] for case in CLEARED], ids=[case[0] for case in CLEARED])
def test_a_cleared_node_is_found_by_its_vassal(one: Listed, vassals: Any, expected: Seen) -> None:
    assert presence.look(ROUTER, table(a=[one]), [(KEY, NODE)], vassals) == [expected]


def test_the_names_of_vassals() -> None:
    some = [Listed(NODE, 1, vassal="a.ini"), Listed(OTHER, 1), Listed("", 1, vassal="c.ini")]
    known = table(a=some, b=[Listed(NODE, 1, vassal="d")])
    assert presence.names(known) == {(KEY, NODE): "a.ini", ("b.test", NODE): "d"}


def test_every_pair_is_looked_for_in_its_order() -> None:
    pairs = [("b.test", NODE), (KEY, OTHER), (KEY, NODE)]
    assert presence.look(ROUTER, table(a=[node()]), pairs) == [
        seen("absent", key="b.test"),
        seen("absent", node=OTHER),
        seen("listed", 0, 990),
    ]
    assert presence.look(ROUTER, None, pairs) == [
        seen("no answer", key="b.test"),
        seen("no answer", node=OTHER),
        seen("no answer"),
    ]


def test_what_is_shown() -> None:
    assert seen("dead", 3, 990).shown() == {
        "router": ROUTER,
        "key": KEY,
        "node": NODE,
        "state": "dead",
        "in_flight": 3,
    }


OUT = [
    (seen("absent"), True),
    (seen("dead"), True),
    (seen("dead", 1), False),
    (seen("listed"), False),
    (seen("listed", 1), False),
    (seen("no answer"), False),
]


@pytest.mark.parametrize(("one", "out"), OUT)
def test_who_is_out(one: Seen, out: bool) -> None:
    assert one.is_out is out


# What was seen before, what is seen now, and whether the node was heard in between.
CAME = [
    (seen("absent"), seen("listed", 0, 5), True),
    (seen("dead", 0, 5), seen("listed", 0, 5), True),
    (seen("no answer"), seen("listed", 0, 5), True),
    (seen("listed", 0, 5), seen("listed", 0, 6), True),
    (seen("listed", 0, 5), seen("listed", 0, 5), False),
    (seen("listed", 0, 5), seen("listed", 0, 4), False),
    (seen("absent"), seen("absent"), False),
    (seen("absent"), seen("dead", 0, 5), False),
    (seen("listed", 0, 5), seen("dead", 0, 6), False),
    (seen("listed", 0, 5), seen("no answer"), False),
]


@pytest.mark.parametrize(("before", "now", "came"), CAME)
def test_who_came_in(before: Seen, now: Seen, came: bool) -> None:
    assert presence.came_in(before, now) is came


# The tables of two routers, and the fewest fresh nodes besides NODE: how many, where and for which key.
FEWEST: list[tuple[str, Table, Table, tuple[int, str, str]]] = [
    ("alone", table(a=[node()]), table(a=[node(), node(OTHER)]), (0, "one", KEY)),
    ("the other router", table(a=[node(OTHER)]), table(a=[node()]), (0, "two", KEY)),
    ("not even in a table", table(), table(a=[node(OTHER)]), (0, "one", KEY)),
    ("another node", table(a=[node(), node(OTHER)]), table(a=[node(OTHER)]), (1, "one", KEY)),
    ("as old as is allowed", table(a=[node(OTHER, 983)]), table(a=[node(OTHER), node("x:1")]), (1, "one", KEY)),
    ("a ghost", table(a=[node(OTHER, 982)]), table(a=[node(OTHER)]), (0, "one", KEY)),
    ("a dead one", table(a=[node(OTHER, dead=True)]), table(a=[node(OTHER)]), (0, "one", KEY)),
    ("a cleared one", table(a=[Listed("", 990, vassal="a.ini")]), table(a=[node(OTHER)]), (0, "one", KEY)),
    ("a key without nodes", table(a=[]), table(a=[node(OTHER)]), (0, "one", KEY)),
    ("another key's", table(a=[node(OTHER)], c=[]), table(a=[node(OTHER), node("x:1")], c=[]), (1, "one", KEY)),
]


@pytest.mark.parametrize(("one", "two", "expected"), [case[1:] for case in FEWEST], ids=[case[0] for case in FEWEST])
def test_fewest(one: Table, two: Table, expected: tuple[int, str, str]) -> None:
    assert presence.fewest({"one": one, "two": two}, [(KEY, NODE)], NOW, 17) == expected


def test_the_fewest_of_several_keys_and_addresses() -> None:
    both = [node(), node("x:1"), node(OTHER)]
    tables = {"one": table(a=[*both, node("y:1")], b=both)}
    # The node has two addresses, and neither counts as another node for the other's key.
    pairs = [(KEY, NODE), ("b.test", NODE), ("b.test", "x:1")]
    assert presence.fewest(tables, pairs, NOW, 17) == (1, "one", "b.test")
    assert presence.fewest(tables, pairs[:1], NOW, 17) == (3, "one", KEY)


def test_only_some_keys_may_count() -> None:
    tables = {"one": table(a=[node()], b=[node(), node(OTHER)])}
    pairs = [(KEY, NODE), ("b.test", NODE)]
    assert presence.fewest(tables, pairs, NOW, 17) == (0, "one", KEY)
    assert presence.fewest(tables, pairs, NOW, 17, ["b.test", "b.test"]) == (1, "one", "b.test")


SERVER = "10.0.0.2:2626"
# A router's stats server, its addresses, and whether it's the one behind SERVER.
BEHIND = [
    (ROUTER, ["10.0.0.2:80", SERVER], True),
    ("/run/stats", [SERVER], True),
    ("http://router.test/", [SERVER], True),
    (ROUTER, ["0.0.0.0:2626"], True),
    (ROUTER, [":2626"], True),
    (ROUTER, ["*:2626"], True),
    (ROUTER, ["10.0.0.2:2627"], False),
    (ROUTER, ["0.0.0.0:2627"], False),
    (ROUTER, ["10.0.0.3:2626"], False),
    ("10.0.0.3:2627", ["0.0.0.0:2626"], False),
    ("/run/stats", [":2626"], False),
    ("http://10.0.0.2:2627", ["0.0.0.0:2626"], False),
    (ROUTER, [], False),
]


@pytest.mark.parametrize(("router", "sockets", "behind"), BEHIND)
def test_the_router_behind_a_server_is_told_what_it_lists(router: str, sockets: list[str], behind: bool) -> None:
    now = [one._replace(router=router) for one in (seen("listed"), seen("dead", node=OTHER), seen("absent", key="b.test"))]
    # What another router lists makes no difference.
    now.append(seen("listed", key="c.test")._replace(router="other"))
    found = presence.owed(SERVER, now, {router: sockets, "other": ["10.0.0.9:2626"]})
    assert found == ({(KEY, NODE)} if behind else None)


def test_a_silent_router_may_list_everything_and_a_unix_socket_is_its_path() -> None:
    now = [seen("no answer"), seen("no answer", node=OTHER)]
    assert presence.owed("/run/r", now, {ROUTER: ["/run/r"]}) == {(KEY, NODE), (KEY, OTHER)}
    assert presence.owed("/run/q", now, {ROUTER: ["/run/r"]}) is None
    assert presence.owed(SERVER, [], {}) is None
