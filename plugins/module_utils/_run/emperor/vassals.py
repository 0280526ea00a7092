# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part ``vassals``: new keys, the gate and the vassals, after vassals that must leave first have left."""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, List, Tuple, cast

from ansible.module_utils.basic import AnsibleModule

from ... import _module
from ..._arguments import spec
from ..._deployment.journal import Journal
from ..._deployment.settings import Run, Settings, TurnNeeded
from ..._errors import ArgumentError
from ..._files.attributes import group_number
from ..._files.directory import Directory
from ..._files.plan import Plan
from .. import uwsgi_vassals
from .part import Part, page_of, part

# The vassal that runs the gate; with a tyrant Emperor the tenant's name is appended.
GATE = "emperor-health"


def written(module: AnsibleModule, settings: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """Write new keys, the gate and the vassals, after vassals that must leave first have left."""
    keys = [
        part(module, f"desired.{name}", spec.signing_keys(), desired[name])
        for name in ("signing_keys", "next_signing_keys")
        if desired.get(name)
    ]
    vassals = part(module, "desired.vassals", spec.vassals(), desired["vassals"])
    gates = [part(module, "desired.health", spec.health(), one) for one in gates_of(desired.get("health") or {}, vassals.params)]
    _require(module, desired.get("imports") or {})
    _keep_out(module, desired.get("stats_readers") or {}, vassals.params["vassals"])
    page = page_of(module, "desired.metrics", desired.get("metrics"))
    results = _keys_written(keys) + _gates_written(gates)
    results += page.before()
    journal = Journal(module.params["leaving_path"], _module.directory(vassals).create or _module.shared(0o711))
    how = Run(module.check_mode, module.params["turn"], module.warn)
    walk = _Walk(settings, vassals.params["path"], journal, how)
    try:
        found = uwsgi_vassals.run(vassals, walk.go)
    except TurnNeeded:
        return {"changed": any(one["changed"] for one in results), "turn_needed": True}
    left, failed = walk.end()
    results += [found, *page.after()]
    return {
        **found,
        "changed": any(one["changed"] for one in results),
        "left": left,
        "failed_before": failed,
        # To be removed when nothing signs with them any more.
        "unused_keys": results[0]["removed"] if desired.get("signing_keys") else [],
        "diff": [item for one in results for item in one.get("diff", [])],
    }


class _Walk:
    """Moves from the existing vassals to the wanted ones, if any of them changes or must be forgotten."""

    def __init__(self, settings: Settings, path: str, journal: Journal, how: Run) -> None:
        self._given = (settings, path, journal, how)
        self._journal = journal
        self._begun: Any = None

    def go(self, folder: Directory, plan: Plan) -> bool:
        """Take out the vassals that must leave; returns whether the directory changed."""
        if not plan.changed and not self._journal.names():
            return False
        # On most hosts none leaves, and importing this takes as long as everything else.
        from ..._deployment.walk import Walk  # noqa: PLC0415

        self._begun = Walk(*self._given)
        return bool(self._begun.go(folder, plan))

    def end(self) -> Tuple[List[str], Dict[str, int]]:
        """The names of those that left, and how often each vassal had failed to start."""
        if self._begun is None:
            return [], {}
        self._begun.end()
        return self._begun.left, self._begun.failed


def _keys_written(keys: List[AnsibleModule]) -> List[Dict[str, Any]]:
    if not keys:
        return []
    from .. import uwsgi_signing_keys  # noqa: PLC0415 - where there are any

    # Keys with which leaving vassals unsubscribe are kept until then.
    return [_module.done(one, partial(uwsgi_signing_keys.run, keeps=True)) for one in keys]


def _gates_written(gates: List[AnsibleModule]) -> List[Dict[str, Any]]:
    if not gates:
        return []
    from .. import uwsgi_health  # noqa: PLC0415 - where there are any

    return [_module.done(one, uwsgi_health.run) for one in gates]


def _require(module: AnsibleModule, given: Any) -> None:
    """Reject a live page if uWSGI's Python lacks a module that it imports, before anything changes."""
    wanted = ("module", "plugin", "binary", "why")
    if not given:
        return
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in wanted):
        raise ArgumentError("desired.imports", f"must be a mapping with {', '.join(wanted)}")
    from ..._host import importable  # noqa: PLC0415 - where there is a page

    uwsgi = _module.host_uwsgi(cast(AnsibleModule, Part(module, {"uwsgi_binary": given["binary"]})))
    if uwsgi.binary is None and module.check_mode:
        # An earlier task may only have pretended to install it.
        return
    user = _module.runner(given.get("user"), "desired.imports.user", module.check_mode)
    importable.require(uwsgi, given["module"], given["plugin"], user, given["why"])


def _keep_out(module: AnsibleModule, readers: Any, vassals: Any) -> None:
    """Reject tenants in the group that reads the stats of a root Emperor. Only the host knows all groups of a user."""
    if not readers:
        return
    if not isinstance(readers, dict) or not all(isinstance(readers.get(name), str) for name in ("group", "user")):
        raise ArgumentError("desired.stats_readers", "must be a mapping with group, user")
    from ..._host import access  # noqa: PLC0415 - few hosts have a tyrant's page

    gid = group_number("emperor_group", readers["group"], module.check_mode)
    owners = {str(one["owner"]) for one in vassals if isinstance(one, dict) and one.get("owner")} - {readers["user"]}
    inside = [name for name in sorted(owners) if gid in access.groups(name)]
    if inside:
        raise ArgumentError(
            "emperor_group",
            f"{readers['group']} has {', '.join(inside)} in it, and with emperor_metrics it reads the Emperor's stats, which "
            "name every tenant's vassals; name a group that no tenant is in",
        )


def gates_of(common: Dict[str, Any], params: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The arguments of the health gates of some vassals: one gate for all, or one for each tenant with a check.

    Args:
        common: arguments of all gates, including the folder of their programs.
        params: those of the vassals, as for ``uwsgi_vassals``.
    """
    checked = [one for one in params["vassals"] if isinstance(one, dict) and one.get("health") is not None]
    if checked and not common.get("path"):
        raise ArgumentError("desired.health.path", "is missing, and a vassal has health; give the folder of the health gate")
    whole = {**common, "directory_mode": "0755", "mode": "0644", "vassals_path": params["path"], "vassals": checked}
    if not params["tyrant"]:
        return [whole] if checked else []
    tenants = list(dict.fromkeys(str(one.get("owner", "")) for one in checked))
    return [
        {
            **whole,
            "path": f"{common['path']}/{GATE}-{tenant}",
            "directory_mode": "0711",
            "mode": "0400",
            "owner": tenant,
            "vassals": [one for one in checked if str(one.get("owner", "")) == tenant],
        }
        for tenant in tenants
    ]
