# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: router_flaws
short_description: Find router settings that uWSGI silently accepts but that fail
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Checks all routers of a host together, before anything is written. The role P(emperor.uwsgi.fastrouter#role) fails if it
    finds something.
  - It finds two subscription servers with the same address, of which only the last one receives announcements; two listeners
    with the same address; a subscription server with a host name or an IPv6 address, which receives nothing; several processes
    although signatures or credentials are checked; two routers in one instance; C(stats-http); a tolerance of less than three
    announce intervals; ports below 1024 that the router may not bind; and options for which M(emperor.uwsgi.uwsgi_vassals) has
    an argument, such as C(subscription-tolerance).
positional: _input
options:
  _input:
    description: The routers, as the vassals of M(emperor.uwsgi.uwsgi_vassals).
    type: list
    elements: dict
    required: true
  announce_interval:
    description: Seconds between the announcements of the nodes. With V(0) tolerances are not checked.
    type: int
    default: 0
  low_ports:
    description: Whether the routers may bind ports below 1024.
    type: bool
    default: true
seealso:
  - plugin: emperor.uwsgi.router_certificates
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Refuse routers that would be deaf
  ansible.builtin.assert:
    that: routers | emperor.uwsgi.router_flaws(announce_interval=5) == []
  vars:
    routers:
      - name: web
        options: {http: "0.0.0.0:8080", http-subscription-server: "0.0.0.0:2626"}
      - name: raw
        options: {rawrouter: "0.0.0.0:2020", rawrouter-subscription-server: "0.0.0.0:2636"}
"""

RETURN = r"""
_value:
  description: A sentence for each problem, which begins with its places. Empty if there is none.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _router_checks
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def router_flaws(vassals: Any, announce_interval: Any = 0, low_ports: Any = True) -> list[str]:
    """The flaws; raises AnsibleFilterError for arguments of the wrong type."""
    interval = values.whole("announce_interval", announce_interval, 0)
    return _router_checks.flaws(values.sequence("vassals", vassals), interval, values.flag("low_ports", low_ports))


class FilterModule:
    """The filter ``router_flaws``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"router_flaws": router_flaws}
