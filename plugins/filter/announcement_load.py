# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: announcement_load
short_description: Compute what announcements cost routers and vassals
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Counts the subscriptions of vassals. Computes how much of a core each router needs to check their announcements, and how
    much the busiest vassal needs to sign its own. Recommends an interval at which neither needs more than a quarter of a core.
  - It assumes that every vassal announces itself to every router. The costs were measured with uWSGI 2.0.31. Requests and
    stats queries are not included.
  - It processes all vassals at once, so use it in a task with C(run_once).
positional: _input
options:
  _input:
    description:
      - What the lookup P(emperor.uwsgi.announced_vassals#lookup) returns, vassals with C(subscriptions) as for
        M(emperor.uwsgi.uwsgi_vassals), or lists of either.
      - It only reads C(host), C(name), and the number of C(subscriptions) with and without C(signing).
    type: raw
    required: true
  interval:
    description: Seconds between two announcements. By default the recommended interval.
    type: int
  routers:
    description: The number of routers to which each vassal announces itself.
    type: int
    default: 1
  key_type:
    description: The type of the signing keys. V(ec) is P-256, V(rsa) is RSA with 2048 bits.
    type: str
    choices: [ec, rsa]
    default: ec
seealso:
  - plugin: emperor.uwsgi.announced_vassals
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Compute the load of all announcements, once for all hosts
  ansible.builtin.debug:
    msg: "{{ query('emperor.uwsgi.announced_vassals', groups['all']) | emperor.uwsgi.announcement_load(interval=10, routers=2) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - C(subscriptions), the number of all, and C(signed), of those that are signed.
    - C(interval), in seconds, is O(interval) or the recommended one. C(recommended_interval) is at least 5.
    - C(router_share) is the part of a core that each router needs at C(interval), C(vassal_share) that of the vassal with the
      most signed subscriptions. C(busiest_vassal) has the host and name of that vassal.
    - C(warnings) is a list of texts. It is empty when both shares are at most a quarter.
  type: dict
  sample:
    subscriptions: 100000
    signed: 100000
    interval: 10
    recommended_interval: 20
    router_share: 0.48
    busiest_vassal: "node1: shop"
    vassal_share: 0.0078
    warnings: [announcements every 10 seconds take 48% of a core of each router; announce every 20 seconds]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._capacity import capacity
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def announcement_load(vassals: Any, interval: Any = None, routers: Any = 1, key_type: Any = "ec") -> dict[str, Any]:
    """The load; raises AnsibleFilterError for values that aren't vassals."""
    return capacity(vassals, interval, routers, key_type)


class FilterModule:
    """The filter ``announcement_load``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"announcement_load": announcement_load}
