# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pool_table
short_description: Draw live pools as a table for the terminal
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Makes a table of the nodes that serve each key, and of the drained vassals with the reason and the time.
  - The playbook C(emperor.uwsgi.pools) prints it. Control characters from the network are escaped.
positional: _input, held, announced
options:
  _input:
    description: What M(emperor.uwsgi.uwsgi_router_info) returned, or a mapping of hosts to their results.
    type: dict
    required: true
  held:
    description:
      - A mapping of hosts to what C(ansible.builtin.find) returned for their folder of suspend files. Each also has the folder
        as C(path), and C(tyrant) says whether tenants have folders in it.
    type: dict
    default: {}
  announced:
    description: The result of the lookup P(emperor.uwsgi.announced_vassals#lookup). It has the keys of drained vassals.
    type: list
    elements: dict
    default: []
  names:
    description: A mapping of addresses to names of hosts.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Ask the router
  emperor.uwsgi.uwsgi_router_info:
    router_stats: 10.0.0.2:2627
  register: pools

- name: Print the pools
  ansible.builtin.debug:
    msg: "{{ pools | emperor.uwsgi.pool_table }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
  sample:
    - "router1: 1 keys, 1 nodes"
    - ""
    - "key               node           host   state  requests  age, s"
    - "shop.example.com  10.0.0.7:3031  node1  fresh       120       2"
    - "shop.example.com  shop           node2  held out by operator since 2026-01-01 12:00:00Z"
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import table


@filter_errors
def pool_table(info: Any, held: Any = None, announced: Any = None, names: Any = None) -> list[str]:
    """The lines; raises AnsibleFilterError for anything else."""
    given = [default if value is None else value for value, default in ((held, {}), (announced, []), (names, {}))]
    return table.lines(info, *given)


class FilterModule:
    """The filter ``pool_table``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"pool_table": pool_table}
