# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of role variables compared with the roles' documentation, and each variable in every form."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import texts, variables
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.variables import Emperor, Fastrouter
from support.modules import ROOT

RECORDS: list[Any] = [Emperor, Fastrouter]
# For each type in the specs, a value in all the forms that it can have.
FORMS: dict[tuple[str, str], list[Any]] = {
    ("bool", ""): [True, "true", "yes"],
    ("int", ""): [7, "7"],
    ("str", ""): ["text"],
    ("path", ""): ["/path"],
    ("list", "str"): [["a", "b"], "a,b", '["a", "b"]'],
    ("list", "path"): [["/a", "/b"], "/a,/b", '["/a", "/b"]'],
    ("list", "dict"): [[{"a": 1}], '[{"a": 1}]', "- a: 1"],
    ("dict", ""): [{"a": 1}, '{"a": 1}', "a: 1"],
}
# Ansible's own check would refuse some of these forms, so the specs call them raw.
KINDS = {texts.mapping: ("dict", ""), texts.mappings: ("list", "dict"), texts.interval: ("int", "")}
# Used only where they are written.
RAW = {"fastrouter_report_dest", "fastrouter_report_mode"}


@lru_cache(maxsize=None)
def documented(record: Any) -> dict[str, Any]:
    """The options of a role's argument specs, by their names."""
    name = record.__name__.lower()
    specs = yaml.safe_load((ROOT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    return {option: spec for entry in specs.values() for option, spec in (entry.get("options") or {}).items()}


def kind(record: Any, name: str) -> tuple[str, str]:
    """The type of a variable and of its elements."""
    spec = documented(record)[name]
    convert = variables.converters(record).get(name[len(variables.prefix(record)) :])
    return KINDS[convert] if spec["type"] == "raw" and convert else (spec["type"], spec.get("elements", ""))


def defaults(record: Any) -> dict[str, Any]:
    """A valid value for each variable."""
    found = {}
    for name, spec in documented(record).items():
        if name not in RAW and name.startswith(variables.prefix(record)):
            found[name] = spec["choices"][0] if "choices" in spec else FORMS[kind(record, name)][0]
    return found


@pytest.mark.parametrize("record", RECORDS)
def test_every_documented_variable_is_there_and_no_other(record: Any) -> None:
    fields = {variables.prefix(record) + field for field in record._fields}
    own = {name for name in documented(record) if name.startswith(variables.prefix(record))}
    assert fields == own - RAW


CASES = [(record, field) for record in RECORDS for field in record._fields]


@pytest.mark.parametrize(("record", "field"), CASES)
def test_a_variable_means_the_same_in_each_form(record: Any, field: str) -> None:
    name = variables.prefix(record) + field
    spec = documented(record)[name]
    forms = spec.get("choices", [])[:1] or FORMS[kind(record, name)]
    found = [variables.read(record, {**defaults(record), name: form}.__getitem__) for form in forms]
    assert [getattr(one, field) for one in found] == [forms[0]] * len(forms)
    wrong = {"bool": "maybe", "int": "seven", "list": [True], "dict": "text"}.get(kind(record, name)[0], ["a"])
    with pytest.raises(ArgumentError) as error:
        variables.read(record, {**defaults(record), name: wrong}.__getitem__)
    assert error.value.path.startswith(name)
    assert json.dumps(found[0])


def test_every_kind_of_value_is_converted() -> None:
    used = {convert for record in RECORDS for convert in variables.converters(record).values()}
    assert {texts.boolean, texts.integer, texts.text, texts.mapping, texts.mappings} <= used
