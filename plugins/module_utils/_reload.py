# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vassal reloaded, and waited for: what the module C(uwsgi_reload) does."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emperor.uwsgi.plugins.module_utils import _emperor, _health, _probe, _routers, _stats, _tree
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

_POLL = 0.1
_ANSWER = 5


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Touch the vassal and wait until its Emperor has it up again.

    :returns: the module's result.
    :raises ArgumentError: when it can't be reloaded, or doesn't come up.
    """
    params = module.params
    started = time.monotonic()
    path = os.path.abspath(params["vassal"])
    check = _health.health("health", params["health"]) if params["health"] is not None else None
    if check and check.path:
        _probe.target("vassal", path, check.host)
    if not os.path.isfile(path):
        raise ArgumentError("vassal", "{0} is no file; give the ini file of a vassal".format(path))
    _state(params, path)
    touches = params["state"] == "reloaded"
    if not module.check_mode:
        if touches:
            try:
                _tree.touch(path)
            except OSError as exc:
                raise ArgumentError("vassal", "{0} can't be touched: {1}".format(path, exc.strerror)) from exc
        _wait(params, path, int(os.stat(path).st_mtime), check)
    return {"changed": touches, "vassal": path, "seconds": round(time.monotonic() - started, 3)}


def _state(params: Dict[str, Any], path: str) -> _emperor.State:
    try:
        return _emperor.vassal(_emperor.parse(_stats.fetch(params["stats"], _ANSWER, _routers.get)), path)
    except _stats.StatsError as exc:
        raise ArgumentError("stats", "{0}: {1}".format(params["stats"], exc)) from exc


def _wait(params: Dict[str, Any], path: str, modified: int, check: Optional[_health.Health]) -> None:
    deadline = time.monotonic() + params["timeout"]
    flaw = ""
    while time.monotonic() < deadline:
        state = _state(params, path)
        if state.failing > 1:
            raise ArgumentError("vassal", "{0} does not start ({1} tries); see its log".format(path, state.failing))
        if state.known and state.modified >= modified and (state.accepting or state.asleep or not params["accepting"]):
            # One that sleeps starts with what is written now, when somebody asks it.
            flaw = _probe.flaw(path, check._asdict()) if check and not state.asleep else ""
            if not flaw:
                return
        time.sleep(_POLL)
    why = "does not answer well: " + flaw if flaw else "is not up again; see its log"
    raise ArgumentError("timeout", "after {0} s {1} {2}".format(params["timeout"], path, why))
