# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory of vassals on the managed host: what the module ``uwsgi_vassals`` does."""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack
from typing import Any, Dict, Iterator, List, Optional

from ansible.module_utils.basic import AnsibleModule

from .. import _bulk_argument, _module
from .._arguments import values
from .._arguments.vassal import ADDRESS_SUFFIX, SUFFIX, Defaults, Vassal, vassals
from .._dialect import parse_release
from .._errors import ArgumentError
from .._files import plan as _plan
from .._files.attributes import Attributes, attributes, primary_group
from .._files.directory import Tree
from .._host.access import Readers
from .._host.uwsgi import Candidate
from .._ini import writer

HEADER = "Managed by Ansible, emperor.uwsgi.uwsgi_vassals"
MARKER = f"; {HEADER}\n".encode("ascii")
SECTION = "uwsgi"
_ATTRIBUTES = ("owner", "group", "mode")
# Beyond these, a count: a thousand vassals may have a thousand times the same flaw.
_MOST_WARNINGS = 20


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Bring the directory to what the module's arguments describe.

    Returns:
        the module's result.

    Raises:
        ArgumentError: with every file as it was.
    """
    params = module.params
    # What is made for thousands of vassals lives until the end: to look for garbage among it takes a tenth of the run.
    gc.disable()
    uwsgi = _module.host_uwsgi(module)
    told = uwsgi.version(params["uwsgi_version"])
    defaults = Defaults(
        params["default_options"] or {},
        params["default_client_params"] or {},
        params["resolve_server"],
        params["suspend_dir"],
        params["owner"],
        params["tyrant"],
    )
    given = _bulk_argument.unpack(params["vassals"])
    if params["default_signing"]:
        # Only where it's used: to load it takes as long as to sign a hundred vassals.
        from .._arguments.default_signing import signed_vassals  # noqa: PLC0415

        given = signed_vassals(given, path="default_signing", **params["default_signing"])
    version = told()
    found = vassals(given, parse_release("uwsgi_version", version), _module.resolve, defaults)
    common = attributes("", params["owner"], params["group"], params["mode"], module.check_mode)
    wanted = [_wanted(module, one, common) for one in found]
    with ExitStack() as stack:
        tree = stack.enter_context(_module.tree(module, params["tyrant"]))
        suspend_dirs = [stack.enter_context(one) for one in _suspend_dirs(module, found)]
        addresses = _addresses(module, tree, found)
        unwanted = set()
        if params["purge"]:
            unwanted = tree.marked(MARKER, SUFFIX, {item.name for item in wanted})
        if addresses:
            # Before the vassals: an Emperor reads an address when it sees its vassal.
            wanted = addresses.wanted + wanted
            unwanted |= addresses.unwanted
        plan = tree.compare(wanted, sorted(unwanted))
        warnings = _key_warnings(module, found)
        rewritten = {change.name for change in plan.created + plan.updated if change.before != change.after}
        if rewritten and _module.wants_validation(module, uwsgi):
            warnings += uwsgi.check(
                [
                    Candidate(os.path.join(params["path"], one.name + SUFFIX), one.place, SECTION, one.lines)
                    for one in found
                    if one.name + SUFFIX in rewritten
                ]
            )
        tree.apply(plan)
        renewed = addresses.renew(module.check_mode) if addresses else []
    _warn(module, [warning for one in found for warning in one.warnings] + warnings)
    result: Dict[str, Any] = {
        "changed": plan.changed or bool(renewed) or any(one.created or one.amended for one in [tree, *suspend_dirs]),
        "path": params["path"],
        "uwsgi_version": version,
        **_names(plan, addresses),
        "on_demand": [one.name for one in found if one.on_demand],
        "renewed": renewed,
        # The arguments of thousands of vassals would travel back to be thrown away there.
        "invocation": {"module_args": dict(params, vassals=f"{len(found)} of them")},
    }
    if module._diff:
        result["diff"] = _plan.differences(params["path"], plan, lambda content: content.decode("utf-8", "replace"))
    # Nor look for it when the process ends, which takes as long as to compare all the files.
    gc.freeze()
    return result


def _suspend_dirs(module: AnsibleModule, found: List[Vassal]) -> Iterator[Tree]:
    """The folder of suspend files, made for the vassals' user, whose health gate writes there; one that is there stays.

    With a tyrant it's root's, and each tenant has one in it.
    """
    params = module.params
    if params["suspend_dir"] is None:
        return
    path = values.directory("suspend_dir", params["suspend_dir"])
    create = attributes("suspend_dir", params["user"], params["group"], "0755", module.check_mode)
    yield Tree(path, "suspend_dir", module.check_mode, _module.shared(0o711) if params["tyrant"] else create, params["tyrant"])
    for owner in sorted({one.owner for one in found if one.owner and one.subscriptions}):
        create = attributes("suspend_dir", owner, primary_group(owner), "0700", module.check_mode)
        yield Tree(os.path.join(path, owner), "suspend_dir", module.check_mode, create)


def _addresses(module: AnsibleModule, tree: Tree, found: List[Vassal]) -> Any:
    """The addresses of on-demand vassals, None where there are none and were none."""
    there = [name for name in tree.names() if name.endswith(SUFFIX + ADDRESS_SUFFIX)]
    if not there and not any(one.on_demand for one in found):
        return None
    from .._host import on_demand  # noqa: PLC0415 - few hosts have them

    return on_demand.Addresses(module.params, found, tree, there, MARKER)


def _names(plan: _plan.Plan, addresses: Any) -> Dict[str, List[str]]:
    """The vassals by what becomes of them."""
    if addresses:
        return dict(addresses.names(plan)._asdict())
    found = {name: [one.name[: -len(SUFFIX)] for one in getattr(plan, name)] for name in ("created", "updated", "removed")}
    return {**found, "unchanged": [name[: -len(SUFFIX)] for name in plan.unchanged]}


def _wanted(module: AnsibleModule, one: Vassal, common: Attributes) -> _plan.Wanted:
    found = common
    if one.owner or any(name in one.arguments for name in _ATTRIBUTES):
        given = [one.arguments.get(name, module.params[name]) for name in _ATTRIBUTES]
        if one.owner and given[1] is None:
            given[1] = primary_group(one.owner)
        found = attributes(one.place, *given, check_mode=module.check_mode)
        if one.owner and 0 in (found.uid, found.gid):
            raise ArgumentError(
                one.place + (".owner" if found.uid == 0 else ".group"),
                f"is root's, as which a tyrant Emperor runs no vassal; give {one.name!r} another",
            )
    text = writer.render(SECTION, one.lines, HEADER)
    return _plan.Wanted(one.name + SUFFIX, text.encode("utf-8"), one.place, *found)


def _key_warnings(module: AnsibleModule, found: List[Vassal]) -> List[str]:
    """Warn of signing keys that the vassals' users can't read."""
    readers = Readers(module.check_mode)
    warnings = []
    for one in found:
        user, named_by = _user(module.params, one)
        for at, entry in enumerate(one.subscriptions):
            if entry.signing:
                flaw = readers.flaw(entry.signing.file, user, named_by)
                if flaw:
                    warnings.append(f"{one.place}.subscriptions[{at}].signing: {flaw}")
    return warnings


def _user(params: Dict[str, Any], one: Vassal) -> Any:
    """The user that a vassal runs as, as far as it is known, and the argument that says so."""
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
