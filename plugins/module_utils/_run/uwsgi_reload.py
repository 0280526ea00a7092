# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vassal reloaded, and waited for: what the module ``uwsgi_reload`` does."""

from __future__ import annotations

import os
import stat
import time
from typing import Any, Dict, Optional

from ansible.module_utils.basic import AnsibleModule

from .. import _http, _module
from .._addresses import stats_flaw
from .._arguments.health import health
from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.child import Identity, where_it_belongs
from .._files.trust import ROOT
from .._host import emperor_stats
from .._ini.instance import Instance, read
from .._node import probe
from .._pool.stats import StatsError

_POLL = 0.1
_ANSWER = 5
# One may have begun before the change.
_FAILED = 2


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Touch the vassal and wait until its Emperor has it up again.

    Returns:
        the module's result.

    Raises:
        ArgumentError: with nothing changed.
        HostError: when it can't be reloaded, or doesn't come up.
    """
    params = module.params
    started = time.monotonic()
    path = os.path.abspath(params["vassal"])
    check = health("health", params["health"], path) if params["health"] is not None else None
    user = _module.runner(params["user"], "user", module.check_mode)
    if check:
        _refuse(path, check, user)
    modified = _modified(path)
    wrong = stats_flaw(params["emperor_stats"])
    if wrong:
        raise ArgumentError("emperor_stats", f"{params['emperor_stats']!r} {wrong}")
    # What failed before is no matter of what is written now.
    before = _state(params, path).failing
    touches = params["state"] == "reloaded"
    if not module.check_mode:
        if touches:
            _touch(path)
            modified = _modified(path)
        _wait(params, path, modified, before, check, user)
    return {"changed": touches, "vassal": path, "seconds": round(time.monotonic() - started, 3)}


def _instance(path: str, user: Optional[Identity]) -> Instance:
    """The vassal, with whom it runs as: who has a say in its files, else the user that is given."""
    found = read("vassal", path)
    return found if found.user else found._replace(user=user)


def _refuse(path: str, check: probe.Check, user: Optional[Identity]) -> None:
    """Refuse a check that can't be done."""
    if check.path:
        probe.target(_instance(path, user), check.host)
    elif os.geteuid() == ROOT and _instance(path, user).user is None:
        raise ArgumentError(
            "health.command",
            "runs a program that others may be able to change, so it is not run as root; set user to whom the vassal runs as",
        )


def _modified(path: str) -> int:
    """The whole second of a vassal's mtime, as the Emperor compares it."""
    try:
        status = opened.status(path)
    except OSError:
        status = None
    if status is None or not stat.S_ISREG(status.st_mode):
        raise ArgumentError("vassal", f"{path} is no file; give the ini file of a vassal")
    return int(status.st_mtime)


def _touch(path: str) -> None:
    try:
        where_it_belongs(lambda: opened.touch(path))
    except OSError as exc:
        raise HostError(path, f"can't be touched: {exc.strerror}") from exc


def _state(params: Dict[str, Any], path: str) -> emperor_stats.State:
    try:
        return emperor_stats.state(emperor_stats.ask(params["emperor_stats"], _ANSWER, _http.get), path)
    except StatsError as exc:
        raise HostError("the Emperor", str(exc)) from exc


def _wait(
    params: Dict[str, Any], path: str, modified: int, before: int, check: Optional[probe.Check], user: Optional[Identity]
) -> None:
    """Wait until a vassal is up.

    Args:
        modified: the second of its last change.
        before: how often it had failed to start until then.
    """
    deadline = time.monotonic() + params["timeout"]
    flaw = ""
    while time.monotonic() < deadline:
        state = _state(params, path)
        # The count begins anew when it has run meanwhile.
        before = min(before, state.failing)
        if state.failing - before >= _FAILED:
            raise HostError(path, f"does not start ({state.failing - before} tries); see its log")
        if _is_up(state.running, modified, params["accepting"]):
            # One that sleeps starts with what is written now, when somebody asks it.
            flaw = probe.flaw(_instance(path, user), check) if check and state.running and not state.running.asleep else ""
            if not flaw:
                return
        time.sleep(_POLL)
    why = "does not answer well: " + flaw if flaw else "is not up again; see its log"
    raise HostError(path, f"{why} (after {params['timeout']} s)")


def _is_up(vassal: Optional[emperor_stats.Vassal], modified: int, accepting: bool) -> bool:
    """Whether the Emperor has a vassal's last change, and it takes requests or waits for its first one."""
    return vassal is not None and vassal.modified >= modified and (vassal.accepting or vassal.asleep or not accepting)
