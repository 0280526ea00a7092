# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One fragment on the managed host: what the module ``uwsgi_subscription`` does."""

from __future__ import annotations

import os
import stat
from typing import Any, Dict, List, Optional

from ansible.module_utils.basic import AnsibleModule

from .. import _module
from .._arguments import subscription
from .._dialect import parse_release
from .._errors import ArgumentError
from .._files import directory
from .._files import plan as _plan
from .._files.attributes import attributes
from .._host.access import Readers, uid_option
from .._host.uwsgi import Candidate
from .._ini import writer

HEADER = "Managed by Ansible, emperor.uwsgi.uwsgi_subscription"


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Write or remove the fragment that the module's arguments describe.

    Returns:
        the module's result.

    Raises:
        ArgumentError: before anything is changed, or with everything as it was.
    """
    params = module.params
    folder, name = os.path.split(os.path.abspath(params["path"]))
    if not name or params["path"].endswith("/"):
        raise ArgumentError("path", f"{params['path']!r} names no file")
    result: Dict[str, Any] = {"path": params["path"], "fragment": "", "options": [], "touched": []}
    uwsgi = _module.host_uwsgi(module)
    result["uwsgi_version"] = uwsgi.version(params["uwsgi_version"])()
    lines = _lines(module, result["uwsgi_version"]) if params["state"] == "present" else None
    touch = _vassals(params["vassals"] or [], module.check_mode)
    wanted, unwanted = [], [name]
    if lines is not None:
        result["options"] = [{"name": line.name, "value": line.value} for line in lines]
        result["fragment"] = writer.render(params["section"], lines, HEADER)
        wanted, unwanted = [_wanted(module, name, result["fragment"])], []
    elif not os.path.isdir(folder):
        return dict(result, changed=False)
    with directory.Tree(folder, check_mode=module.check_mode) as tree:
        plan = tree.compare(wanted, unwanted)
        rewritten = [change for change in plan.created + plan.updated + plan.removed if change.before != change.after]
        if rewritten and lines is not None and _module.wants_validation(module, uwsgi):
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


def _lines(module: AnsibleModule, version: str) -> List[writer.Line]:
    """The fragment's options, with the warnings that go with them."""
    params = module.params
    if not writer.is_section_name(params["section"]):
        raise ArgumentError(
            "section", f"{params['section']!r} is no section's name; give letters, digits, '-', '_' and '.'"
        )
    found = subscription.fragment(params, parse_release("uwsgi_version", version), _module.resolve)
    for warning in found.warnings:
        module.warn(warning)
    user, named_by = _user(params)
    readers = Readers(module.check_mode)
    for at, entry in enumerate(found.subscriptions):
        if entry.signing:
            flaw = readers.flaw(entry.signing.file, user, named_by)
            if flaw:
                module.warn(f"subscriptions[{at}].signing: {flaw}")
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
            return user, f"vassals[{at}]"
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
        return f"0{module._symbolic_mode_to_octal(status, mode):03o}"
    except ValueError as exc:
        raise ArgumentError("mode", f"{mode!r} is no mode: {exc}") from exc


def _vassals(paths: List[str], check_mode: bool) -> List[str]:
    """The vassals, if all of them can be touched."""
    for at, path in enumerate(paths):
        place = f"vassals[{at}]"
        try:
            status = os.stat(path)
        except OSError as exc:
            if check_mode:
                # An earlier task would have made it.
                continue
            raise ArgumentError(place, f"{path}: {exc.strerror}; create the vassal first") from exc
        if not stat.S_ISREG(status.st_mode):
            raise ArgumentError(place, f"{path} is not a regular file")
        if os.geteuid() not in (0, status.st_uid):
            raise ArgumentError(place, f"{path} belongs to another user, so it can't be touched; use become")
    return list(dict.fromkeys(paths))


def _touch(paths: List[str]) -> None:
    for at, path in enumerate(paths):
        try:
            directory.touch(path)
        except OSError as exc:
            raise ArgumentError(f"vassals[{at}]", f"{path}: {exc.strerror}; nothing was changed") from exc
