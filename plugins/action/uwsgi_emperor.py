# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller does for the module ``uwsgi_emperor``: it sends the desired state as one value, and asks until all serves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.utils.display import Display
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import mask
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._bulk_action import BulkAction

_WAIT_TIMEOUT = 60


class ActionModule(BulkAction):
    """As Ansible's own action for modules, but it calls the module again while vassals are awaited, and says which."""

    BULK = "desired"

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Run the module, until nothing is pending or the time is over."""
        deadline = time.monotonic() + _seconds(self._task.args.get("wait_timeout", _WAIT_TIMEOUT))
        host = (task_vars or {}).get("inventory_hostname", "")
        said: dict[str, str] = {}
        while True:
            found = super().run(tmp, task_vars)
            pending = found.get("pending")
            if not pending or found.get("failed") or self._task.args.get("last"):
                return found
            if isinstance(pending, Mapping):
                for name, why in pending.items():
                    if said.get(name) != why:
                        Display().display(seen(mask(f"{host}: waiting for {name}: {why}")))
                said = dict(pending)
            # The last one fails where something is still pending.
            self._task.args["last"] = time.monotonic() >= deadline


def _seconds(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        # It's for the module to refuse.
        return 0
