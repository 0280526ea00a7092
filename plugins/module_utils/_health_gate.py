# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health gate on a managed host: what the module C(uwsgi_health) does."""

from __future__ import annotations

import io
import json
import os
import zipfile
from types import ModuleType
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emperor.uwsgi.plugins.module_utils import (
    _announced,
    _dialect,
    _edge,
    _errors,
    _gate,
    _health,
    _plan,
    _probe,
    _reader,
    _sign,
    _suspend,
    _unsubscribe,
    _values,
    _wire,
)
from ansible_collections.emperor.uwsgi.plugins.module_utils._attributes import attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._vassal import SUFFIX

PROGRAM = "gate.pyz"
CHECKS = "checks.json"
# What the gate consists of; none of it needs Ansible.
PARTS = (_announced, _dialect, _errors, _gate, _probe, _reader, _sign, _suspend, _unsubscribe, _wire)
_PACKAGE = _gate.__name__.rpartition(".")[0]
_MAIN = "from {0}._gate import main\n\nmain()\n".format(_PACKAGE)
# The first that the format knows: an archive of the same sources is the same to the byte.
_DATE = (1980, 1, 1, 0, 0, 0)


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Write the gate and its checks.

    :returns: the module's result.
    :raises ArgumentError: with every file as it was.
    """
    params = module.params
    found = attributes("", params["owner"], params["group"], params["mode"], module.check_mode)
    checks = _checks(params["vassals"], params["vassals_path"])
    contents = {PROGRAM: program(), CHECKS: (json.dumps(checks, indent=1, sort_keys=True) + "\n").encode("ascii")}
    with _edge.tree(module) as tree:
        plan = tree.compare([_plan.Wanted(name, content, "path", *found) for name, content in contents.items()])
        tree.apply(plan)
    result: Dict[str, Any] = {
        "changed": plan.changed or tree.created,
        "path": params["path"],
        "program": os.path.join(params["path"], PROGRAM),
        "checks": checks,
        "invocation": {"module_args": dict(params, vassals=[check["vassal"] for check in checks])},
    }
    if module._diff:
        result["diff"] = _plan.differences(params["path"], plan, _shown)
    return result


def _checks(vassals: List[Any], folder: str) -> List[Dict[str, Any]]:
    checks = []
    for at, item in enumerate(vassals):
        place = "vassals[{0}]".format(at)
        if not isinstance(item, dict) or item.get("health") is None:
            continue
        name = _values.text(place + ".name", item.get("name"))
        if not item.get("subscriptions"):
            raise ArgumentError(place + ".health", "is of a vassal without subscriptions, which can't be taken out of a pool")
        found = _health.health(place + ".health", item["health"])
        checks.append(dict(found._asdict(), vassal=os.path.join(folder, os.path.basename(name) + SUFFIX)))
    return checks


def program() -> bytes:
    """The gate as an archive that Python runs (PEP 441)."""
    sources = {"__main__.py": _MAIN}
    folder = ""
    for part_of_name in _PACKAGE.split("."):
        folder += part_of_name + "/"
        sources[folder + "__init__.py"] = ""
    for part in PARTS:
        sources[part.__name__.replace(".", "/") + ".py"] = _source(part)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in sorted(sources.items()):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = 0o644 << 16
            archive.writestr(info, source)
    return buffer.getvalue()


def _source(module: ModuleType) -> str:
    """The source of a module, which may stand in an archive itself, as it does in a task."""
    loader: Any = module.__spec__.loader if module.__spec__ else None
    source: str = loader.get_source(module.__name__)
    return source


def _shown(content: bytes) -> str:
    return "(the program)\n" if content.startswith(b"PK") else content.decode("ascii", "replace")
