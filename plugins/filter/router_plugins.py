# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: router_plugins
short_description: The router plugin of each vassal
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Finds which vassals are routers, and of which of uWSGI's plugins, by the options that make an instance one.
positional: _input
options:
  _input:
    description: The vassals, as for M(emperor.uwsgi.uwsgi_vassals).
    type: list
    elements: dict
    required: true
seealso:
  - plugin: emperor.uwsgi.router_flaws
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the plugins that the routers need
  ansible.builtin.debug:
    msg: "{{ routers | emperor.uwsgi.router_plugins | select | unique }}"
  vars:
    routers:
      - name: https
        options:
          https: 0.0.0.0:443,/etc/uwsgi/tls/router.crt,/etc/uwsgi/tls/router.key
"""

RETURN = r"""
_value:
  description: V(fastrouter), V(http), V(rawrouter) or V(sslrouter) for each vassal, in their order; empty where it is no router.
  type: list
  elements: str
  sample: [http, ""]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _router_checks
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def router_plugins(vassals: Any) -> list[str]:
    """The plugin of each; raises AnsibleFilterError for what is no list of vassals."""
    return _router_checks.plugins(values.sequence("vassals", vassals))


class FilterModule:
    """The filter ``router_plugins``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"router_plugins": router_plugins}
