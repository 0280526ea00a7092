# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values from the network: plain text is unchanged, and everything else can never be a template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._untrusted import untrusted
from support import playbook

PLAIN = ["", "shop.example.com", "10.0.0.7:3031", "/run/uwsgi/shop_1.sock", "@abstract", "a-b"]
# Each of these would change if it were a template.
HOSTILE = [
    "{{ 7 * 7 }}", "{{ lookup('pipe', 'id') }}", "{% set a = 1 %}", "{# a #}", "a {{ b }}", "{{ '{{ 1 }}' }}", "x\n{{ 1 }}",
    "#jinja2: variable_start_string:'[['\n[[ 1 ]]",
]  # fmt: skip
ODD = ["a b", "'", '"', "(", "k\u00e4se", "\u202e", "a\n", "{", "}}", "a|b"]


@pytest.mark.parametrize("text", PLAIN + ODD + HOSTILE)
def test_text_is_what_it_was_also_behind_a_template_engine(text: str) -> None:
    found = untrusted(text)
    assert found == text
    assert Templar(loader=DataLoader()).template(found) == text


@pytest.mark.parametrize("value", [None, True, 0, 1.5])
def test_values_that_are_no_text_stay(value: Any) -> None:
    assert untrusted(value) is value


def test_texts_of_any_depth_are_meant() -> None:
    value = {"a": [{"b": HOSTILE[0], "c": 1}, [HOSTILE[0]]], HOSTILE[0]: "plain"}
    found = untrusted(value)
    assert found == value
    assert Templar(loader=DataLoader()).template(found["a"]) == value["a"]
    # The original value is unchanged.
    assert value["a"][0]["b"].__class__ is str


def test_a_play_never_evaluates_them(tmp_path: Path) -> None:
    # Such values come in this way: as variables of an inventory plugin.
    (tmp_path / "inventory_plugins").mkdir()
    plugin = """
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._untrusted import untrusted

DOCUMENTATION = "name: untrusting\\nshort_description: x\\noptions: {}"


class InventoryModule(BaseInventoryPlugin):
    NAME = "untrusting"

    def verify_file(self, path):
        return True

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        inventory.add_host("one")
        inventory.set_variable("one", "found", untrusted(VALUES))
"""
    source = plugin + f"\nVALUES = {PLAIN + HOSTILE!r}\n"
    (tmp_path / "inventory_plugins" / "untrusting.py").write_text(source, encoding="utf-8")
    (tmp_path / "hosts.yml").write_text("plugin: untrusting\n", encoding="utf-8")
    copied = {"content": "{{ hostvars['one']['found'] | to_json }}", "dest": str(tmp_path / "found.json")}
    tasks = [{"ansible.builtin.copy": copied}]
    environment = {"ANSIBLE_INVENTORY_PLUGINS": str(tmp_path / "inventory_plugins"), "ANSIBLE_INVENTORY_ENABLED": "untrusting"}
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"ansible_python_interpreter": playbook.PYTHON}, "tasks": tasks}
    run = playbook.run(tmp_path, [play], "-i", "hosts.yml", **environment)
    assert run.code == 0, run.output
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8")) == PLAIN + HOSTILE
