# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state ``served``: wait until all vassals serve, then remove what is no longer needed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Set

from ansible.module_utils.basic import AnsibleModule

from ... import _module
from ..._deployment import serving
from ..._deployment.journal import SUFFIX, Journal
from ..._deployment.settings import Settings
from ..._errors import HostError
from ..._files import opened
from ..._files.directory import Directory
from ..._keys import file_names
from .part import desired as desired_state

if TYPE_CHECKING:
    from ..._node.probe import Check

# Seconds that one call waits.
_CALL = 10
_POLL = 0.2
_SERVED = {
    "path": str,
    "keys_path": str,
    "names": list,
    "health": dict,
    "failed_before": dict,
    "unused_keys": list,
    "log": dict,
}


def served(module: AnsibleModule, settings: Settings) -> Dict[str, Any]:
    """Wait a while until all serve, and then remove what is no longer needed."""
    desired = desired_state(module, _SERVED)
    path: str = desired["path"]
    wanted = serving.Wanted(
        path,
        desired["names"],
        _checks(path, desired["health"]) if desired["health"] else {},
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
    if "vassals" not in module.params["parts"]:
        return result
    forgotten = _forgotten(module, wanted, settings)
    keys = _purged(module, desired)
    result.update(forgotten=forgotten, removed_keys=keys, changed=bool(forgotten or keys))
    return result


def _checks(path: str, given: Mapping[str, Any]) -> Mapping[str, Check]:
    from ..._arguments.health import health  # noqa: PLC0415 - where there are any

    return {name: health(f"health ({name})", one, os.path.join(path, name + SUFFIX)) for name, one in given.items()}


def _looked(module: AnsibleModule, wanted: serving.Wanted, settings: Settings) -> Any:
    """The state when all serve, or after a while; None if there is no Emperor that this run was to start."""
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
    """The error about vassals that don't serve, with the ends of their logs."""
    from ..._deployment import log  # noqa: PLC0415 - only then

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
    """Make sure that routers forget what is no longer announced; returns whose it was."""
    journal = Journal(module.params["leaving_path"], _module.shared())
    names = journal.names()
    if not names or module.check_mode:
        return names
    from ..._deployment.leaver import leaver, leavers  # noqa: PLC0415 - only then
    from ..._deployment.leaving import Way  # noqa: PLC0415

    left = leavers(journal)
    going, now = [], {}
    for one in left:
        file = os.path.join(wanted.path, one.name + SUFFIX)
        now[one.name] = leaver(one.name, file).pairs if opened.exists(file) else frozenset()
        going.append(one.besides(now[one.name]))
    kept: Set[Any] = {pair for pairs in now.values() for pair in pairs}
    way = Way(settings, [one.besides(kept) for one in going], module.warn)
    way.leave()
    way.outlast(time.monotonic())
    back = Way(settings, left, lambda dummy: None)
    back.release([name for name in names if now[name]])
    back.clear([name for name in names if not now[name]])
    journal.remove(names)
    return names


def _purged(module: AnsibleModule, desired: Dict[str, Any]) -> List[str]:
    """Remove the keys that no longer sign anything."""
    if not desired["unused_keys"]:
        return []
    from .. import uwsgi_signing_keys  # noqa: PLC0415 - only then

    names = [file_names.file_name("unused_keys", name) for name in desired["unused_keys"]]
    with Directory(desired["keys_path"], "keys_path", module.check_mode) as folder:
        ours = folder.marked(uwsgi_signing_keys.MARKER, file_names.SUFFIX)
        folder.apply(folder.compare([], [name for name in names if name in ours]))
    return names
