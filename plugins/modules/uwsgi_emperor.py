#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_emperor
short_description: Deploy a host's vassals, keys and routers without losing a request
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - The work of the roles P(emperor.uwsgi.emperor#role) and P(emperor.uwsgi.fastrouter#role). Use the roles, not this module.
    To write only files, use M(emperor.uwsgi.uwsgi_vassals) and M(emperor.uwsgi.uwsgi_signing_keys).
  - O(state=planned) changes nothing. It checks the variables of the roles and returns them with their types.
  - O(state=successors_made) and O(state=successors_promoted) are the steps of a rotation of signing keys that change nothing but
    the folder of keys on the controller.
  - O(state=written) installs new keys and the health gate. Vassals that are removed, that give their address away, or whose
    socket changes (C(listen), C(chmod-socket) and the like) leave their pools with a signed goodbye and stop. Then the rest is
    written.
  - O(state=running) writes those of O(parts) whose names are among the run's tags, and the Emperor's own options and the systemd
    unit with V(service). Then systemd runs the Emperor. Where nothing supervises it, it becomes a daemon, as
    M(emperor.uwsgi.uwsgi_daemon) would make it. It restarts where its options changed, or where the role installed another uWSGI.
  - Where C(emperor_state) is V(absent), V(written), V(running) and V(served) do nothing.
  - O(state=served) waits until the written vassals serve, removes from the routers what is no longer announced, and removes
    unused keys.
  - The next run completes an interrupted one. O(leaving_path) says which vassals are still to be removed from routers.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: linux
    support: full
options:
  state:
    description: What to do, see above. V(served) comes after V(written) and V(running).
    type: str
    choices: [planned, successors_made, successors_promoted, written, running, served]
    required: true
  parts:
    description:
      - The parts to work on. V(vassals) and what they need; V(service), the Emperor's own options and the systemd unit;
        V(public_keys), those of all whom the host's routers know; V(new_keys), those of them that routers which are there don't
        have yet; V(routers). V(report) and V(certificates) are for O(state=planned) alone.
    type: list
    elements: str
    choices: [vassals, service, new_keys, public_keys, routers, report, certificates]
    default: [vassals]
    version_added: 1.1.0
  done:
    description: The result of O(state=written), for O(state=served). By default it is what the role's task registered.
    type: dict
  desired:
    description:
      - The desired state, by default what the variables of the roles come to. Of V(written), C(vassals), C(signing_keys) and
        C(next_signing_keys), with the arguments of M(emperor.uwsgi.uwsgi_vassals) and M(emperor.uwsgi.uwsgi_signing_keys), and
        C(health), with C(path) and C(directory_owner) of M(emperor.uwsgi.uwsgi_health).
      - Of V(written), C(metrics) is the folder C(path) of a live page, whether it is C(owned) by root, the page's C(config), null
        for none, and its C(program) in Base64. C(imports) is the Python C(module) that the uWSGI C(binary) must have with its
        C(plugin), as C(user), and C(why). C(stats_readers) is the C(group) that reads the Emperor's stats, in which no owner of a
        vassal may be but C(user).
      - C(service) and C(routers) have the arguments of M(emperor.uwsgi.uwsgi_vassals), too. The first also has C(unit) and
        C(wrapper), each with C(path), C(content) and C(mode), C(folders), each with C(path), C(owner), C(group) and C(mode), and
        C(former_pidfile), that of a daemon that release 1.0.0 started; the second has the C(certificates) that the user
        C(reader) must be able to read, and C(dashboard), which is as C(metrics). C(public_keys) has the arguments of
        M(emperor.uwsgi.uwsgi_signing_keys).
      - Of V(running), C(daemons), each with the arguments of M(emperor.uwsgi.uwsgi_daemon).
      - Of V(served), the folder C(path) of the vassals, their C(names), their C(health), how often they C(failed_before), the
        C(unused_keys) of C(keys_path), the C(user) that they run as, and C(log), where their lines go.
    type: raw
  leaving_path:
    description: The folder with the texts of vassals that routers have yet to forget. It is needed with O(desired).
    type: path
  emperor_stats:
    description: The Emperor's stats server. It is needed with O(desired).
    type: str
  router_stats:
    description:
      - The stats servers of all routers that vassals announce themselves to. Without them the run cannot see which nodes a
        router lists, so it waits for O(router_tolerance) instead.
    type: list
    elements: str
    default: []
  router_tolerance:
    description: Seconds of silence after which a router drops a node.
    type: int
    default: 17
  allow_outage:
    description: Whether a key may be without a node while a vassal stops and starts.
    type: bool
    default: false
  timeout:
    description: Seconds within which vassals must have left their pools, and stopped.
    type: int
    default: 120
  wait:
    description: Whether V(served) waits.
    type: bool
    default: true
  wait_timeout:
    description: Seconds within which all vassals must serve.
    type: int
    default: 60
  running:
    description:
      - Whether the Emperor must run. Otherwise nothing is waited for where it doesn't. The roles say so where they called the
        service manager.
    type: bool
    default: true
  turn:
    description:
      - Set by the action plugin, which lets one host after the other stop and start what serves. Without its turn a host that has
        to changes nothing, and returns RV(turn_needed).
    type: bool
    default: true
  last:
    description: Set by the action plugin, which asks again and again, when it won't ask again.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Write the vassals
  emperor.uwsgi.uwsgi_emperor:
    state: written
    leaving_path: /etc/uwsgi/leaving
    emperor_stats: /run/emperor-uwsgi/emperor-stats.sock
    router_stats: [10.0.0.2:3032]
    desired:
      vassals:
        path: /etc/uwsgi/vassals
        purge: true
        user: www-data
        vassals:
          - name: shop
            options:
              socket: 10.0.0.7:3031
              wsgi-file: /srv/shop/app.py
"""

RETURN = r"""
given:
  description: The variables of the role, in the types that they stand for, but for what is long or may be secret.
  type: dict
  returned: when O(state=planned)
keys:
  description: The names of the keys that were made or promoted.
  type: list
  elements: str
  returned: when O(state=successors_made) or O(state=successors_promoted)
configured:
  description: Whether the Emperor's own options changed. C(unit) and C(wrapper) say the same of these files, where there are any.
  type: bool
  returned: success, when O(state=running), or when O(state=written) and O(parts) has V(service)
stale:
  description: Whether the Emperor that runs was started before its options were written, by a run that was cut off then.
  type: bool
  returned: success, when O(state=running), or when O(state=written) and O(parts) has V(service)
  version_added: 1.1.0
former:
  description: Whether C(former_pidfile) is there.
  type: bool
  returned: success, when O(state=running), or when O(state=written) and O(parts) has V(service)
  version_added: 1.1.0
binary:
  description: The path of uWSGI.
  type: str
  returned: success, when O(parts) has V(service)
called:
  description: Whether the service manager was called. It isn't where check mode only pretended to write the unit.
  type: bool
  returned: success, when O(state=running)
  version_added: 1.1.0
left:
  description: The names of the vassals that left their pools.
  type: list
  elements: str
  returned: success, when O(state=written)
created:
  description: The names of the vassals whose files are new. C(updated), C(removed), C(unchanged) and others are as for
    M(emperor.uwsgi.uwsgi_vassals).
  type: list
  elements: str
  returned: success, when O(state=written)
unused_keys:
  description: The files of keys with which nothing is signed any more.
  type: list
  elements: str
  returned: success, when O(state=written)
turn_needed:
  description: Whether a vassal that serves must stop and start. If so, nothing was changed.
  type: bool
  returned: when O(turn=false), and it has
failed_before:
  description: How often each vassal had failed to start, by its name.
  type: dict
  returned: success, when O(state=written)
since:
  description: When it was written, in seconds of Unix time.
  type: int
  returned: success, when O(state=written)
held:
  description: The reasons that hold vassals out of their pools, by the vassals' names.
  type: dict
  returned: success, when O(state=served)
forgotten:
  description: The names of the vassals that routers were to forget something of.
  type: list
  elements: str
  returned: success, when O(state=served)
removed_keys:
  description: The files of the keys that were removed.
  type: list
  elements: str
  returned: success, when O(state=served)
pid:
  description: The daemon's pid.
  type: int
  returned: success, when O(state=running) and nothing supervises it
pending:
  description: Why vassals don't serve, by their names.
  type: dict
  returned: always, when O(state=served)
argument:
  description: The argument that is wrong.
  type: str
  returned: failure because of an argument
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_emperor import run

STATES = ["planned", "successors_made", "successors_promoted", "written", "running", "served"]
PARTS = ["vassals", "service", "new_keys", "public_keys", "routers", "report", "certificates"]


def main() -> None:
    """Run the module."""
    arguments = {
        "state": {"type": "str", "choices": STATES, "required": True},
        "parts": {"type": "list", "elements": "str", "choices": PARTS, "default": ["vassals"]},
        "done": {"type": "dict"},
        "desired": {"type": "raw"},
        "leaving_path": {"type": "path"},
        "emperor_stats": {"type": "str"},
        "router_stats": {"type": "list", "elements": "str", "default": []},
        "router_tolerance": {"type": "int", "default": 17},
        "allow_outage": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 120},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 60},
        "running": {"type": "bool", "default": True},
        "turn": {"type": "bool", "default": True},
        "last": {"type": "bool", "default": False},
    }
    module = DiscreetModule(argument_spec=arguments, supports_check_mode=True)
    finish(module, run)


if __name__ == "__main__":
    main()
