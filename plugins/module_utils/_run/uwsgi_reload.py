# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reloads vassals and waits for them, for the module ``uwsgi_reload``."""

from __future__ import annotations

import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from .. import _http, _module
from .._addresses import stats_flaw
from .._arguments.health import health
from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.child import where_it_belongs
from .._files.identity import Identity
from .._files.trust import ROOT
from .._host import emperor_stats
from .._ini.instance import Instance, read
from .._node import probe
from .._pool import restarts
from .._pool.stats import ANSWER, StatsError

_POLL = 0.1
# One may have begun before the change.
_FAILED = 2
# How many applications are asked at once.
_MOST_AT_ONCE = 16


class Vassal(NamedTuple):
    """A vassal to reload.

    Attributes:
        place: path of the argument that names it, for errors.
        check: its health check; None if there is none.
        user: who it runs as; None if not given.
    """

    place: str
    path: str
    check: Optional[probe.Check]
    user: Optional[Identity]


class Router(NamedTuple):
    """A vassal that is a router.

    Attributes:
        place: path of the argument that names it, for errors.
        stats: the address of its stats server.
        before: its state before the reload.
    """

    place: str
    stats: str
    before: restarts.Router


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Touch vassals and wait until their Emperor has reloaded them.

    Returns:
        the module's result.

    Raises:
        ArgumentError: and then nothing was changed.
        HostError: if one can't be reloaded, or doesn't come up.
    """
    params = module.params
    started = time.monotonic()
    vassals = _vassals(module)
    modified = {one.path: _modified(one) for one in vassals}
    wrong = stats_flaw(params["emperor_stats"])
    if wrong:
        raise ArgumentError("emperor_stats", f"{params['emperor_stats']!r} {wrong}")
    # Failures before the change say nothing about the new file.
    before = {path: state.failing for path, state in _states(params, modified).items()}
    touches = params["state"] == "reloaded"
    routers = _routers(params, modified)
    result: Dict[str, Any] = {"vassals": list(modified)} if params["vassals"] else {"vassal": vassals[0].path}
    if not module.check_mode:
        cut = _cut(params, routers)
        for path, count in cut.items():
            module.warn(f"{path}: {count} sessions were open when it was reloaded, and were cut")
        result["cut_sessions"] = sum(cut.values())
        for one in vassals if touches else ():
            _touch(one.path)
            modified[one.path] = _modified(one)
        failed = _Wait(params, vassals, modified, before, routers).failed()
        if failed:
            raise _error(failed, len(vassals), bool(params["vassals"]))
    return {"changed": touches, **result, "seconds": round(time.monotonic() - started, 3)}


def _vassals(module: AnsibleModule) -> List[Vassal]:
    """The vassals that the arguments name, each once."""
    params = module.params
    if params["vassals"] is not None and not params["vassals"]:
        raise ArgumentError("vassals", "is empty; give at least one")
    given = enumerate(params["vassals"]) if params["vassals"] else [(-1, params["vassal"])]
    places: Dict[str, str] = {}
    for at, path in given:
        places.setdefault(os.path.abspath(path), "vassal" if at < 0 else f"vassals[{at}]")
    own = _checks(params, places)
    user = None
    vassals: List[Vassal] = []
    for path, place in places.items():
        where, given = own.get(path, ("health", params["health"]))
        check = health(where, given, path) if given is not None else None
        if not vassals:
            user = _module.runner(params["user"], "user", module.check_mode)
        vassals.append(Vassal(place, path, check, user))
        if check:
            _refuse(vassals[-1], check, where)
    return vassals


def _checks(params: Dict[str, Any], places: Dict[str, str]) -> Dict[str, Tuple[str, Any]]:
    """The health checks of vassals that have their own, with their paths in the arguments, by file."""
    found: Dict[str, Tuple[str, Any]] = {}
    for at, one in enumerate(params["checks"]):
        path = os.path.abspath(one["vassal"])
        if path not in places or path in found:
            why = "is not among vassals; add it there" if path not in places else "has a check already; give it one"
            raise ArgumentError(f"checks[{at}].vassal", f"{path} {why}")
        found[path] = (f"checks[{at}].health", one["health"])
    return found


def _routers(params: Dict[str, Any], paths: Iterable[str]) -> Dict[str, Router]:
    """The routers among the vassals, by file, in their present state."""
    if params["routers"] and params["state"] != "reloaded":
        raise ArgumentError("routers", "are for state=reloaded; leave them out to wait for what was written")
    for name, least in (("sessions_timeout", 0), ("max_age", 0)):
        if params[name] < least:
            raise ArgumentError(name, f"{params[name]} is too small; give {least} or more seconds")
    found: Dict[str, Router] = {}
    for at, one in enumerate(params["routers"]):
        path, place = os.path.abspath(one["vassal"]), f"routers[{at}]"
        if path not in paths or path in found:
            why = "is not among vassals; add it there" if path not in paths else "is given already; give it once"
            raise ArgumentError(f"{place}.vassal", f"{path} {why}")
        wrong = stats_flaw(one["stats"])
        if wrong:
            raise ArgumentError(f"{place}.stats", f"{one['stats']!r} {wrong}")
        found[path] = Router(place, one["stats"], _router(params, place, one["stats"]))
    return found


def _router(params: Dict[str, Any], place: str, stats: str) -> restarts.Router:
    try:
        return restarts.look(stats, ANSWER, _http.get, params["max_age"])
    except StatsError as exc:
        raise HostError(f"{place}.stats", str(exc)) from exc


def _cut(params: Dict[str, Any], routers: Dict[str, Router]) -> Dict[str, int]:
    """Wait up to the limit until the routers have no sessions; returns how many are left, and at which routers.

    Raises:
        HostError: if some are left that must not be cut.
    """
    deadline = time.monotonic() + params["sessions_timeout"]
    while True:
        sessions = {path: _router(params, one.place, one.stats).sessions for path, one in routers.items()}
        left = {path: count for path, count in sessions.items() if count}
        if not left or time.monotonic() >= deadline:
            break
        time.sleep(_POLL)
    if left and not params["cut_sessions"]:
        path, count = next(iter(left.items()))
        raise HostError(
            path,
            f"still has {count} sessions after {params['sessions_timeout']} s, so nothing was reloaded; keep clients away from "
            "it, give it more time with sessions_timeout, or let them be cut with cut_sessions",
        )
    return left


def _error(failed: Dict[str, str], count: int, several: bool) -> HostError:
    """The error about vassals that don't come up, each with the reason."""
    if len(failed) == 1:
        path, why = next(iter(failed.items()))
        return HostError(path, why, **({"failed_vassals": [path]} if several else {}))
    words = "; ".join(f"{path} {why}" for path, why in failed.items())
    return HostError(f"{len(failed)} of {count} vassals", words, failed_vassals=list(failed))


