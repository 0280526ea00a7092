# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live pages that the roles' variables make of a host."""

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
    "router6": {"fastrouter_stats": True},
    "router7": {"fastrouter_stats": ":1", "ansible_host": []},
    "10.0.0.5": {"fastrouter_stats": ":2627"},
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
    assert (options.get("need-plugins", ""), "need-plugins" in options) == (plugin, bool(plugin))
    assert live.imports(EMPEROR._replace(**given), "/u") == {
        **{"module": "prometheus_client", "plugin": plugin, "binary": "/u", "user": "www-data"},
        "why": "emperor_metrics and fastrouter_dashboard need it; install it for that Python (python3-prometheus-client of "
        "Debian, or prometheus_client by pip), or leave these variables out",
    }


def test_its_vassal_is_one_process_on_roots_files_without_options_of_others() -> None:
    found = live.vassal("page", "127.0.0.1:9717", "/d/100%", EMPEROR, {"cheaper": 2, "harakiri": 5, "strict": True})
    on = ("strict", "master", "vacuum", "die-on-term", "close-on-exec", "auto-procname", "need-app", "lazy-apps")
    archive, file = {"literal": "/d/100%/live.zip"}, {"literal": "/d/100%/live.json"}
    assert found == {
        "name": "page",
        "options": {
            **dict.fromkeys((*on, "single-interpreter", "enable-threads", "disable-logging"), True),
            **{"need-plugins": "python3", "procname-prefix-spaced": "%n", "http-socket": "127.0.0.1:9717"},
            **{"chdir": {"literal": "/d/100%"}, "pythonpath": archive, "touch-reload": [archive, file]},
            **{"module": "emperor_uwsgi_live", "env": {"literal": "EMPEROR_UWSGI_LIVE=/d/100%/live.json"}},
            **{"processes": 1, "threads": 4, "harakiri": 30, "buffer-size": 16384, "reload-on-rss": 256, "limit-post": 1},
            "cheaper": None,
        },
    }
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
    # The gate's own vassal can't have another vassal's name.
    taken = live.metrics(EMPEROR._replace(vassals=[{"name": "emperor-health", "health": {}}]), "node1").config["vassals"]
    assert taken == [{"name": "emperor-health", "file": at + "emperor-health.ini", "suspend": []}]
    many = [{"name": f"v{at}"} for at in range(1001)]
    with pytest.raises(ArgumentError, match=r"^emperor_metrics: makes no live page: vassals: is not a list of up to 1000"):
        live.metrics(EMPEROR._replace(vassals=many), "node1")


# The stats server of a vassal, and the address at which its own host reaches it.
STATS: list[tuple[Any, str | None]] = [
    ("127.0.0.1:9191", "127.0.0.1:9191"),
    ({"literal": "/run/100%/s"}, None),
    ({"literal": "/run/s"}, "/run/s"),
    ("/run/s", "/run/s"),
    (":9191", "127.0.0.1:9191"),
    ("0.0.0.0:9191", "127.0.0.1:9191"),
    ("10.0.0.0:9191", "10.0.0.0:9191"),
    # Values that are known only when it runs, and addresses that can't be asked.
    *((one, None) for one in ("/run/%n", "$(S)", "@(/s)", "=0", "fd://3", "http://127.0.0.1:1", "localhost:1", "", 5, None)),
    (["127.0.0.1:1"], None),
]


@pytest.mark.parametrize(("stats", "asked"), STATS)
def test_a_vassal_s_workers_are_asked_where_that_is_known(stats: Any, asked: str | None) -> None:
    (vassal,) = live.metrics(EMPEROR._replace(vassals=[{"name": "a", "options": {"stats": stats}}]), "h").config["vassals"]
    assert vassal.get("stats") == asked
    (plain,) = live.metrics(EMPEROR._replace(vassals=[{"name": "a", "options": "x"}]), "h").config["vassals"]
    assert "stats" not in plain


# A vassal's subscriptions, and the paths of its suspend files.
SUSPENDED: list[tuple[Any, list[str]]] = [
    (None, []),
    ([{}], ["/etc/uwsgi/suspend/a"]),
    ([{}, {}], ["/etc/uwsgi/suspend/a"]),
    ([{"suspend_file": "/s", "check_file": "/c"}, {"check_file": "/b"}], ["/b", "/s"]),
    # Paths that are known only when it runs.
    ([{"suspend_file": "%d/s"}, {"suspend_file": "s"}], []),
]


