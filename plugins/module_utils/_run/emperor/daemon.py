# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings an Emperor without a supervisor to the wanted state, within the module of the roles.

Ansible packs each module with everything that it may need, so one module for both costs the controller less than two.
"""

from __future__ import annotations

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from ..._arguments import spec
from ..._errors import ArgumentError
from .. import uwsgi_daemon
from .part import desired, part


def running(module: AnsibleModule) -> Dict[str, Any]:
    """Bring its processes to the wanted state, one after another.

    Returns:
        the module's result, with the pid of the last one.

    Raises:
        ArgumentError: and then nothing was changed by the daemon that it names.
        HostError: if one doesn't stop or doesn't start.
    """
    given = desired(module, {"daemons": list})["daemons"]
    if not given:
        raise ArgumentError("desired.daemons", "is empty; give the arguments of uwsgi_daemon")
    wanted = [part(module, f"desired.daemons[{at}]", spec.daemon(), one) for at, one in enumerate(given)]
    found = [uwsgi_daemon.run(one) for one in wanted]
    return {"changed": any(one["changed"] for one in found), "pid": found[-1]["pid"]}
