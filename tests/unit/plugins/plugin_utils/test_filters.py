# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of filters name the filter."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.emperor.uwsgi.plugins.filter.signing_key_file import signing_key_file
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from support import keys


@filter_errors
def fussy(value: Any, *more: Any, **named: Any) -> Any:
    """Refuse errors, and return everything else."""
    if isinstance(value, Exception):
        raise value
    return value, more, named


def test_without_an_error_nothing_changes() -> None:
    assert fussy(1, 2, a=3) == (1, (2,), {"a": 3})
    assert (fussy.__name__, fussy.__doc__) == ("fussy", "Refuse errors, and return everything else.")


def test_an_argument_s_error_becomes_the_filter_s() -> None:
    error = ArgumentError("a[2].b", "is bad")
    with pytest.raises(AnsibleFilterError) as caught:
        fussy(error)
    assert str(caught.value) == "emperor.uwsgi.fussy: a[2].b: is bad"
    assert caught.value.__cause__ is error


def test_an_error_with_a_key_in_it_becomes_the_filter_s() -> None:
    key = keys.private()
    line = key.splitlines()[1]
    for error in (ArgumentError("a", line), ValueError(line), KeyError(key)):
        with pytest.raises(AnsibleFilterError) as caught:
            fussy(error, [key])
        assert "[PEM not shown]" in str(caught.value)
        assert caught.value.__cause__ is None
        assert keys.leaked(str(caught.value), key) == []


@pytest.mark.parametrize("error", [ValueError("v"), KeyError("k"), HostError("/a", "is full")])
def test_every_other_error_stays(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        fussy(error)
    assert caught.value is error


def test_a_value_without_end_is_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        fussy(RecursionError("maximum recursion depth exceeded"))
    assert str(caught.value) == "emperor.uwsgi.fussy: the value is nested too deeply; flatten it"


def test_a_value_that_contains_itself_is_an_error_of_the_filter() -> None:
    ring: list[Any] = [ArgumentError("a", "is bad")]
    ring.append(ring)
    with pytest.raises(AnsibleFilterError, match="a: is bad"):
        fussy(ring[0], ring)
    with pytest.raises(ValueError, match=r"\Av\Z"):
        fussy(ValueError("v"), ring)


# Arguments with a number, and whether that has more than 64 bits.
NUMBERS: list[tuple[Any, dict[str, Any], bool]] = [
    (2**64, {}, True),
    (2**64 - 1, {}, False),
    (-(2**64), {}, True),
    ({"a": [1, ({2**64},)]}, {}, True),
    ({2**64: 1}, {}, True),
    (1, {"a": {"b": 2**64}}, True),
    ([1, "a", None, 1.5, True, {"b": (2, {3})}], {"a": []}, False),
]


@pytest.mark.parametrize(("value", "named", "large"), NUMBERS)
def test_a_number_that_python_refuses_to_print_is_an_error_of_the_filter(value: Any, named: Any, large: bool) -> None:
    error = ValueError("Exceeds the limit")
    with pytest.raises(AnsibleFilterError if large else ValueError) as caught:
        fussy(error, value, **named)
    if large:
        assert str(caught.value) == "emperor.uwsgi.fussy: a number has more than 64 bits; give a smaller one"
        assert caught.value.__cause__ is None
    else:
        assert caught.value is error


def test_a_real_one_too() -> None:
    with pytest.raises(AnsibleFilterError, match=r"signing_key_file: a number has more than 64 bits"):
        signing_key_file("a.test", 16**5000)
