# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the roles make of a host's live pages."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import emperor, live
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.live import Fleet
from support.records import EMPEROR, FASTROUTER

ENTRY = {"server": "10.0.0.2:2626", "key": "shop.test"}
SHOP = {"name": "shop", "options": {"socket": "10.0.0.7:3031"}, "subscriptions": [ENTRY]}
ROUTER = {"name": "fastrouter", "options": {"fastrouter-subscription-server": "0.0.0.0:2626"}}
OTHERS: dict[str, dict[str, Any]] = {
    "router2": {"fastrouter_stats": "10.0.0.3:2627"},
    "router3": {"fastrouter_stats": "0.0.0.0:2627", "ansible_host": "10.0.0.4"},
    "router4": {"fastrouter_stats": ":2627"},
    "router5": {},
    "node1": {"emperor_metrics": "10.0.0.7:9717"},
    "node2": {"emperor_metrics": ""},
}


def fleet(*nodes: dict[str, Any], **given: Any) -> Fleet:
    found = Fleet("router1", [ROUTER], nodes, [], lambda name, variable: OTHERS[name].get(variable))
    return found._replace(**given)


PLUGINS: list[tuple[dict[str, Any], str]] = [
    ({}, "python3"),
    ({"plugins": ["python311", "python3"]}, "python311"),
    ({"plugins": ["psgi"]}, "python3"),
    ({"plugins": [], "install": "pip"}, ""),
    ({"plugins": [], "install": "none"}, ""),
    ({"plugins": ["psgi", "python3"], "install": "none"}, "python3"),
]


@pytest.mark.parametrize(("given", "plugin"), PLUGINS)
def test_the_plugin_is_that_of_the_vassals_or_the_packages(given: dict[str, Any], plugin: str) -> None:
    assert live.plugin(EMPEROR._replace(**given)) == plugin
    options = live.vassal("a", "127.0.0.1:1", "/d", EMPEROR._replace(**given), {})["options"]
    assert options.get("need-plugins", "") == plugin
    assert live.imports(EMPEROR._replace(**given), "/u")["plugin"] == plugin


def test_its_vassal_is_one_process_on_roots_files_without_options_of_others() -> None:
    found = live.vassal("page", "127.0.0.1:9717", "/d/100%", EMPEROR, {"cheaper": 2, "harakiri": 5, "strict": True})
    options = found["options"]
    assert (found["name"], options["http-socket"], options["processes"]) == ("page", "127.0.0.1:9717", 1)
    assert (options["cheaper"], options["harakiri"], options["strict"]) == (None, 30, True)
    assert options["pythonpath"] == {"literal": "/d/100%/live.zip"}
    assert options["env"] == {"literal": "EMPEROR_UWSGI_LIVE=/d/100%/live.json"}
    assert "virtualenv" not in options
    pip = live.vassal("page", "127.0.0.1:9717", "/d", EMPEROR._replace(install="pip"), {})
    assert pip["options"]["virtualenv"] == {"literal": "/opt/uwsgi"}


def test_a_node_tells_of_its_vassals_and_their_gate() -> None:
    vassals = [
        {**SHOP, "health": {"path": "/"}, "options": {"stats": "0.0.0.0:9191"}},
        {"name": "same", "options": {"stats": "127.0.0.1:9191"}},
        {"name": "other", "options": {"stats": "%d/stats"}, "subscriptions": [{**ENTRY, "suspend_file": "/s"}, ENTRY, 5]},
        {"name": "shop"},
        {},
    ]
    found = live.metrics(EMPEROR._replace(vassals=vassals), "node1")
    at = "/etc/uwsgi/vassals/"
    assert found == (
        {
            "host": "node1",
            "emperor": "/run/emperor-uwsgi/emperor-stats.sock",
            "gates": ["/run/emperor-uwsgi/health.json"],
            "vassals": [
                {"name": "shop", "file": at + "shop.ini", "suspend": ["/etc/uwsgi/suspend/shop"], "stats": "127.0.0.1:9191"},
                {"name": "same", "file": at + "same.ini", "suspend": []},
                {"name": "other", "file": at + "other.ini", "suspend": ["/etc/uwsgi/suspend/other", "/s"]},
                {"name": "emperor-health", "file": at + "emperor-health.ini", "accepts": False},
            ],
        },
        [],
    )
    assert live.metrics(EMPEROR, "node1").config["gates"] == []
    many = [{"name": f"v{at}"} for at in range(1001)]
    with pytest.raises(ArgumentError, match=r"^emperor_metrics: makes no live page: vassals: is not a list of up to 1000"):
        live.metrics(EMPEROR._replace(vassals=many), "node1")


