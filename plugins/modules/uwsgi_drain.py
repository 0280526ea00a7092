#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_drain
short_description: Drain a uWSGI node without losing a request, or restore it
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - A drained node stops announcing itself and is removed from its routers at once. When the task ends, it has no request in
    flight. It keeps running, and still answers direct requests.
  - The drain is kept in a suspend file. So the node stays drained after a restart of the vassal or the host, and running the
    task twice changes nothing. uWSGI's master FIFO only has a toggle.
  - Run it on the node, because it needs the suspend files and private keys there.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: RV(before) and RV(after) have what the routers said.
  platform:
    platforms: posix
    support: full
options:
  state:
    description:
      - V(drained) takes the node out of its pools. V(active) restores it, and it announces itself again within an announce
        interval.
    type: str
    choices: [active, drained]
    required: true
  vassal:
    description:
      - The ini file of the vassal. Its subscriptions are read from it and from the files that it includes.
      - Each subscription needs a suspend file (C(check=)). The role P(emperor.uwsgi.emperor#role) sets one.
    type: path
  vassals:
    description:
      - The ini files of several vassals of this host, which are drained or restored together. A drain tells each router about
        all of them at once, waits once for all, and checks O(minimum) once for each key.
      - Either all are drained or none. An error names the vassal.
    type: list
    elements: path
    version_added: 1.1.0
  fragment:
    description:
      - Like O(vassal), but an ini file that only has subscriptions. Each must have an C(address), because the file has no
        sockets.
    type: path
  subscriptions:
    description:
      - The subscriptions, as for M(emperor.uwsgi.uwsgi_subscription). Each needs C(server), C(key), C(address) and
        C(suspend_file), and C(signing) if announcements are signed.
    type: list
    elements: dict
  resolve_server:
    description: Resolve the host names of servers in O(subscriptions) on the managed host.
    type: bool
    default: false
  router_stats:
    description:
      - The stats servers of all routers, at addresses that the node can reach. C(IPV4:PORT), the absolute path of a unix
        socket, or an http URL. Required by O(wait).
      - A router with several processes only shows the requests in flight of the first process.
      - The name O(stats) is deprecated. It will be removed in release 3.0.0.
    type: list
    elements: str
    aliases: [stats]
  wait:
    description:
      - Wait until every router has removed the node and has no request in flight to it, or, with O(state=active), lists it
        again.
      - If false, the node is drained just as fast, but nobody checks that every router noticed.
    type: bool
    default: true
  timeout:
    description: Seconds to wait. After that the task fails, and the node stays in the requested state.
    type: int
    default: 60
  reason:
    description:
      - Why the node is drained. A node can be drained for several reasons at once, and is restored when the last one is
        removed. The health gate uses V(health).
    type: str
    default: operator
  minimum:
    description:
      - Refuse to drain if a router would be left with fewer fresh nodes than this for any of the keys. A node that is already
        drained may stay drained. O(vassals) themselves do not count as nodes that are left.
      - V(0) also drains the last node of a pool, with a warning. Requests for its keys then fail.
    type: int
    default: 0
  max_age:
    description:
      - A node is fresh if its last announcement is at most this many seconds old. uWSGI's own tolerance is 17 by default. It
        must be longer than the nodes' announce interval.
    type: int
    default: 17
    version_added: 1.1.0
  minimum_keys:
    description:
      - Apply O(minimum) to these keys only, by default to all keys of the node. A key that is being removed needs no other
        node.
    type: list
    elements: str
    version_added: 1.1.0
  tyrant:
    description:
      - The vassal belongs to a tyrant Emperor. Files that belong to another user than root are always handled with that user's
        rights, with or without this argument.
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
  description: The suspend files, of all O(vassals) together. The node is silent while one exists.
  type: list
  elements: str
  returned: success
  sample: [/etc/uwsgi/suspend/shop]
held_by:
  description: The reasons for which the node is drained now. With O(vassals), the reasons of any of them.
  type: list
  elements: str
  returned: success
  sample: [operator]
before:
  description: The node's state at every router, under every key, before the task.
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
        - V(listed), V(dead), which gets no new requests, V(absent), or V(no answer) if the router did not answer.
      type: str
    in_flight:
      description: The requests that this router has in flight to the node.
      type: int
  sample:
    - router: 10.0.0.2:2627
      key: shop.example.com
      node: 10.0.0.7:3031
      state: listed
      in_flight: 1
after:
  description: The same at the end. After a timeout, what is not yet as requested.
  type: list
  elements: dict
  returned: success
vassals:
  description: Each of O(vassals) once, in the same order.
  type: list
  elements: dict
  returned: when O(vassals) is given
  contains:
    vassal:
      description: The vassal's ini file.
      type: str
    changed:
      description: Whether this vassal was drained or restored for O(reason).
      type: bool
    suspend_files:
      description: Its suspend files.
      type: list
      elements: str
    held_by:
      description: The reasons for which it is drained now.
      type: list
      elements: str
    held:
      description: The same reasons, with their times.
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
      description: After a timeout, the stats servers of the routers on which it is not yet as requested.
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
  description: How long the task took.
  type: float
  returned: success
  sample: 0.312
argument:
  description: The argument that is wrong.
  type: str
  returned: failure because of an argument
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

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
