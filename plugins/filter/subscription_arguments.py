# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: subscription_arguments
short_description: The arguments of uwsgi_subscription that an ini file comes to
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Reads the options about subscriptions in the text of an ini file, whoever wrote it, and gives the arguments of
    M(emperor.uwsgi.uwsgi_subscription) that write the same. It is the way from hand-written files to tasks.
  - It reads as uWSGI does, with sections, placeholders and escapes. C(subscribe2) in all its fields, C(subscribe-to) with its
    other names, and the options of routers and clients are known.
  - What arguments can't say, or what uWSGI ignores, is not dropped but given back with the reason. Options that have nothing to
    do with subscriptions are not looked at.
positional: _input
options:
  _input:
    description: The text of the file.
    type: str
    required: true
  path:
    description:
      - The absolute path that the file has on its host, for magic variables such as C(%d) and C(%n). Nothing is read from it.
        Without it, lines that need it are left over.
    type: str
  section:
    description: The section that uWSGI reads.
    type: str
    default: uwsgi
  uwsgi_version:
    description: The release that reads the file. What only a newer one knows is left over.
    type: str
    default: "2.0"
seealso:
  - module: emperor.uwsgi.uwsgi_subscription
"""

EXAMPLES = r"""
- name: Read what is announced today
  ansible.builtin.set_fact:
    found: "{{ file | emperor.uwsgi.subscription_arguments(path='/etc/uwsgi/vassals/shop.ini') }}"
  vars:
    file: |
      [uwsgi]
      socket = 10.0.0.7:3031
      subscribe-to = 10.0.0.2:2626:shop.example.com
      subscribe2 = server=10.0.0.3:2626,key=shop.example.com,check=/run/uwsgi-drain/%n
      subscribe2 = server=router4:2626,key=shop.example.com

- name: Show what needs a decision, here the server that has a name
  ansible.builtin.debug:
    var: found.left_over

- name: Write the rest
  emperor.uwsgi.uwsgi_subscription:
    path: /etc/uwsgi/subscriptions/shop.ini
    subscriptions: "{{ found.arguments.subscriptions }}"
"""

RETURN = r"""
_value:
  description: The arguments, and what they don't say.
  type: dict
  contains:
    arguments:
      description:
        - C(subscriptions), C(server_params), C(server_verification_params) and C(client_params), those of them that the file has.
        - Lines that differ in nothing but server and key are one entry.
      type: dict
      sample:
        subscriptions: [{server: [10.0.0.2:2626, 10.0.0.3:2626], key: shop.example.com, address: 0}]
        client_params: {announce_interval: 3}
    left_over:
      description: The lines that the arguments don't say, or not as they stand there.
      type: list
      elements: dict
      contains:
        line:
          description: The line, without comments and with C(%?) for a magic variable that isn't known.
          type: str
          sample: subscribe2 = server=router4:2626,key=shop.example.com
        why:
          description: The reason.
          type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _ini_import
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def subscription_arguments(text: Any, path: Any = "", section: Any = "uwsgi", uwsgi_version: Any = "2.0") -> dict[str, Any]:
    """The arguments and what is left over; raises AnsibleFilterError for what is no text with the section."""
    if not isinstance(text, str):
        values.text("text", text)
    release = _dialect.parse_release("uwsgi_version", str(uwsgi_version))
    found = _ini_import.migrated(str(text), release, values.file("path", path) if path else "", values.text("section", section))
    return {"arguments": found.arguments, "left_over": [one._asdict() for one in found.left_over]}


class FilterModule:
    """The filter ``subscription_arguments``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"subscription_arguments": subscription_arguments}
