# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the pools of routers, for the module ``uwsgi_router_info``."""

from __future__ import annotations

import time
from typing import Any, Collection, Dict, List, Optional

from ansible.module_utils.basic import AnsibleModule

from .. import _http
from .._errors import ArgumentError, HostError
from .._pool import routers
from .._pool.pools import Router, in_states, merged, narrowed


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Ask the routers.

    Returns:
        the module's result.

    Raises:
        ArgumentError: if no router can be asked.
        HostError: if one doesn't answer, with the answers of the others.
    """
    params = module.params
    routers.check(params["router_stats"], params["timeout"], params["max_age"])
    if not params["gather"]:
        raise ArgumentError("gather", "is empty; give 'routers', 'pools' or both")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    answers = routers.ask(params["router_stats"], params["timeout"], _http.get)
    found = [routers.judged(answer, params["max_age"], _keys(params), params["node"]) for answer in answers]
    result = {**_gathered(found, params["gather"], params["states"]), "max_age": params["max_age"], "time": now}
    silent = routers.errors(params["router_stats"], found)
    if silent:
        first, dummy, rest = "; ".join(silent).partition(": ")
        raise HostError(first, rest, **result)
    return dict(result, changed=False)


def _keys(params: Dict[str, Any]) -> Optional[Collection[str]]:
    if params["key"] is not None:
        return {params["key"]}
    return None if params["keys"] is None else set(params["keys"])


def _gathered(found: List[Router], gather: List[str], states: Optional[List[str]]) -> Dict[str, Any]:
    """The requested data, from routers that were asked."""
    result: Dict[str, Any] = {"routers": found}
    if "pools" in gather or states is not None:
        pools = merged(found)
        if states is not None:
            pools = in_states(pools, states)
            for router in found:
                router["pools"] = narrowed(router["pools"], pools)
        if "pools" in gather:
            result["pools"] = pools
    if "routers" not in gather:
        result["routers"] = [{name: value for name, value in router.items() if name != "pools"} for router in found]
    return result