@pytest.mark.parametrize(("subscriptions", "files"), SUSPENDED)
def test_suspend_files_are_looked_for_where_they_are(subscriptions: Any, files: list[str]) -> None:
    given = EMPEROR._replace(vassals=[{"name": "a", "subscriptions": subscriptions}])
    (vassal,) = live.metrics(given, "h").config["vassals"]
    assert vassal["suspend"] == files


NO_TEXT = "is not text; give text, in quotes where YAML reads something else"
# The value of fastrouter_dashboard_routers, and whom the page asks, or why it can't.
ROUTERS: list[tuple[list[str], Any]] = [
    ([], {"router1": "127.0.0.1:2627"}),
    (["router2"], {"router2": "10.0.0.3:2627"}),
    (["router1", "router2", "router3"], {"router1": "127.0.0.1:2627", "router2": "10.0.0.3:2627", "router3": "10.0.0.4:2627"}),
    (["router4=10.0.0.9:1"], {"router4": "10.0.0.9:1"}),
    (["10.0.0.5"], {"10.0.0.5": "10.0.0.5:2627"}),
    (["router1=10.0.0.2:1"], {"router1": "10.0.0.2:1"}),
    (["router4"], "[0]: fastrouter_stats of router4 is :2627, and router4 is not an IPv4 address; give router4=IPV4:PORT"),
    (
        ["router1", "router5"],
        "[1]: router5 would be asked at 127.0.0.1:2627, which is the stats server of router1; let fastrouter_stats of router5 be "
        "an address that this host reaches, or give router5=IPV4:PORT",
    ),
    (["router2", "router6"], f"[1]: router6: fastrouter_stats: True {NO_TEXT}"),
    (["router7"], f"[0]: router7: ansible_host: [] {NO_TEXT}"),
]


@pytest.mark.parametrize(("names", "routers"), ROUTERS)
def test_routers_are_asked_where_they_are_reached(names: list[str], routers: Any) -> None:
    given = FASTROUTER._replace(dashboard_routers=names)
    if isinstance(routers, str):
        with pytest.raises(ArgumentError) as error:
            live.dashboard(given, EMPEROR, fleet())
        assert str(error.value) == "fastrouter_dashboard_routers" + routers
    else:
        found = live.dashboard(given, EMPEROR, fleet()).config
        assert {one["name"]: one["stats"] for one in found["routers"]} == routers


NODES: list[tuple[list[str], Any]] = [
    ([], {}),
    (["router1", "node1", "node2=10.0.0.8:9717"], {"node1": "10.0.0.7:9717", "node2": "10.0.0.8:9717"}),
    (["node2"], "fastrouter_dashboard_nodes[0]: node2 has no emperor_metrics; set it there, or leave node2 out"),
    (
        ["node2=here"],
        "fastrouter_dashboard: makes no live page: ask[0].address: 'here' is not the address of a live page; give IPV4:PORT",
    ),
]


