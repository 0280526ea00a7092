# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users wrote for the last release still works, except for the differences in a table."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from interface.compare import complaints, differences
from interface.differences import DIFFERENCES
from interface.snapshot import host_paths
from support.modules import ROOT

FOLDER = ROOT / "tests" / "interface"
SNAPSHOTS = sorted(FOLDER.glob("*.json"))
HELP = """
These differ from release {}, so playbooks that were written for it can break:
  {}
Keep what was there. A renamed option keeps its old name as an alias, with the same type and default. A new option must not be
required. A role's renamed variable has a default that reads the old one. If it has to differ, add a row to
tests/interface/differences.py: the path before the colon, the reason, and what users have to do. If a row has no difference any
more, remove it."""


def test_what_differs_from_the_last_release_is_in_the_table() -> None:
    command = [sys.executable, str(FOLDER / "snapshot.py"), str(ROOT)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    old = json.loads(SNAPSHOTS[-1].read_text(encoding="utf-8"))
    rows = [one.where for one in DIFFERENCES if not one.test]
    problems = complaints(differences(old, json.loads(found.stdout)), rows)
    assert not problems, HELP.format(SNAPSHOTS[-1].stem, "\n  ".join(problems))


def test_there_is_one_snapshot_as_it_is_printed() -> None:
    assert len(SNAPSHOTS) == 1, "keep the last release's alone"
    text = SNAPSHOTS[0].read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.where)
def test_every_row_has_a_reason_a_note_and_the_test_that_it_names(row: Any) -> None:
    assert row.where and row.reason and row.note
    if row.test:
        path, dummy, name = row.test.partition("::")
        functions = [node.name for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body if hasattr(node, "name")]
        assert name in functions, f"{row.where}: there is no test {row.test}"


def test_no_two_rows_are_about_the_same() -> None:
    places = [row.where for row in DIFFERENCES]
    assert sorted(set(places)) == sorted(places)


