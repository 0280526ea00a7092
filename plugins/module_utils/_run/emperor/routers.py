# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part ``routers``: a host's routers, which must be able to read their certificates."""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ... import _module
from ..._arguments import spec
from ..._deployment.settings import Settings
from ..._errors import HostError
from ..._files import opened
from ..._files.child import as_user
from ..._files.directory import Directory
from ..._files.plan import Plan
from .. import uwsgi_vassals
from .part import page_of, part


def written(module: AnsibleModule, settings: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """Write the host's routers, after checking that they can read their certificates."""
    given = dict(desired["routers"])
    certificates, reader = given.pop("certificates", []), given.pop("reader", "")
    page = page_of(module, "desired.routers.dashboard", given.pop("dashboard", None))
    routers = part(module, "desired.routers", spec.vassals(), given)
    # Check mode may only have pretended to write them.
    if certificates and not module.check_mode:
        _refuse_unreadable(certificates, reader)
    failed: Dict[str, int] = {}

    def note(dummy: Directory, plan: Plan) -> bool:
        if plan.changed:
            from ..._deployment import serving  # noqa: PLC0415 - only then

            failed.update(serving.failing(settings))
        return False

    results = page.before()
    found = _module.done(routers, partial(uwsgi_vassals.run, before=note), uwsgi_vassals.load)
    results += [found, *page.after()]
    diff = [item for one in results for item in one.get("diff", [])]
    return {**found, "changed": any(one["changed"] for one in results), "failed_before": failed, "diff": diff}


def _refuse_unreadable(paths: List[str], reader: str) -> None:
    """Reject certificates that the routers can't read: uWSGI would silently serve another one."""
    user = _module.runner(reader, "desired.routers.reader", False)
    unreadable = as_user(user, lambda: [path for path in paths if not opened.readable(path)])
    if unreadable:
        who = reader or "whoever runs the play"
        raise HostError(
            f"the certificates and keys {', '.join(unreadable)}",
            "emperor_user can't read them, so uWSGI would silently serve another certificate; put them there, readable for "
            + who,
        )
