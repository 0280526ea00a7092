# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's vassals and what they need, as one desired state: what the module ``uwsgi_emperor`` does."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Set, cast

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .. import _bulk_argument, _http, _module
from .._addresses import stats_flaw
from .._arguments import spec
from .._arguments.health import health
from .._arguments.on_demand import emperor_options
from .._deployment import log, serving
from .._deployment.leaving import SUFFIX, Journal, Settings, Way, leaver
from .._deployment.walk import Run, TurnNeeded, Walk
from .._dialect import parse_release
from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.attributes import attributes
from .._files.child import as_user
from .._files.directory import Directory
from .._files.plan import Plan, Wanted, differences
from .._host import importable
from .._keys import file_names
from .._live.files import Page
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
    if params["state"] not in ("written", "served"):
        raise ArgumentError("state", f"{params['state']} is for the action plugin of the roles; use written or served")
    for name in ("desired", "leaving_path", "emperor_stats"):
        if params[name] is None:
            raise ArgumentError(name, "is missing, and there are no variables of a role that say it")
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
    """The parts, one after the other."""
    desired = _desired(module, {name: dict for name in module.params["parts"]})
    result: Dict[str, Any] = {"changed": False, "since": int(time.time())}
    diffs: List[Any] = []
    for name, write in _PARTS.items():
        if name in module.params["parts"]:
            found = write(module, settings, desired)
            diffs += found.pop("diff", [])
            result.update(found, changed=result["changed"] or found["changed"])
            if "turn_needed" in found:
                return result
    result["invocation"] = {"module_args": {name: value for name, value in module.params.items() if name != "desired"}}
    return {**result, "diff": diffs} if module._diff else result


def _vassals_written(module: AnsibleModule, settings: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """New keys, the gate and the vassals, after those who have to go first have gone."""
    keys = [
        part(module, f"desired.{name}", spec.signing_keys(), desired[name])
        for name in ("signing_keys", "next_signing_keys")
        if desired.get(name)
    ]
    vassals = part(module, "desired.vassals", spec.vassals(), desired["vassals"])
    gates = [part(module, "desired.health", spec.health(), one) for one in gates_of(desired.get("health") or {}, vassals.params)]
    _require(module, desired.get("imports") or {})
    page = _page(module, "desired.metrics", desired.get("metrics"))
    # Those with which vassals that leave say goodbye stay until they have.
    results = [_module.done(one, partial(uwsgi_signing_keys.run, keeps=True)) for one in keys]
    results += [_module.done(one, uwsgi_health.run) for one in gates]
    results += page.before()
    journal = Journal(module.params["leaving_path"], _module.directory(vassals).create or _module.shared(0o711))
    how = Run(module.check_mode, module.params["turn"], module.warn)
    walk = Walk(settings, vassals.params["path"], journal, how)
    try:
        found = uwsgi_vassals.run(vassals, walk.go)
    except TurnNeeded:
        return {"changed": any(one["changed"] for one in results), "turn_needed": True}
    walk.end()
    results += [found, *page.after()]
    return {
        **found,
        "changed": any(one["changed"] for one in results),
        "left": walk.left,
        "failed_before": walk.failed,
        # To be removed when nobody signs with them any more.
        "unused_keys": results[0]["removed"] if desired.get("signing_keys") else [],
        "diff": [item for one in results for item in one.get("diff", [])],
    }


def _page(module: AnsibleModule, place: str, given: Any) -> Page:
    return Page(place, given, _module.shared().uid, module.check_mode)


def _require(module: AnsibleModule, given: Any) -> None:
    """Refuse a live page where uWSGI's Python lacks what that imports, before anything changes."""
    wanted = ("module", "plugin", "binary", "why")
    if not given:
        return
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in wanted):
        raise ArgumentError("desired.imports", f"must be a mapping with {', '.join(wanted)}")
    uwsgi = _module.host_uwsgi(cast(AnsibleModule, Part(module, {"uwsgi_binary": given["binary"]})))
    if uwsgi.binary is None and module.check_mode:
        # It may be what an earlier task only pretended to install.
        return
    user = _module.runner(given.get("user"), "desired.imports.user", module.check_mode)
    importable.require(uwsgi, given["module"], given["plugin"], user, given["why"])


