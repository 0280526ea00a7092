# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: router_certificates
short_description: The files of certificates and keys that a host's routers read
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Lists the files of the routers' own certificates and of the certificates that nodes announce. uWSGI reads both on the
    router's host. If it cannot read the certificate of a domain, clients get the router's own certificate instead.
positional: _input, vassals
options:
  _input:
    description: The routers, as the vassals of M(emperor.uwsgi.uwsgi_vassals).
    type: list
    elements: dict
    required: true
  vassals:
    description:
      - The vassals of the nodes. A subscription belongs to the routers whose subscription server has the port of its
        C(server).
    type: list
    elements: dict
    default: []
seealso:
  - plugin: emperor.uwsgi.router_flaws
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say what the routers must be able to read
  ansible.builtin.debug:
    msg: "{{ routers | emperor.uwsgi.router_certificates(emperor_vassals) }}"
  vars:
    routers:
      - name: https
        options:
          https: 0.0.0.0:443,/etc/uwsgi/tls/router.crt,/etc/uwsgi/tls/router.key
          http-subscription-server: 0.0.0.0:2636
"""

RETURN = r"""
_value:
  description: The paths, each once, sorted.
  type: list
  elements: str
  sample: [/etc/uwsgi/tls/router.crt, /etc/uwsgi/tls/router.key]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _router_checks
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def router_certificates(routers: Any, vassals: Any = ()) -> list[str]:
    """The paths; raises AnsibleFilterError for arguments of other types."""
    # Read one by one, and only where a router takes certificates: there may be thousands.
    found = (vassal.get("subscriptions") or [] for vassal in values.sequence("vassals", vassals) if isinstance(vassal, dict))
    subscriptions = (entry for entries in found if isinstance(entries, list) for entry in entries)
    return _router_checks.certificates(values.sequence("routers", routers), subscriptions)


class FilterModule:
    """The filter ``router_certificates``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"router_certificates": router_certificates}
