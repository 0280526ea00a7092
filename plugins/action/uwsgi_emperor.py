# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module ``uwsgi_emperor``: it computes the desired state from the role's variables, lets hosts take
turns, and repeats the module until all vassals serve.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ansible import constants as C
from ansible.utils.display import Display
from ansible_collections.emperor.uwsgi.plugins.module_utils import _bulk_argument
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import mask
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._bulk_action import resolve
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._discreet_action import DiscreetAction
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._garbage import uncollected
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import desired, host, other_hosts
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.desired import Call
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.host import Around, Host

_WAIT_TIMEOUT = 60
_PREFLIGHT = "preflight"
_PLANNED, _WRITTEN, _RUNNING = "planned", "written", "running"
# Steps of a rotation that run only on the controller.
_MADE, _PROMOTED = "successors_made", "successors_promoted"
_ABSENT = "absent"
# What the roles' earlier tasks register, if tags don't skip them. It is read here, since an argument with a template costs more.
_PLAN, _RUN, _ROUTERS_WRITTEN = "emperor__host", "emperor__running", "fastrouter__written"
_INSTALLED = {"package": ("emperor__apt", "emperor__package"), "pip": ("emperor__pip",), "none": ()}
_EMPEROR = "emperor_"
# The states of tasks that follow the plan of their role.
_AFTER_PLAN = (_RUNNING, "served")
# The module's arguments that don't come from variables.
_OWN = ("state", "running")