# What fastrouter_dashboard_routers has, and whom the page asks or why it can't.
ROUTERS: list[tuple[list[str], Any]] = [
    ([], {"router1": "127.0.0.1:2627"}),
    (["router2"], {"router2": "10.0.0.3:2627"}),
    (["router1", "router2", "router3"], {"router1": "127.0.0.1:2627", "router2": "10.0.0.3:2627", "router3": "10.0.0.4:2627"}),
    (["router4=10.0.0.9:1"], {"router4": "10.0.0.9:1"}),
    (["router1=10.0.0.2:1"], {"router1": "10.0.0.2:1"}),
    (["router4"], "[0]: fastrouter_stats of router4 is :2627, and router4 is not an IPv4 address; give router4=IPV4:PORT"),
    (["router1", "router5"], "[1]: router5 would be asked at 127.0.0.1:2627, which is the stats server of router1; let "),
]


@pytest.mark.parametrize(("names", "routers"), ROUTERS)
def test_routers_are_asked_where_they_are_reached(names: list[str], routers: Any) -> None:
    given = FASTROUTER._replace(dashboard_routers=names)
    if isinstance(routers, str):
        with pytest.raises(ArgumentError) as error:
            live.dashboard(given, EMPEROR, fleet())
        assert str(error.value).startswith("fastrouter_dashboard_routers" + routers)
    else:
        found = live.dashboard(given, EMPEROR, fleet()).config
        assert {one["name"]: one["stats"] for one in found["routers"]} == routers


NODES: list[tuple[list[str], Any]] = [
    ([], {}),
    (["router1", "node1", "node2=10.0.0.8:9717"], {"node1": "10.0.0.7:9717", "node2": "10.0.0.8:9717"}),
    (["node2"], "fastrouter_dashboard_nodes[0]: node2 has no emperor_metrics; set it there, or leave node2 out"),
    (["node2=here"], "fastrouter_dashboard: makes no live page: ask[0].address: 'here' is not the address"),
]


@pytest.mark.parametrize(("names", "ask"), NODES)
def test_nodes_are_asked_where_their_pages_are(names: list[str], ask: Any) -> None:
    given = FASTROUTER._replace(dashboard_nodes=names)
    if isinstance(ask, str):
        with pytest.raises(ArgumentError) as error:
            live.dashboard(given, EMPEROR, fleet())
        assert str(error.value).startswith(ask)
    else:
        found = live.dashboard(given, EMPEROR, fleet()).config
        assert {one["host"]: one["address"] for one in found["ask"]} == ask


def expected(*vassals: dict[str, Any], **given: Any) -> list[tuple[str, str, int]]:
    """The keys, the addresses and the capacities of the nodes that a page expects."""
    found = live.dashboard(FASTROUTER, EMPEROR, fleet({"host": "node1", "vassals": vassals}, **given)).config["expected"]
    return [(one["key"], one["address"], one["capacity"]) for one in found]


def subscribed(**given: Any) -> dict[str, Any]:
    return {**SHOP, "subscriptions": [{**ENTRY, **given}]}


def of(**options: Any) -> dict[str, Any]:
    return {**SHOP, "options": {name.replace("_", "-"): value for name, value in options.items()}}


TWO = {"socket": ["10.0.0.7:1", "10.0.0.7:2"]}
EXPECTED: list[tuple[dict[str, Any], list[tuple[str, str, int]]]] = [
    (SHOP, [("shop.test", "10.0.0.7:3031", 0)]),
    (subscribed(key=["a", "b"]), [("a", "10.0.0.7:3031", 0), ("b", "10.0.0.7:3031", 0)]),
    (subscribed(server=["10.0.0.3:1", "router1:2626"]), [("shop.test", "10.0.0.7:3031", 0)]),
    (subscribed(server="10.0.0.3:1"), []),
    (subscribed(address="10.0.0.8:1"), [("shop.test", "10.0.0.8:1", 0)]),
    ({**of(**TWO), "subscriptions": [{**ENTRY, "address": 1}]}, [("shop.test", "10.0.0.7:2", 0)]),
    ({**of(**TWO), "subscriptions": [{**ENTRY, "address": "1"}]}, [("shop.test", "10.0.0.7:2", 0)]),
    ({**of(**TWO), "subscriptions": [{**ENTRY, "address": 2}]}, []),
    # What isn't known before it runs.
    (of(socket="10.0.0.7:0"), []),
    (of(socket="$(ADDRESS):1"), []),
    (of(socket=":3031"), []),
    ({"subscriptions": [ENTRY]}, []),
    (of(http_socket="10.0.0.7:1", processes="2", threads=3), [("shop.test", "10.0.0.7:1", 6)]),
    (of(socket="10.0.0.7:1", workers=2), [("shop.test", "10.0.0.7:1", 2)]),
    (of(socket="10.0.0.7:1", processes=2, gevent={"literal": "100"}), [("shop.test", "10.0.0.7:1", 200)]),
    (of(socket="10.0.0.7:1", processes="%k"), [("shop.test", "10.0.0.7:1", 0)]),
]


