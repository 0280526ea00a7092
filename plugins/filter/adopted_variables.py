# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: adopted_variables
short_description: Convert what uWSGI runs on hosts to variables of the roles
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Makes files of variables of what M(emperor.uwsgi.uwsgi_config_info) read on hosts. Vassals become C(emperor_vassals), routers
    variables of P(emperor.uwsgi.fastrouter#role), and the file of an Emperor variables of P(emperor.uwsgi.emperor#role).
  - What an option of a role can't say, what the roles refuse, and what looks like a secret stands in a comment at its place,
    with the reason.
  - A vassal may have up to 65,536 characters, plus 65,536 in the files that it includes, and up to 4,096 lines in all. For each
    host, up to 2,097,152 characters are converted. Files beyond these limits are listed in comments with their paths.
  - Options that at least three quarters of all vassals share become C(emperor_default_options) of a group.
  - Text that could be a template is tagged C(!unsafe). Nothing of it is ever evaluated.
  - The playbook C(emperor.uwsgi.adopt) writes these files.
positional: _input
options:
  _input:
    description: A mapping of hosts to the C(files) that M(emperor.uwsgi.uwsgi_config_info) returned there.
    type: dict
    required: true
  group:
    description: The group whose variables become what vassals and hosts share.
    type: str
    default: all
seealso:
  - module: emperor.uwsgi.uwsgi_config_info
  - plugin: emperor.uwsgi.subscription_arguments
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the vassals
  emperor.uwsgi.uwsgi_config_info:
    paths: [/etc/uwsgi/vassals]
  no_log: true
  register: there

- name: Show the variables
  ansible.builtin.debug:
    msg: "{{ ({inventory_hostname: there.files} | emperor.uwsgi.adopted_variables).files }}"
"""

RETURN = r"""
_value:
  description: The files of an inventory.
  type: dict
  contains:
    files:
      description: The texts of the files, by their paths in the inventory's folder.
      type: dict
      sample:
        host_vars/node1/adopted.yml: |
          ---
          emperor_vassals:
            - name: shop
              options:
                socket: 10.0.0.7:3031
              subscriptions:
                - server: 10.0.0.2:2626
                  key: shop.example.com
    hosts:
      description: The path of each host's file.
      type: dict
      sample: {node1: host_vars/node1/adopted.yml}
    summary:
      description: What was converted, in lines for people.
      type: list
      elements: str
      sample: ["node1: 12 of 13 vassals, 4 comments to review, in host_vars/node1/adopted.yml"]
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import adopted
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._untrusted import untrusted


@filter_errors
def adopted_variables(files: Any, group: Any = "all") -> dict[str, Any]:
    """The files of an inventory; raises AnsibleFilterError for what is none of hosts."""
    if not isinstance(files, Mapping):
        raise ArgumentError("files", "must be a mapping of hosts to the files that uwsgi_config_info returned there")
    return {name: untrusted(value) for name, value in adopted.adopted(files, group)._asdict().items()}


class FilterModule:
    """The filter ``adopted_variables``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"adopted_variables": adopted_variables}
