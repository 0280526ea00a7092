# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_ports
short_description: The ports that a host's firewall must open, and for whom
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Lists the ports that the routers and vassals of a host listen on, and the addresses that connect to each, as the inventory
    says. A firewall opens each port to these addresses and closes it to all others.
  - Unix sockets and loopback addresses are left out, and so are sockets of vassals without subscriptions, because no router
    knows them.
  - If the inventory does not set a role's variable, the role's default is used.
positional: _input, hostvars, routers, nodes
options:
  _input:
    description: The name of the host.
    type: str
    required: true
  hostvars:
    description: The variables of all hosts.
    type: dict
    required: true
  routers:
    description: The names of the routers' hosts.
    type: list
    elements: str
    required: true
  nodes:
    description: The names of the nodes' hosts.
    type: list
    elements: str
    required: true
  fronts:
    description: IPv4 addresses or networks of web servers that pass requests on to the fastrouters.
    type: list
    elements: str
    default: []
  monitoring:
    description: IPv4 addresses or networks that read stats and live pages.
    type: list
    elements: str
    default: []
  address:
    description:
      - The name of the variable with the host's IPv4 address in the network of the pools. If a host does not have it, its name
        is used.
    type: str
    default: ansible_host
"""

EXAMPLES = r"""
- name: Say where this router is in the network of the pools
  ansible.builtin.set_fact:
    pool_address: 10.0.0.2
    fastrouter_stats: 10.0.0.2:2627

- name: Show which ports it opens, and for whom
  ansible.builtin.debug:
    msg: "{{ inventory_hostname | emperor.uwsgi.firewall_ports(hostvars, routers, groups['nodes'], address='pool_address') }}"
  vars:
    routers: ["{{ inventory_hostname }}"]
"""

RETURN = r"""
_value:
  description: The ports, sorted.
  type: list
  elements: dict
  contains:
    port:
      description: The port.
      type: int
    protocol:
      description: V(tcp) or V(udp).
      type: str
    name:
      description: What it is for. V(requests), V(announcements), V(stats), V(node) or V(live page), or several of them.
      type: str
    sources:
      description: The addresses and networks that need it. The list is empty if none is known.
      type: list
      elements: str
  sample:
    - {"port": 2627, "protocol": "tcp", "name": "stats", "sources": ["10.0.0.7", "10.0.0.8"]}
    - {"port": 2626, "protocol": "udp", "name": "announcements", "sources": ["10.0.0.7", "10.0.0.8"]}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import firewall


@filter_errors
def firewall_ports(
    host: Any, hostvars: Any, routers: Any, nodes: Any, fronts: Any = (), monitoring: Any = (), address: Any = "ansible_host"
) -> list[dict[str, Any]]:
    """The ports of a host; raises AnsibleFilterError for invalid values."""
    name, variable = values.text("_input", host), values.text("address", address)
    members = {
        kind: [values.text(f"{kind}[{at}]", one) for at, one in enumerate(values.sequence(kind, given))]
        for kind, given in ((firewall.ROUTERS, routers), (firewall.NODES, nodes))
    }
    sources = {kind: [_address(one, variable, hostvars) for one in hosts] for kind, hosts in members.items()}
    for kind, given in ((firewall.FRONTS, fronts), (firewall.MONITORING, monitoring)):
        sources[kind] = [firewall.source(f"{kind}[{at}]", one) for at, one in enumerate(values.sequence(kind, given))]
    return firewall.ports(name, _variables(name, hostvars), name in members[firewall.ROUTERS], sources)


def _variables(host: str, hostvars: Any) -> Mapping[str, Any]:
    if not isinstance(hostvars, Mapping) or not isinstance(hostvars.get(host), Mapping):
        raise ArgumentError("hostvars", f"has no variables of {values.shown(host)}; give hostvars, and a host of the inventory")
    found: Mapping[str, Any] = hostvars[host]
    return found


def _address(host: str, variable: str, hostvars: Any) -> str:
    return firewall.source(f"{host}: {variable}", _variables(host, hostvars).get(variable, host))


class FilterModule:
    """The filter ``firewall_ports``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"firewall_ports": firewall_ports}
