# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role variables as data and as text: every form, and what is not valid."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import texts
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.texts import (
    AUTO,
    Convert,
    boolean,
    integer,
    interval,
    mapping,
    mappings,
    text,
)
from hypothesis import given
from hypothesis import strategies as st

words, numbers, colour = texts.sequence(text), texts.sequence(integer), texts.choice("red", "blue")
VASSALS = [{"name": "a", "options": {"processes": 4}}, {"name": "b"}]
# A kind of value, the forms that one value can have, and the value.
FORMS: list[tuple[Convert, list[Any], Any]] = [
    (boolean, [True, "true", "True", "yes", "on", "1", "y", "t", 1, 1.0], True),
    (boolean, [False, "false", "False", "no", "off", "0", "n", "f", 0, 0.0], False),
    (integer, [5, "5", " 5\n", "+5", "005"], 5),
    (interval, [5, "5", " 5\n"], 5),
    (interval, ["auto", " auto\n"], AUTO),
    (integer, [-(2**63), "-9223372036854775808"], -(2**63)),
    (text, ["a", "a"], "a"),
    (text, [33, "33"], "33"),
    (text, [None, ""], ""),
    (colour, ["red"], "red"),
    (words, [["a", "b"], ("a", "b"), "a,b", " a , b ,", '["a", "b"]', ' ["a","b"]\n'], ["a", "b"]),
    (words, [["a"], "a", '["a"]'], ["a"]),
    (words, [[1], 1, "1", "[1]", '["1"]'], ["1"]),
    (words, [[], None, "", " ", ",", "[]"], []),
    (texts.maybe(words), [None], None),
    (texts.maybe(words), [[], "", ","], []),
    (texts.maybe(words), [["a", "b"], "a,b"], ["a", "b"]),
    (numbers, [[1, 2], ["1", "2"], "1,2", "[1, 2]"], [1, 2]),
    (mapping, [{"a": 1}, '{"a": 1}', "a: 1", "{a: 1}", " a: 1\n"], {"a": 1}),
    (mapping, [{}, None, "", " ", "{}", "null"], {}),
    (mappings, [VASSALS, json.dumps(VASSALS), yaml.safe_dump(VASSALS), tuple(VASSALS)], VASSALS),
    (mappings, [[{"name": "a"}], "- name: a", '[{"name": "a"}]'], [{"name": "a"}]),
    (mappings, [[], None, "", "[]"], []),
]


@pytest.mark.parametrize(("convert", "forms", "value"), FORMS)
def test_each_form_means_the_same(convert: Convert, forms: list[Any], value: Any) -> None:
    found = [convert("v", form) for form in forms]
    assert [(one, type(one)) for one in found] == [(value, type(value))] * len(forms)


NO_BOOLEAN = "is not a boolean; give true or false"
NO_NUMBER = "is not a whole number"
NO_TEXT = "is not text; give text, in quotes where YAML reads something else"
NO_MAPPING = "is not a mapping; give one, as text in JSON or YAML"
NO_MAPPINGS = "is not a list of mappings; give one, as text in JSON or YAML"
BAD: list[tuple[Convert, Any, str, str]] = [
    *[(boolean, value, "v", NO_BOOLEAN) for value in ("", "maybe", "2", 2, None, [], {}, "tru e", "\u0661")],
    *[(integer, value, "v", NO_NUMBER) for value in ("", "five", "5.0", 5.0, True, None, [], "٣", "0x10", "1_000", "1e3")],
    *[(interval, value, "v", NO_NUMBER + "; give seconds, or auto") for value in ("", "often", "Auto", None, True)],
    (interval, AUTO, "v", "is not between -9223372036854775808 and 9223372036854775807; give seconds, or auto"),
    (integer, 2**63, "v", "is not between -9223372036854775808 and 9223372036854775807"),
    *[(text, value, "v", NO_TEXT) for value in (True, [], {}, ["a"])],
    *[(colour, value, "v", "is not known; give one of red, blue") for value in ("green", "", None, "Red")],
    (words, "[a", "v", "'[a' begins as JSON but is invalid (Expecting value: line 1 column 2 (char 1)); give JSON, or commas"),
    (words, "{a: 1}", "v", "; give JSON, or commas"),
    (words, "[" * 100_000, "v", "; give JSON, or commas"),
    (words, '["a", true]', "v[1]", NO_TEXT),
    (words, {"a": 1}, "v[0]", NO_TEXT),
    (words, '{"a": 1}', "v[0]", NO_TEXT),
    (numbers, "1,b", "v[1]", NO_NUMBER),
    (texts.maybe(numbers), "1,b", "v[1]", NO_NUMBER),
    *[(mapping, value, "v", NO_MAPPING) for value in ("a", "[1]", "a,b", 5, [], True)],
    (mapping, "a: [", "v", "is neither JSON nor YAML; give a mapping as one of them"),
    (mapping, "!!python/object/apply:os.getcwd []", "v", "is neither JSON nor YAML; give a mapping as one of them"),
    *[(mappings, value, "v", NO_MAPPINGS) for value in ("a", "[1]", "a,b", 5, [1], [{}, None], True, {"name": "a"}, "name: a")],
    (mappings, "[" * 100_000, "v", "is neither JSON nor YAML; give a list of mappings as one of them"),
]


@pytest.mark.parametrize(("convert", "value", "path", "problem"), BAD)
def test_what_has_no_such_form_is_refused_by_name(convert: Convert, value: Any, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as error:
        convert("v", value)
    assert error.value.path == path
    # The problem comes after the value, which is cut if it is long.
    assert error.value.problem.endswith(problem) and len(error.value.problem) < 400


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1).map(str.strip).filter(lambda one: one and "," not in one)))
def test_a_list_survives_json_and_commas(items: list[str]) -> None:
    assert words("v", json.dumps(items)) == items
    if not "".join(items).startswith(("[", "{")):
        assert words("v", ",".join(items)) == items
