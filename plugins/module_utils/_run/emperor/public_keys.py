# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts ``public_keys`` and ``new_keys``: the public halves with which a host's routers check signatures."""

from __future__ import annotations

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from ... import _module
from ..._arguments import spec
from ..._deployment.settings import Settings
from ..._files import opened
from .. import uwsgi_signing_keys
from .part import part


def written(module: AnsibleModule, dummy: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """The public halves with which the host's routers check signatures."""
    found = _module.done(part(module, "desired.public_keys", spec.signing_keys(), desired["public_keys"]), uwsgi_signing_keys.run)
    return {"changed": found["changed"], "diff": found.get("diff", [])}


def new_written(module: AnsibleModule, settings: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """Those that the host's routers don't have yet. Whoever has to go says goodbye by one that is there."""
    given = {**desired["new_keys"], "purge": False}
    if not opened.exists(given["path"]):
        # The host has no routers yet, and nobody waits for them.
        return {"changed": False}
    return written(module, settings, {"public_keys": given})
