# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes one fragment on the managed host, for the module ``uwsgi_subscription``."""

from __future__ import annotations

import os
import stat
from functools import partial
from typing import Any, Dict, List, NamedTuple, Optional

from ansible.module_utils.basic import AnsibleModule

from .. import _module
from .._arguments.subscription import fragment
from .._dialect import parse_release
from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.attributes import attributes, is_number
from .._files.chain import Chain
from .._files.child import where_it_belongs
from .._files.directory import Directory
from .._files.plan import Plan, Wanted, differences
from .._host.access import Readers, uid_option
from .._host.uwsgi import Uwsgi
from .._ini import writer

HEADER = "Managed by Ansible, emperor.uwsgi.uwsgi_subscription"


class Wish(NamedTuple):
    """What the module's arguments request.

    Attributes:
        version: of the uWSGI that will read the fragment.
        lines: the fragment's options; None if it must be absent.
        text: the fragment's text.
        touched: the vassals to touch when the fragment changes.
    """

    uwsgi: Uwsgi
    version: str
    lines: Optional[List[writer.Line]]
    text: str
    touched: List[str]


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Write or remove the fragment that the module's arguments describe.

    Returns:
        the module's result.

    Raises:
        ArgumentError: before any change, or with everything restored.
        HostError: the same.
    """
    params = module.params
    folder, name = os.path.split(os.path.abspath(params["path"]))
    if not name or params["path"].endswith("/"):
        raise ArgumentError("path", f"{params['path']!r} names no file")
    wish = _wish(module)
    result: Dict[str, Any] = {
        "path": params["path"],
        "fragment": wish.text,
        "options": [{"name": line.name, "value": line.value} for line in wish.lines or []],
        "touched": [],
        "uwsgi_version": wish.version,
    }
    wanted = [] if wish.lines is None else [_wanted(module, name, wish.text)]
    if not wanted and not opened.exists(folder):
        return dict(result, changed=False)
    with Directory(folder, check_mode=module.check_mode) as directory:
        plan = directory.compare(wanted, [] if wanted else [name])
        if _is_rewritten(plan):
            _validate(module, wish, os.path.join(folder, name))
            result.update(_backup(module, plan), touched=wish.touched)
        directory.apply(plan, lambda: _touch(result["touched"]))
    result["changed"] = plan.changed
    result["diff"] = differences(folder, plan, lambda content: content.decode("utf-8", "replace"))
    if wanted and opened.exists(params["path"]):
        # The remaining common file arguments: SELinux context and file system attributes.
        file_args = dict(module.load_file_common_arguments(params), owner=None, group=None, mode=None)
        result["changed"] = module.set_fs_attributes_if_different(file_args, result["changed"])
    return result


def _wish(module: AnsibleModule) -> Wish:
    """Check the arguments."""
    params = module.params
    uwsgi = _module.host_uwsgi(module)
    is_read = params["state"] == "present" and params["validate"] is not False
    version = uwsgi.version(params["uwsgi_version"], is_read)()
    lines = _lines(module, version) if params["state"] == "present" else None
    text = "" if lines is None else writer.render(params["section"], lines, HEADER)
    return Wish(uwsgi, version, lines, text, _vassals(params["vassals"] or [], module.check_mode))


def load() -> None:
    """Import what a run would otherwise import on demand."""
    from .._arguments import groups, newer  # noqa: PLC0415, F401
    from .._host import dry_run  # noqa: PLC0415, F401


def _is_rewritten(plan: Plan) -> bool:
    return any(change.before != change.after for change in plan.created + plan.updated + plan.removed)


def _validate(module: AnsibleModule, wish: Wish, path: str) -> None:
    """Check the new text in the dry run."""
    if wish.lines is None or not _module.wants_validation(module, wish.uwsgi):
        return
    # Imported only for a changed file, because it is slow.
    from .._host.dry_run import Candidate, DryRun  # noqa: PLC0415

    name, named_by = _user(module.params)
    user = _module.runner(name, named_by, module.check_mode)
    report = DryRun(wish.uwsgi, module.check_mode).check(
        [Candidate(path, "path", module.params["section"], wish.lines, user)]
    )
    for warning in report.warnings:
        module.warn(warning)
    for candidate, words in report.refused:
        raise ArgumentError("path", f"uWSGI refuses {candidate.path}: {words}")


def _backup(module: AnsibleModule, plan: Plan) -> Dict[str, Any]:
    """Keep a copy of the old file if wanted, and return its path."""
    there = any(change.before is not None for change in plan.updated + plan.removed)
    if not module.params["backup"] or not there or module.check_mode:
        return {}
    return {"backup_file": module.backup_local(module.params["path"])}


def _lines(module: AnsibleModule, version: str) -> List[writer.Line]:
    """The fragment's options, with their warnings."""
    params = module.params
    if not writer.is_section_name(params["section"]):
        raise ArgumentError(
            "section", f"{params['section']!r} is not a section name; use letters, digits, '-', '_' and '.'"
        )
    found = fragment(params, parse_release("uwsgi_version", version), _module.resolve)
    for warning in found.warnings:
        module.warn(warning)
    user, named_by = _user(params)
    with Readers(module.check_mode) as readers:
        for at, entry in enumerate(found.subscriptions):
            flaw = readers.flaw(entry.signing.file, user, named_by) if entry.signing else None
            if flaw:
                module.warn(f"subscriptions[{at}].signing: {flaw}")
    return found.lines


