#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_reload
short_description: Reload vassals and wait until they serve again
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Gives a vassal's file a new modification time, which makes its Emperor reload it gracefully, and waits until the workers
    are up again by the Emperor's own stats.
  - A vassal that fails to start twice is an error at once. What failed before the task is not counted, so one that was mended is
    fine.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
options:
  vassal:
    description: The vassal's ini file.
    type: path
  vassals:
    description:
      - The ini files of several vassals of one Emperor, which are reloaded at once and waited for together, up to O(timeout) for
        all of them.
      - When some do not come up, the task waits for the others, fails, and names each with the reason.
    type: list
    elements: path
    version_added: 1.1.0
  state:
    description:
      - V(reloaded) reloads it, each time. V(current) waits until it runs on its file as that is now, which a task before may
        have written.
    type: str
    choices: [current, reloaded]
    default: reloaded
  emperor_stats:
    description:
      - The Emperor's stats server (C(emperor-stats)). The absolute path of a unix socket, C(IPV4:PORT), or an http URL.
      - The name O(stats) is deprecated. It will be removed in release 3.0.0.
    type: str
    aliases: [stats]
    required: true
  accepting:
    description: Wait until workers take requests. A vassal without workers, such as a router, never says so.
    type: bool
    default: true
  health:
    description:
      - Wait as well until the application answers well, as in C(health) of a vassal in M(emperor.uwsgi.uwsgi_vassals). Of its
        members C(path) or C(command), C(host) and C(timeout) are used.
    type: dict
  checks:
    description:
      - The O(health) of some of O(vassals), each its own. They are waited for together, up to O(timeout) for all of them.
    type: list
    elements: dict
    default: []
    version_added: 1.1.0
    suboptions:
      vassal:
        description: The ini file of one of O(vassals).
        type: path
        required: true
      health:
        description: As O(health), for this vassal in its place.
        type: dict
        required: true
  routers:
    description:
      - Those of the vassals that are routers. Each is up again when its stats server shows another process, which has every node
        that the old one had heard within O(max_age).
      - They need no O(accepting). They are for O(state=reloaded).
    type: list
    elements: dict
    default: []
    version_added: 1.1.0
    suboptions:
      vassal:
        description: The ini file of O(vassal), or of one of O(vassals).
        type: path
        required: true
      stats:
        description: The router's stats server, as in O(emperor_stats).
        type: str
        required: true
  sessions_timeout:
    description:
      - Seconds to wait, before the reload, until O(routers) have no sessions, which are their clients' connections. A reload cuts
        those that are open, with the requests in them. New ones wait until the router is up again.
      - Where clients reach a router directly there may always be some.
    type: int
    default: 0
    version_added: 1.1.0
  cut_sessions:
    description:
      - What is done when O(routers) still have sessions after O(sessions_timeout). If V(true), they are reloaded with a warning.
        If V(false), nothing is reloaded and the task fails.
    type: bool
    default: true
    version_added: 1.1.0
  max_age:
    description: Seconds since its last announcement up to which O(routers) wait for a node to come back.
    type: int
    default: 17
    version_added: 1.1.0
  user:
    description:
      - The user that the vassal runs as, and so the C(command) of O(health) too. Root needs it for a C(command), unless the
        vassal's file belongs to another user, as whom the command is run then.
      - What runs as another user gets C(PATH), C(LD_LIBRARY_PATH), C(TMPDIR) and C(TZ) of the task's environment, and no more.
    type: str
    version_added: 1.1.0
  timeout:
    description: Seconds to wait.
    type: int
    default: 60
seealso:
  - module: emperor.uwsgi.uwsgi_drain
"""

EXAMPLES = r"""
- name: Reload the shop, and go on when it answers
  emperor.uwsgi.uwsgi_reload:
    vassal: /etc/uwsgi/vassals/shop.ini
    emperor_stats: /run/emperor-uwsgi/emperor-stats.sock
    health:
      path: /health

- name: Reload two vassals at once
  emperor.uwsgi.uwsgi_reload:
    vassals:
      - /etc/uwsgi/vassals/shop.ini
      - /etc/uwsgi/vassals/blog.ini
    emperor_stats: /run/emperor-uwsgi/emperor-stats.sock

- name: Restart a router that a balancer sends nothing to, when its last client has gone
  emperor.uwsgi.uwsgi_reload:
    vassal: /etc/uwsgi/routers/fastrouter.ini
    emperor_stats: /run/emperor-uwsgi/emperor-stats.sock
    routers:
      - vassal: /etc/uwsgi/routers/fastrouter.ini
        stats: 127.0.0.1:2627
    sessions_timeout: 60
    cut_sessions: false
"""

RETURN = r"""
vassal:
  description: The vassal's file.
  type: str
  returned: success, when O(vassal) is given
vassals:
  description: The vassals' files, each once.
  type: list
  elements: str
  returned: success, when O(vassals) is given
  sample: [/etc/uwsgi/vassals/shop.ini, /etc/uwsgi/vassals/blog.ini]
failed_vassals:
  description: The files of those that did not come up.
  type: list
  elements: str
  returned: failure because of them, when O(vassals) is given
  sample: [/etc/uwsgi/vassals/blog.ini]
cut_sessions:
  description: How many sessions of O(routers) were open when they were reloaded.
  type: int
  returned: success, outside of check mode
  version_added: 1.1.0
seconds:
  description: How long it took.
  type: float
  returned: success
  sample: 1.204
argument:
  description: The argument that can't be used.
  type: str
  returned: failure because of an argument
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_reload import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(
        argument_spec={
            "vassal": {"type": "path"},
            "vassals": {"type": "list", "elements": "path"},
            "state": {"type": "str", "choices": ["current", "reloaded"], "default": "reloaded"},
            "emperor_stats": {
                "type": "str",
                "required": True,
                "aliases": ["stats"],
                "deprecated_aliases": [{"name": "stats", "version": "3.0.0", "collection_name": "emperor.uwsgi"}],
            },
            "accepting": {"type": "bool", "default": True},
            "health": {"type": "dict"},
            "checks": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"vassal": {"type": "path", "required": True}, "health": {"type": "dict", "required": True}},
            },
            "routers": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"vassal": {"type": "path", "required": True}, "stats": {"type": "str", "required": True}},
            },
            "sessions_timeout": {"type": "int", "default": 0},
            "cut_sessions": {"type": "bool", "default": True},
            "max_age": {"type": "int", "default": 17},
            "user": {"type": "str"},
            "timeout": {"type": "int", "default": 60},
        },
        required_one_of=[("vassal", "vassals")],
        mutually_exclusive=[("vassal", "vassals")],
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
