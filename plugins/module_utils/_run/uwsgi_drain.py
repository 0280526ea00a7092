# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes nodes out of their pools and brings them back, for the module ``uwsgi_drain``."""

from __future__ import annotations

import time
from typing import Any, Dict, List, NamedTuple, Optional

from ansible.module_utils.basic import AnsibleModule

from .. import _http, _module
from .._addresses import stats_flaw
from .._arguments.subscription import fragment
from .._dialect import V2_1
from .._errors import ArgumentError, HostError
from .._files.identity import Identity
from .._ini import instance
from .._ini.instance import Announcement
from .._node import suspend
from .._node.held import Held, Reasons
from .._node.unsubscribe import Farewells
from .._pool import presence
from .._pool.presence import Pair, Seen
from .._pool.watch import Watch, by_pair

# How many vassals a warning names.
_MOST_NAMED = 20


class Vassal(NamedTuple):
    """A unit to drain: a vassal, or the node that the other arguments describe.

    Attributes:
        path: its file; None if there is none.
        user: the owner of its file, if other than root and the caller.
    """

    path: Optional[str]
    announcements: List[Announcement]
    suspend_files: List[str]
    user: Optional[Identity]

    @property
    def pairs(self) -> List[Pair]:
        """Its keys and addresses, without duplicates."""
        return list(dict.fromkeys((one.key, one.address) for one in self.announcements))


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Take nodes out, or bring them back.

    Returns:
        the module's result.

    Raises:
        ArgumentError: and then nothing was changed.
        HostError: if nothing could be held, nothing was changed; if a router is late, the request stays in force.
    """
    params = module.params
    started = time.monotonic()
    _check(params)
    vassals = _vassals(params)
    held = Held(((one.suspend_files, one.user) for one in vassals), params["reason"])
    farewells = None
    if params["state"] == "drained":
        farewells = Farewells((one, vassal.user) for vassal in vassals for one in vassal.announcements)
    watch = _watch(params, vassals)
    before = watch.look(others=farewells is not None)
    if farewells:
        _require(module, watch, before)
    changed = _changed(params, vassals, held.reasons(), before)
    if not module.check_mode:
        if farewells:
            _drain(module, held, farewells)
        elif any(changed):
            held.release()
    reasons = held.reasons()
    if module.check_mode:
        after = before
    elif not farewells:
        after = _brought_back(module, watch, vassals, changed, reasons, before)
    elif params["wait"]:
        after = watch.wait(lambda dummy, now: now.is_out, before, farewells.send, settle=any(changed))
    else:
        after = watch.look()
    paths = list(dict.fromkeys(path for one in vassals for path in one.suspend_files))
    result: Dict[str, Any] = {
        "changed": any(changed),
        "suspend_files": paths,
        "held_by": _reasons(reasons, paths),
        "before": [one.shown() for one in before],
        "after": [one.shown() for one in after],
        "seconds": round(time.monotonic() - started, 3),
    }
    if params["vassals"]:
        result["vassals"] = _each(vassals, changed, reasons, watch.late)
    if watch.late:
        raise HostError(f"timed out after {params['timeout']} s", watch.lagging(), **result)
    return result


def _check(params: Dict[str, Any]) -> None:
    if not suspend.is_reason(params["reason"]):
        raise ArgumentError(
            "reason",
            f"{params['reason'][:80]!r} is not a valid reason; use up to 64 lower case letters, digits, '-' and '_'",
        )
    for name, least in (("timeout", 1), ("minimum", 0), ("max_age", 0)):
        if params[name] < least:
            raise ArgumentError(name, f"{params[name]} is too small; give {least} or more")
    if not params["router_stats"] and (params["wait"] or params["minimum"]):
        raise ArgumentError("router_stats", "is missing; give the routers' stats servers, or set wait to false and no minimum")
    for at, address in enumerate(params["router_stats"] or []):
        flaw = stats_flaw(address)
        if flaw:
            raise ArgumentError(f"router_stats[{at}]", f"{address!r} {flaw}")


def _vassals(params: Dict[str, Any]) -> List[Vassal]:
    """The vassals that the arguments name, each once."""
    if params["vassals"] is None:
        name = next((one for one in ("vassal", "fragment") if params[one]), None)
        return [_read(name, params[name]) if name else _of_subscriptions(params)]
    if not params["vassals"]:
        raise ArgumentError("vassals", "is empty; give at least one")
    places: Dict[str, str] = {}
    for at, path in enumerate(params["vassals"]):
        places.setdefault(path, f"vassals[{at}]")
    return [_read(place, path) for path, place in places.items()]


def _read(place: str, path: str) -> Vassal:
    one = instance.read(place, path)
    found = one.announcements()
    return Vassal(path, found, _suspend_files(found), one.user)


def _of_subscriptions(params: Dict[str, Any]) -> Vassal:
    # The announcements of the running instance matter, so no release is too old.
    arguments = {"subscriptions": params["subscriptions"], "resolve_server": params["resolve_server"]}
    given = fragment(arguments, V2_1, _module.resolve)
    if not given.subscriptions:
        raise ArgumentError("subscriptions", "is empty; give at least one, or the vassal")
    lines = ((f"subscriptions[{at}]", line) for at, entry in enumerate(given.subscriptions) for line in entry.lines)
    found = instance.of_lines(lines)
    return Vassal(None, found, _suspend_files(found), None)


def _suspend_files(found: List[Announcement]) -> List[str]:
    for one in found:
        if one.suspend_file is None:
            raise ArgumentError(
                one.place,
                f"the key {one.key!r} is announced without a suspend_file, so nothing keeps the node from announcing itself "
                "again; give the subscription one, and reload the vassal",
            )
    return instance.suspend_files(found)


def _watch(params: Dict[str, Any], vassals: List[Vassal]) -> Watch:
    return Watch(
        params["router_stats"] or [],
        params["timeout"],
        (pair for one in vassals for pair in one.pairs),
        _http.get,
        instance.vassals(announced for one in vassals for announced in one.announcements),
        params["max_age"],
    )


def _require(module: AnsibleModule, watch: Watch, before: List[Seen]) -> None:
    """Check that enough nodes remain for every key that may still have the node; a node that is already out may stay out."""
    counted = module.params["minimum_keys"]
    keys = [
        one.key
        for one in before
        if one.state in (presence.LISTED, presence.SILENT) and (counted is None or one.key in counted)
    ]
    if keys:
        alone = watch.require(module.params["minimum"], keys)
        if alone:
            module.warn(alone)


def _changed(params: Dict[str, Any], vassals: List[Vassal], reasons: Reasons, before: List[Seen]) -> List[bool]:
    """Report whether each vassal was changed."""
    reason = params["reason"]
    if params["state"] == "active":
        return [any(reason in reasons[path] for path in one.suspend_files) for one in vassals]
    listed = {(one.key, one.node) for one in before if one.state == presence.LISTED}
    return [
        any(reason not in reasons[path] for path in one.suspend_files) or not listed.isdisjoint(one.pairs) for one in vassals
    ]


def _drain(module: AnsibleModule, held: Held, farewells: Farewells) -> None:
    held.hold()
    failed = farewells.send()
    if failed and not module.params["wait"]:
        module.warn(f"a router was not told, and keeps the node until its tolerance ends: {failed}")


def _brought_back(
    module: AnsibleModule,
    watch: Watch,
    vassals: List[Vassal],
    changed: List[bool],
    reasons: Reasons,
    before: List[Seen],
) -> List[Seen]:
    """The nodes at their routers, after waiting (if wanted) for the return of those that nothing holds out any more."""
    held = [_reasons(reasons, one.suspend_files) for one in vassals]
    words = [
        f"{vassal.path if module.params['vassals'] else 'it'} stays out, held by: {', '.join(one)}"
        for vassal, one in zip(vassals, held)
        if one
    ]
    if words:
        more = [f"and {len(words) - _MOST_NAMED} more"] if len(words) > _MOST_NAMED else []
        module.warn("; ".join(words[:_MOST_NAMED] + more))
    # If a node was out, only a new announcement counts.
    new = {pair: change for vassal, change, one in zip(vassals, changed, held) if not one for pair in vassal.pairs}
    if not module.params["wait"] or not new:
        return watch.look()

    def arrived(old: Seen, now: Seen) -> bool:
        change = new.get((now.key, now.node))
        return change is None or (presence.came_in(old, now) if change else watch.is_fresh(now))

    return watch.wait(arrived, before)


def _reasons(reasons: Reasons, paths: List[str]) -> List[str]:
    return sorted({reason for path in paths for reason in reasons[path]})


def _held(reasons: Reasons, paths: List[str]) -> List[Dict[str, Any]]:
    """Each reason, and the earliest time since when a file has it."""
    found: Dict[str, float] = {}
    for path in paths:
        for reason, since in reasons[path].items():
            found[reason] = min(since, found.get(reason, since))
    return [{"reason": reason, "since": int(since)} for reason, since in sorted(found.items())]


def _each(vassals: List[Vassal], changed: List[bool], reasons: Reasons, late: List[Seen]) -> List[Dict[str, Any]]:
    """The result of each vassal."""
    lagging = by_pair(late)
    return [
        {
            "vassal": one.path,
            "changed": change,
            "suspend_files": one.suspend_files,
            "held_by": _reasons(reasons, one.suspend_files),
            "held": _held(reasons, one.suspend_files),
            "lagging": list(dict.fromkeys(seen.router for pair in one.pairs for seen in lagging.get(pair, ()))),
        }
        for one, change in zip(vassals, changed)
    ]
