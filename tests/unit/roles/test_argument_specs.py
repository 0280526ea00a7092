# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles' variables are those in the specs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import variables
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.variables import Emperor, Fastrouter
from support import playbook
from support.modules import ROOT

ROLES = ("emperor", "fastrouter")


def _yaml(role: str, path: str) -> Any:
    return yaml.safe_load((ROOT / "roles" / role / path).read_text(encoding="utf-8"))


def specs(role: str) -> dict[str, Any]:
    return dict(_yaml(role, "meta/argument_specs.yml")["argument_specs"])


def options(role: str) -> dict[str, Any]:
    """The role's variables, each as the first entry point with it describes it."""
    found: dict[str, Any] = {}
    for one in specs(role).values():
        for name, option in one.get("options", {}).items():
            if name.startswith(role + "_"):
                found.setdefault(name, option)
    return found


def defaults(role: str) -> dict[str, Any]:
    return dict(_yaml(role, "defaults/main.yml"))


def is_expression(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


@pytest.mark.parametrize("role", ROLES)
def test_names_and_values_of_defaults_are_those_of_the_spec(role: str) -> None:
    # A value that depends on other variables can't be in a spec; the description explains it.
    plain = {name: value for name, value in defaults(role).items() if value is not None and not is_expression(value)}
    assert {name: option["default"] for name, option in options(role).items() if "default" in option} == plain
    assert set(options(role)) == set(defaults(role))


@pytest.mark.parametrize("role", ROLES)
def test_the_default_of_a_variable_is_the_value_of_its_old_name(role: str) -> None:
    # Ansible has no aliases for a role's variables, so the description names them.
    old = re.compile(r"{{ ((?:report|rolling|rotation)_\w+) \| default\(")
    read = {name: old.findall(str(value)) for name, value in defaults(role).items()}
    described = {name: re.findall(r"Its old name is C\((\w+)\)", str(one["description"])) for name, one in options(role).items()}
    assert described == read


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_described_and_typed(role: str) -> None:
    for name, option in options(role).items():
        assert option["description"], name
        assert option["type"], name
        assert name.startswith(role + "_"), name


def _text(*folders: str) -> str:
    paths = [path for role in ROLES for folder in folders for path in (ROOT / "roles" / role / folder).glob("*")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_every_variable_is_specified_and_used() -> None:
    # One role builds on the other, so they are checked together.
    fields = [variables.prefix(record) + field for record in (Emperor, Fastrouter) for field in record._fields]
    text = "\n".join([_text("defaults", "tasks", "vars"), *fields])
    names = re.findall(r"\b(?:emperor|fastrouter)_\w+", text)
    specified = {name for role in ROLES for name in options(role)}
    internal = {name for name in names if "__" in name}
    # An argument of the modules has a name like this too.
    assert set(names) - internal - {"emperor_stats"} == specified
    # Each name is in the place that defines it, and in at least one more.
    assert [name for name in specified | internal if names.count(name) < 2] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_entry_point_is_specified(role: str) -> None:
    paths = [path for folder in ("playbooks", "roles") for path in (ROOT / folder).rglob("*.yml")]
    included = f"name: emperor.uwsgi.{role}\n +tasks_from: (\\w+)"
    used = {name for path in paths for name in re.findall(included, path.read_text(encoding="utf-8"))}
    assert used | {"main"} == set(specs(role))
    for name, one in specs(role).items():
        assert (ROOT / "roles" / role / "tasks" / (name + ".yml")).exists()
        assert one["short_description"] and one["description"], name


@pytest.mark.parametrize("role", ROLES)
def test_an_option_means_the_same_at_every_entry_point(role: str) -> None:
    for name, one in specs(role).items():
        for option, what in one.get("options", {}).items():
            assert what == options(role).get(option), (name, option)


def test_ansible_does_not_check_every_vassal_at_every_run() -> None:
    # It would template and copy them all, even as raw values. The role's own check reports what is wrong with them.
    assert "emperor_vassals" not in specs("emperor")["main"]["options"]
    assert options("emperor")["emperor_vassals"]["type"] == "raw"
    # Nor is a value that it checks computed from all vassals.
    assert [name for name, value in defaults("emperor").items() if "emperor_vassals" in str(value)] == []


# A variable of a role and an invalid value.
WRONG: list[tuple[str, str, Any]] = [
    ("emperor", "emperor_install", "brew"),
    ("emperor", "emperor_supervisor", "runit"),
    ("emperor", "emperor_vassals", "shop"),
    ("emperor", "emperor_vassals", ["shop"]),
    ("emperor", "emperor_vassals", {"name": "shop"}),
    ("emperor:vassals", "emperor_vassals", "shop"),
    ("emperor", "emperor_packages", {"a": 1}),
    ("emperor", "emperor_announce_interval", "often"),
    ("emperor", "emperor_max_fd", "many"),
    ("emperor", "emperor_default_options", ["a=b"]),
    ("emperor", "emperor_signing", "perhaps"),
    ("emperor", "emperor_tyrant", "perhaps"),
    ("emperor", "emperor_signing_key_type", "dsa"),
    ("fastrouter", "fastrouter_tolerance", "long"),
    ("fastrouter", "fastrouter_nodes", {"a": 1}),
    ("fastrouter", "fastrouter_processes", "two"),
    ("fastrouter", "fastrouter_server_params", "a"),
    ("fastrouter", "fastrouter_options", "a"),
    ("fastrouter", "emperor_install", "brew"),
    ("emperor:rolling_update", "emperor_rolling_timeout", "long"),
    ("emperor:interrupted_update", "emperor_rolling_vassals", {"a": 1}),
    ("emperor:vassals", "emperor_purge", "perhaps"),
    ("emperor:drain", "emperor_drain_minimum", "few"),
    ("emperor:current_vassals", "emperor_rolling_vassals", {"a": 1}),
    ("fastrouter:make_successors", "fastrouter_rotation_keys", {"a": 1}),
    ("fastrouter:rotate_signing_keys", "fastrouter_rotation_timeout", "long"),
    ("fastrouter:report", "fastrouter_report_max_age", "old"),
    ("fastrouter:report", "fastrouter_report_stats", {"a": 1}),
]


def test_wrong_values_are_refused_by_name_before_anything_is_done(tmp_path: Path) -> None:
    tasks = []
    for at, (role, name, value) in enumerate(WRONG):
        role_name, dummy, entry_point = role.partition(":")
        called = {"name": "emperor.uwsgi." + role_name, "tasks_from": entry_point or "main"}
        include = {"ansible.builtin.include_role": called, "vars": {name: value}}
        rescue = {"ansible.builtin.set_fact": {f"said_{at}": "{{ ansible_failed_result.msg | string }}"}}
        tasks.append({"block": [include], "rescue": [rescue]})
    said = "{{ [" + ", ".join(f"said_{at} | default('nothing')" for at in range(len(WRONG))) + "] | to_json }}"
    dump = {"ansible.builtin.copy": {"content": said, "dest": str(tmp_path / "said.json"), "mode": "0600"}}
    safe = {
        "emperor_dir": str(tmp_path / "etc"),
        "emperor_install": "none",
        "emperor_supervisor": "daemon",
        "emperor_user": "",
        "emperor_signing_keys_dir": str(tmp_path / "keys"),
    }
    play = {"hosts": "localhost", "gather_facts": False, "vars": safe, "tasks": [*tasks, dump]}
    run = playbook.run(tmp_path, [play])
    assert (tmp_path / "said.json").exists(), run.output
    found = yaml.safe_load((tmp_path / "said.json").read_text(encoding="utf-8"))
    assert [(name, words) for (dummy, name, dummy), words in zip(WRONG, found) if name not in words] == []
    assert not (tmp_path / "etc").exists()
    assert not (tmp_path / "keys").exists()
