# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host among others: what is planned for it, what it should have, and what routers can't know about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import host, variables
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.host import (
    CERTIFICATES,
    PUBLIC_KEYS,
    REPORT,
    ROUTERS,
    SERVICE,
    VASSALS,
    Around,
    Host,
)
from support import keys, records

SHOP = {"name": "shop", "subscriptions": [{"server": "10.0.0.2:2626", "key": "shop.example.com"}]}
UNSIGNED = {"name": "blog", "subscriptions": [{"server": "10.0.0.2:2626", "key": "blog.example.com", "signing": False}]}


def around(tmp_path: Path, given: dict[str, Any], others: dict[str, dict[str, Any]] | None = None, own: bool = True) -> Around:
    """A host ``node1`` with some variables, with other hosts, and whether its vassals are in the inventory."""
    both: list[Any] = [records.EMPEROR, records.FASTROUTER]
    defaults = {variables.prefix(type(one)) + name: value for one in both for name, value in one._asdict().items()}
    found = {**defaults, "emperor__dashboard": "", "emperor_signing_keys_dir": str(tmp_path / "keys"), **given}
    hosts = others or {}
    return Around(
        name="node1",
        value=found.__getitem__,
        inventory=lambda name: own,
        of_host=lambda name, variable: hosts[name].get(variable),
        announced=lambda names: [
            {"host": one, **({"vassals": hosts[one]["emperor_vassals"]} if "emperor_vassals" in hosts[one] else {})}
            for one in names
        ],
        nodes=lambda names: [{"host": one, "vassals": hosts[one].get("emperor_vassals", [])} for one in names],
        hosts=1,
        play=["router1"],
        package_manager="apt",
        loader=DataLoader(),
        check_mode=True,
    )


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["routers", "vassals"], ["vassals", "routers"]),
        ("public_keys, service", ["service", "public_keys"]),
        (("report",), ["report"]),
        ("public_keys, new_keys", ["new_keys", "public_keys"]),
    ],
)
def test_parts_have_an_order(given: Any, found: list[str]) -> None:
    assert host.parts(given) == found


