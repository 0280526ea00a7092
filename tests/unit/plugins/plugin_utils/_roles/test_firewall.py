# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ports of a host, from the roles' variables in all their forms."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import firewall
from hypothesis import given
from hypothesis import strategies as st
from support.modules import ROOT

SOURCES = {"fronts": ["10.0.0.1"], "monitoring": ["10.0.0.9"], "nodes": ["10.0.0.7", "10.0.0.10"], "routers": ["10.0.0.2"]}
POOL, READERS = ["10.0.0.2", "10.0.0.7", "10.0.0.10"], ["10.0.0.2", "10.0.0.7", "10.0.0.9", "10.0.0.10"]
PAGE, ALL = ["10.0.0.2", "10.0.0.9"], ["0.0.0.0/0"]
SHOP: dict[str, Any] = {"name": "shop", "subscriptions": [{"key": "shop.test"}]}


def found(variables: dict[str, Any], is_router: bool = True) -> list[tuple[int, str, str, list[str]]]:
    return [(one["port"], one["protocol"], one["name"], one["sources"])
            for one in firewall.ports("host", variables, is_router, SOURCES)]  # fmt: skip


def test_the_defaults_are_those_of_the_role() -> None:
    defaults = yaml.safe_load((ROOT / "roles" / "fastrouter" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    given = {name: defaults[name] for name in firewall._VARIABLES}
    assert {name: value for name, value in given.items() if value} == firewall.DEFAULTS
    assert found({}) == [(2626, "udp", "announcements", POOL)]


# The subscription server is there by default.
SERVER = (2626, "udp", "announcements", POOL)
ROUTERS: list[tuple[dict[str, Any], list[Any]]] = [
    ({"fastrouter_listen": "10.0.0.2:3030"}, [(3030, "tcp", "requests", ["10.0.0.1"]), SERVER]),
    ({"fastrouter_listen": "/run/fastrouter.sock", "fastrouter_stats": "/run/stats.sock"}, [SERVER]),
    ({"fastrouter_http": "0.0.0.0:8080", "fastrouter_https": ":443", "fastrouter_https_stats": "10.0.0.2:2638"},
     [(443, "tcp", "requests", ALL), (2638, "tcp", "stats", READERS), (8080, "tcp", "requests", ALL), SERVER]),
    # Without a front there are no stats for it.
    ({"fastrouter_http_stats": "10.0.0.2:2628"}, [SERVER]),
    ({"fastrouter_stats": "10.0.0.2:2627"}, [(2627, "tcp", "stats", READERS), SERVER]),
    ({"fastrouter_dashboard": "10.0.0.2:9717"}, [(9717, "tcp", "live page", PAGE), SERVER]),
    ({"fastrouter_subscription_server": "127.0.0.1:2626"}, []),
    ({"fastrouter_https_subscription_server": "0.0.0.0:2636"}, [SERVER, (2636, "udp", "announcements", POOL)]),
    ({"fastrouter_options": {"fastrouter": ["127.0.0.1:3030", "10.0.0.2:3040"]}},
     [(3040, "tcp", "requests", ["10.0.0.1"]), SERVER]),
    ({"fastrouter_https_options": '{"http-to-https": "0.0.0.0:80"}'}, [(80, "tcp", "requests", ALL), SERVER]),
    ({"fastrouter_vassals": [{"options": {"https2": "addr=:444,cert=/a,key=/b", "http-stats": {"literal": "10.0.0.2:9"}}}]},
     [(9, "tcp", "stats", READERS), (444, "tcp", "requests", ALL), SERVER]),
    ({"fastrouter_vassals": [{}, {"options": {"sslrouter": ":2443,/a.crt,/a.key", "sslrouter-subscription-server": ":2676"}},
                             {"options": {"x": ":5"}}]},
     [(2443, "tcp", "requests", ALL), SERVER, (2676, "udp", "announcements", POOL)]),
    # An option with several values, addresses that only the host itself reaches, and options without a port.
    ({"fastrouter_options": {"http": [":80", "[::1]:81", "localhost:82", "127.1.2.3:83", "/s:85", "@s:86", None]}},
     [(80, "tcp", "requests", ALL), SERVER]),
    ({"fastrouter_options": {"https2": "cert=/a", "sslrouter2": "addr=:444,cert=/a", "http2-stats": ":5", "my-stats-x": ":6"}},
     [(444, "tcp", "requests", ALL), SERVER]),
    ({"fastrouter_options": {"https2": "cert=/a,addr=:444", "sslrouter2": ["addr=127.0.0.1:445", "cert=/a,addr=:446"]}},
     [(444, "tcp", "requests", ALL), (446, "tcp", "requests", ALL), SERVER]),
    ({"fastrouter_options": {"http-stats-server": ":5", "http-ss": ":6"}},
     [(5, "tcp", "stats", READERS), (6, "tcp", "stats", READERS), SERVER]),
    ({"fastrouter_http": ":80", "fastrouter_http_stats": ":1", "fastrouter_https_stats": ":2"},
     [(1, "tcp", "stats", READERS), (80, "tcp", "requests", ALL), SERVER]),
    # A port that is used twice is open for both uses.
    ({"fastrouter_http": ":80", "fastrouter_dashboard": "10.0.0.2:80"}, [(80, "tcp", "requests, live page", ALL), SERVER]),
    ({"fastrouter_stats": "10.0.0.2:9", "fastrouter_dashboard": "10.0.0.2:9"}, [(9, "tcp", "stats, live page", READERS), SERVER]),
]  # fmt: skip
NODES: list[tuple[dict[str, Any], list[Any]]] = [
    ({}, []),
    ({"fastrouter_http": ":80"}, []),
    ({"emperor_vassals": [{**SHOP, "options": {"socket": ["10.0.0.7:3031", "/run/shop.sock", "@shop"], "http-socket": ":3032"}}]},
     [(3031, "tcp", "node", ["10.0.0.2"]), (3032, "tcp", "node", ["10.0.0.2"])]),
    # It announces nothing, so no router needs its port.
    ({"emperor_vassals": [{"name": "local", "options": {"socket": "10.0.0.7:3031"}}]}, []),
    ({"emperor_vassals": '[{"name": "docs", "on_demand": "10.0.0.7:3033"}]'}, [(3033, "tcp", "node", ["10.0.0.2"])]),
    ({"emperor_vassals": [{**SHOP, "options": {"socket": "=0", "uwsgi-socket": "127.0.0.1:1", "shared-socket": ":5"}}]}, []),
    ({"emperor_metrics": "10.0.0.7:9717"}, [(9717, "tcp", "live page", PAGE)]),
]  # fmt: skip


@pytest.mark.parametrize(("variables", "expected"), ROUTERS)
def test_ports_of_routers(variables: dict[str, Any], expected: list[Any]) -> None:
    assert found(variables) == expected


@pytest.mark.parametrize(("variables", "expected"), NODES)
def test_ports_of_nodes(variables: dict[str, Any], expected: list[Any]) -> None:
    assert found(variables, is_router=False) == expected


NO_PORT = "has no port from 1 to 65535; give one that stays the same"
NO_TEXT = "is not text; give text, in quotes where YAML reads something else"
NO_MAPPING = "is not a mapping; give one, as text in JSON or YAML"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"fastrouter_http": "10.0.0.2:0"}, f"host: fastrouter_http: '10.0.0.2:0' {NO_PORT}"),
    ({"fastrouter_http": "10.0.0.2:80; accept"}, f"host: fastrouter_http: '10.0.0.2:80; accept' {NO_PORT}"),
    ({"fastrouter_http": [5]}, f"host: fastrouter_http: [5] {NO_TEXT}"),
    ({"fastrouter_options": 5}, f"host: fastrouter_options: 5 {NO_MAPPING}"),
    ({"fastrouter_options": {"http": [[]]}}, f"host: fastrouter_options.http: [] {NO_TEXT}"),
    ({"fastrouter_http_options": {"http": ":x"}}, f"host: fastrouter_http_options.http: ':x' {NO_PORT}"),
    ({"fastrouter_https_options": {"https": ":x,/a,/b"}}, f"host: fastrouter_https_options.https: ':x' {NO_PORT}"),
    (
        {"fastrouter_vassals": [{"options": {"rawrouter": ["a:1", "a:65536"]}}]},
        f"host: fastrouter_vassals[0].options.rawrouter: 'a:65536' {NO_PORT}",
    ),
    ({"fastrouter_vassals": [{"options": []}]}, f"host: fastrouter_vassals[0].options: [] {NO_MAPPING}"),
    ({"fastrouter_vassals": 5}, "host: fastrouter_vassals: 5 is not a list of mappings; give one, as text in JSON or YAML"),
    (
        {"emperor_vassals": [{}, {**SHOP, "options": {"socket": "10.0.0.7:"}}]},
        f"host: emperor_vassals[1].options.socket: '10.0.0.7:' {NO_PORT}",
    ),
    ({"emperor_vassals": [{**SHOP, "options": []}]}, f"host: emperor_vassals[0].options: [] {NO_MAPPING}"),
    ({"emperor_vassals": [{**SHOP, "options": {"socket": True}}]}, f"host: emperor_vassals[0].options.socket: True {NO_TEXT}"),
    ({"emperor_vassals": [{"on_demand": "10.0.0.7:0"}]}, f"host: emperor_vassals[0].on_demand: '10.0.0.7:0' {NO_PORT}"),
    ({"emperor_vassals": [{"on_demand": True}]}, f"host: emperor_vassals[0].on_demand: True {NO_TEXT}"),
    (
        {"emperor_vassals": "no: list"},
        "host: emperor_vassals: 'no: list' is not a list of mappings; give one, as text in JSON or YAML",
    ),
    ({"emperor_metrics": "10.0.0.7:x"}, f"host: emperor_metrics: '10.0.0.7:x' {NO_PORT}"),
    ({"emperor_metrics": True}, f"host: emperor_metrics: True {NO_TEXT}"),
]


