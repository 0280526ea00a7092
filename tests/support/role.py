# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles on this machine, without root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import playbook
from support.loopback import free_address
from support.uwsgi import BINARY


def base(folder: Path) -> dict[str, Any]:
    """Variables that keep a role in one folder and on loopback."""
    listen = {"fastrouter_" + name: free_address() for name in ("listen", "subscription_server", "stats", "http_stats", "http")}
    return {
        "emperor_install": "none",
        "emperor_binary": BINARY,
        "emperor_supervisor": "daemon",
        "emperor_user": "",
        "emperor_dir": str(folder / "etc"),
        "emperor_run_dir": str(folder / "etc" / "run"),
        "emperor_signing_keys_dir": str(folder / "signing_keys"),
        # Most tests only check files, so their vassals don't need to run.
        "emperor_wait": False,
        "fastrouter_nodes": ["localhost"],
        **listen,
    }


def apply(folder: Path, role: str, *arguments: str, **variables: Any) -> playbook.Run:
    """Run a role on this machine."""
    include = {"ansible.builtin.include_role": {"name": "emperor.uwsgi." + role}, "vars": {**base(folder), **variables}}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [include]}
    return playbook.run(folder, [{**play, "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}}], *arguments)
