# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on hosts to the files of an inventory. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.values import MAX_PATH
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

from . import document, host, router
from .document import Note, Rows
from .instance import VASSAL, Instance
from .shared import shared
from .variables import Variable, rows

FILE = "adopted.yml"
# It names a folder.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@ -]{0,254}\Z")
_HEAD = "Made by the playbook emperor.uwsgi.adopt from the files on {}. It is yours: review it, and change it as you like."
_COMMENTS = "What could not be converted stands in comments at its place."
_ROLE = (
    "The role also gives each vassal the options strict, master, need-app, vacuum, die-on-term, single-interpreter, "
    "enable-threads, close-on-exec, auto-procname, harakiri, worker-reload-mercy and buffer-size; null leaves one out."
)
_TEMPLATES = "Text with the tag !unsafe is not evaluated."
_ROUTER = "Routers. The host belongs in the group fastrouters."
_ALONE = "These routers are instances of their own. The role runs a fastrouter beside them."


class Adopted(NamedTuple):
    """The files of an inventory.

    Attributes:
        files: texts by their paths in the inventory's folder.
        hosts: the path of each host's file.
        summary: lines for people.
    """

    files: dict[str, str]
    hosts: dict[str, str]
    summary: list[str]


def adopted(given: Mapping[str, Any], group: str) -> Adopted:
    """The files of an inventory.

    Args:
        given: hosts to files, as the module ``uwsgi_config_info`` returns them.
        group: whose variables what vassals share becomes.
    """
    for place, name in [("group", group), *(("files", name) for name in given)]:
        if not isinstance(name, str) or not _NAME.match(name):
            raise ArgumentError(place, "has a name that can't be a folder's; use letters, digits, '-', '_' and '.'")
    found = [host.of_files(name, _sequence(name, files)) for name, files in given.items()]
    common = shared([one for one in found if one.vassals or one.routers or one.further or one.variables])
    files: dict[str, str] = {}
    hosts: dict[str, str] = {}
    if common.variables:
        path = f"group_vars/{group}/{FILE}"
        files[path] = document.text([_HEAD.format(f"hosts of the group {group}")], rows(common.variables))
    for one in common.hosts:
        path = f"host_vars/{one.name}/{FILE}"
        files[path] = _text(one)
        hosts[one.name] = path
    return Adopted(files, hosts, _summary(found, hosts, files))


def _sequence(name: str, files: Any) -> list[Any]:
    if not isinstance(files, (list, tuple)) or not all(isinstance(one, Mapping) for one in files):
        raise ArgumentError(f"files[{name}]", "must be the files that uwsgi_config_info returned")
    # All that is said of a file, and many times, has its path.
    if any(len(str(one.get("path", ""))) > MAX_PATH for one in files):
        raise ArgumentError(f"files[{name}]", f"has a path that is longer than the {MAX_PATH} bytes of a path")
    return list(files)


def _text(one: host.Host) -> str:
    head = [_HEAD.format(one.name), _COMMENTS, *([_ROLE] if one.adopted else [])]
    found = list(one.variables)
    if one.vassals:
        items = [host.entry(vassal, one.owned) if vassal.kind == VASSAL else _why_not(vassal) for vassal in one.vassals]
        found.append(Variable("emperor_vassals", items))
    if one.routers:
        first, *rest = one.routers
        found += [first._replace(notes=[_ROUTER, *first.notes]), *rest]
    if one.further:
        notes = [] if one.routers else [_ROUTER, _ALONE]
        items = [router.entry(vassal) for vassal in one.further]
        found.append(Variable("fastrouter_vassals", items, notes))
    content: Rows = rows(found)
    body = document.text(head, content)
    return body.replace("\n---\n", f"\n# {_TEMPLATES}\n---\n", 1) if "!unsafe " in body else body


def _why_not(one: Instance) -> Note:
    return Note(f"{one.path}: {one.why}")


def _summary(found: list[host.Host], hosts: Mapping[str, str], files: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for one in found:
        if one.name not in hosts:
            lines.append(f"{one.name}: nothing to adopt")
            continue
        routers = len([row for row in one.routers if row.name == "fastrouter_listen"]) + len(one.further)
        parts = [f"{len(one.adopted)} of {len(one.vassals)} vassals"] if one.vassals else []
        parts += [f"{routers} {'router' if routers == 1 else 'routers'}"] if routers else []
        left = f"{one.left} {'comment' if one.left == 1 else 'comments'} to review"
        lines.append(f"{one.name}: {', '.join(parts) or 'an Emperor'}, {left}, in {hosts[one.name]}")
    lines += [f"group: {path} has what the vassals share" for path in files if path.startswith("group_vars/")]
    return lines
