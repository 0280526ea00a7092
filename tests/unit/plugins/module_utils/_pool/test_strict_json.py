# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON from untrusted sources: limits, and the types of values."""

from __future__ import annotations

import sys
from typing import Any, Callable, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import strict_json

UNREAD = [
    ("", "Expecting value: line 1 column 1 (char 0)"),
    ("[" * 100000, "it is nested too deeply"),
    ('{"a":' * 100000, "it is nested too deeply"),
    ("9" * 4301, "a number has more than 4300 digits"),
    ("NaN", "NaN is not a number of JSON"),
    ("-Infinity", "-Infinity is not a number of JSON"),
    ("٣", "Expecting value: line 1 column 1 (char 0)"),
]


@pytest.mark.parametrize(("text", "problem"), UNREAD, ids=range(len(UNREAD)))
def test_what_is_not_json_or_too_much_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        strict_json.load(text)
    assert str(caught.value) == problem


def test_what_is_read() -> None:
    assert strict_json.load('{"a": [1, "\n", null]}') == {"a": [1, "\n", None]}
    assert strict_json.load("9" * 4300) == 10**4300 - 1


@pytest.mark.parametrize("text", ["[1,1,1,1]", "[[[[]]]]", '{"a":{"a":[{}]}}'])
def test_members_are_counted_before_they_take_memory(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert strict_json._MOST_MEMBERS == 2097152
    monkeypatch.setattr(strict_json, "_MOST_MEMBERS", 4)
    assert strict_json.load(text) is not None
    monkeypatch.setattr(strict_json, "_MOST_MEMBERS", 3)
    with pytest.raises(ValueError, match=r"^it has more than 3 members$"):
        strict_json.load(text)


Read = Callable[[Any], Any]
GOOD: List[Any] = [
    (strict_json.number, 0), (strict_json.number, 2**64 - 1), (strict_json.number, -(2**63)), (strict_json.text, ""),
    (strict_json.text, "\0\ufffd"), (strict_json.mapping, {}), (strict_json.sequence, []),
]  # fmt: skip


@pytest.mark.parametrize(("read", "value"), GOOD)
def test_a_value_of_the_right_type_stays_as_it_is(read: Read, value: Any) -> None:
    assert (read(value), type(read(value))) == (value, type(value))


BAD: List[Any] = [
    *[(strict_json.number, value, "not a whole number of 64 bits")
      for value in (None, True, 1.0, "1", [], 2**64, -(2**63) - 1, float("nan"))],
    *[(strict_json.text, value, "not text") for value in (None, 1, b"a", [], {})],
    *[(strict_json.text, value, "not valid Unicode text") for value in ("\ud800", "a\udfff")],
    *[(strict_json.mapping, value, "not an object") for value in (None, 1, "", [])],
    *[(strict_json.sequence, value, "not a list") for value in (None, 1, "", {}, ())],
]  # fmt: skip


@pytest.mark.parametrize(("read", "value", "problem"), BAD)
def test_a_value_of_another_type_is_an_error(read: Read, value: Any, problem: str) -> None:
    with pytest.raises(TypeError) as caught:
        read(value)
    assert str(caught.value) == problem


@pytest.mark.parametrize("values", [[], [1], [-(2**63), 2**64 - 1, 0]])
def test_several_numbers_are_what_each_is(values: List[Any]) -> None:
    assert strict_json.numbers(values) == values


@pytest.mark.parametrize("value", [True, 1.0, "1", None, 2**64, -(2**63) - 1])
def test_one_of_several_that_is_no_number_is_an_error(value: Any) -> None:
    with pytest.raises(TypeError):
        strict_json.numbers([1, value, 2])


@pytest.mark.parametrize("limit", [0, 640, 5000])
def test_long_numbers_are_refused_whatever_the_limit_of_python_is(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "get_int_max_str_digits", lambda: limit, raising=False)
    with pytest.raises(ValueError, match="a number has more than 4300 digits"):
        strict_json.load("1" * 4301)
    assert strict_json.load("1" * 20) == int("1" * 20)


# The limit of Python, where it has one, and whether it is all that is needed.
LIMITS: List[Any] = [(None, False), (0, False), (1, True), (4300, True), (4301, False)]


@pytest.mark.parametrize(("limit", "enough"), LIMITS)
def test_python_reads_numbers_itself_where_its_own_limit_is_enough(
    limit: Any, enough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if limit is None:
        monkeypatch.delattr(sys, "get_int_max_str_digits", raising=False)
    else:
        monkeypatch.setattr(sys, "get_int_max_str_digits", lambda: limit, raising=False)
    read: Any = strict_json._reader()
    assert (read is int) is enough
    assert read("12") == 12


def test_without_a_limit_of_python_numbers_have_one_too() -> None:
    assert strict_json._integer("9" * 4300) == 10**4300 - 1
    with pytest.raises(ValueError) as caught:
        strict_json._integer("9" * 4301)
    assert str(caught.value) == "a number has more than 4300 digits"
