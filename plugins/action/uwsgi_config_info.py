# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module ``uwsgi_config_info``: it finds what the files include, and has that read as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import mask
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import instance
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._discreet_action import DiscreetAction

# The maximum depth of includes.
_MOST_ROUNDS = 16
_MOST_OTHERS = 256


class ActionModule(DiscreetAction):
    """Like Ansible's own action for modules, but asks again for included files."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Run the module until no more includes are found."""
        found: dict[str, Any] = super().run(tmp, task_vars)
        done: set[str] = set()
        for dummy in range(_MOST_ROUNDS):
            try:
                more = _more(found, done)
            except ArgumentError as error:
                return {"failed": True, "msg": mask(str(error))}
            if not more:
                break
            given = self._task.args.get("included")
            before = given if isinstance(given, Mapping) else {}
            self._task.args["included"] = {**before, **{path: [*before.get(path, []), *names] for path, names in more.items()}}
            found = super().run(tmp, task_vars)
        return found


def _more(found: Mapping[str, Any], done: set[str]) -> dict[str, list[str]]:
    """Included paths that were not read yet, by the files that include them.

    Args:
        done: the paths of files that include nothing more, which are skipped; those that are found are added.
    """
    files = found.get("files")
    if found.get("failed") or not isinstance(files, list):
        return {}
    paths = {str(one["path"]): one for one in files if isinstance(one, Mapping) and "path" in one}
    every = {path: _wanted(one) for path, one in paths.items() if path not in done}
    done.update(path for path, names in every.items() if not names)
    return {path: names for path, names in every.items() if names}


def _wanted(one: Mapping[str, Any]) -> list[str]:
    read = len(one.get("others", ())) + len(one.get("missing", ()))
    return instance.wanted(one)[: max(0, _MOST_OTHERS - read)]
