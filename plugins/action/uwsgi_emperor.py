# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller does for the module ``uwsgi_emperor``: it asks again and again until all serves."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from typing import Any

from ansible import constants as C
from ansible.utils.display import Display
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import mask
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._bulk_action import BulkAction

_WAIT_TIMEOUT = 60


class ActionModule(BulkAction):
    """As Ansible's own action for modules, but that hosts take turns, and that it asks again while vassals are awaited."""

    BULK = "desired"

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Run the module: with a turn where it needs one, until nothing is pending or the time is over."""
        if self._task.args.get("state") == "written":
            return self._written(tmp, task_vars)
        deadline = time.monotonic() + _seconds(self._task.args.get("wait_timeout", _WAIT_TIMEOUT))
        said: dict[str, str] = {}
        while True:
            found = super().run(tmp, task_vars)
            pending = found.get("pending")
            if not isinstance(pending, Mapping) or not pending or found.get("failed") or self._task.args.get("last"):
                return found
            for name, why in pending.items():
                if said.get(name) != why:
                    self._say(f"{(task_vars or {}).get('inventory_hostname', '')}: waiting for {name}: {why}")
            said = dict(pending)
            # The last one fails where something is still pending.
            self._task.args["last"] = time.monotonic() >= deadline

    def _written(self, tmp: Any, task_vars: Any) -> dict[str, Any]:
        self._task.args["turn"] = False
        found = super().run(tmp, task_vars)
        if not found.get("turn_needed"):
            return found
        # All processes of this run have the folder.
        with open(os.path.join(C.DEFAULT_LOCAL_TMP, "emperor-uwsgi-turn"), "w", encoding="ascii") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self._task.args["turn"] = True
            again = super().run(tmp, task_vars)
        return {**again, "changed": bool(found.get("changed") or again.get("changed"))}

    @staticmethod
    def _say(words: str) -> None:
        Display().display(seen(mask(words)))


def _seconds(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        # It's for the module to refuse.
        return 0
