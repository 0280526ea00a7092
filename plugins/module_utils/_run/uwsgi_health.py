# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs the health gate on a managed host, for the module ``uwsgi_health``."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from .. import _module
from .._archive import pack
from .._arguments import values
from .._arguments.health import health
from .._arguments.vassal import SUFFIX
from .._errors import ArgumentError
from .._files.attributes import attributes
from .._files.plan import Wanted, differences
from .._node import gate
from .._node.probe import Check

PROGRAM = "gate.pyz"
CHECKS = "checks.json"
_MAIN = f"from {gate.__name__} import main\n\nmain()\n"


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Write the gate and its checks.

    Returns:
        the module's result.

    Raises:
        ArgumentError: and then every file is unchanged.
    """
    params = module.params
    found = attributes("", params["owner"], params["group"], params["mode"], module.check_mode)
    checks = [check._asdict() for check in _checks(params["vassals"], params["vassals_path"])]
    contents = {PROGRAM: program(), CHECKS: (json.dumps(checks, indent=1, sort_keys=True) + "\n").encode("ascii")}
    with _module.directory(module) as folder:
        plan = folder.compare([Wanted(name, content, "path", *found) for name, content in contents.items()])
        folder.apply(plan)
    result: Dict[str, Any] = {
        "changed": plan.changed or folder.created,
        "path": params["path"],
        "program": os.path.join(params["path"], PROGRAM),
        "checks": checks,
        "invocation": {"module_args": dict(params, vassals=[check["vassal"] for check in checks])},
    }
    if module._diff:
        result["diff"] = differences(params["path"], plan, _shown)
    return result


def _checks(vassals: List[Any], folder: str) -> List[Check]:
    checks = []
    for at, item in enumerate(vassals):
        place = f"vassals[{at}]"
        if not isinstance(item, dict) or item.get("health") is None:
            continue
        name = values.text(place + ".name", item.get("name"))
        if not item.get("subscriptions"):
            raise ArgumentError(place + ".health", "is of a vassal without subscriptions, which can't be taken out of a pool")
        checks.append(health(place + ".health", item["health"], os.path.join(folder, os.path.basename(name) + SUFFIX)))
    return checks


# Packed once here: a child that is another user can't read the archive with a task's modules.
@lru_cache(maxsize=None)
def program() -> bytes:
    """The gate and all modules that it imports from the collection, as an archive that Python runs (PEP 441)."""
    return pack(gate.__name__, "__main__.py", _MAIN)


def _shown(content: bytes) -> str:
    return "(the program)\n" if content.startswith(b"PK") else content.decode("ascii", "replace")
