# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node compared with the routers of its inventory."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import both_sides
from support import records

HTTP, UWSGI = {"http-socket": "10.0.0.7:3031"}, {"socket": "10.0.0.7:3031"}
MAIN, FRONT, OTHER = "10.0.0.2:2626", "10.0.0.2:2627", "10.0.0.2:2628"
ROUTERS: dict[str, dict[str, Any]] = {
    "router1": {
        "ansible_host": "10.0.0.2",
        "fastrouter_https": "10.0.0.2:443",
        "fastrouter_https_subscription_server": FRONT,
        "fastrouter_vassals": '[{"options": {"rawrouter": ":1", "rawrouter-subscription-server": "10.0.0.2:2628"}}]',
    },
    "router2": {"ansible_host": "10.0.0.3", "fastrouter_subscription_server": "10.0.0.3:4000"},
    "router3": {"fastrouter_options": "{fastrouter-subscription-server: ['10.0.0.4:1', '10.0.0.4:2']}"},
    # An http router of 2.1 that speaks http to all nodes, and a front that is off.
    "router6": {
        "fastrouter_vassals": [
            {"options": {"http": ":1", "http-subscription-server": "10.0.0.6:1", "http-backend-http": True}},
            {"name": "none"},
        ],
        "fastrouter_https_subscription_server": "10.0.0.6:2",
    },
    # Its routers can't be known here.
    "router4": {"ansible_host": "10.0.0.5", "fastrouter_vassals": "[{"},
}


def of_host(name: str, variable: str) -> Any:
    if name == "router5":
        raise ArgumentError(f"{name}: {variable}", "can't be resolved")
    return ROUTERS[name].get(variable)


# The socket, the server and the rest of the subscription, and whether they fit.
PAIRS: list[tuple[dict[str, Any], Any, dict[str, Any], bool]] = [
    (UWSGI, MAIN, {}, True),
    (HTTP, MAIN, {}, False),
    (HTTP, [OTHER, MAIN], {}, False),
    (HTTP, FRONT, {}, False),
    (HTTP, OTHER, {}, True),
    (HTTP, "10.0.0.3:4000", {}, False),
    (HTTP, "10.0.0.3:2626", {}, True),
    (HTTP, "10.0.0.4:2", {}, False),
    (HTTP, "10.0.0.5:2626", {}, True),
    (HTTP, "10.0.0.99:2626", {}, True),
    (HTTP, "10.0.0.6:1", {}, False),
    (UWSGI, "10.0.0.6:1", {}, True),
    (HTTP, "10.0.0.6:1", {"protocol": "http"}, True),
    (HTTP, "10.0.0.6:2", {}, True),
    # An http router of 2.1 uses the announced protocol; a fastrouter doesn't.
    (HTTP, FRONT, {"protocol": "http"}, True),
    (UWSGI, FRONT, {"protocol": "http"}, False),
    (HTTP, MAIN, {"protocol": "http"}, False),
]


@pytest.mark.parametrize(("options", "server", "more", "fits"), PAIRS)
def test_a_socket_speaks_what_its_router_speaks(options: dict[str, Any], server: Any, more: dict[str, Any], fits: bool) -> None:
    vassals = [{"name": "plain"}, {"name": "shop", "options": options, "subscriptions": [{"server": server, "key": "a", **more}]}]
    given = records.EMPEROR._replace(vassals=vassals, routers=[*ROUTERS, "router5"])
    found = both_sides.wrong_protocols(given, {"master": True}, of_host)
    assert [flaw.startswith("emperor_vassals[1].subscriptions[0].server: ") for flaw in found] == ([] if fits else [True])


def test_a_default_option_counts_as_the_vassals_own() -> None:
    vassals = [{"name": "shop", "options": UWSGI, "subscriptions": [{"server": MAIN, "key": "a"}]}]
    given = records.EMPEROR._replace(vassals=vassals, routers=["router1"])
    assert both_sides.wrong_protocols(given, {"protocol": "http"}, of_host) == [
        "emperor_vassals[0].subscriptions[0].server: the vassal's socket 10.0.0.7:3031 speaks http, and the router at "
        "10.0.0.2:2626 speaks uwsgi to its nodes, so every answer would be empty and nothing logged; announce a socket of the "
        "option socket"
    ]


def test_what_is_no_vassal_is_for_the_check_of_the_arguments() -> None:
    vassals: list[Any] = [
        {"name": "a", "subscriptions": "x", "options": HTTP},
        {"name": "b", "subscriptions": [5], "options": []},
    ]
    assert both_sides.wrong_protocols(records.EMPEROR._replace(vassals=vassals, routers=["router1"]), {}, of_host) == []


