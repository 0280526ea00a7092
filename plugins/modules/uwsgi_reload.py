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
  - Touches a vassal's file, so that its Emperor reloads it gracefully, and waits until the Emperor's stats say that the
    workers are up again.
  - If a vassal fails to start twice, the task fails at once. Failures from before the task do not count, so a vassal that was
    repaired can be reloaded.
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
      - The ini files of several vassals of one Emperor. They are reloaded at once, and O(timeout) applies to all of them
        together.
      - If some do not come up, the task still waits for the others, then fails and names each with the reason.
    type: list
    elements: path
    version_added: 1.1.0
  state:
    description:
      - V(reloaded) reloads it every time. V(current) waits until it runs with its current file, which an earlier task may have
        written.
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
    description: Wait until workers accept requests. Set it to false for a vassal without workers, such as a router.
    type: bool
    default: true
  health:
    description:
      - Also wait until the application passes this check. It is the C(health) of a vassal in M(emperor.uwsgi.uwsgi_vassals),
        of which C(path) or C(command), C(host) and C(timeout) are used.
    type: dict
  checks:
    description:
      - A O(health) check for each of some O(vassals). O(timeout) applies to all of them together.
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
        description: Like O(health), for this vassal only.
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
      - The user that runs the C(command) of O(health), usually the vassal's user. Root must set it for a C(command), unless
        the vassal's file belongs to another user, who then runs the command.
      - A command that runs as another user gets only C(PATH), C(LD_LIBRARY_PATH), C(TMPDIR) and C(TZ) from the task's
        environment.
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

- name: Restart a router when its clients have gone, and go on when it has its nodes again
  emperor.uwsgi.uwsgi_reload:
    vassal: /etc/uwsgi/vassals/fastrouter.ini
    routers:
      - vassal: /etc/uwsgi/vassals/fastrouter.ini
        stats: 127.0.0.1:2627
    emperor_stats: /run/emperor-uwsgi/emperor-stats.sock
    accepting: false
    sessions_timeout: 30
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
  description: How long the task took.
  type: float
  returned: success
  sample: 1.204
argument:
  description: The argument that is wrong.
  type: str
  returned: failure because of an argument
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

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
