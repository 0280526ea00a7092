# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory of vassals on the managed host: what the module C(uwsgi_vassals) does."""

from __future__ import annotations

import gc
import os
from contextlib import nullcontext
from typing import Any, ContextManager, Dict, List, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emperor.uwsgi.plugins.module_utils import _edge, _ini, _packed, _plan, _values
from ansible_collections.emperor.uwsgi.plugins.module_utils._access import Readers
from ansible_collections.emperor.uwsgi.plugins.module_utils._attributes import Attributes, attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import parse_release
from ansible_collections.emperor.uwsgi.plugins.module_utils._tree import Tree
from ansible_collections.emperor.uwsgi.plugins.module_utils._uwsgi import Candidate
from ansible_collections.emperor.uwsgi.plugins.module_utils._vassal import SUFFIX, Defaults, Vassal, vassals

HEADER = "Managed by Ansible, emperor.uwsgi.uwsgi_vassals"
MARKER = "; {0}\n".format(HEADER).encode("ascii")
SECTION = "uwsgi"
_ATTRIBUTES = ("owner", "group", "mode")
# Beyond these, a count: a thousand vassals may have a thousand times the same flaw.
_MOST_WARNINGS = 20


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Bring the directory to what the module's arguments describe.

    :returns: the module's result.
    :raises ArgumentError: with every file as it was.
    """
    params = module.params
    # What is made for thousands of vassals lives until the end: to look for garbage among it takes a tenth of the run.
    gc.disable()
    uwsgi = _edge.host_uwsgi(module)
    version = uwsgi.version(params["uwsgi_version"])
    defaults = Defaults(
        params["default_options"] or {}, params["default_client_params"] or {}, params["resolve_server"], params["suspend_dir"]
    )
    given = _packed.unpack(params["vassals"])
    if params["default_signing"]:
        # Only where it's used: to load it takes as long as to sign a hundred vassals.
        from ansible_collections.emperor.uwsgi.plugins.module_utils._signed import signed_vassals  # noqa: PLC0415

        given = signed_vassals(given, path="default_signing", **params["default_signing"])
    found = vassals(given, parse_release("uwsgi_version", version), _edge.resolve, defaults)
    common = attributes("", params["owner"], params["group"], params["mode"], module.check_mode)
    wanted = [_wanted(module, one, common) for one in found]
    with _edge.tree(module) as tree, _suspend_dir(module) as suspend_dir:
        unwanted = []
        if params["purge"]:
            unwanted = sorted(tree.marked(MARKER, SUFFIX, {item.name for item in wanted}))
        plan = tree.compare(wanted, unwanted)
        warnings = _key_warnings(module, found)
        rewritten = {change.name for change in plan.created + plan.updated if change.before != change.after}
        if rewritten and _edge.wants_validation(module, uwsgi):
            warnings += uwsgi.check(
                [
                    Candidate(os.path.join(params["path"], one.name + SUFFIX), one.place, SECTION, one.lines)
                    for one in found
                    if one.name + SUFFIX in rewritten
                ]
            )
        tree.apply(plan)
    _warn(module, [warning for one in found for warning in one.warnings] + warnings)
    result: Dict[str, Any] = {
        "changed": plan.changed or tree.created or bool(suspend_dir and suspend_dir.created),
        "path": params["path"],
        "uwsgi_version": version,
        "created": _names(plan.created),
        "updated": _names(plan.updated),
        "removed": _names(plan.removed),
        "unchanged": [name[: -len(SUFFIX)] for name in plan.unchanged],
        # The arguments of thousands of vassals would travel back to be thrown away there.
        "invocation": {"module_args": dict(params, vassals="{0} of them".format(len(found)))},
    }
    if module._diff:
        result["diff"] = _plan.differences(params["path"], plan, lambda content: content.decode("utf-8", "replace"))
    # Nor look for it when the process ends, which takes as long as to compare all the files.
    gc.freeze()
    return result


def _suspend_dir(module: AnsibleModule) -> ContextManager[Optional[Tree]]:
    """The folder of suspend files, made for the vassals' user, whose health gate writes there; one that is there stays."""
    params = module.params
    if params["suspend_dir"] is None:
        return nullcontext()
    path = _values.directory("suspend_dir", params["suspend_dir"])
    create = attributes("suspend_dir", params["user"], params["group"], "0755", module.check_mode)
    return Tree(path, "suspend_dir", module.check_mode, create)


def _wanted(module: AnsibleModule, one: Vassal, common: Attributes) -> _plan.Wanted:
    found = common
    if any(name in one.arguments for name in _ATTRIBUTES):
        given = [one.arguments.get(name, module.params[name]) for name in _ATTRIBUTES]
        found = attributes(one.place, *given, check_mode=module.check_mode)
    text = _ini.render(SECTION, one.lines, HEADER)
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
                    warnings.append("{0}.subscriptions[{1}].signing: {2}".format(one.place, at, flaw))
    return warnings


def _user(params: Dict[str, Any], one: Vassal) -> Any:
    """The user that a vassal runs as, as far as it is known, and the argument that says so."""
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
        module.warn("and {0} more warnings of this kind".format(len(warnings) - _MOST_WARNINGS))


def _names(changes: List[_plan.Change]) -> List[str]:
    return [change.name[: -len(SUFFIX)] for change in changes]