class ActionModule(DiscreetAction):
    """Like Ansible's own action for modules, but computes the arguments from the roles' variables, lets hosts take turns, and
    repeats the module while vassals are awaited.
    """

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return what follows from the variables, or run the module."""
        try:
            if "desired" not in self._task.args:
                found = self._prepared(task_vars or {})
                if found is not None:
                    return found
        except ArgumentError as error:
            return {"failed": True, "msg": mask(str(error)), "argument": error.path}
        return self._written(tmp, task_vars) if self._task.args.get("state") == _WRITTEN else self._served(tmp, task_vars)

    @uncollected()
    def _prepared(self, task_vars: Mapping[str, Any]) -> dict[str, Any] | None:
        """Compute the module's arguments from the roles' variables. Returns a result instead if the module needn't run."""
        args = self._task.args
        parts = host.parts(args.get("parts", [host.VASSALS]))
        here = Host(self._around(task_vars))
        if args.get("state") == _PLANNED:
            # Even without these checks, the values that follow from the variables are needed.
            flaws = [] if _PREFLIGHT in task_vars.get("ansible_skip_tags", ()) else here.flaws(parts)
            return {"failed": True, "msg": mask("; ".join(flaws))} if flaws else {"changed": False, **here.planned(parts)}
        if args.get("state") in (_MADE, _PROMOTED):
            names = here.successors_made() if args["state"] == _MADE else here.successors_promoted()
            return {"changed": bool(names), "keys": names}
        if here.emperor.state == _ABSENT:
            return {"changed": False, "skipped": True, "called": False}
        if args.get("state") == _RUNNING:
            return self._run_parts(here, [one for one in parts if self._chosen(one, task_vars)], task_vars)
        if args.get("state") == _WRITTEN:
            wanted = self._wanted(here, parts)
            # If nothing is signed, there are no keys to manage.
            parts = [one for one in parts if one in wanted]
        else:
            of_vassals = host.VASSALS in parts
            done = args.get("done", task_vars.get(_RUN if of_vassals else _ROUTERS_WRITTEN))
            wanted = here.served(parts, done if isinstance(done, Mapping) else {})
            # With the tag "vassals" alone nothing started the Emperor.
            args = {"running": of_vassals and bool(task_vars.get(_RUN, {}).get("called")), **args}
        if not wanted:
            return {"changed": False}
        self._task.args = _arguments(here, wanted, parts, {name: value for name, value in args.items() if name in _OWN})
        return None

    def _around(self, task_vars: Mapping[str, Any]) -> Around:
        """What is known of the host and the other hosts."""
        hostvars, name = task_vars.get("hostvars", {}), str(task_vars.get("inventory_hostname", ""))
        facts = task_vars.get("ansible_facts")
        return Around(
            name=name,
            value=self._values(task_vars),
            inventory=lambda variable: name not in hostvars or variable in hostvars.raw_get(name),
            of_host=self._values_of_hosts(hostvars),
            announced=lambda hosts: other_hosts.of_hosts(hosts, hostvars, self._templar),
            nodes=lambda hosts: other_hosts.nodes(hosts, hostvars, self._templar),
            play=task_vars.get("ansible_play_hosts_all", []),
            hosts=_hosts(task_vars.get("groups", {})),
            package_manager=str(facts.get("pkg_mgr", "apt")) if isinstance(facts, Mapping) else "apt",
            loader=self._loader,
            check_mode=bool(self._task.check_mode),
        )

    def _values(self, task_vars: Mapping[str, Any]) -> Callable[[str], Any]:
        """Resolves a variable of the host."""
        # Later tasks of the role needn't resolve templates again.
        planned = task_vars.get(_PLAN, {}).get("given", {}) if self._task.args.get("state") in _AFTER_PLAN else {}

        def value(variable: str) -> Any:
            given, field = task_vars.get(variable), variable[len(_EMPEROR) :]
            if variable.startswith(_EMPEROR) and field in planned and isinstance(given, str) and "{{" in given:
                return planned[field]
            return resolve(given, self._templar.template)

        return value

    def _values_of_hosts(self, hostvars: Mapping[str, Any]) -> Callable[[str, str], Any]:
        """Resolves a variable of another host, with that host's other variables."""

        # Ansible rebuilds a host's variables on each access.
        @lru_cache(maxsize=None)
        def seen_from(other: str) -> tuple[dict[str, Any], Any]:
            own = other_hosts.raw(other, hostvars)
            return own, self._templar.copy_with_new_env(available_variables=own)

        def of_host(other: str, variable: str) -> Any:
            own, templar = seen_from(other)
            try:
                return resolve(own.get(variable), templar.template)
            except Exception as exc:
                raise ArgumentError(
                    f"{other}: {variable}", f"can't be resolved here: {exc}; gather the facts of all hosts first"
                ) from exc

        return of_host

    def _chosen(self, part: str, task_vars: Mapping[str, Any]) -> bool:
        """Whether the run's tags choose a part, as if it were a task that has its name as the tag in place of "always"."""
        only, skipped = (list(task_vars.get(name, ())) for name in ("ansible_run_tags", "ansible_skip_tags"))
        alone = self._task.copy()
        alone.tags = [one for one in self._task.tags if one != "always"] + [part]
        return bool(alone.evaluate_tags(only or ["all"], skipped, all_vars=task_vars))

    def _run_parts(self, here: Host, parts: list[str], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Write the vassals, then the Emperor's own files, and let the service manager run it, through Ansible's modules for it.

        In one task, since each task costs a process for every host.
        """
        found: dict[str, Any] = {"changed": False}
        calls: list[Call] = []
        for part in parts:
            self._task.args = _arguments(here, self._wanted(here, [part]), [part], {"state": _WRITTEN})
            one = self._written(None, task_vars)
            found = _joined(found, one)
            if part == host.SERVICE and not found.get("failed"):
                calls = here.running(one, was_installed(here.emperor.install, task_vars))
            if found.get("failed"):
                break
        for call in calls:
            found = _joined(found, self._execute_module(call.module, call.arguments, task_vars=task_vars))
            if found.get("failed"):
                break
        return {**found, "called": bool(calls)}

    @staticmethod
    def _wanted(here: Host, parts: list[str]) -> dict[str, Any]:
        """The desired state of parts; shows the warnings about them."""
        for warning in here.warnings(parts):
            Display().warning(seen(mask(warning)))
        return here.desired(parts)

    def _served(self, tmp: Any, task_vars: Any) -> dict[str, Any]:
        """Poll until nothing is pending or the time is over."""
        deadline = time.monotonic() + _seconds(self._task.args.get("wait_timeout", _WAIT_TIMEOUT))
        said: dict[str, str] = {}
        while True:
            found: dict[str, Any] = super().run(tmp, task_vars)
            pending = found.get("pending")
            if not isinstance(pending, Mapping) or not pending or found.get("failed") or self._task.args.get("last"):
                return found
            for name, why in pending.items():
                if said.get(name) != why:
                    self._say(f"{(task_vars or {}).get('inventory_hostname', '')}: waiting for {name}: {why}")
            said = dict(pending)
            # The last call fails if something is still pending.
            self._task.args["last"] = time.monotonic() >= deadline

    def _written(self, tmp: Any, task_vars: Any) -> dict[str, Any]:
        self._task.args["turn"] = False
        found: dict[str, Any] = super().run(tmp, task_vars)
        if not found.get("turn_needed"):
            return found
        # All processes of this run share the folder.
        with open(os.path.join(C.DEFAULT_LOCAL_TMP, "emperor-uwsgi-turn"), "w", encoding="ascii") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self._task.args["turn"] = True
            again = super().run(tmp, task_vars)
        return {**again, "changed": bool(found.get("changed") or again.get("changed"))}

    @staticmethod
    def _say(words: str) -> None:
        Display().display(seen(mask(words)))


def _arguments(here: Host, wanted: Mapping[str, Any], parts: list[str], own: Mapping[str, Any]) -> dict[str, Any]:
    """The module's arguments for a desired state."""
    packed = _bulk_argument.pack(json.dumps(wanted, default=_plain))
    return {**desired.options(here.emperor), **own, "parts": parts, "desired": packed}


def _joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The results of two modules as those of one task, which began with the first."""
    found = {**first, **second, "changed": bool(first.get("changed") or second.get("changed"))}
    if "since" in first:
        found["since"] = first["since"]
    for name in ("diff", "warnings"):
        both = [one for part in (first, second) if part.get(name) for one in _list(part[name])]
        if both:
            found[name] = both
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def was_installed(install: str, registered: Mapping[str, Any]) -> bool:
    """Whether this run installed a different uWSGI than the one that may be running.

    Args:
        install: the variable ``emperor_install``.
        registered: the results of the tasks that install, by the names of the variables.
    """
    return any(bool(registered.get(name, {}).get("changed")) for name in _INSTALLED[install])


def _hosts(groups: Mapping[str, Any]) -> int:
    """The number of hosts that announce themselves, if the inventory's groups tell."""
    return len(groups.get("nodes") or groups.get("all") or [""])


def _seconds(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        # Left to the module to reject.
        return 0


def _plain(value: Any) -> str:
    """A value that JSON doesn't have, in the form in which Ansible sends it: a date, or a vault-encrypted value."""
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