def _service_written(module: AnsibleModule, dummy: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """The Emperor's own options, and the texts by which systemd runs it."""
    given = dict(desired["service"])
    texts = {name: _text(f"desired.service.{name}", given.pop(name)) for name in _TEXTS if given.get(name)}
    on_demand = given.pop("on_demand", False)
    service = part(module, "desired.service", spec.vassals(), given)
    if on_demand:
        # Which release runs here is known to the host alone.
        release = parse_release("desired.service.uwsgi_binary", _version(service))
        for one in service.params["vassals"]:
            one["options"] = emperor_options(one["options"], release, on_demand)
    found = _module.done(service, uwsgi_vassals.run)
    result = {"configured": found["changed"], "binary": given.get("uwsgi_binary", ""), "diff": list(found.get("diff", []))}
    for name, text in texts.items():
        folder_path, file = os.path.split(text["path"])
        with Directory(folder_path, f"desired.service.{name}.path", module.check_mode) as folder:
            common = attributes("", None, None, text["mode"], module.check_mode)
            plan = folder.compare([Wanted(file, text["content"].encode("utf-8"), "desired.service." + name, *common)])
            folder.apply(plan)
        result[name] = plan.changed
        result["diff"] += differences(folder_path, plan, lambda content: content.decode("utf-8", "replace"))
    return {**result, "changed": found["changed"] or any(result[name] for name in texts)}


def _version(asked: AnsibleModule) -> str:
    """The release of the uWSGI that will read what a part writes."""
    return _module.host_uwsgi(asked).version(asked.params["uwsgi_version"])()


def _text(place: str, given: Any) -> Dict[str, str]:
    """A file's path, content and mode."""
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in ("path", "content", "mode")):
        raise ArgumentError(place, "must be a mapping with path, content and mode")
    return given


def _public_keys_written(module: AnsibleModule, dummy: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """The public halves with which the host's routers check signatures."""
    found = _module.done(part(module, "desired.public_keys", spec.signing_keys(), desired["public_keys"]), uwsgi_signing_keys.run)
    return {"changed": found["changed"], "diff": found.get("diff", [])}


def _new_keys_written(module: AnsibleModule, settings: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """Those that the host's routers don't have yet. Whoever has to go says goodbye by one that is there."""
    given = {**desired["new_keys"], "purge": False}
    if not opened.exists(given["path"]):
        # The host has no routers yet, and nobody waits for them.
        return {"changed": False}
    return _public_keys_written(module, settings, {"public_keys": given})


def _routers_written(module: AnsibleModule, settings: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """The host's routers, if they can read their certificates."""
    given = dict(desired["routers"])
    certificates, reader = given.pop("certificates", []), given.pop("reader", "")
    page = _page(module, "desired.routers.dashboard", given.pop("dashboard", None))
    routers = part(module, "desired.routers", spec.vassals(), given)
    # Check mode may only have pretended to write them.
    if certificates and not module.check_mode:
        _refuse_unreadable(certificates, reader)
    failed: Dict[str, int] = {}

    def note(dummy: Directory, plan: Plan) -> bool:
        failed.update(serving.failing(settings) if plan.changed else {})
        return False

    results = page.before()
    found = _module.done(routers, partial(uwsgi_vassals.run, before=note))
    results += [found, *page.after()]
    diff = [item for one in results for item in one.get("diff", [])]
    return {**found, "changed": any(one["changed"] for one in results), "failed_before": failed, "diff": diff}


def _refuse_unreadable(paths: List[str], reader: str) -> None:
    """Refuse certificates that the routers can't read: uWSGI would serve another one without a word."""
    user = _module.runner(reader, "desired.routers.reader", False)
    unreadable = as_user(user, lambda: [path for path in paths if not opened.readable(path)])
    if unreadable:
        who = reader or "whoever runs the play"
        raise HostError(
            f"the certificates and keys {', '.join(unreadable)}",
            "emperor_user can't read them, so clients would see another certificate without a word; put them there, readable for "
            + who,
        )


# What a run brings about, in this order.
_PARTS: Dict[str, Callable[[AnsibleModule, Settings, Dict[str, Any]], Dict[str, Any]]] = {
    "vassals": _vassals_written,
    "service": _service_written,
    "new_keys": _new_keys_written,
    "public_keys": _public_keys_written,
    "routers": _routers_written,
}
_TEXTS = ("unit", "wrapper")


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
    if "vassals" not in module.params["parts"]:
        return result
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