def _instance(vassal: Vassal) -> Instance:
    """The instance, and the user that it runs as: who controls its files, otherwise the given user."""
    found = read(vassal.place, vassal.path)
    return found if found.user else found._replace(user=vassal.user)


def _refuse(vassal: Vassal, check: probe.Check, place: str) -> None:
    """Reject a check that can't be done."""
    if check.path:
        probe.target(_instance(vassal), check.host)
    elif os.geteuid() == ROOT and _instance(vassal).user is None:
        raise ArgumentError(
            place + ".command",
            "runs a program that others may be able to change, so it is not run as root; set user to the vassal's user",
        )


def _modified(vassal: Vassal) -> int:
    """The whole second of a vassal's mtime, as the Emperor compares it."""
    try:
        status = opened.status(vassal.path)
    except OSError:
        status = None
    if status is None or not stat.S_ISREG(status.st_mode):
        raise ArgumentError(vassal.place, f"{vassal.path} is not a file; give the ini file of a vassal")
    return int(status.st_mtime)


def _touch(path: str) -> None:
    try:
        where_it_belongs(lambda: opened.touch(path))
    except OSError as exc:
        raise HostError(path, f"can't be touched: {exc.strerror}") from exc


def _states(params: Dict[str, Any], paths: Iterable[str]) -> Dict[str, emperor_stats.State]:
    try:
        return emperor_stats.states(emperor_stats.ask(params["emperor_stats"], ANSWER, _http.get), paths)
    except StatsError as exc:
        raise HostError("the Emperor", str(exc)) from exc


class _Wait:
    """Vassals that must come up, watched together.

    Args:
        modified: the whole second of each one's last change.
        before: how often each had failed to start until then.
        routers: the ones that are routers.
    """

    def __init__(
        self,
        params: Dict[str, Any],
        vassals: List[Vassal],
        modified: Dict[str, int],
        before: Dict[str, int],
        routers: Dict[str, Router],
    ) -> None:
        self._params = params
        self._left = {one.path: one for one in vassals}
        self._modified = modified
        self._before = before
        self._routers = routers
        # The problems of running vassals.
        self._flaws: Dict[str, str] = {}
        self._failed: Dict[str, str] = {}

    def failed(self) -> Dict[str, str]:
        """Wait for all of them; returns those that don't come up, with reasons."""
        deadline = time.monotonic() + self._params["timeout"]
        while self._left and time.monotonic() < deadline:
            self._look()
            if self._left:
                time.sleep(_POLL)
        for path in self._left:
            flaw = self._flaws.get(path)
            why = flaw or "is not up again; its log says why"
            self._failed[path] = f"{why} (after {self._params['timeout']} s)"
        return {path: self._failed[path] for path in self._modified if path in self._failed}

    def _look(self) -> None:
        states = _states(self._params, self._left)
        up = []
        for path, state in states.items():
            # The count restarts if the vassal has run meanwhile.
            self._before[path] = min(self._before[path], state.failing)
            tries = state.failing - self._before[path]
            if tries >= _FAILED:
                self._failed[path] = f"does not start ({tries} tries); its log says why"
                del self._left[path]
            elif _is_up(state.running, self._modified[path], self._params["accepting"] and path not in self._routers):
                up.append(path)
        for path, flaw in zip(up, self._probed(up, states)):
            self._flaws[path] = flaw
            if not flaw:
                del self._left[path]

    def _probed(self, paths: List[str], states: Dict[str, emperor_stats.State]) -> List[str]:
        """The problems of the applications of running vassals, all asked at once; empty if an application is healthy."""

        def flaw(path: str) -> str:
            if path in self._routers:
                return self._missing(self._routers[path])
            vassal, running = self._left[path], states[path].running
            # A sleeping vassal starts with the new file at its next request.
            if not vassal.check or not running or running.asleep:
                return ""
            found = probe.flaw(_instance(vassal), vassal.check)
            return found and "does not answer well: " + found

        if len(paths) <= 1:
            return [flaw(path) for path in paths]
        with ThreadPoolExecutor(min(len(paths), _MOST_AT_ONCE)) as executor:
            return list(executor.map(flaw, paths))

    def _missing(self, router: Router) -> str:
        """What a router's restart still lacks."""
        try:
            return restarts.missing(router.before, restarts.look(router.stats, ANSWER, _http.get, self._params["max_age"]))
        except StatsError as exc:
            return str(exc)


def _is_up(vassal: Optional[emperor_stats.Vassal], modified: int, accepting: bool) -> bool:
    """Whether the Emperor runs a vassal's latest file, and it accepts requests or waits for its first one."""
    return vassal is not None and vassal.modified >= modified and (vassal.accepting or vassal.asleep or not accepting)
