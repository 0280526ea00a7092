#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_drain
short_description: Take a uWSGI node out of its pools without losing a request, or bring it back
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Drained, a node announces itself no more, is unsubscribed from its servers at once, and has no request in flight when the task
    ends. It goes on running, and answers who asks it directly.
  - It is a state, unlike the toggle of uWSGI's master FIFO. The suspend file of its subscriptions is there, so it stays out
    when the vassal or the host starts again, and a second run changes nothing.
  - Runs on the node, since it needs the suspend files and the private keys there.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: RV(before) and RV(after) say what was seen.
  platform:
    platforms: posix
    support: full
options:
  state:
    description:
      - V(drained) holds the node out. V(active) lets it announce itself again, which takes up to an announce interval.
    type: str
    choices: [active, drained]
    required: true
  vassal:
    description:
      - The ini file of the vassal whose subscriptions are meant, with what it includes.
      - Each subscription needs a suspend file (C(check=)), as the role P(emperor.uwsgi.emperor#role) gives it.
    type: path
  vassals:
    description:
      - The ini files of several vassals of this host, which are drained or brought back together. A drain tells each router of
        all of them at once, waits for all of them once, and counts O(minimum) once for each key.
      - Either all of them are held or none, and an error says which of them it is about.
    type: list
    elements: path
    version_added: 1.1.0
  fragment:
    description: As O(vassal), an ini file with subscriptions alone. They must say their C(address), since it has no sockets.
    type: path
  subscriptions:
    description:
      - The subscriptions that are meant, as for M(emperor.uwsgi.uwsgi_subscription). Each needs C(server), C(key), C(address) and
        C(suspend_file), and C(signing) where announcements are signed.
    type: list
    elements: dict
  resolve_server:
    description: Resolve servers of O(subscriptions) that are given by name, on the managed host.
    type: bool
    default: false
  router_stats:
    description:
      - The stats servers of all the routers, as the node reaches them. C(IPV4:PORT), the absolute path of a unix socket, or an
        http URL. Needed to wait.
      - A router with several processes shows the requests in flight of its first one only.
      - The name O(stats) is deprecated. It will be removed in release 3.0.0.
    type: list
    elements: str
    aliases: [stats]
  wait:
    description:
      - Wait until every router has the node out and nothing in flight, or has heard it again.
      - Without it the node is taken out as quickly, and nobody looks whether it arrived.
    type: bool
    default: true
  timeout:
    description: Seconds to wait. After that the task fails, and the node stays in the state that was asked for.
    type: int
    default: 60
  reason:
    description:
      - Who holds the node out. Each reason holds it until it is taken away itself, so a drain for one doesn't end with another's.
        The health gate's is V(health).
    type: str
    default: operator
  minimum:
    description:
      - Refuse to drain where a router would be left with fewer fresh nodes than this for any of the keys. A node that is out
        already may stay out. Of O(vassals) none counts as a node that is left.
      - With V(0) the last node of a pool is drained, too, with a warning, and requests for its keys get no answer.
    type: int
    default: 0
  max_age:
    description:
      - Seconds since its last announcement up to which a node is fresh. uWSGI's own tolerance is 17 unless set. It must be
        longer than the nodes' announce interval.
    type: int
    default: 17
    version_added: 1.1.0
  minimum_keys:
    description:
      - Count the nodes that are left for these keys alone, by default for all keys of the node. A key that nobody shall announce
        any more needs no others.
    type: list
    elements: str
    version_added: 1.1.0
  tyrant:
    description:
      - The vassal is a tyrant Emperor's. What a file says that belongs to another user than root is always done with the rights
        of that user, with or without this argument.
    type: bool
    default: false
seealso:
  - module: emperor.uwsgi.uwsgi_router_info
"""

EXAMPLES = r"""
- name: Take this host's shop out, if another node stays
  emperor.uwsgi.uwsgi_drain:
    state: drained
    vassal: /etc/uwsgi/vassals/shop.ini
    router_stats: [10.0.0.2:2627, 10.0.0.3:2627]
    minimum: 1

- name: Bring it back
  emperor.uwsgi.uwsgi_drain:
    state: active
    vassal: /etc/uwsgi/vassals/shop.ini
    router_stats: [10.0.0.2:2627, 10.0.0.3:2627]

- name: Drain all vassals of this host at once
  emperor.uwsgi.uwsgi_drain:
    state: drained
    vassals:
      - /etc/uwsgi/vassals/shop.ini
      - /etc/uwsgi/vassals/blog.ini
    router_stats: [10.0.0.2:2627, 10.0.0.3:2627]
"""

RETURN = r"""
suspend_files:
  description: The paths whose existence silences the node, of all O(vassals) together.
  type: list
  elements: str
  returned: success
  sample: [/etc/uwsgi/suspend/shop]
held_by:
  description: The reasons that hold the node out now; with O(vassals), those that hold any of them.
  type: list
  elements: str
  returned: success
  sample: [operator]
before:
  description: The node at every router, under every key, before anything was done.
  type: list
  elements: dict
  returned: success
  contains:
    router:
      description: The router's stats server.
      type: str
    key:
      description: The subscription's key.
      type: str
    node:
      description: The address under which the router knows the node.
      type: str
    state:
      description:
        - V(listed), V(dead), which gets no new request, V(absent), or V(no answer) for a router that gives none.
      type: str
    in_flight:
      description: The node's requests at this router right now.
      type: int
  sample:
    - router: 10.0.0.2:2627
      key: shop.example.com
      node: 10.0.0.7:3031
      state: listed
      in_flight: 1
after:
  description: The same at the end. After a time-out, what lagged.
  type: list
  elements: dict
  returned: success
vassals:
  description: Each of O(vassals), in their order and once.
  type: list
  elements: dict
  returned: when O(vassals) is given
  contains:
    vassal:
      description: The vassal's ini file.
      type: str
    changed:
      description: Whether this vassal was drained, or no longer held by O(reason).
      type: bool
    suspend_files:
      description: The paths whose existence silences it.
      type: list
      elements: str
    held_by:
      description: The reasons that hold it out now.
      type: list
      elements: str
    held:
      description: The same reasons, and since when each of them holds it out.
      type: list
      elements: dict
      version_added: 1.1.0
      contains:
        reason:
          description: The reason.
          type: str
        since:
          description: The Unix time of the last change of the reason's file, by the clock of this host.
          type: int
    lagging:
      description: After a time-out, the stats servers of the routers that do not have it where it should be.
      type: list
      elements: str
  sample:
    - vassal: /etc/uwsgi/vassals/shop.ini
      changed: true
      suspend_files: [/etc/uwsgi/suspend/shop]
      held_by: [operator]
      held: [{reason: operator, since: 1767268800}]
      lagging: []
seconds:
  description: How long it took.
  type: float
  returned: success
  sample: 0.312
argument:
  description: The argument that can't be used.
  type: str
  returned: failure because of an argument
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_drain import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(
        argument_spec={
            "state": {"type": "str", "choices": ["active", "drained"], "required": True},
            "vassal": {"type": "path"},
            "vassals": {"type": "list", "elements": "path"},
            "fragment": {"type": "path"},
            "subscriptions": {"type": "list", "elements": "dict"},
            "resolve_server": {"type": "bool", "default": False},
            "router_stats": {
                "type": "list",
                "elements": "str",
                "aliases": ["stats"],
                "deprecated_aliases": [{"name": "stats", "version": "3.0.0", "collection_name": "emperor.uwsgi"}],
            },
            "wait": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 60},
            "reason": {"type": "str", "default": "operator"},
            "minimum": {"type": "int", "default": 0},
            "max_age": {"type": "int", "default": 17},
            "minimum_keys": {"type": "list", "elements": "str", "no_log": False},
            "tyrant": {"type": "bool", "default": False},
        },
        required_one_of=[("vassal", "fragment", "subscriptions", "vassals")],
        mutually_exclusive=[("vassal", "fragment", "subscriptions", "vassals")],
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
