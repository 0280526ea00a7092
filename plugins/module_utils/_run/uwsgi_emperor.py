# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's vassals and what they need, as one desired state: what the module ``uwsgi_emperor`` does."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Optional, Set, Tuple, cast

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .. import _bulk_argument, _http, _module
from .._addresses import stats_flaw
from .._arguments import spec
from .._arguments.health import health
from .._deployment import log, serving
from .._deployment.changes import RESTART, Side, changes, out_first
from .._deployment.leaving import SUFFIX, Journal, Leaver, Settings, Way, leaver
from .._dialect import BOUND, SOCKETS
from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.chain import Chain
from .._files.directory import Directory
from .._files.plan import Change as FileChange
from .._files.plan import Plan
from .._ini import instance
from .._keys import file_names
from . import uwsgi_health, uwsgi_signing_keys, uwsgi_vassals

# What may be long goes round Ansible's checks of each of its values.
_BULKS = ("vassals", "signing_keys")
# Seconds that one call waits.
_CALL = 10
# The vassal that keeps the gate running; with a tyrant its tenant's name is behind it.
GATE = "emperor-health"
_TYPES = {dict: "a mapping", list: "a list", str: "text"}
_SERVED = {
    "path": str,
    "keys_path": str,
    "names": list,
    "health": dict,
    "failed_before": dict,
    "unused_keys": list,
    "log": dict,
}
_POLL = 0.2


class Part:
    """What a part of the run sees of the module: arguments of its own."""

    def __init__(self, module: AnsibleModule, params: Dict[str, Any]) -> None:
        self.params = params
        self.check_mode = module.check_mode
        self._diff = module._diff
        self.warn: Callable[[str], None] = module.warn


