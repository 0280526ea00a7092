# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One fragment on the managed host: what the module C(uwsgi_subscription) does."""

from __future__ import annotations

import os
import stat
from typing import Any, Dict, List, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emperor.uwsgi.plugins.module_utils import _edge, _ini, _plan, _subscription, _tree
from ansible_collections.emperor.uwsgi.plugins.module_utils._access import Readers, uid_option
from ansible_collections.emperor.uwsgi.plugins.module_utils._attributes import attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import parse_release
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._uwsgi import Candidate

HEADER = "Managed by Ansible, emperor.uwsgi.uwsgi_subscription"


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Write or remove the fragment that the module's arguments describe.

    :returns: the module's result.
    :raises ArgumentError: before anything is changed, or with everything as it was.
    """
    params = module.params
    folder, name = os.path.split(os.path.abspath(params["path"]))
    if not name or params["path"].endswith("/"):
        raise ArgumentError("path", "{0!r} names no file".format(params["path"]))
    result: Dict[str, Any] = {"path": params["path"], "fragment": "", "options": [], "touched": []}
    uwsgi = _edge.host_uwsgi(module)
    result["uwsgi_version"] = uwsgi.version(params["uwsgi_version"])()
    lines = _lines(module, result["uwsgi_version"]) if params["state"] == "present" else None
    touch = _vassals(params["vassals"] or [], module.check_mode)
    wanted, unwanted = [], [name]
    if lines is not None:
        result["options"] = [{"name": line.name, "value": line.value} for line in lines]
        result["fragment"] = _ini.render(params["section"], lines, HEADER)
        wanted, unwanted = [_wanted(module, name, result["fragment"])], []
    elif not os.path.isdir(folder):
        return dict(result, changed=False)
    with _tree.Tree(folder, check_mode=module.check_mode) as tree:
        plan = tree.compare(wanted, unwanted)
        rewritten = [change for change in plan.created + plan.updated + plan.removed if change.before != change.after]
        if rewritten and lines is not None and _edge.wants_validation(module, uwsgi):
            for warning in uwsgi.check([Candidate(os.path.join(folder, name), "path", params["section"], lines)]):
                module.warn(warning)
        if params["backup"] and rewritten and rewritten[0].before is not None and not module.check_mode:
            result["backup_file"] = module.backup_local(params["path"])
        if rewritten:
            result["touched"] = touch
        tree.apply(plan, lambda: _touch(result["touched"]))
    result["changed"] = plan.changed
    result["diff"] = _plan.differences(folder, plan, lambda content: content.decode("utf-8", "replace"))
    if lines is not None and os.path.exists(params["path"]):
        # What is left of the common file arguments: SELinux's context and the file system's attributes.
        file_args = dict(module.load_file_common_arguments(params), owner=None, group=None, mode=None)
        result["changed"] = module.set_fs_attributes_if_different(file_args, result["changed"])
    return result


def _lines(module: AnsibleModule, version: str) -> List[_ini.Line]:
    """The fragment's options, with the warnings that go with them."""
    params = module.params
    if not _ini.is_section_name(params["section"]):
        raise ArgumentError(
            "section", "{0!r} is no section's name; give letters, digits, '-', '_' and '.'".format(params["section"])
        )
    found = _subscription.fragment(params, parse_release("uwsgi_version", version), _edge.resolve)
    for warning in found.warnings:
        module.warn(warning)
    user, named_by = _user(params)
    readers = Readers(module.check_mode)
    for at, entry in enumerate(found.subscriptions):
        if entry.signing:
            flaw = readers.flaw(entry.signing.file, user, named_by)
            if flaw:
                module.warn("subscriptions[{0}].signing: {1}".format(at, flaw))
    return found.lines


def _user(params: Dict[str, Any]) -> Any:
    """The user that the vassals run as, and the argument that says so; None where nothing does."""
    if params["user"]:
        return params["user"], "user"
    for at, vassal in enumerate(params["vassals"] or []):
        try:
            with open(vassal, encoding="utf-8", errors="replace") as stream:
                user = uid_option(stream.read())
        except OSError:
            continue
        if user:
            return user, "vassals[{0}]".format(at)
    return None, "user"


def _wanted(module: AnsibleModule, name: str, text: str) -> _plan.Wanted:
    params = module.params
    mode = params["mode"]
    if mode is not None and not str(mode).isdigit():
        mode = _symbolic(module, params["path"], mode)
    found = attributes("", params["owner"], params["group"], mode, module.check_mode)
    return _plan.Wanted(name, text.encode("utf-8"), "path", *found)


def _symbolic(module: AnsibleModule, path: str, mode: str) -> Optional[str]:
    """A symbolic mode in octal; it starts from the file's own mode, or from that of a new file."""
    try:
        status = os.lstat(path)
    except OSError:
        status = os.stat_result((stat.S_IFREG | 0o644,) + (0,) * 9)
    try:
        return "0{0:03o}".format(module._symbolic_mode_to_octal(status, mode))
    except ValueError as exc:
        raise ArgumentError("mode", "{0!r} is no mode: {1}".format(mode, exc)) from exc


def _vassals(paths: List[str], check_mode: bool) -> List[str]:
    """The vassals, if all of them can be touched."""
    for at, path in enumerate(paths):
        place = "vassals[{0}]".format(at)
        try:
            status = os.stat(path)
        except OSError as exc:
            if check_mode:
                # An earlier task would have made it.
                continue
            raise ArgumentError(place, "{0}: {1}; create the vassal first".format(path, exc.strerror)) from exc
        if not stat.S_ISREG(status.st_mode):
            raise ArgumentError(place, "{0} is not a regular file".format(path))
        if os.geteuid() not in (0, status.st_uid):
            raise ArgumentError(place, "{0} belongs to another user, so it can't be touched; use become".format(path))
    return list(dict.fromkeys(paths))


def _touch(paths: List[str]) -> None:
    for at, path in enumerate(paths):
        try:
            _tree.touch(path)
        except OSError as exc:
            raise ArgumentError("vassals[{0}]".format(at), "{0}: {1}; nothing was changed".format(path, exc.strerror)) from exc
