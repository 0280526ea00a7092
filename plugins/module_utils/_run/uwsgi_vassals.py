# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manages a directory of vassals on the managed host, for the module ``uwsgi_vassals``."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from typing import Any, Callable, Collection, ContextManager, Dict, List, NamedTuple, Optional, Set, Tuple

from ansible.module_utils.basic import AnsibleModule

from .. import _bulk_argument, _module
from .._arguments.vassal import ADDRESS_SUFFIX, SUFFIX, Defaults, Vassal, vassals
from .._dialect import V2_1, parse_release
from .._errors import ArgumentError
from .._files.attributes import Attributes, attributes, primary_group
from .._files.directory import Directory
from .._files.plan import Change, Plan, Wanted, differences, refuse_losses
from .._host.access import Readers
from .._host.uwsgi import Uwsgi
from .._ini import writer

HEADER = "Managed by Ansible, emperor.uwsgi.uwsgi_vassals"
MARKER = f"; {HEADER}\n".encode("ascii")
SECTION = "uwsgi"
_ATTRIBUTES = ("owner", "group", "mode")
# Show only a count beyond this number: a thousand vassals may all have the same flaw.
_MOST_WARNINGS = 20


class Wish(NamedTuple):
    """What the module's arguments request.

    Attributes:
        version: of the uWSGI that will read the files.
        wanted: the vassals' files, in the order of the vassals.
        warnings: about what this host's release treats differently than the routers.
    """

    uwsgi: Uwsgi
    version: str
    vassals: List[Vassal]
    wanted: List[Wanted]
    warnings: List[str]


# Called with the directory and its plan before any change is made; returns whether it changed the directory.
Before = Callable[[Directory, Plan], bool]


def run(module: AnsibleModule, before: Optional[Before] = None) -> Dict[str, Any]:
    """Bring the directory to the state that the module's arguments describe.

    Returns:
        the module's result.

    Raises:
        ArgumentError: and then every file is unchanged.
        HostError: the same.
    """
    # Objects for thousands of vassals live until the end, and scanning them for garbage takes a tenth of the run.
    gc.disable()
    wish = _wish(module)
    with ExitStack() as stack:
        folder = stack.enter_context(_module.directory(module, module.params["tyrant"]))
        wants_dirs = module.params["suspend_dir"] is not None
        suspends = wants_dirs and stack.enter_context(_suspend_dirs(module, wish.vassals))
        addresses = _addresses(module, folder, wish.vassals)
        files = _files(module, folder, wish, addresses)
        plan = folder.compare(*files)
        refuse_losses(module.params["path"], plan, module.params["allow_empty"])
        warnings = wish.warnings + [warning for one in wish.vassals for warning in one.warnings]
        warnings += _key_warnings(module, wish.vassals)
        validated, refused = _validated(module, wish, plan)
        if refused and module.params["tyrant"]:
            plan = _without(plan, refused)
        elif refused:
            raise ArgumentError(*next(iter(refused.values())))
        again = before is not None and before(folder, plan)
        folder.apply(_without(folder.compare(*files), refused) if again else plan)
        renewed = addresses.renew(module.check_mode) if addresses else []
    warnings += validated
    _warn(module, warnings)
    changed = plan.changed or bool(renewed) or folder.created or folder.amended or suspends
    result = {"changed": changed, **_names(plan, addresses), "renewed": renewed, **_shown(module, wish, plan)}
    if refused:
        from .vassals.validation import Refused  # noqa: PLC0415 - it was imported to validate them

        raise Refused(refused, result)
    # Also avoids a scan at exit, which takes as long as comparing all files.
    gc.freeze()
    return result


def load() -> None:
    """Import what a run would otherwise import on demand."""
    from .._arguments import default_signing, groups, health, newer  # noqa: PLC0415, F401
    from .._host import emperor_stats, on_demand  # noqa: PLC0415, F401
    from .vassals import suspend_dirs, validation  # noqa: PLC0415, F401


