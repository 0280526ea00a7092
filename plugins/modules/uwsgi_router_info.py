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
  - Asks the stats servers of one or several routers for their pools, which are keys with nodes, and judges each node.
  - A router lists a node that has gone silent until somebody asks for its key, so a node counts as fresh by the age of its
    last announcement. Its clock is the router's and the judge's that of the host of this task, so keep them in step.
  - A router that doesn't answer is an error, and the answers of the others are kept in the result.
  - A router with several processes shows the counters of its first one only.
  - A subscription, which is one node under one key, is about 200 bytes in RV(routers) for each router, and 250 bytes in
    RV(pools). With ten thousand of them, ask only for what you need with O(gather), O(keys) and O(states).
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
      - Only these keys. All keys, if it is not set.
      - Mutually exclusive with O(key).
    type: list
    elements: str
    version_added: 1.1.0
  node:
    description: Only the node with this address.
    type: str
  states:
    description:
      - Only the nodes that are in one of these states at any router, with what all routers say of them. Keys without such a node
        are left out. All nodes and keys, if it is not set.
      - V(fresh) was heard within O(max_age), V(ghost) was not, V(dead) is marked as dead by the router, and V(missing) is not
        listed by a router while another one lists it.
    type: list
    elements: str
    choices: [fresh, ghost, dead, missing]
    version_added: 1.1.0
  gather:
    description:
      - What to return. V(routers) is what each router says, V(pools) is the pools of all routers as one picture.
      - Without V(routers), RV(routers) has no C(pools). Without V(pools), RV(pools) is not returned.
      - The filter P(emperor.uwsgi.pool_page#filter) needs V(routers) alone.
    type: list
    elements: str
    choices: [routers, pools]
    default: [routers, pools]
    version_added: 1.1.0
  max_age:
    description: Seconds since its last announcement up to which a node is fresh. uWSGI's own tolerance is 17 unless set.
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
  description: What each router says. After a failure, the answers of the others are here too.
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
      description: The router's process, another one after each start.
      type: int
    pools:
      description:
        - Its keys, each with C(key), C(hits), C(algo) and C(nodes). Only with V(routers) in O(gather).
        - What only a router of uWSGI 2.1 says is empty, and C(backup) 0, from one of 2.0. These are C(algo), uWSGI's name of the
          balancing algorithm, and of a node C(vassal), C(protocol) and C(backup). C(protocol) is empty too where the node
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
      description: Why there is no answer.
      type: str
pools:
  description:
    - The pools of all routers that answer as one picture. Figures are sums over the routers; C(weight), the modifiers, C(vassal),
      C(protocol), C(backup) and C(age), the seconds since the last announcement, are those of the router that heard it last.
      C(algo) is that of the first router that says so.
    - Every router that answers is in one of a node's C(fresh_on), C(ghost_on), which list it although it is silent or dead, and
      C(missing_on). Those that have marked it as dead are also in C(dead_on).
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