@pytest.mark.parametrize("given", [[], "", "vassal", ["vassals", "units"], None, 5])
def test_unknown_parts_are_refused(given: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        host.parts(given)
    assert caught.value.path == "parts"


# The variables, the router's fastrouter_subscriptions, whether the inventory has the vassals, and the error.
PLAYS: list[tuple[dict[str, Any], Any, bool, str]] = [
    ({"emperor_vassals": [SHOP]}, None, True, ""),
    ({"emperor_vassals": [SHOP]}, None, False, "routers would refuse shop.example.com.pem"),
    ({"emperor_vassals": [SHOP]}, "", False, "routers would refuse shop.example.com.pem"),
    ({"emperor_vassals": [SHOP]}, [{"key": "shop.example.com"}], False, ""),
    ({"emperor_vassals": [SHOP]}, '[{"key": "shop.example.com"}]', False, ""),
    ({"emperor_vassals": [SHOP]}, [{"key": "blog.example.com"}], False, "routers would refuse shop.example.com.pem"),
    ({"emperor_vassals": [SHOP], "emperor_signing": False}, None, False, ""),
    ({"emperor_vassals": [UNSIGNED]}, None, False, ""),
    ({"emperor_vassals": []}, None, False, ""),
    ({"emperor_vassals": [SHOP], "emperor_routers": []}, None, False, ""),
]


@pytest.mark.parametrize(("given", "known", "inventory", "wrong"), PLAYS)
def test_vassals_that_routers_can_not_see_are_refused_where_they_sign(
    given: dict[str, Any], known: Any, inventory: bool, wrong: str, tmp_path: Path
) -> None:
    others = {"router1": {"fastrouter_subscriptions": known}}
    here = Host(around(tmp_path, {"emperor_routers": ["router1"], **given}, others, own=inventory))
    flaws = here.flaws([VASSALS])
    assert [flaw.startswith("emperor_vassals: " + wrong) for flaw in flaws] == ([True] if wrong else [])
    assert not wrong or "put it in the inventory" in flaws[0]


def test_a_host_is_planned_with_nothing_that_is_long_or_secret(tmp_path: Path) -> None:
    given = {"emperor_vassals": [{**SHOP, "health": {"path": "/"}}, UNSIGNED], "emperor_options": {"env": "PASSWORD=x"}}
    found = Host(around(tmp_path, {**given, "emperor_tyrant": "no", "emperor_rolling_minimum": "2"})).planned([VASSALS])
    assert (found["given"]["tyrant"], found["given"]["rolling_minimum"], found["binary"]) == (False, 2, "/usr/bin/uwsgi")
    assert found["rolling_files"] == ["/etc/uwsgi/vassals/shop.ini", "/etc/uwsgi/vassals/blog.ini"]
    assert found["rolling_checks"] == [{"vassal": "/etc/uwsgi/vassals/shop.ini", "health": {"path": "/"}}]
    assert found["announced_keys"] == ["shop.example.com", "blog.example.com"]
    assert "PASSWORD" not in repr(found) and "vassals" not in found["given"]
    assert Host(around(tmp_path, {**given, "emperor_rolling_vassals": "blog"})).planned([VASSALS])["rolling_checks"] == []


def test_routers_are_planned_by_both_roles_variables(tmp_path: Path) -> None:
    given = {
        "fastrouter_stats": "0.0.0.0:2627",
        "fastrouter_nodes": "node2",
        "emperor_router_stats": "10.0.0.2:2627,10.0.0.3:2627",
    }
    here = Host(around(tmp_path, given, {"node2": {"emperor_vassals": [SHOP]}}))
    found = here.planned([PUBLIC_KEYS])
    assert (found["own_stats"], found["router_stats"]) == ("127.0.0.1:2627", ["10.0.0.2:2627", "10.0.0.3:2627"])
    assert (found["pool_files"], found["key_names"]) == (["/etc/uwsgi/routers/fastrouter.ini"], ["shop.example.com.pem"])
    assert here.planned([ROUTERS])["key_names"] == []
    assert not found["own_vassals"]
    assert Host(around(tmp_path, {"emperor_vassals": [SHOP]})).planned([PUBLIC_KEYS])["own_vassals"]
    assert here.planned([REPORT])["given"]["report_title"] == records.FASTROUTER.report_title
    assert here.flaws([REPORT]) == here.flaws([ROUTERS]) == []


def test_the_certificates_that_routers_serve_are_planned_where_they_are_asked_for(tmp_path: Path) -> None:
    entry = {"server": "router1:2636", "key": "a.test", "sni_cert": "/a.crt", "sni_key": "/a.key"}
    given = {
        "fastrouter_nodes": "node2",
        "fastrouter_https": "0.0.0.0:8443",
        "fastrouter_https_certificate": "/own.crt",
        "fastrouter_https_key": "/own.key",
        "fastrouter_https_subscription_server": "0.0.0.0:2636",
        "fastrouter_https_stats": "0.0.0.0:2638",
        "fastrouter_before_restart": "/srv/out.yml",
    }
    others = {"node2": {"emperor_vassals": [{"name": "a", "subscriptions": [entry]}]}}
    here = Host(around(tmp_path, given, others))
    found = here.planned([CERTIFICATES])
    assert found["certificates"] == [
        {"router": "https", "address": "0.0.0.0:8443", "name": name, "certificate": f"/{stem}.crt", "key": f"/{stem}.key"}
        for name, stem in (("", "own"), ("a.test", "a"))
    ]
    assert found["routers"] == [
        {"vassal": f"/etc/uwsgi/routers/{name}.ini", "stats": f"127.0.0.1:{port}"}
        for name, port in (("fastrouter", 2627), ("https", 2638))
    ]
    assert (found["user"], found["given"]["before_restart"]) == ("www-data", "/srv/out.yml")
    assert (here.planned([ROUTERS])["certificates"], here.flaws([CERTIFICATES])) == ([], [])
    assert Host(around(tmp_path, {**given, "emperor_supervisor": "daemon"}, others)).planned([CERTIFICATES])["user"] == ""


def test_a_rotation_is_of_all_keys_or_of_those_that_are_named(tmp_path: Path) -> None:
    given = {"fastrouter_nodes": "node2"}
    others = {"node2": {"emperor_vassals": [SHOP, {"name": "wiki", "subscriptions": [{"key": "wiki"}]}]}}
    (tmp_path / "keys" / "next").mkdir(parents=True)
    (tmp_path / "keys" / "next" / "wiki.pem").write_text(keys.private(), encoding="ascii")
    assert Host(around(tmp_path, given, others)).successors_made() == ["shop.example.com.pem"]
    some = {**given, "fastrouter_rotation_keys": "blog:80,blog_80"}
    assert Host(around(tmp_path, some, others)).successors_made() == ["blog_80.pem"]
    assert Host(around(tmp_path, given, others)).successors_promoted() == ["wiki.pem"]
    assert not (tmp_path / "keys" / "wiki.pem").exists()


def test_hosts_that_choose_their_interval_and_their_routers_agree(tmp_path: Path) -> None:
    entries = [{"server": "10.0.0.2:2626", "key": f"k{at}"} for at in range(100)]
    others = {"node2": {"emperor_vassals": [{"name": "many", "subscriptions": entries}]}, "node3": {"emperor_vassals": [SHOP]}}
    given = {"emperor_announce_interval": "auto", "emperor_node_count": "1000", "emperor_router_stats": "10.0.0.2:2627"}
    for vassals, interval in ((others["node2"]["emperor_vassals"], 20), ([SHOP], 5)):
        node = Host(around(tmp_path, {**given, "emperor_vassals": vassals}))
        assert node.desired([VASSALS])["vassals"]["default_client_params"]["announce_interval"] == interval
        assert node.planned([VASSALS])["given"]["router_tolerance"] == 3 * interval + 2
    router = Host(around(tmp_path, {**given, "fastrouter_nodes": list(others)}, others))
    assert router.desired([ROUTERS])["routers"]["vassals"][0]["server_params"]["tolerance"] == 62
    assert router.planned([ROUTERS])["given"]["tolerance"] == 62
    assert (router.flaws([ROUTERS]), router.warnings([PUBLIC_KEYS])) == ([], [])
    own = {**given, "fastrouter_nodes": list(others), "fastrouter_server_params": {"tolerance": 59}}
    assert "under three announce intervals" in Host(around(tmp_path, own, others)).flaws([ROUTERS])[0]


# The other hosts, and the percentage of keys that may be removed: half if one may have vassals that the inventory lacks.
LIMITS: list[tuple[dict[str, Any], int]] = [
    ({"node2": {"emperor_vassals": [SHOP]}}, 100),
    ({"node2": {"emperor_vassals": [SHOP]}, "router1": {}}, 100),
    ({"node2": {"emperor_vassals": [SHOP]}, "node3": {}}, 50),
]


@pytest.mark.parametrize(("others", "limit"), LIMITS)
def test_a_router_loses_few_keys_where_hosts_may_be_missing(others: dict[str, Any], limit: int, tmp_path: Path) -> None:
    found = Host(around(tmp_path, {"fastrouter_nodes": list(others)}, others)).desired([PUBLIC_KEYS, ROUTERS])
    assert list(found) == [PUBLIC_KEYS, ROUTERS]
    assert found[PUBLIC_KEYS]["purge_limit"] == limit
    assert len(found[PUBLIC_KEYS]["signing_keys"]) == 1
    allowed = {"fastrouter_nodes": list(others), "emperor_allow_empty": "yes"}
    assert Host(around(tmp_path, allowed, others)).desired([PUBLIC_KEYS])[PUBLIC_KEYS]["purge_limit"] == 100
    unsigned = {"fastrouter_nodes": list(others), "emperor_signing": "false"}
    assert Host(around(tmp_path, unsigned, others)).desired([PUBLIC_KEYS]) == {}


def test_certificates_are_read_where_a_router_takes_some(tmp_path: Path) -> None:
    server = "10.0.0.2:2627"
    entry = {**SHOP["subscriptions"][0], "server": server, "sni_cert": "/tls/shop.crt", "sni_key": "/tls/shop.key"}  # type: ignore[index, dict-item]
    others = {"node2": {"emperor_vassals": [{"name": "shop", "subscriptions": [entry]}]}}
    front = {
        "fastrouter_https": "10.0.0.2:443",
        "fastrouter_https_certificate": "/tls/a.crt",
        "fastrouter_https_key": "/tls/a.key",
        "fastrouter_https_subscription_server": server,
    }
    found = Host(around(tmp_path, {"fastrouter_nodes": ["node2"], **front}, others)).desired([ROUTERS])[ROUTERS]
    assert found["certificates"] == ["/tls/a.crt", "/tls/a.key", "/tls/shop.crt", "/tls/shop.key"]
    assert [one["name"] for one in found["vassals"]] == ["fastrouter", "https"]
    assert Host(around(tmp_path, {"fastrouter_nodes": ["node2"]}, others)).desired([ROUTERS])[ROUTERS]["certificates"] == []


def test_what_is_written_is_what_is_waited_for(tmp_path: Path) -> None:
    here = Host(around(tmp_path, {"emperor_vassals": [SHOP, {"name": "later", "on_demand": "10.0.0.7:3031"}]}))
    written = here.desired([VASSALS, SERVICE])
    assert [one["file"] for one in written["signing_keys"]["signing_keys"]] == ["shop.example.com.pem"]
    assert written["service"]["vassals"][0]["options"]["emperor-on-demand-extension"] == ".socket"
    assert here.served([VASSALS], {})["names"] == ["shop", "later"]
    assert here.served([ROUTERS], {})["names"] == ["fastrouter"]


@pytest.mark.parametrize(("count", "interval", "warned"), [(10, 5, 0), (30_000, 5, 1), (30_000, 60, 0)])
def test_a_router_tells_when_it_can_not_take_the_announcements(count: int, interval: int, warned: int, tmp_path: Path) -> None:
    many = [{"name": f"v{at}", "subscriptions": [{"server": "10.0.0.2:2626", "key": f"k{at}"}]} for at in range(count)]
    given = {"fastrouter_nodes": ["node2"], "emperor_announce_interval": interval}
    here = Host(around(tmp_path, given, {"node2": {"emperor_vassals": many}}))
    found = here.warnings([PUBLIC_KEYS])
    assert [one.startswith(f"announcements every {interval} seconds take") for one in found] == [True] * warned
    assert here.warnings([ROUTERS]) == []


def test_pages_are_planned_written_and_waited_for(tmp_path: Path) -> None:
    watched = {"emperor_metrics": "10.0.0.7:9717", "fastrouter_dashboard": "10.0.0.7:9718"}
    others = {"node2": {"emperor_vassals": [SHOP]}}
    here = Host(around(tmp_path, {**watched, "fastrouter_nodes": ["node2"]}, others))
    assert here.flaws([VASSALS]) == here.flaws([ROUTERS]) == []
    assert (here.desired([VASSALS])["metrics"]["config"]["host"], here.desired([VASSALS])["imports"]) == ("node1", {})
    assert here.desired([ROUTERS])[ROUTERS]["vassals"][-1]["name"] == "fastrouter-dashboard"
    assert here.served([ROUTERS], {})["names"] == ["fastrouter", "fastrouter-dashboard"]
    assert [one.split(":")[0] for one in here.warnings([VASSALS])] == ["emperor_metrics"]
    assert [one.split(":")[0] for one in here.warnings([ROUTERS])] == ["fastrouter_dashboard"]
    wrong = Host(around(tmp_path, {**watched, "fastrouter_dashboard_nodes": ["node2"]}, others))
    with pytest.raises(ArgumentError, match=r"^fastrouter_dashboard_nodes"):
        wrong.flaws([ROUTERS])


def test_a_page_has_the_tolerance_of_its_router(tmp_path: Path) -> None:
    given = {"fastrouter_dashboard": "127.0.0.1:9718", "fastrouter_nodes": ["node2"], "emperor_announce_interval": "auto"}
    many = {"name": "shop", "subscriptions": [{"server": "10.0.0.2:2626", "key": [f"k{at}.test" for at in range(100)]}]}
    here = Host(around(tmp_path, {**given, "emperor_node_count": 1000}, {"node2": {"emperor_vassals": [many]}}))
    router, page = here.desired([ROUTERS])[ROUTERS], here.desired([ROUTERS])[ROUTERS]["dashboard"]["config"]
    assert router["vassals"][0]["server_params"]["tolerance"] == page["max_age"] > records.FASTROUTER.tolerance


# The variables, what is installed, and whether prometheus_client must be there.
CLIENTS: list[tuple[dict[str, Any], list[str], bool]] = [
    ({}, ["package"], False),
    ({"emperor_metrics": "127.0.0.1:1"}, ["package", "package_client"], False),
    ({"emperor_metrics": "127.0.0.1:1", "emperor_install": "pip"}, ["pip", "pip_client"], False),
    ({"emperor__dashboard": "127.0.0.1:1"}, ["package", "package_client"], False),
    ({"emperor__dashboard": "127.0.0.1:1", "emperor_install": "none"}, [], True),
    ({"emperor_metrics": "127.0.0.1:1", "emperor_install": "none"}, [], True),
    ({"fastrouter_dashboard": "127.0.0.1:1"}, ["package"], False),
]


@pytest.mark.parametrize(("given", "installed", "needed"), CLIENTS)
def test_prometheus_client_is_there_where_a_page_is(
    given: dict[str, Any], installed: list[str], needed: bool, tmp_path: Path
) -> None:
    here = Host(around(tmp_path, given))
    assert here.planned([VASSALS])["first"] == [f"install_{one}" for one in installed]
    assert bool(here.desired([VASSALS])["imports"]) is needed
