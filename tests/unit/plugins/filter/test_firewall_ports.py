# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that lists a host's ports; how variables become ports is in plugin_utils/_roles/test_firewall.py."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import firewall_ports as plugin
from support.filters import Filter

firewall_ports = Filter(plugin)
SHOP = {"name": "shop", "options": {"socket": "10.0.0.7:3031"}, "subscriptions": [{"key": "shop.test"}]}
HOSTVARS: dict[str, Any] = {
    "router1": {
        "ansible_host": "10.0.0.2", "pool": "10.1.0.2", "fastrouter_stats": "10.0.0.2:2627", "fastrouter_listen": ":3030"
    },
    "node1": {"ansible_host": "10.0.0.7", "pool": "10.1.0.7", "emperor_vassals": [SHOP]},
    "10.0.0.8": {"pool": "10.1.0.8"},
    "named": {},
}  # fmt: skip
NODES = ["node1", "10.0.0.8"]


def port(port: int, protocol: str, name: str, *sources: str) -> dict[str, Any]:
    return {"port": port, "protocol": protocol, "name": name, "sources": list(sources)}


def test_a_router_opens_its_ports_for_those_who_need_them() -> None:
    found = firewall_ports("router1", HOSTVARS, ["router1"], NODES, fronts="10.0.0.1", monitoring=["10.9.0.0/24"])
    assert found == [
        port(2627, "tcp", "stats", "10.0.0.2", "10.0.0.7", "10.0.0.8", "10.9.0.0/24"),
        port(3030, "tcp", "requests", "10.0.0.1"),
        port(2626, "udp", "announcements", "10.0.0.2", "10.0.0.7", "10.0.0.8"),
    ]


def test_a_node_opens_its_sockets_for_the_routers() -> None:
    assert firewall_ports("node1", HOSTVARS, ["router1"], NODES) == [port(3031, "tcp", "node", "10.0.0.2")]
    assert firewall_ports("node1", HOSTVARS, ["router1"], NODES, address="pool") == [port(3031, "tcp", "node", "10.1.0.2")]
    # It has vassals but is not a router.
    assert firewall_ports("10.0.0.8", HOSTVARS, ["router1"], NODES) == []


REFUSED: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    (("node1", 5, [], []), {}, "hostvars: has no variables of 'node1'"),
    (("away", HOSTVARS, [], []), {}, "hostvars: has no variables of 'away'"),
    (("node1", HOSTVARS, ["away"], []), {}, "hostvars: has no variables of 'away'"),
    (("node1", HOSTVARS, [5.5], {}), {}, "nodes: must be a value or a list of values"),
    (("node1", HOSTVARS, [], ["named"]), {}, "named: ansible_host: 'named' is not an IPv4 address or network"),
    (("node1", HOSTVARS, [], []), {"fronts": ["2001:db8::1"]}, "fronts[0]: '2001:db8::1' is not an IPv4 address or network"),
    (("node1", HOSTVARS, [], []), {"monitoring": ["10.0.0.1/8"]}, "monitoring[0]: '10.0.0.1/8' is not an IPv4 address"),
    (("node1", HOSTVARS, [], []), {"monitoring": ["0/0 } accept #"]}, "monitoring[0]: '0/0 } accept #' is not an IPv4 address"),
]


@pytest.mark.parametrize(("arguments", "more", "problem"), REFUSED)
def test_what_cannot_be_used_is_refused(arguments: tuple[Any, ...], more: dict[str, Any], problem: str) -> None:
    assert problem in firewall_ports.refusal(*arguments, **more)
