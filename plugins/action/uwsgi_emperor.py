# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller does for the module ``uwsgi_emperor``: it makes the desired state of the role's variables, lets hosts take
turns, and asks again and again until all serves.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from ansible import constants as C  # noqa: N812 - as everywhere in Ansible
from ansible.utils.display import Display
from ansible_collections.emperor.uwsgi.plugins.module_utils import _bulk_argument
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import mask
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._bulk_action import BulkAction
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import desired, emperor, service, signing, variables
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.variables import Emperor

_WAIT_TIMEOUT = 60
_VASSALS = "emperor_vassals"


class ActionModule(BulkAction):
    """As Ansible's own action for modules, but that the role's variables make the arguments, that hosts take turns, and that it asks
    again while vassals are awaited.
    """

    BULK = "vassals"

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Say what the variables come to, or run the module."""
        args = self._task.args
        try:
            if "desired" not in args:
                given = self._variables(task_vars or {})
                if args.get("state") == "planned":
                    return _planned(given, task_vars or {}, bool(self._task.check_mode))
                self._task.args = self._arguments(given, task_vars or {})
        except ArgumentError as error:
            return {"failed": True, "msg": mask(str(error)), "argument": error.path}
        return self._written(tmp, task_vars) if self._task.args.get("state") == "written" else self._served(tmp, task_vars)

    def _variables(self, task_vars: Mapping[str, Any]) -> Emperor:
        """The role's variables, from whatever form they come in."""
        vassals = _bulk_argument.unpack(self._task.args.get(self.BULK))

        def value(name: str) -> Any:
            return vassals if name == _VASSALS else self._templar.template(task_vars.get(name))

        return variables.read(Emperor, value)

    def _arguments(self, given: Emperor, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the module."""
        args = self._task.args
        state = args["state"]
        if state == "written":
            keys = signing.keys(given, self._loader, bool(self._task.check_mode))
            options = emperor.vassals_options(given).options
            wanted = desired.written(given, emperor.binary(given, _package_manager(task_vars)), options, keys)
        else:
            done = args.get("done")
            wanted = desired.served(given, done if isinstance(done, Mapping) else {})
        own = {name: value for name, value in args.items() if name in ("state", "running")}
        return {**desired.options(given), **own, "desired": _bulk_argument.pack(json.dumps(wanted))}
    def _served(self, tmp: Any, task_vars: Any) -> dict[str, Any]:
        """Ask until nothing is pending or the time is over."""
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


def _package_manager(task_vars: Mapping[str, Any]) -> str:
    facts = task_vars.get("ansible_facts")
    return str(facts.get("pkg_mgr", "apt")) if isinstance(facts, Mapping) else "apt"


def _planned(given: Emperor, task_vars: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """What the variables come to, for the role's other tasks; a failure where something goes wrong in silence otherwise."""
    manager = _package_manager(task_vars)
    binary = emperor.binary(given, manager)
    own = emperor.emperor_options(given, any("on_demand" in one for one in given.vassals))
    of_vassals = emperor.vassals_options(given)
    flaws = [*emperor.flaws(given, own.options), *own.flaws, *of_vassals.flaws]
    if flaws:
        return {"failed": True, "msg": mask("; ".join(flaws))}
    return {
        "changed": False,
        "state": given.state,
        "install": given.install,
        "supervisor": given.supervisor,
        "binary": binary,
        "options": own.options,
        "paths": emperor.paths(given)._asdict(),
        "owners": emperor.owners(given)._asdict(),
        "unit": service.unit(given, binary) if given.supervisor == "systemd" else "",
        "wrapper": service.wrapper(binary),
        "log_by_vassal": given.log_by_vassal,
        "stop_timeout": emperor.stop_timeout(given),
        "check_mode": check_mode,
    }