def part(module: AnsibleModule, place: str, specification: Dict[str, Any], given: Any) -> AnsibleModule:
    """The arguments of a part, as a module of its own would have them; an empty one counts as not given.

    Raises:
        ArgumentError: for arguments that such a module refuses.
    """
    if not isinstance(given, dict):
        raise ArgumentError(place, "must be a mapping of arguments")
    bulks = {name: given[name] for name in _BULKS if name in given}
    rest = {name: value for name, value in given.items() if value not in ("", None, {}) and name not in bulks}
    found = ArgumentSpecValidator(specification).validate({**rest, **{name: [] for name in bulks}})
    if found.error_messages:
        raise ArgumentError(place, "; ".join(found.error_messages))
    return cast(AnsibleModule, Part(module, {**found.validated_parameters, **bulks}))


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Write what is wanted, or wait until it serves.

    Returns:
        the module's result.

    Raises:
        ArgumentError: with nothing changed.
        HostError: what was begun is completed by the next run.
    """
    settings = _settings(module.params)
    return _written(module, settings) if module.params["state"] == "written" else _served(module, settings)


def _settings(params: Dict[str, Any]) -> Settings:
    for name, least in (("router_tolerance", 1), ("timeout", 1)):
        if params[name] < least:
            raise ArgumentError(name, f"{params[name]} is too small; give {least} or more")
    for place, address in [
        ("emperor_stats", params["emperor_stats"]),
        *((f"router_stats[{at}]", one) for at, one in enumerate(params["router_stats"])),
    ]:
        wrong = stats_flaw(address)
        if wrong:
            raise ArgumentError(place, f"{address!r} {wrong}")
    return Settings(
        params["emperor_stats"],
        list(dict.fromkeys(params["router_stats"])),
        params["router_tolerance"],
        params["timeout"],
        params["allow_outage"],
        _http.get,
    )


def _desired(module: AnsibleModule, parts: Mapping[str, Any]) -> Dict[str, Any]:
    """The argument ``desired``.

    Args:
        parts: what it must have, each with its type.
    """
    found = _bulk_argument.unpack(module.params["desired"])
    if not isinstance(found, dict):
        raise ArgumentError("desired", f"must be a mapping with {', '.join(parts)}")
    for name, kind in parts.items():
        if not isinstance(found.get(name), kind):
            raise ArgumentError(f"desired.{name}", f"must be {_TYPES[kind]}")
    return found


def _written(module: AnsibleModule, settings: Settings) -> Dict[str, Any]:
    """New keys, the gate and the vassals, after those who have to go first have gone."""
    since = int(time.time())
    desired = _desired(module, {"vassals": dict})
    keys = [
        part(module, f"desired.{name}", spec.signing_keys(), desired[name])
        for name in ("signing_keys", "next_signing_keys")
        if desired.get(name)
    ]
    vassals = part(module, "desired.vassals", spec.vassals(), desired["vassals"])
    gates = [part(module, "desired.health", spec.health(), one) for one in gates_of(desired.get("health") or {}, vassals.params)]
    # Those with which vassals that leave say goodbye stay until they have.
    results = [_module.done(one, partial(uwsgi_signing_keys.run, keeps=True)) for one in keys]
    results += [_module.done(one, uwsgi_health.run) for one in gates]
    walk = Walk(module, settings, vassals)
    try:
        found = uwsgi_vassals.run(vassals, walk.go)
    except TurnNeeded:
        return {"changed": any(one["changed"] for one in results), "turn_needed": True}
    walk.end()
    results.append(found)
    result: Dict[str, Any] = {
        **found,
        "changed": any(one["changed"] for one in results),
        "left": walk.left,
        "since": since,
        "failed_before": walk.failed,
        # To be removed when nobody signs with them any more.
        "unused_keys": results[0]["removed"] if desired.get("signing_keys") else [],
        "invocation": {"module_args": {name: value for name, value in module.params.items() if name != "desired"}},
    }
    if module._diff:
        result["diff"] = [item for one in results for item in one.get("diff", [])]
    return result


def gates_of(common: Dict[str, Any], params: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The arguments of the health gates of some vassals: of one for all, or of one for each tenant that has a check.

    Args:
        common: what all gates have, with the folder of their programs.
        params: the vassals', as for ``uwsgi_vassals``.
    """
    checked = [one for one in params["vassals"] if isinstance(one, dict) and one.get("health") is not None]
    if checked and not common.get("path"):
        raise ArgumentError("desired.health.path", "is missing, and a vassal has health; give the folder of the health gate")
    whole = {**common, "directory_mode": "0755", "mode": "0644", "vassals_path": params["path"], "vassals": checked}
    if not params["tyrant"]:
        return [whole] if checked else []
    tenants = list(dict.fromkeys(str(one.get("owner", "")) for one in checked))
    return [
        {
            **whole,
            "path": f"{common['path']}/{GATE}-{tenant}",
            "directory_mode": "0711",
            "mode": "0400",
            "owner": tenant,
            "vassals": [one for one in checked if str(one.get("owner", "")) == tenant],
        }
        for tenant in tenants
    ]


class TurnNeeded(Exception):
    """Somebody who serves has to stop and start, and nothing is changed yet."""