@pytest.mark.parametrize(("vassal", "nodes"), EXPECTED)
def test_what_the_inventory_subscribes_is_expected(vassal: dict[str, Any], nodes: list[tuple[str, str, int]]) -> None:
    assert expected(vassal) == nodes
    assert expected(vassal, vassal) == nodes


def test_a_router_that_nobody_knows_a_port_of_expects_all() -> None:
    assert len(expected(SHOP, routers=[{"name": "fastrouter", "options": {"fastrouter-subscription-server": "/s"}}])) == 1


def test_a_router_tells_of_its_host_and_of_whom_it_can_not_know() -> None:
    given = FASTROUTER._replace(report_title="", tolerance=20, signing_tolerance=30)
    own = EMPEROR._replace(vassals=[SHOP])
    there = fleet({"host": "node1", "problem": "no facts"}, {"host": "node2"}, certificates=["/a.crt"])
    found = live.dashboard(given, own, there)
    assert [one["name"] for one in found.config["vassals"]] == ["shop", "fastrouter"]
    assert found.config["vassals"][1]["accepts"] is False
    assert (found.config["max_age"], found.config["signing_tolerance"], found.config["title"]) == (20, 30, "uWSGI pools")
    assert found.config["certificates"] == ["/a.crt"]
    assert len(found.warnings) == 1 and "won't miss the nodes of node1, since" in found.warnings[0]
    unsigned = live.dashboard(given, own._replace(signing=False), fleet())
    assert (unsigned.config["signing_tolerance"], unsigned.warnings) == (0, [])
    tyrant = live.dashboard(given, own._replace(tyrant=True), fleet()).config
    assert (tyrant["vassals"], "emperor" in tyrant) == ([], False)


def test_a_page_beside_tenants_knows_what_the_emperor_says_of_them() -> None:
    given = EMPEROR._replace(tyrant=True, metrics="127.0.0.1:9717", user="www-data", group="web", vassals=[SHOP])
    found = live.metrics(given, "node1").config
    assert found["vassals"] == [{"name": "shop", "file": "/etc/uwsgi/vassals/shop.ini"}]
    assert (found["emperor"], found["gates"]) == ("/run/emperor-uwsgi/emperor-stats.sock", [])
    page = live.vassal("emperor-metrics", given.metrics, "/etc/uwsgi/metrics", given, {})
    assert (page["owner"], page["group"]) == ("www-data", "web")
    assert "owner" not in live.vassal("emperor-metrics", given.metrics, "/f", given._replace(tyrant=False), {})


FLAWS: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"metrics": "127.0.0.1:9717"}, ""),
    ({"metrics": "node1:9717"}, "emperor_metrics: 'node1:9717' is not an address for a page; give IPV4:PORT"),
    ({"metrics": "127.0.0.1:9717", "tyrant": True}, ""),
]


@pytest.mark.parametrize(("given", "flaw"), FLAWS)
def test_an_address_that_can_not_be_is_refused(given: dict[str, Any], flaw: str) -> None:
    found = live.flaws(EMPEROR._replace(**given))
    assert [one[: len(flaw)] for one in found] == ([flaw] if flaw else [])


def test_two_pages_have_two_addresses() -> None:
    router = FASTROUTER._replace(dashboard="127.0.0.1:9717")
    assert live.router_flaws(router, EMPEROR) == live.router_flaws(FASTROUTER, EMPEROR) == []
    assert live.router_flaws(router._replace(dashboard="x"), EMPEROR) == [
        "fastrouter_dashboard: 'x' is not an address for a page; give IPV4:PORT"
    ]
    assert live.router_flaws(router, EMPEROR._replace(metrics="127.0.0.1:9717")) == [
        "fastrouter_dashboard: 127.0.0.1:9717 is that of emperor_metrics too; give each its own port"
    ]


SEEN = [("", 0), ("127.0.0.1:1", 0), ("127.1.2.3:1", 0), ("10.0.0.2:1", 1), ("0.0.0.0:1", 1)]


@pytest.mark.parametrize(("address", "warned"), SEEN)
def test_who_sees_a_page_is_said(address: str, warned: int) -> None:
    found = live.warnings("emperor_metrics", address)
    assert [one.startswith(f"emperor_metrics: whoever reaches {address} sees") for one in found] == [True] * warned


def test_the_paths_are_those_of_the_role() -> None:
    at = emperor.paths(EMPEROR)
    assert (at.metrics, at.dashboard) == ("/etc/uwsgi/metrics", "/etc/uwsgi/dashboard")