SHOP = {"name": "shop", "subscriptions": [{"server": MAIN, "key": ["b.test", "a.test"]}]}
PLAIN = {"name": "blog", "subscriptions": [{"server": MAIN, "key": "c.test", "signing": False}]}
KNOWN: dict[str, Any] = {
    "none": None,
    "text": '[{"key": "a.test"}, {"key": "b.test"}]',
    "one": [{"key": "a.test"}],
    "other": [{"key": "b.test"}],
    "wrong": 5,
}
# The vassals, what differs from the defaults, the routers, and the keys that these don't know.
KEYS: list[tuple[list[Any], dict[str, Any], list[str], str]] = [
    ([SHOP], {}, ["none"], "a.test.pem, b.test.pem"),
    ([SHOP, PLAIN], {}, ["text"], ""),
    ([SHOP], {}, ["one"], "b.test.pem"),
    ([SHOP], {}, ["one", "other"], ""),
    ([PLAIN], {}, ["none"], ""),
    ([], {}, ["wrong"], ""),
    ([SHOP], {"signing": False}, ["wrong"], ""),
    ([SHOP], {}, [], ""),
    # A host that is also a router asks itself only if there is no other router.
    ([SHOP], {}, ["here", "none"], "a.test.pem, b.test.pem"),
    ([SHOP], {}, ["here"], ""),
]


@pytest.mark.parametrize(("vassals", "more", "routers", "unknown"), KEYS)
def test_routers_know_the_keys_of_those_who_sign(
    vassals: list[Any], more: dict[str, Any], routers: list[str], unknown: str
) -> None:
    known = {**KNOWN, "here": KNOWN["text"]}
    given = records.EMPEROR._replace(vassals=vassals, routers=routers, **more)
    found = both_sides.unknown_keys(given, "here", lambda name, variable: {"fastrouter_subscriptions": known[name]}[variable])
    assert found == [
        f"emperor_vassals: routers would refuse {unknown}, since their play can't see a play's variables or a role's parameters; "
        "put it in the inventory, for example in host_vars, or list the keys in fastrouter_subscriptions"
    ] * bool(unknown)


def test_what_a_router_has_that_is_none_is_named() -> None:
    given = records.EMPEROR._replace(vassals=[SHOP], routers=["router1"])
    with pytest.raises(ArgumentError) as error:
        both_sides.unknown_keys(given, "node1", lambda name, variable: 5)
    assert error.value.path == "router1: fastrouter_subscriptions"


def node(host: str, **entry: Any) -> dict[str, Any]:
    """A host that announces a subscription."""
    subscription = {"server": ["10.0.0.2:2626", "10.0.0.3:2626"], "key": "shop.test", **entry}
    return {"host": host, "vassals": [{"name": "shop", "subscriptions": [subscription]}, {"name": "idle"}]}


SHARED: list[tuple[list[dict[str, Any]], int]] = [
    ([node("a", address_vassal="shop"), node("b", address_vassal="shop")], 1),
    ([node("a", address_vassal="shop"), node("b", address_vassal="shop"), node("c", address_vassal="shop")], 2),
    ([node("a", address_vassal="shop"), node("b", address_vassal="shop", server="10.0.0.3:2626")], 1),
    ([node("a", address_vassal="shop"), node("b", address_vassal="shop", server="10.0.0.4:2626")], 0),
    ([node("a", address_vassal="shop"), node("b", address_vassal="shop", key="blog.test")], 0),
    ([node("a", address_vassal="a-shop"), node("b", address_vassal="b-shop")], 0),
    # Vassals of the same host are compared when they are written.
    ([node("a", address_vassal="shop"), node("a", address_vassal="shop")], 0),
    ([node("a"), node("b"), {"host": "c"}, {"host": "d", "vassals": None}], 0),
]


def test_a_name_with_what_is_no_key_is_an_error_of_its_host() -> None:
    with pytest.raises(ArgumentError) as error:
        both_sides.shared_names([node("a", address_vassal="shop", key={})])
    assert error.value.path == "a: emperor_vassals"


@pytest.mark.parametrize(("nodes", "count"), SHARED)
def test_hosts_share_no_name_of_a_node(nodes: list[dict[str, Any]], count: int) -> None:
    found = both_sides.shared_names(nodes)
    assert len(found) == count
    for other, words in zip("bc", found):
        assert words == (
            f"emperor_vassals: a and {other} announce 'shop.test' with the address_vassal 'shop', and a router takes both for "
            "one node, whose address changes with each announcement; give each host its own, for example with inventory_hostname "
            "in it"
        )