class Walk:
    """What happens between the check of the vassals and their writing.

    Attributes:
        left: the names of the vassals that left their pools.
        failed: how often each vassal had failed to start.
    """

    def __init__(self, module: AnsibleModule, settings: Settings, vassals: AnsibleModule) -> None:
        self.left: List[str] = []
        self.failed: Dict[str, int] = {}
        self._module = module
        self._settings = settings
        self._path: str = vassals.params["path"]
        self._journal = Journal(module.params["leaving_path"], _module.directory(vassals).create or _module.shared(0o711))
        self._again: List[Tuple[Way, List[str]]] = []
        self._back: List[str] = []

    def go(self, folder: Directory, plan: Plan) -> bool:
        """Have those leave that must; whether the directory changed."""
        before = self._journal.leavers() if not self._module.check_mode else []
        if not plan.changed and not before:
            return False
        self.failed = serving.failing(self._settings) if plan.changed else {}
        old = {name: leaver(name, self._file(name)) for name in _vassals(plan.updated + plan.removed)}
        sides = {name: _side(one.path, None, one) for name, one in old.items()}
        wanted = {name: _side(self._file(name), content) for name, content in _vassals(plan.created + plan.updated).items()}
        found = changes(sides, wanted)
        names = out_first(found)
        way = Way(self._settings, [old[name] for name in names], self._module.warn)
        self._back = [name for name in names if found[name] == RESTART]
        leaves = any(old[name].announcements for name in names) and bool(self._settings.router_stats)
        if leaves and not self._module.params["turn"] and not self._module.check_mode:
            # Whoever is out on another host is back then.
            raise TurnNeeded
        # What nobody announces any more needs nobody.
        keys = {key for side in wanted.values() for key, dummy in side.pairs}
        way.require_others(keys, [name for name in self._back if sides[name].bound != wanted[name].bound])
        if self._module.check_mode:
            self.left = names
            return False
        return self._done(folder, names, way, before)

    def _done(self, folder: Directory, names: List[str], way: Way, before: List[Leaver]) -> bool:
        # What an earlier run took out before it was cut off: its file is gone, and nobody else would say goodbye for it.
        cut = [one for one in before if not opened.exists(self._file(one.name))]
        if cut:
            # Somebody may have its key and its address by now.
            there = [name[: -len(SUFFIX)] for name in folder.names() if name.endswith(SUFFIX)]
            kept = {pair for name in there if name not in names for pair in leaver(name, self._file(name)).pairs}
            cut = [one.besides(kept) for one in cut]
        self._journal.add(names, self._path)
        if names:
            self._leave(folder, way, names)
        if cut:
            rest = Way(self._settings, cut, self._module.warn)
            self._gone(rest, [one.name for one in cut])
        self.left = names + [one.name for one in cut]
        return bool(names)

    def _leave(self, folder: Directory, way: Way, names: List[str]) -> None:
        way.silence()
        try:
            way.leave()
        except BaseException:
            way.release()
            self._journal.remove(names)
            raise
        folder.apply(folder.compare([], [name + SUFFIX for name in names]))
        # Once more: one may have announced itself while it was silenced.
        self._gone(way, names)

    def _gone(self, way: Way, names: List[str]) -> None:
        way.stopped([self._file(name) for name in names])
        since = time.monotonic()
        way.leave()
        way.outlast(since)
        self._again.append((way, names))

    def end(self) -> None:
        """Let those announce themselves again that were only taken out, and forget all that are forgotten."""
        for way, names in self._again:
            way.release([name for name in names if opened.exists(self._file(name))])
            way.clear([name for name in names if not opened.exists(self._file(name))])
            self._journal.remove(names)
        if self._back and self._settings.router_stats:
            # Until then, no other host may do the same.
            Way(self._settings, [leaver(name, self._file(name)) for name in self._back], self._module.warn).returned()

    def _file(self, name: str) -> str:
        return os.path.join(self._path, name + SUFFIX)


def _vassals(found: List[FileChange]) -> Dict[str, Optional[bytes]]:
    """The vassals among the files that change, with what theirs will be."""
    return {one.name[: -len(SUFFIX)]: one.after for one in found if one.name.endswith(SUFFIX)}


def _side(path: str, content: Any, old: Any = None) -> Side:
    """A vassal as it is, or as its file will be."""
    chain = Chain()

    def read(asked: str) -> bytes:
        return content if content is not None and asked == path else chain.read(asked)

    try:
        found = instance.read("vassals", path, read)
        announced = found.announcements() if found.subscribes else []
    except ArgumentError:
        # What can't be known is told to whoever leaves; what is new is checked elsewhere.
        return Side(text=repr(content))
    sockets = [option for option in found.options if option.name in SOCKETS and not option.flaw]
    # A port that the system gives, and a socket that is shared, are nobody's own.
    own = frozenset(option.value for option in sockets if not option.value.endswith(":0") and not option.value.startswith("="))
    return Side(
        text=repr([(option.name, option.value) for option in found.options]),
        pairs=old.pairs if old else frozenset((one.key, one.address) for one in announced),
        sockets=own,
        bound=tuple((option.name, option.value) for option in found.options if option.name in BOUND)
        + tuple((option.name, "") for option in sockets),
    )