def _wish(module: AnsibleModule) -> Wish:
    """Check the arguments."""
    params = module.params
    uwsgi = _module.host_uwsgi(module)
    given = _bulk_argument.unpack(params["vassals"])
    told = uwsgi.version(params["uwsgi_version"], bool(given) and params["validate"] is not False)
    defaults = Defaults(
        options=params["default_options"] or {},
        client_params=params["default_client_params"] or {},
        resolve_server=params["resolve_server"],
        suspend_dir=params["suspend_dir"],
        owner=params["owner"],
        tyrant=params["tyrant"],
    )
    version = told()
    release = checked_by = parse_release("uwsgi_version", version)
    if params["default_signing"]:
        # Imported only if used: importing it takes as long as signing a hundred vassals.
        from .._arguments.default_signing import signed_vassals  # noqa: PLC0415

        how = dict(params["default_signing"])
        routers = how.pop("router_version")
        checked_by = parse_release("default_signing.router_version", routers) if routers else release
        given = signed_vassals(given, path="default_signing", release=checked_by, **how)
    found = vassals(given, release, _module.resolve, defaults)
    common = attributes("", params["owner"], params["group"], params["mode"], module.check_mode)
    wanted = [_wanted(module, one, common) for one in found]
    return Wish(uwsgi, version, found, wanted, _mountpoint_warnings(found, version, checked_by < V2_1 <= release))


def _files(module: AnsibleModule, folder: Directory, wish: Wish, addresses: Any) -> Tuple[List[Wanted], List[str]]:
    """The files that must be in the directory, and the names of those that must not."""
    unwanted: Set[str] = set()
    if module.params["purge"]:
        unwanted = folder.marked(MARKER, SUFFIX, {item.name for item in wish.wanted})
    if not addresses:
        return wish.wanted, sorted(unwanted)
    # Addresses before vassals: an Emperor reads an address when it finds the vassal.
    return addresses.wanted + wish.wanted, sorted(unwanted | addresses.unwanted)


def _validated(module: AnsibleModule, wish: Wish, plan: Plan) -> Tuple[List[str], Dict[str, Tuple[str, str]]]:
    """Check new texts in the dry run.

    Returns:
        warnings, and for the name of each rejected file its argument and the problem.
    """
    rewritten = {change.name for change in plan.created + plan.updated if change.before != change.after}
    if not rewritten or not _module.wants_validation(module, wish.uwsgi):
        return [], {}
    # Imported only for changed files, because it is slow.
    from .vassals.validation import validated  # noqa: PLC0415

    return validated(module, wish.uwsgi, SECTION, [one for one in wish.vassals if one.name + SUFFIX in rewritten])


def _without(plan: Plan, names: Collection[str]) -> Plan:
    """A plan that leaves some vassals unchanged."""
    left = {*names, *(name + ADDRESS_SUFFIX for name in names)}

    def kept(changes: List[Change]) -> List[Change]:
        return [change for change in changes if change.name not in left]

    return Plan(kept(plan.created), kept(plan.updated), kept(plan.removed), plan.unchanged)


def _suspend_dirs(module: AnsibleModule, found: List[Vassal]) -> ContextManager[bool]:
    from .vassals import suspend_dirs  # noqa: PLC0415 - not all hosts have them

    return suspend_dirs.made(module, found)


def _addresses(module: AnsibleModule, folder: Directory, found: List[Vassal]) -> Any:
    """The addresses of on-demand vassals; None if there are none and were none."""
    there = [name for name in folder.names() if name.endswith(SUFFIX + ADDRESS_SUFFIX)]
    if not there and not any(one.on_demand for one in found):
        return None
    from .._host import on_demand  # noqa: PLC0415 - few hosts have them

    return on_demand.Addresses(module.params, found, folder, there, MARKER)


