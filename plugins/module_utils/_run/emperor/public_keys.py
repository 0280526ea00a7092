# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts ``public_keys`` and ``new_keys``: public keys with which a host's routers verify signatures."""

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
    """Write the public keys with which the host's routers verify signatures."""
    found = _module.done(part(module, "desired.public_keys", spec.signing_keys(), desired["public_keys"]), uwsgi_signing_keys.run)
    return {"changed": found["changed"], "diff": found.get("diff", [])}


def new_written(module: AnsibleModule, settings: Settings, desired: Dict[str, Any]) -> Dict[str, Any]:
    """Write those that the host's routers don't have yet. Leaving vassals unsubscribe with keys that exist."""
    given = {**desired["new_keys"], "purge": False}
    if not opened.exists(given["path"]):
        # The host has no routers yet, and nobody waits for them.
        return {"changed": False}
    return written(module, settings, {"public_keys": given})
