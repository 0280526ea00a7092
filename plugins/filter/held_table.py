# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: held_table
short_description: List drained vassals as a table for the terminal
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Converts what M(emperor.uwsgi.uwsgi_drain) returned on each host to a table, with one line for each reason of a vassal.
  - The playbook C(emperor.uwsgi.held) prints it. Control characters are escaped.
positional: _input
options:
  _input:
    description:
      - A mapping of hosts to what M(emperor.uwsgi.uwsgi_drain) returned for its O(emperor.uwsgi.uwsgi_drain#module:vassals).
        Hosts on which it failed are listed below the table with the error. A host whose task was skipped counts as one without
        vassals.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Look who holds the shop out
  emperor.uwsgi.uwsgi_drain:
    state: active
    vassals: [/etc/uwsgi/vassals/shop.ini]
    wait: false
  check_mode: true
  register: held

- name: Print it
  ansible.builtin.debug:
    msg: "{{ {inventory_hostname: held} | emperor.uwsgi.held_table }}"
"""

RETURN = r"""
_value:
  description: The lines. Times are those of the vassal's host, in UTC.
  type: list
  elements: str
  sample:
    - "host   vassal  held out by  since"
    - "node2  shop    maintenance  2026-01-01 12:00:00Z"
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import held


@filter_errors
def held_table(results: Any) -> list[str]:
    """The lines; raises AnsibleFilterError for anything else."""
    return held.lines(results)


class FilterModule:
    """The filter ``held_table``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"held_table": held_table}
