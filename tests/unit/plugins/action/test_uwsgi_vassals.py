# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates in a task's vassals are resolved as Ansible itself resolves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__ as release
from support import playbook

# ansible-core 2.18 treats this one as text.
OMIT_IN_A_LIST: dict[str, tuple[Any, list[str]]] = {
    "omit in a list": (["a", "{{ omit }}", "{{ name }}"], ["o = a", "o = shop"])
}
# The values of one option as a user writes them, and the lines of the file.
CASES: dict[str, tuple[Any, list[str]]] = {
    "plain": ("a b", ["o = a b"]),
    "number": (4, ["o = 4"]),
    "boolean": (True, ["o = true"]),
    "null": (None, []),
    "text beyond ASCII": ("h\u00e9", ["o = h\u00e9"]),
    "brace": ("{a}", ["o = {a}"]),
    "template": ("{{ name }}:3031", ["o = shop:3031"]),
    "template that gives a number": ("{{ number + 1 }}", ["o = 6"]),
    "template that gives a list": ("{{ [name, number] }}", ["o = shop", "o = 5"]),
    "template in a template": ("{{ outer }}", ["o = shop.test"]),
    "statement": ("{% if number > 4 %}more{% endif %}", ["o = more"]),
    "comment": ("a{# b #}c", ["o = ac"]),
    "other delimiters": ("#jinja2: variable_start_string:'[[', variable_end_string:']]'\n[[ name ]]", ["o = shop"]),
    "omit": ("{{ omit }}", []),
    **({} if release.startswith("2.18.") else OMIT_IN_A_LIST),
    "text that looks like a template": ("{{ '{{ name }' ~ '}' }}", ["o = {{ name }}"]),
}


def written(folder: Path, value: Any, **variables: Any) -> list[str]:
    """The lines that are written for an option whose value is a variable."""
    vassals = [{"name": "v", "options": {"first": 1, "o": value}}]
    arguments = {"path": str(folder), "vassals": "{{ vassals }}", "uwsgi_version": "2.0", "validate": False}
    task = {"emperor.uwsgi.uwsgi_vassals": arguments}
    run = playbook.tasks(folder, [task], vassals=vassals, name="shop", number=5, outer="{{ name }}.test", **variables)
    assert run.results[0].get("created") == ["v"], run.output
    return (folder / "v.ini").read_text(encoding="utf-8").splitlines()[3:]


@pytest.mark.parametrize("case", CASES)
def test_options_are_resolved(tmp_path: Path, case: str) -> None:
    value, lines = CASES[case]
    assert written(tmp_path, value) == lines


def test_a_vassal_and_a_list_can_be_templates(tmp_path: Path) -> None:
    one = {"name": "{{ name }}", "options": {"o": "{{ number }}"}}
    task = {
        "emperor.uwsgi.uwsgi_vassals": {
            "path": str(tmp_path),
            "vassals": "{{ [one] + others }}",
            "uwsgi_version": "2.0",
            "validate": False,
        }
    }
    others = "{{ [{'name': 'b', 'options': {'o': name}}] }}"
    run = playbook.tasks(tmp_path, [task], one=one, others=others, name="shop", number=5)
    assert run.results[0]["created"] == ["shop", "b"], run.output
    assert [(tmp_path / name).read_text().splitlines()[-1] for name in ("shop.ini", "b.ini")] == ["o = 5", "o = shop"]


def test_an_undefined_variable_is_an_error(tmp_path: Path) -> None:
    task = {"emperor.uwsgi.uwsgi_vassals": {"path": str(tmp_path), "vassals": "{{ vassals }}"}}
    run = playbook.tasks(tmp_path, [task], vassals=[{"name": "v", "options": {"o": "{{ nowhere }}"}}])
    assert run.results[0]["failed"]
    assert "nowhere" in run.output
    assert not list(tmp_path.glob("*.ini"))


def test_what_is_no_list_is_for_the_module(tmp_path: Path) -> None:
    task = {"emperor.uwsgi.uwsgi_vassals": {"path": str(tmp_path), "vassals": {"name": "v"}}}
    run = playbook.tasks(tmp_path, [task])
    assert run.results[0]["failed"]
    assert "vassals" in run.results[0]["msg"]


def test_the_vassals_go_to_the_host_as_one_value_and_check_mode_writes_none(tmp_path: Path) -> None:
    vassals = [{"name": f"v{at}", "options": {"o": "{{ at }}"}, "subscriptions": []} for at in range(3)]
    arguments = {"path": str(tmp_path), "vassals": "{{ vassals }}", "uwsgi_version": "2.0", "validate": False}
    tasks = [{"emperor.uwsgi.uwsgi_vassals": arguments, "check_mode": check} for check in (True, False, False)]
    run = playbook.tasks(tmp_path, tasks, vassals=vassals, at=7)
    names = ["v0", "v1", "v2"]
    assert [result["created"] for result in run.results] == [names, names, []]
    assert [(tmp_path / (name + ".ini")).read_text().splitlines()[-1] for name in names] == ["o = 7"] * 3