OLD: dict[str, Any] = {
    "action group g": {"members": ["a", "b"]},
    "filter f": {"options": {"_input": {"type": "raw", "required": True}}, "positional": ["_input", "x"]},
    "hosts": {"paths": ["/etc/a"]},
    "inventory i": {
        "extends": ["ansible.builtin.constructed"],
        "options": {"a": {"type": "str", "sources": ['env {"name": "A"}']}},
    },
    "module m": {
        "options": {
            "a": {"type": "str", "aliases": ["a2"]},
            "b": {"type": "int", "default": 1},
            "c": {"type": "str", "required": True},
            "s": {"type": "str", "choices": ["on", "off"], "default": "on"},
            "free": {"type": "dict"},
            "d": {"type": "list", "elements": "dict", "options": {"x": {"type": "str"}, "y": {"type": "str", "required": True}}},
        },
        "rules": {
            "mutually_exclusive": [["a", "b"]],
            "required_one_of": [["a", "b"]],
            "required_together": [["a", "b", "c"]],
            "required_if": [["s", "on", ["a"]]],
            "required_by": [["a", ["b", "c"]]],
        },
        "returns": {"r": {"type": "list", "elements": "dict", "contains": {"x": {"type": "str"}}}},
        "supports": ["check mode"],
    },
    "playbook p": {},
    "role r": {
        "defaults": {"r_a": 1, "r_b": "{{ r_a }}"},
        "entry points": {
            "main": {"options": {"r_a": {"type": "int", "default": 1}, "r_b": {"type": "int"}}},
            "other": {"options": {"o": {"type": "int"}}},
        },
    },
}
# A description, a place in the snapshot, and its new value; without a value it is removed.
M = "module m"
Case = tuple[str, tuple[str, ...], Any]
ALLOWED: list[Case] = [
    ("a new option", (M, "options", "new"), {"type": "str", "default": "a"}),
    ("a new suboption", (M, "options", "d", "options", "new"), {"type": "str"}),
    ("a new choice", (M, "options", "s", "choices"), ["on", "off", "new"]),
    ("any choice", (M, "options", "s"), {"type": "str", "default": "on"}),
    ("a new alias", (M, "options", "a", "aliases"), ["a2", "a3"]),
    ("no longer required", (M, "options", "c", "required"), False),
    ("no longer required, with a default", (M, "options", "c"), {"type": "str", "default": "a"}),
    ("a new source of a value", (M, "options", "a", "sources"), ['env {"name": "A"}']),
    ("no rules", (M, "rules"), {}),
    ("a rule about a new and an old option", (M, "rules", "mutually_exclusive"), [["a", "b"], ["a", "new"]]),
    ("a rule with a new option as well", (M, "rules", "mutually_exclusive"), [["a", "b", "new"]]),
    ("another way to say it", (M, "rules", "required_one_of"), [["a", "b", "new"]]),
    ("another way to say what was required", (M, "rules", "required_one_of"), [["a", "b"], ["c", "new"]]),
    ("fewer belong together", (M, "rules", "required_together"), [["a", "b"]]),
    ("new ones belong together", (M, "rules", "required_together"), [["new", "new2"]]),
    ("a new choice needs something", (M, "rules", "required_if"), [["s", "new", ["a"]]]),
    ("fewer are needed", (M, "rules", "required_by"), [["a", ["b"]], ["new", ["a"]]]),
    ("a new return value", (M, "returns", "new"), {"type": "str"}),
    ("more in a return value", (M, "returns", "r", "contains", "new"), {"type": "str"}),
    ("check mode and more", (M, "supports"), ["check mode", "file arguments"]),
    ("a new position at the end", ("filter f", "positional"), ["_input", "x", "new"]),
    ("a new module", ("module n",), {}),
    ("a new playbook", ("playbook q",), {}),
    ("a new path", ("hosts", "paths"), ["/etc/a", "/etc/b"]),
    ("a new member", ("action group g", "members"), ["a", "b", "c"]),
    ("a new variable", ("role r", "defaults", "r_new"), 1),
    ("a new entry point", ("role r", "entry points", "new"), {"options": {"a": {"type": "str", "required": True}}}),
    ("a variable of any type", ("role r", "entry points", "main", "options", "r_b", "type"), "raw"),
    ("a variable that another entry point specifies", ("role r", "entry points", "main", "options", "r_b"), ...),
]
REFUSED: list[Case] = [
    ("module m", (M,), ...),
    ("module m / options / b", (M, "options", "b"), ...),
    ("module m / options / new", (M, "options", "new"), {"type": "str", "required": True}),
    ("module m / options / b / type", (M, "options", "b", "type"), "float"),
    ("module m / options / b / default", (M, "options", "b", "default"), 2),
    ("module m / options / b / default", (M, "options", "b", "default"), ...),
    ("module m / options / a / default", (M, "options", "a", "default"), "new"),
    ("module m / options / a / required", (M, "options", "a", "required"), True),
    ("module m / options / a / aliases / a2", (M, "options", "a", "aliases"), []),
    ("module m / options / a / choices", (M, "options", "a", "choices"), ["x"]),
    ("module m / options / s / choices / off", (M, "options", "s", "choices"), ["on"]),
    ("module m / options / d / elements", (M, "options", "d", "elements"), "raw"),
    ("module m / options / d / options / x", (M, "options", "d", "options", "x"), ...),
    ("module m / options / d / options / x / required", (M, "options", "d", "options", "x", "required"), True),
    (
        "module m / options / d / rules / mutually_exclusive / x, y",
        (M, "options", "d", "rules"),
        {"mutually_exclusive": [["x", "y"]]},
    ),
    ("module m / options / d / options", (M, "options", "d", "options"), ...),
    ("module m / options / free / options", (M, "options", "free", "options"), {"x": {"type": "str"}}),
    ("module m / rules / mutually_exclusive / b, c", (M, "rules", "mutually_exclusive"), [["a", "b"], ["b", "c"]]),
    ("module m / rules / required_one_of / a", (M, "rules", "required_one_of"), [["a"]]),
    ("module m / rules / required_together / a, new", (M, "rules", "required_together"), [["a", "new"]]),
    ("module m / rules / required_if / s, off, ['a']", (M, "rules", "required_if"), [["s", "off", ["a"]]]),
    ("module m / rules / required_by / b, ['a']", (M, "rules", "required_by"), [["b", ["a"]]]),
    ("module m / returns / r", (M, "returns", "r"), ...),
    ("module m / returns / r / type", (M, "returns", "r", "type"), "dict"),
    ("module m / returns / r / elements", (M, "returns", "r", "elements"), "str"),
    ("module m / returns / r / contains / x", (M, "returns", "r", "contains"), ...),
    ("module m / supports / check mode", (M, "supports"), []),
    ("filter f / positional", ("filter f", "positional"), ["_input", "new", "x"]),
    ("inventory i / extends / ansible.builtin.constructed", ("inventory i", "extends"), ...),
    ('inventory i / options / a / sources / env {"name": "A"}', ("inventory i", "options", "a", "sources"), ...),
    ("playbook p", ("playbook p",), ...),
    ("hosts / paths / /etc/a", ("hosts", "paths"), ["/etc/b"]),
    ("action group g / members / b", ("action group g", "members"), ["a"]),
    ("role r / defaults / r_a", ("role r", "defaults", "r_a"), 2),
    ("role r / defaults / r_b", ("role r", "defaults", "r_b"), ...),
    ("role r / entry points / other", ("role r", "entry points", "other"), ...),
    ("role r / entry points / other / options / o", ("role r", "entry points", "other", "options", "o"), ...),
    ("role r / entry points / main / options / r_a / type", ("role r", "entry points", "main", "options", "r_a", "type"), "str"),
    (
        "role r / entry points / main / options / n",
        ("role r", "entry points", "main", "options", "n"),
        {"type": "int", "required": True},
    ),
]


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The old snapshot with another value in one place, or without it."""
    new = copy.deepcopy(OLD)
    if path == ("role r", "entry points", "main", "options", "r_b"):
        new["role r"]["entry points"]["other"]["options"]["r_b"] = {"type": "int"}
    inner = new
    for name in path[:-1]:
        inner = inner[name]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return new


def test_a_release_does_not_differ_from_itself() -> None:
    assert differences(OLD, OLD) == {}


@pytest.mark.parametrize(("dummy", "path", "value"), ALLOWED, ids=[case[0] for case in ALLOWED])
def test_additions_are_no_differences(dummy: str, path: tuple[str, ...], value: Any) -> None:
    new = changed(path, value)
    assert new != OLD
    # New options that a rule names are optional.
    new[M]["options"].update({name: new[M]["options"].get(name, {"type": "str"}) for name in ("new", "new2")})
    assert differences(OLD, new) == {}


@pytest.mark.parametrize(("where", "path", "value"), REFUSED, ids=[f"{case[0]} {at}" for at, case in enumerate(REFUSED)])
def test_all_else_is_one_difference_with_its_path(where: str, path: tuple[str, ...], value: Any) -> None:
    assert list(differences(OLD, changed(path, value))) == [where]


RENAMED: list[tuple[dict[str, Any], list[str]]] = [
    ({"type": "int", "default": 1, "aliases": ["b"]}, []),
    ({"type": "int", "default": 1}, ["options / b"]),
    ({"type": "str", "default": 1, "aliases": ["b"]}, ["options / b / type"]),
    ({"type": "int", "default": 2, "aliases": ["b"]}, ["options / b / default"]),
    ({"type": "int", "default": 1, "aliases": ["b"], "required": True}, ["options / b / required"]),
]


@pytest.mark.parametrize(("option", "expected"), RENAMED)
def test_a_renamed_option_keeps_its_old_name_and_meaning(option: dict[str, Any], expected: list[str]) -> None:
    new = changed((M, "options", "b"), ...)
    new[M]["options"]["renamed"] = option
    if not expected:
        # The rules may use either name.
        new[M]["rules"]["mutually_exclusive"] = [["a", "renamed"]]
    assert list(differences(OLD, new)) == [f"{M} / {one}" for one in expected]


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        ("{{ r_a | default(1) }}", []),
        ("{{ r_a | default(2) }}", ["defaults / r_a"]),
        (1, ["defaults / r_a"]),
        ("{{ r_alone | default(1) }}", ["defaults / r_a"]),
    ],
)
def test_the_default_of_a_renamed_variable_reads_the_old_one(default: Any, expected: list[str]) -> None:
    new = changed(("role r", "defaults", "r_a"), ...)
    options = new["role r"]["entry points"]["main"]["options"]
    del options["r_a"]
    options["r_new"] = {"type": "int", "aliases": ["r_a"], **({"default": 1} if default == 1 else {})}
    new["role r"]["defaults"]["r_new"] = default
    found = [one for one in differences(OLD, new) if not one.endswith(" / default")]
    assert found == [f"role r / {one}" for one in expected]
    assert expected or differences(OLD, new) == {}


def test_a_row_and_its_difference_need_each_other() -> None:
    assert complaints({"a": "is gone"}, ["a"]) == []
    assert complaints({"a": "is gone"}, []) == ["a: is gone; no row says why"]
    assert complaints({}, ["a"]) == ["a: has a row, but no difference"]


def test_paths_are_those_of_the_default_variables(tmp_path: Path) -> None:
    files = {
        "defaults/main.yml": "r_dir: /etc/r\nr_name: r\nr_program: /usr/bin/r\n",
        "vars/main.yml": "r__keys: '{{ r_dir }}/keys'\nr__next: '{{ r__keys }}/next'\nr__x: '{{ r_dir | only_ansibles }}/x'\n",
        "tasks/main.yml": "- {a: {path: '/run/{{ r_name }}.pid'}, loop: ['{{ r__next }}/{{ item }}.pem', 'a/b', '0.0.0.0/0']}\n",
    }
    for name, text in files.items():
        path = tmp_path / "r" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    expected = ["/etc/r", "/etc/r/keys", "/etc/r/keys/next", "/etc/r/keys/next/NAME.pem", "/run/r.pid"]
    assert host_paths(tmp_path, [tmp_path / "r"]) == expected