def _shown(module: AnsibleModule, wish: Wish, plan: Plan) -> Dict[str, Any]:
    """What the result says about the arguments and the files."""
    found: Dict[str, Any] = {
        "path": module.params["path"],
        "uwsgi_version": wish.version,
        "on_demand": [one.name for one in wish.vassals if one.on_demand],
        # Otherwise the arguments of thousands of vassals would be sent back only to be discarded.
        "invocation": {"module_args": dict(module.params, vassals=f"{len(wish.vassals)} of them")},
    }
    if module._diff:
        found["diff"] = differences(module.params["path"], plan, lambda content: content.decode("utf-8", "replace"))
    return found


def _names(plan: Plan, addresses: Any) -> Dict[str, List[str]]:
    """The vassals by what happens to them."""
    if addresses:
        return dict(addresses.names(plan)._asdict())
    changes = {"created": plan.created, "updated": plan.updated, "removed": plan.removed}
    found = {name: [one.name[: -len(SUFFIX)] for one in changed] for name, changed in changes.items()}
    return {**found, "unchanged": [name[: -len(SUFFIX)] for name in plan.unchanged]}


def _wanted(module: AnsibleModule, one: Vassal, common: Attributes) -> Wanted:
    found = common
    if one.owner or not one.arguments.keys().isdisjoint(_ATTRIBUTES):
        owner, group, mode = (one.arguments.get(name, module.params[name]) for name in _ATTRIBUTES)
        if one.owner and group is None:
            group = primary_group(one.owner)
        found = attributes(one.place, owner, group, mode, module.check_mode)
        if one.owner and 0 in (found.uid, found.gid):
            raise ArgumentError(
                one.place + (".owner" if found.uid == 0 else ".group"),
                f"is root's, and a tyrant Emperor runs no vassal as root; give {one.name!r} another",
            )
    text = writer.render(SECTION, one.lines, HEADER)
    return Wanted(one.name + SUFFIX, text.encode("utf-8"), one.place, *found)


def _mountpoint_warnings(found: List[Vassal], version: str, differ: bool) -> List[str]:
    """Warn about mountpoints that routers of this host's release would verify with another key.

    Args:
        differ: whether that release names their keys differently than the release given for the routers.
    """
    return [
        f"{one.place}.subscriptions[{at}].key: {key} is signed for routers of 2.0, and this host has uWSGI {version}, whose "
        "routers check it by the key of its domain; if yours are of that release, set default_signing.router_version to 2.1 (of "
        "the role, emperor_router_version)"
        for one in (found if differ else ())
        for at, entry in enumerate(one.subscriptions)
        for key in entry.keys
        if entry.signing and "/" in key
    ]


def _key_warnings(module: AnsibleModule, found: List[Vassal]) -> List[str]:
    """Warn about signing keys that the vassals' users can't read."""
    warnings = []
    with Readers(module.check_mode) as readers:
        for one in found:
            user, named_by = _user(module.params, one)
            for at, entry in enumerate(one.subscriptions):
                if entry.signing:
                    flaw = readers.flaw(entry.signing.file, user, named_by)
                    if flaw:
                        warnings.append(f"{one.place}.subscriptions[{at}].signing: {flaw}")
    return warnings


def _user(params: Dict[str, Any], one: Vassal) -> Any:
    """The user that a vassal runs as, if known, and the argument that says so."""
    if one.owner:
        return one.owner, one.place + ".owner"
    if one.uid:
        return one.uid, one.place + ".options.uid"
    if params["user"]:
        return params["user"], "user"
    # A tyrant Emperor runs a vassal as its file's owner, and never as root.
    owner: Optional[str] = one.arguments.get("owner", params["owner"])
    if owner in (None, "root", "0", 0):
        return None, ""
    return str(owner), one.place + ".owner"


def _warn(module: AnsibleModule, warnings: List[str]) -> None:
    for warning in warnings[:_MOST_WARNINGS]:
        module.warn(warning)
    if len(warnings) > _MOST_WARNINGS:
        module.warn(f"and {len(warnings) - _MOST_WARNINGS} more warnings of this kind")
