# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_targets
short_description: Let Prometheus find the live pages of an inventory
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Makes the content of a file for Prometheus' C(file_sd_configs), with each host as a target.
  - A target's C(instance) is the host's name in the inventory.
positional: _input, hostvars
options:
  _input:
    description: The names of the hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts. A host's address is its C(ansible_host), or else its name.
    type: dict
    required: true
  port:
    description: The port of the live pages.
    type: int
    default: 9717
"""

EXAMPLES = r"""
- name: Tell Prometheus which hosts have a live page
  ansible.builtin.copy:
    content: "{{ groups['nodes'] | emperor.uwsgi.prometheus_targets(hostvars) | to_nice_json }}"
    dest: /srv/www/uwsgi.json
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The targets, one entry for each host.
  type: list
  elements: dict
  sample: [{"targets": ["10.0.0.7:9717"], "labels": {"instance": "node1"}}]
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def prometheus_targets(hosts: Any, hostvars: Any, port: Any = 9717) -> list[dict[str, Any]]:
    """The targets; raises AnsibleFilterError for hosts without variables, and for an invalid port."""
    number = values.whole("port", port, 1, 65535)
    if not isinstance(hostvars, Mapping):
        raise ArgumentError("hostvars", "is not a mapping of hosts to their variables; give hostvars")
    return [_target(f"_input[{at}]", host, hostvars, number) for at, host in enumerate(values.sequence("_input", hosts))]


def _target(path: str, host: Any, hostvars: Mapping[str, Any], port: int) -> dict[str, Any]:
    name = values.text(path, host)
    if name not in hostvars or not isinstance(hostvars[name], Mapping):
        raise ArgumentError(path, f"{name} is not in hostvars; give the names of hosts of the inventory")
    address = values.word(f"hostvars.{name}.ansible_host", hostvars[name].get("ansible_host", name))
    # An IPv6 address needs brackets, or the port would look like one more part of it.
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return {"targets": [where], "labels": {"instance": name}}


class FilterModule:
    """The filter ``prometheus_targets``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"prometheus_targets": prometheus_targets}
