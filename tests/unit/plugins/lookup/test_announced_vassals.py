# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup of what other hosts announce, in a play on one host of an inventory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support import playbook

FACT = "{{ ansible_facts.default_ipv4.address }}"
HOSTS: dict[str, Any] = {
    "router": {},
    "node1": {
        "ansible_host": "10.0.0.7",
        "emperor_vassals": [
            {"name": "shop", "options": {"socket": FACT + ":3031"}, "subscriptions": [{"key": ["{{ ansible_host }}", "b.test"]}]}
        ],
    },
    "node2": {"emperor_vassals": "{{ shared }}"},
    "node3": {"emperor_vassals": [{"name": "wiki", "subscriptions": [{"key": FACT}]}]},
}
SHARED = [{"name": "{{ inventory_hostname }}", "options": FACT, "subscriptions": {"key": "c.test"}}]
SAID = [
    {"host": "router"},
    {"host": "node1", "vassals": [{"name": "shop", "subscriptions": [{"key": ["10.0.0.7", "b.test"]}]}]},
    {"host": "node2", "vassals": [{"name": "node2", "subscriptions": [{"key": "c.test"}]}]},
]


def looked_up(folder: Path, hosts: str) -> dict[str, Any]:
    """What a play on the router gets for an expression of hosts."""
    connection = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON, "shared": SHARED}
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": HOSTS, "vars": connection}}), encoding="utf-8")
    result = folder / "result.json"
    task = {
        "ansible.builtin.debug": {"msg": "{{ query('emperor.uwsgi.announced_vassals', " + hosts + ") }}"},
        "register": "looked_up",
        "ignore_errors": True,
    }
    write = {"ansible.builtin.copy": {"content": "{{ looked_up | to_json }}", "dest": str(result), "mode": "0600"}}
    play = {"hosts": "router", "gather_facts": False, "tasks": [task, write]}
    run = playbook.run(folder, [play], "--inventory=inventory.json")
    assert run.code == 0, run.output
    return dict(json.loads(result.read_text(encoding="utf-8")))


def test_of_other_hosts_no_facts_are_needed(tmp_path: Path) -> None:
    assert looked_up(tmp_path, "['router', 'node1', 'node2']")["msg"] == SAID


def test_what_needs_facts_is_an_error_and_not_left_out(tmp_path: Path) -> None:
    found = looked_up(tmp_path, "groups['all']")
    assert found["failed"]
    assert "node3: emperor_vassals[0] (wiki).subscriptions[0].key: can't be resolved here: " in found["msg"]


def test_a_host_that_is_none_is_an_error(tmp_path: Path) -> None:
    found = looked_up(tmp_path, "['none']")
    assert "announced_vassals: hosts: 'none' is not a host of the inventory; remove it here, or add it there" in found["msg"]
