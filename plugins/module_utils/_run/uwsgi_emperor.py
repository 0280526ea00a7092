# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a host's vassals and what they need to one desired state, for the module ``uwsgi_emperor``.

Its parts are in the folder ``emperor``. Each is imported on demand: on a host where nothing changes, importing all of them
would take longer than everything else.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List

from ansible.module_utils.basic import AnsibleModule

from .. import _http
from .._addresses import stats_flaw
from .._deployment.settings import Settings
from .._errors import ArgumentError
from .emperor.part import desired as desired_state

Write = Callable[[AnsibleModule, Settings, Dict[str, Any]], Dict[str, Any]]
# What a run does, in this order.
PARTS = ("vassals", "service", "new_keys", "public_keys", "routers")


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Write the wanted files, run a daemon, or wait until all vassals serve.

    Returns:
        the module's result.

    Raises:
        ArgumentError: and then nothing was changed.
        HostError: the next run completes what was begun.
    """
    if module.params["state"] == "running":
        from .emperor.daemon import running  # noqa: PLC0415

        return running(module)
    settings = _settings(module.params)
    if module.params["state"] == "written":
        return _written(module, settings)
    from .emperor.served import served  # noqa: PLC0415

    return served(module, settings)


def _settings(params: Dict[str, Any]) -> Settings:
    if params["state"] not in ("written", "served"):
        raise ArgumentError("state", f"{params['state']} is for the action plugin of the roles; use written or served")
    for name in ("desired", "leaving_path", "emperor_stats"):
        if params[name] is None:
            raise ArgumentError(name, "is missing, and no role variables define it")
    for name, least in (("router_tolerance", 1), ("timeout", 1)):
        if params[name] < least:
            raise ArgumentError(name, f"{params[name]} is too small; give {least} or more")
    for place, address in [
        ("emperor_stats", params["emperor_stats"]),
        *((f"router_stats[{at}]", one) for at, one in enumerate(params["router_stats"])),
    ]:
        wrong = stats_flaw(address)
        if wrong:
            raise ArgumentError(place, f"{address!r} {wrong}")
    return Settings(
        params["emperor_stats"],
        list(dict.fromkeys(params["router_stats"])),
        params["router_tolerance"],
        params["timeout"],
        params["allow_outage"],
        _http.get,
    )


def _written(module: AnsibleModule, settings: Settings) -> Dict[str, Any]:
    """Write the parts, one after another."""
    desired = desired_state(module, {name: dict for name in module.params["parts"]})
    result: Dict[str, Any] = {"changed": False, "since": int(time.time())}
    diffs: List[Any] = []
    for name in PARTS:
        if name in module.params["parts"]:
            found = _part(name)(module, settings, desired)
            diffs += found.pop("diff", [])
            result.update(found, changed=result["changed"] or found["changed"])
            if "turn_needed" in found:
                return result
    result["invocation"] = {"module_args": {name: value for name, value in module.params.items() if name != "desired"}}
    return {**result, "diff": diffs} if module._diff else result


def _part(name: str) -> Write:
    """The function that writes a part."""
    if name == "vassals":
        from .emperor import vassals  # noqa: PLC0415

        return vassals.written
    if name == "service":
        from .emperor import service  # noqa: PLC0415

        return service.written
    if name == "routers":
        from .emperor import routers  # noqa: PLC0415

        return routers.written
    from .emperor import public_keys  # noqa: PLC0415

    return public_keys.new_written if name == "new_keys" else public_keys.written
