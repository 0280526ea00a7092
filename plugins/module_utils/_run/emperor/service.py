# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part ``service``: the Emperor's own options, its systemd files, and the folders of a daemon."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule

from ... import _module
from ..._arguments import spec
from ..._arguments.on_demand import emperor_options
from ..._deployment.settings import Settings
from ..._dialect import parse_release
from ..._errors import ArgumentError
from ..._files import folders, opened
from ..._files.attributes import attributes
from ..._files.child import where_it_belongs
from ..._files.directory import Directory
from ..._files.plan import Wanted, differences
from ..._host import emperor_stats, process
from ..._pool.stats import ANSWER, StatsError
from .. import uwsgi_vassals
from .part import part, text_file

_TEXTS = ("unit", "wrapper")
_INI = "emperor.ini"
_FOLDER = ("path", "owner", "group", "mode")
# Seconds by which times of files and processes may differ.
_SLACK = 1


def written(module: AnsibleModule, settings: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """Write them. Also report whether a daemon of release 1.0.0, which had its pid file beside the sockets, may exist.

    An interrupted run may have written them without restarting the Emperor, which is then ``stale``.
    """
    given = dict(desired["service"])
    former = given.pop("former_pidfile", "")
    unit = given.get("unit")
    made: List[str] = []
    try:
        wanted = given.pop("folders", [])
        amended = [_folder(f"desired.service.folders[{at}]", one, module, made) for at, one in enumerate(wanted)]
        found = _texts_written(module, given)
    except BaseException:
        folders.unmake(made)
        raise
    found["former"] = bool(former) and opened.exists(former)
    found["stale"] = _is_stale(settings, [os.path.join(given["path"], _INI), *([unit["path"]] if unit else [])])
    return {**found, "changed": found["changed"] or any(amended)}


def _texts_written(module: AnsibleModule, given: Dict[str, Any]) -> Dict[str, Any]:
    texts = {name: text_file(f"desired.service.{name}", given.pop(name)) for name in _TEXTS if given.get(name)}
    on_demand = given.pop("on_demand", False)
    service = part(module, "desired.service", spec.vassals(), given)
    if on_demand:
        # Only the host knows which release runs here.
        release = parse_release("desired.service.uwsgi_binary", _version(service))
        for one in service.params["vassals"]:
            one["options"] = emperor_options(one["options"], release, on_demand)
    found = _module.done(service, uwsgi_vassals.run, uwsgi_vassals.load)
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


def _is_stale(settings: Settings, paths: List[str]) -> bool:
    """Whether the Emperor was started before its files were last changed."""
    try:
        pid = emperor_stats.ask(settings.emperor_stats, ANSWER, settings.get).pid
    except StatsError:
        return False
    # The stats are written by the Emperor's user, who may name any process.
    start = process.started(pid) if process.names(pid, paths[0]) else None
    # If the clock went back, nothing is known.
    return start is not None and any(start + _SLACK < changed <= time.time() for changed in map(_changed, paths))


def _changed(path: str) -> float:
    """When a file was changed; 0 if it doesn't exist, as in check mode."""
    try:
        return opened.status(path).st_mtime
    except OSError:
        return 0


def _folder(place: str, given: Any, module: AnsibleModule, made: List[str]) -> bool:
    """Create a folder, or set the owner and mode of an existing one; returns whether that was necessary.

    Args:
        made: created folders are added to it.
    """
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in _FOLDER):
        raise ArgumentError(place, f"must be a mapping with {', '.join(_FOLDER)}")
    path, owner, group = given["path"], given["owner"] or None, given["group"] or None
    wanted = attributes(place, owner, group, given["mode"], module.check_mode)

    def work() -> Tuple[bool, List[str]]:
        try:
            return folders.amend(path, wanted, module.check_mode), []
        except FileNotFoundError:
            return True, [] if module.check_mode else folders.make(path, wanted)

    try:
        differed, own = where_it_belongs(work)
        made += own
        return differed
    except OSError as exc:
        raise ArgumentError(f"{place}.path", f"{path} can't be used as a directory: {exc.strerror}") from exc


def _version(asked: AnsibleModule) -> str:
    """The release of the uWSGI that will read the files of a part."""
    return _module.host_uwsgi(asked).version(asked.params["uwsgi_version"])()
