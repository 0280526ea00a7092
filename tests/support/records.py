# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The default values of the roles' variables, from the roles' documentation and their expressions."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import variables
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.variables import Emperor, Fastrouter
from support.modules import ROOT

# Variables with an expression in the roles' defaults.
_FOLLOWING: dict[str, Any] = {
    "emperor_plugins": ["python3"],
    "emperor_binary": "",
    "emperor_group": "www-data",
    "emperor_node_count": 1,
    "emperor_log_dir": "/var/log/emperor-uwsgi",
    "emperor_suspend_dir": "/etc/uwsgi/suspend",
    "emperor_signing_keys_dir": "/srv/signing_keys",
    "fastrouter_cut_sessions": True,
    "fastrouter_sessions_timeout": 10,
    "fastrouter_nodes": [],
    "fastrouter_tolerance": 17,
    "fastrouter_timeout": 70,
    "fastrouter_report_stats": [],
    "fastrouter_report_max_age": 17,
    "fastrouter_report_timeout": 5,
}


def documented(role: str) -> dict[str, Any]:
    """The options of a role's argument specs, by their names."""
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    return {name: spec for entry in specs.values() for name, spec in (entry.get("options") or {}).items()}


def _default(role: str) -> Any:
    found = documented(role)
    return lambda name: _FOLLOWING[name] if name in _FOLLOWING else found[name].get("default")


EMPEROR: Emperor = variables.read(Emperor, _default("emperor"))
FASTROUTER: Fastrouter = variables.read(Fastrouter, _default("fastrouter"))