@pytest.mark.parametrize(("variables", "problem"), REFUSED)
def test_a_port_that_nobody_can_open_is_refused(variables: dict[str, Any], problem: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        firewall.ports("host", variables, True, SOURCES)
    assert str(refused.value) == problem


SOURCE = [("10.0.0.7", "10.0.0.7"), ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"),
          ("10.0.0.0/255.0.0.0", "10.0.0.0/8"), ("10.0.0.7/32", "10.0.0.7/32")]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), SOURCE)
def test_addresses_and_networks(value: str, expected: str) -> None:
    assert firewall.source("a", value) == expected


@pytest.mark.parametrize("value", ["node1", "10.0.0.1/8", "::1", "10.0.0.256"])
def test_what_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        firewall.source("place", value)
    assert str(refused.value) == f"place: {value!r} is not an IPv4 address or network; give one, as numbers"


def test_what_is_in_a_network_is_not_listed_beside_it() -> None:
    sources = {**SOURCES, "monitoring": ["10.0.0.0/29", "10.0.0.0/24", "10.1.0.0/16", "10.0.1.1"]}
    [one, dummy] = firewall.ports("host", {"fastrouter_stats": "10.0.0.2:2627"}, True, sources)
    assert one["sources"] == ["10.0.0.0/24", "10.0.1.1", "10.1.0.0/16"]
    pair = {**SOURCES, "nodes": [], "routers": [], "monitoring": ["10.0.0.2/31", "10.0.0.3", "10.0.0.4/32"]}
    [one, dummy] = firewall.ports("host", {"fastrouter_stats": "10.0.0.2:2627"}, True, pair)
    assert one["sources"] == ["10.0.0.2/31", "10.0.0.4/32"]


@given(st.text())
def test_nothing_but_addresses_gets_into_rules(value: str) -> None:
    try:
        found = firewall.source("a", value)
    except ArgumentError:
        return
    assert set(found) <= set("0123456789./")


@given(st.text(), st.text())
def test_nothing_but_numbers_gets_into_rules(host: str, port: str) -> None:
    try:
        found = firewall.ports("host", {"fastrouter_http": f"{host}:{port}"}, True, SOURCES)
    except ArgumentError:
        return
    assert all(isinstance(one["port"], int) and 0 < one["port"] < 65536 for one in found)