def _served(module: AnsibleModule, settings: Settings) -> Dict[str, Any]:
    """Wait a while until all serves, and when it does remove what nobody needs any more."""
    desired = _desired(module, _SERVED)
    path: str = desired["path"]
    wanted = serving.Wanted(
        path,
        desired["names"],
        {name: health(f"health ({name})", given, os.path.join(path, name + SUFFIX)) for name, given in desired["health"].items()},
        desired["failed_before"],
        _module.runner(desired.get("user"), "desired.user", module.check_mode),
    )
    result: Dict[str, Any] = {"changed": False, "pending": {}, "held": {}}
    if module.params["wait"] and not module.check_mode:
        found = _looked(module, wanted, settings)
        if found is not None:
            result.update(pending=found.pending, held=found.held)
            if found.failed or (found.pending and module.params["last"]):
                raise _failure(wanted, {**found.failed, **found.pending}, desired, module.params["last"], settings)
            if found.pending:
                return result
            for warning in found.warnings:
                module.warn(warning)
    forgotten = _forgotten(module, wanted, settings)
    keys = _purged(module, desired)
    result.update(forgotten=forgotten, removed_keys=keys, changed=bool(forgotten or keys))
    return result


def _looked(module: AnsibleModule, wanted: serving.Wanted, settings: Settings) -> Any:
    """What is seen when all serves, or after a while; None where there is no Emperor that this run was to start."""
    deadline = time.monotonic() + _CALL
    while True:
        try:
            found = serving.look(wanted, settings)
        except serving.EmperorSilent as error:
            if not module.params["running"]:
                module.warn(f"nothing was waited for, since the Emperor doesn't run: {error.problem}")
                return None
            if module.params["last"]:
                raise
            found = serving.Outcome({name: str(error) for name in wanted.names or ["the Emperor"]}, {}, {}, [])
        if not found.pending or found.failed or module.params["last"] or time.monotonic() >= deadline:
            return found
        time.sleep(_POLL)


def _failure(wanted: serving.Wanted, why: Dict[str, str], desired: Dict[str, Any], late: bool, settings: Settings) -> HostError:
    """The error of those that don't serve, with what their logs say."""
    words = []
    for name, problem in sorted(why.items()):
        lines = log.last_words(name, wanted.path, log.Source(**desired["log"]))
        words.append(f"{name}: {problem}" + (f"\n{lines}" if lines else ""))
    likely = ""
    if late and settings.router_stats and any("doesn't have" in problem for problem in why.values()):
        likely = (
            "\nA router has no public key for it, its clock and the router's differ by more than the tolerance, or a suspend "
            "file that isn't known here keeps it silent."
        )
    what = f"{len(why)} of {len(wanted.names)} vassals" if len(wanted.names) > 1 else "the vassal"
    return HostError(what, ("doesn't" if len(why) == 1 else "don't") + " serve: " + "\n".join(words) + likely, pending=why)


def _forgotten(module: AnsibleModule, wanted: serving.Wanted, settings: Settings) -> List[str]:
    """See that routers forget what is announced no more; by whom."""
    left = Journal(module.params["leaving_path"], _module.shared()).leavers()
    if not left or module.check_mode:
        return [one.name for one in left]
    going, now = [], {}
    for one in left:
        file = os.path.join(wanted.path, one.name + SUFFIX)
        now[one.name] = leaver(one.name, file).pairs if opened.exists(file) else frozenset()
        going.append(one.besides(now[one.name]))
    kept: Set[Any] = {pair for pairs in now.values() for pair in pairs}
    way = Way(settings, [one.besides(kept) for one in going], module.warn)
    way.leave()
    way.outlast(time.monotonic())
    names = [one.name for one in left]
    back = Way(settings, left, lambda dummy: None)
    back.release([name for name in names if now[name]])
    back.clear([name for name in names if not now[name]])
    Journal(module.params["leaving_path"], _module.shared()).remove(names)
    return names


def _purged(module: AnsibleModule, desired: Dict[str, Any]) -> List[str]:
    """Remove the keys with which nobody signs any more."""
    names = [file_names.file_name("unused_keys", name) for name in desired["unused_keys"]]
    if not names:
        return []
    with Directory(desired["keys_path"], "keys_path", module.check_mode) as folder:
        ours = folder.marked(uwsgi_signing_keys.MARKER, file_names.SUFFIX)
        folder.apply(folder.compare([], [name for name in names if name in ours]))
    return names