@pytest.mark.parametrize(("names", "ask"), NODES)
def test_nodes_are_asked_where_their_pages_are(names: list[str], ask: Any) -> None:
    given = FASTROUTER._replace(dashboard_nodes=names)
    if isinstance(ask, str):
        with pytest.raises(ArgumentError) as error:
            live.dashboard(given, EMPEROR, fleet())
        assert str(error.value) == ask
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
    ({**of(**TWO), "subscriptions": [{**ENTRY, "address": -1}]}, []),
    ({**of(**TWO), "subscriptions": [{**ENTRY, "address": True}]}, [("shop.test", "10.0.0.7:1", 0)]),
    (subscribed(key=""), []),
    (subscribed(key=5), [("5", "10.0.0.7:3031", 0)]),
    # A server without a known port may be any router.
    (subscribed(server="/run/s"), [("shop.test", "10.0.0.7:3031", 0)]),
    (subscribed(server=None), []),
    (of(socket="10.0.0.7:1", processes=1), [("shop.test", "10.0.0.7:1", 1)]),
    (of(socket="10.0.0.7:1", processes=2, threads=0), [("shop.test", "10.0.0.7:1", 0)]),
    (of(socket="10.0.0.7:1", threads=9999), [("shop.test", "10.0.0.7:1", 9999)]),
    (of(socket="10.0.0.7:1", threads=10_000), [("shop.test", "10.0.0.7:1", 0)]),
    (of(socket="10.0.0.7:1", **{"async": 5}), [("shop.test", "10.0.0.7:1", 5)]),
    (of(socket="10.0.0.7:1", processes=3, workers=2), [("shop.test", "10.0.0.7:1", 3)]),
    (of(socket="10.0.0.7:1", processes=2, threads=3, gevent=4), [("shop.test", "10.0.0.7:1", 8)]),
    # Addresses that are known only when it runs.
    (of(socket="10.0.0.7:0"), []),
    (of(socket="$(ADDRESS):1"), []),
    *((of(socket=one), []) for one in (":3031", "=0", "fd://3", "@(/s)", "/run/%n.sock")),
    (of(socket="/run/a=b.sock"), [("shop.test", "/run/a=b.sock", 0)]),
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
    assert expected(SHOP, routers=[]) == []
    assert len(expected(subscribed(server="/s"), routers=[])) == 1
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
    assert found.warnings == [
        "fastrouter_dashboard: the page won't miss the nodes of node1, since their vassals can't be resolved here; gather the "
        "facts of all hosts first"
    ]
    two = fleet({"host": "node1", "problem": "no facts"}, {"host": "node2", "problem": "none"})
    assert "the nodes of node1, node2, since" in live.dashboard(given, own, two).warnings[0]
    assert live.dashboard(given._replace(report_title="Shop"), own, there).config["title"] == "Shop"
    # A router with a vassal's name is refused when it is written.
    twice = live.dashboard(given, own._replace(vassals=[{"name": "fastrouter"}]), fleet()).config["vassals"]
    assert [(one["name"], one["file"]) for one in twice] == [("fastrouter", "/etc/uwsgi/vassals/fastrouter.ini")]
    assert found.config["vassals"][1]["file"] == "/etc/uwsgi/routers/fastrouter.ini"
    unsigned = live.dashboard(given, own._replace(signing=False), fleet())
    assert (unsigned.config["signing_tolerance"], unsigned.warnings) == (0, [])
    tyrant = live.dashboard(given, own._replace(tyrant=True), fleet()).config
    assert (tyrant["vassals"], "emperor" in tyrant) == ([], False)


def test_a_page_beside_tenants_knows_what_the_emperor_says_of_them() -> None:
    given = EMPEROR._replace(tyrant=True, metrics="127.0.0.1:9717", user="www-data", group="web", vassals=[SHOP])
    found = live.metrics(given, "node1").config
    assert found["vassals"] == [{"name": "shop", "file": "/etc/uwsgi/vassals/shop.ini"}]
    assert found["emperor"] == "/run/emperor-uwsgi/emperor-stats.sock"
    # What a tenant's gate writes belongs to the tenant.
    checked = given._replace(vassals=[{**SHOP, "owner": "alice", "health": {"path": "/"}}])
    assert found["gates"] == live.metrics(checked, "node1").config["gates"] == []
    page = live.vassal("emperor-metrics", given.metrics, "/etc/uwsgi/metrics", given, {})
    assert (page["owner"], page["group"]) == ("www-data", "web")
    assert "owner" not in live.vassal("emperor-metrics", given.metrics, "/f", given._replace(tyrant=False), {})


def test_a_node_is_expected_by_the_names_of_its_host_and_its_vassal() -> None:
    nodes = [
        {"host": "node1", "vassals": [SHOP, {"subscriptions": [{**ENTRY, "address": "10.0.0.7:1"}]}]},
        {"host": "node2", "vassals": [SHOP]},
    ]
    found = live.dashboard(FASTROUTER, EMPEROR, fleet(*nodes)).config["expected"]
    assert found == [
        {"key": "shop.test", "address": "10.0.0.7:3031", "host": "node1", "vassal": "shop", "capacity": 0},
        {"key": "shop.test", "address": "10.0.0.7:1", "host": "node1", "capacity": 0},
    ]


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
    assert found == [
        f"emperor_metrics: whoever reaches {address} sees the names, addresses and figures of the pools, since the page has no "
        "password; let only your monitoring reach it, or bind it to 127.0.0.1 behind a server with a password"
    ] * warned


def test_the_paths_and_the_names_are_those_of_the_role() -> None:
    assert (live.METRICS, live.DASHBOARD) == ("emperor-metrics", "fastrouter-dashboard")
    at = emperor.paths(EMPEROR)
    assert (at.metrics, at.dashboard) == ("/etc/uwsgi/metrics", "/etc/uwsgi/dashboard")