def _user(params: Dict[str, Any]) -> Any:
    """The user that the vassals run as, and the argument that says so; None if none does."""
    if params["user"]:
        return params["user"], "user"
    for at, vassal in enumerate(params["vassals"] or []):
        try:
            user = uid_option(Chain().read(vassal).decode("utf-8", "replace"))
        except (HostError, OSError):
            continue
        if user:
            return user, f"vassals[{at}]"
    return None, "user"


def _wanted(module: AnsibleModule, name: str, text: str) -> Wanted:
    params = module.params
    mode = params["mode"]
    if isinstance(mode, str) and not is_number(mode):
        mode = _symbolic(module, params["path"], mode)
    found = attributes("", params["owner"], params["group"], mode, module.check_mode)
    return Wanted(name, text.encode("utf-8"), "path", *found)


def _symbolic(module: AnsibleModule, path: str, mode: str) -> Optional[str]:
    """A symbolic mode as octal, relative to the file's mode or to that of a new file."""
    try:
        status = opened.status(path)
    except OSError:
        status = os.stat_result((stat.S_IFREG | 0o644,) + (0,) * 9)
    try:
        return f"0{module._symbolic_mode_to_octal(status, mode):03o}"
    except ValueError as exc:
        raise ArgumentError("mode", f"{mode!r} is not a mode: {exc}") from exc


def _vassals(paths: List[str], check_mode: bool) -> List[str]:
    """The vassals, after checking that all of them can be touched."""
    for at, path in enumerate(paths):
        place = f"vassals[{at}]"
        try:
            status = opened.status(path)
        except OSError as exc:
            if check_mode:
                # An earlier task would have created it.
                continue
            raise ArgumentError(place, f"{path}: {exc.strerror}; create the vassal first") from exc
        if not stat.S_ISREG(status.st_mode):
            raise ArgumentError(place, f"{path} is not a regular file")
        if os.geteuid() not in (0, status.st_uid):
            raise ArgumentError(place, f"{path} belongs to another user, so it can't be touched; use become")
    return list(dict.fromkeys(paths))


def _touch(paths: List[str]) -> None:
    for path in paths:
        try:
            where_it_belongs(partial(opened.touch, path))
        except OSError as exc:
            raise HostError(path, f"{exc.strerror}; nothing was changed") from exc
