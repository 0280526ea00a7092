# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vassal reloaded, and waited for: what the module ``uwsgi_reload`` does."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Optional

from ansible.module_utils.basic import AnsibleModule

from .._arguments import health
from .._errors import ArgumentError
from .._files import directory
from .._host import emperor_stats
from .._node import probe
from .._pool import routers, stats

_POLL = 0.1
_ANSWER = 5


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Touch the vassal and wait until its Emperor has it up again.

    Returns:
        the module's result.

    Raises:
        ArgumentError: when it can't be reloaded, or doesn't come up.
    """
    params = module.params
    started = time.monotonic()
    path = os.path.abspath(params["vassal"])
    check = health.health("health", params["health"]) if params["health"] is not None else None
    if check and check.path:
        probe.target("vassal", path, check.host)
    if not os.path.isfile(path):
        raise ArgumentError("vassal", f"{path} is no file; give the ini file of a vassal")
    _state(params, path)
    touches = params["state"] == "reloaded"
    if not module.check_mode:
        if touches:
            try:
                directory.touch(path)
            except OSError as exc:
                raise ArgumentError("vassal", f"{path} can't be touched: {exc.strerror}") from exc
        _wait(params, path, int(os.stat(path).st_mtime), check)
    return {"changed": touches, "vassal": path, "seconds": round(time.monotonic() - started, 3)}


def _state(params: Dict[str, Any], path: str) -> emperor_stats.State:
    try:
        return emperor_stats.vassal(emperor_stats.parse(stats.fetch(params["stats"], _ANSWER, routers.get)), path)
    except stats.StatsError as exc:
        raise ArgumentError("stats", f"{params['stats']}: {exc}") from exc


def _wait(params: Dict[str, Any], path: str, modified: int, check: Optional[health.Health]) -> None:
    deadline = time.monotonic() + params["timeout"]
    flaw = ""
    while time.monotonic() < deadline:
        state = _state(params, path)
        if state.failing > 1:
            raise ArgumentError("vassal", f"{path} does not start ({state.failing} tries); see its log")
        if state.known and state.modified >= modified and (state.accepting or state.asleep or not params["accepting"]):
            # One that sleeps starts with what is written now, when somebody asks it.
            flaw = probe.flaw(path, check._asdict()) if check and not state.asleep else ""
            if not flaw:
                return
        time.sleep(_POLL)
    why = "does not answer well: " + flaw if flaw else "is not up again; see its log"
    raise ArgumentError("timeout", f"after {params['timeout']} s {path} {why}")
