#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_router_info
short_description: Read the live pools of uWSGI routers
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Asks the stats servers of routers for their pools, and says which nodes are fresh.
  - A router still lists a silent node until a request for its key arrives. So this module judges a node by the age of its last
    announcement. It compares the router's clock with the clock of the task's host, so keep both synchronised (NTP).
  - The task fails if a router does not answer. The result still has the answers of the others.
  - A router with several processes only shows the counters of the first process.
  - A node under a key needs about 200 bytes in RV(routers) for each router, and 250 bytes in RV(pools). For ten thousand of
    them, ask only for what you need with O(gather), O(keys) and O(states).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: It changes nothing.
  diff_mode:
    support: N/A
    details: It changes nothing.
  platform:
    platforms: posix
    support: full
options:
  router_stats:
    description:
      - The stats servers. C(IPV4:PORT), the absolute path of a unix socket, or an http URL. All are asked at once.
      - The name O(stats) is deprecated. It will be removed in release 3.0.0.
    type: list
    elements: str
    aliases: [stats]
    required: true
  key:
    description: Only this key.
    type: str
  keys:
    description:
      - Only these keys. By default all keys.
      - Mutually exclusive with O(key).
    type: list
    elements: str
    version_added: 1.1.0
  node:
    description: Only the node with this address.
    type: str
  states:
    description:
      - Only nodes that are in one of these states at any router, with the answers of all routers about them. Keys without such
        a node are left out. By default all nodes and keys.
      - The last announcement of a V(fresh) node is at most O(max_age) seconds old, and that of a V(ghost) is older. A V(dead)
        node is marked as dead by the router. A V(missing) node is listed by another router and not by this one.
    type: list
    elements: str
    choices: [fresh, ghost, dead, missing]
    version_added: 1.1.0
  gather:
    description:
      - What to return. V(routers) are the answers of each router, V(pools) the merged pools of all routers.
      - Without V(routers), RV(routers) has no C(pools). Without V(pools), RV(pools) is not returned.
      - The filter P(emperor.uwsgi.pool_page#filter) only needs V(routers).
    type: list
    elements: str
    choices: [routers, pools]
    default: [routers, pools]
    version_added: 1.1.0
  max_age:
    description:
      - A node is fresh if its last announcement is at most this many seconds old. uWSGI's own tolerance is 17 by default.
    type: int
    default: 17
  timeout:
    description: Seconds to wait for the whole answer of a router.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Who serves the shop?
  emperor.uwsgi.uwsgi_router_info:
    router_stats: [10.0.0.2:2627, 10.0.0.3:2627]
    key: shop.example.com
  register: pool

- name: Who is in trouble? Of a pool of thousands that is a short answer
  emperor.uwsgi.uwsgi_router_info:
    router_stats: [10.0.0.2:2627, 10.0.0.3:2627]
    gather: [pools]
    states: [ghost, dead, missing]
  register: trouble

- name: Be sure that two nodes do, on every router
  ansible.builtin.assert:
    that: pool.pools[0].nodes | selectattr('ghost_on', 'equalto', []) | length >= 2
"""

RETURN = r"""
routers:
  description: The answer of each router. After a failure, the answers of the others are here too.
  type: list
  elements: dict
  returned: always
  contains:
    stats:
      description: The address that was asked.
      type: str
    version:
      description: The router's uWSGI.
      type: str
    pid:
      description: The router's process ID, which changes with each start.
      type: int
    pools:
      description:
        - Its keys, each with C(key), C(hits), C(algo) and C(nodes). Only with V(routers) in O(gather).
        - Only routers of uWSGI 2.1 tell C(algo), uWSGI's name of the balancing algorithm, and a node's C(vassal), C(protocol)
          and C(backup). For routers of 2.0 these are empty, and C(backup) is 0. C(protocol) is empty too where the node
          announced none.
        - A node whose C(address) is empty was cleared, as
          O(emperor.uwsgi.uwsgi_subscription#module:client_params.clear_on_exit) does it. It has stopped and is not fresh.
      type: list
      elements: dict
      sample:
        - key: shop.example.com
          hits: 12
          algo: wlrc
          nodes:
            - address: 10.0.0.7:3031
              weight: 1
              modifier1: 0
              modifier2: 0
              requests: 6
              failures: 0
              in_flight: 0
              age: 3
              dead: false
              fresh: true
              vassal: shop.ini
              protocol: uwsgi
              backup: 0
    error:
      description: Why the router did not answer.
      type: str
pools:
  description:
    - The merged pools of all routers that answered. Figures are sums over the routers; C(weight), the modifiers, C(vassal),
      C(protocol), C(backup) and C(age), the seconds since the last announcement, are those of the router that heard it last.
      C(algo) is that of the first router that says so.
    - Every router that answered is in one of a node's C(fresh_on), C(ghost_on) or C(missing_on). C(ghost_on) are the routers
      that still list it although it is silent or dead. Routers that marked it as dead are also in C(dead_on).
  type: list
  elements: dict
  returned: with V(pools) in O(gather)
  sample:
    - key: shop.example.com
      hits: 24
      algo: wlrc
      nodes:
        - address: 10.0.0.7:3031
          weight: 1
          modifier1: 0
          modifier2: 0
          age: 3
          requests: 12
          failures: 0
          in_flight: 0
          fresh_on: ["10.0.0.2:2627", "10.0.0.3:2627"]
          ghost_on: []
          dead_on: []
          missing_on: []
          vassal: shop.ini
          protocol: uwsgi
          backup: 0
max_age:
  description: The age up to which a node counted as fresh.
  type: int
  returned: always
  sample: 17
time:
  description: When the routers were asked, in UTC.
  type: str
  returned: always
  sample: "2026-03-01T12:00:00Z"
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_router_info import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(
        argument_spec={
            "router_stats": {
                "type": "list",
                "elements": "str",
                "required": True,
                "aliases": ["stats"],
                "deprecated_aliases": [{"name": "stats", "version": "3.0.0", "collection_name": "emperor.uwsgi"}],
            },
            "key": {"type": "str", "no_log": False},
            "keys": {"type": "list", "elements": "str", "no_log": False},
            "node": {"type": "str"},
            "states": {"type": "list", "elements": "str", "choices": ["fresh", "ghost", "dead", "missing"]},
            "gather": {
                "type": "list",
                "elements": "str",
                "choices": ["routers", "pools"],
                "default": ["routers", "pools"],
            },
            "max_age": {"type": "int", "default": 17},
            "timeout": {"type": "int", "default": 5},
        },
        mutually_exclusive=[("key", "keys")],
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
