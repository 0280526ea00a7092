# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pools of routers, read: what the module ``uwsgi_router_info`` does."""

from __future__ import annotations

import time
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from .. import _http
from .._errors import HostError
from .._pool import routers
from .._pool.pools import merged


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Ask the routers.

    Returns:
        the module's result.

    Raises:
        ArgumentError: when no router can be asked.
        HostError: when one doesn't answer, with what the others said.
    """
    params = module.params
    routers.check(params["router_stats"], params["timeout"], params["max_age"])
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    answers = routers.ask(params["router_stats"], params["timeout"], _http.get)
    found = [routers.judged(answer, params["max_age"], params["key"], params["node"]) for answer in answers]
    result: Dict[str, Any] = {"routers": found, "pools": merged(found), "max_age": params["max_age"], "time": now}
    silent = routers.errors(params["router_stats"], found)
    if silent:
        first, dummy, rest = "; ".join(silent).partition(": ")
        raise HostError(first, rest, **result)
    return dict(result, changed=False)
