# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode as numbers."""

from __future__ import annotations

import grp
import pwd
from typing import Any, Callable, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import (
    Attributes,
    attributes,
    group_number,
    is_number,
    octal,
    user_number,
)
from hypothesis import given
from hypothesis import strategies as st

# A user whose name and number no group has, and a group whose name and number no user has.
USER = next(entry for entry in pwd.getpwall() if (entry.pw_name, entry.pw_uid) not in {one[:3:2] for one in grp.getgrall()})
GROUP = next(entry for entry in grp.getgrall() if (entry.gr_name, entry.gr_gid) not in {one[:3:2] for one in pwd.getpwall()})

FOUND = [
    ((None, None, None), Attributes(None, None, None)),
    (("root", None, None), Attributes(0, None, None)),
    ((None, "root", None), Attributes(None, 0, None)),
    ((USER.pw_name, GROUP.gr_name, "0640"), Attributes(USER.pw_uid, GROUP.gr_gid, 0o640)),
    # A number need not belong to anybody.
    (("12345", 54321, "7777"), Attributes(12345, 54321, 0o7777)),
    ((0, "0", "000"), Attributes(0, 0, 0)),
]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(("given_", "expected"), FOUND)
def test_names_and_numbers_are_looked_up(given_: Any, expected: Attributes, check_mode: bool) -> None:
    assert attributes("", *given_, check_mode=check_mode) == expected


UNKNOWN = [
    ("", "no-such-user", None, "owner", "the host has no user 'no-such-user'; create it first"),
    ("vassals[3]", "no-such-user", None, "vassals[3].owner", "the host has no user 'no-such-user'; create it first"),
    ("", None, "no-such-group", "group", "the host has no group 'no-such-group'; create it first"),
    ("vassals[3]", "root", "", "vassals[3].group", "the host has no group ''; create it first"),
    ("", "-1", None, "owner", "the host has no user '-1'; create it first"),
    ("", "a\0b", None, "owner", "the host has no user 'a\\x00b'; create it first"),
    # A digit for isdigit(), but not for int().
    ("", "\u00b2", None, "owner", "the host has no user '\u00b2'; create it first"),
]


@pytest.mark.parametrize(("prefix", "owner", "group", "path", "problem"), UNKNOWN)
def test_names_that_the_host_does_not_know_are_refused(
    prefix: str, owner: Any, group: Any, path: str, problem: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        attributes(prefix, owner, group, None)
    assert (caught.value.path, caught.value.problem) == (path, problem)


def test_in_check_mode_names_that_the_host_does_not_know_are_left() -> None:
    assert attributes("", "no-such-user", "no-such-group", "0600", True) == Attributes(None, None, 0o600)
    # The answer of check mode is not reused outside of it.
    with pytest.raises(ArgumentError, match="the host has no user 'no-such-user'"):
        attributes("", "no-such-user", None, None)


def test_the_place_of_a_mode_begins_with_the_path() -> None:
    with pytest.raises(ArgumentError) as caught:
        attributes("vassals[3]", None, None, "x")
    assert caught.value.path == "vassals[3].mode"
    with pytest.raises(ArgumentError) as caught:
        attributes("", None, None, "x", True)
    assert caught.value.path == "mode"


# Each looks up a single name.
SINGLE: List[Tuple[Callable[..., Optional[int]], str]] = [(user_number, "user"), (group_number, "group")]


@pytest.mark.parametrize(("number", "what"), SINGLE)
def test_a_single_name_is_looked_up_for_the_argument_that_has_it(number: Callable[..., Optional[int]], what: str) -> None:
    for check_mode in (False, True):
        assert number("a.b", None, check_mode) is None
        assert [number("a.b", one, check_mode) for one in ("root", "0", 12345, "4294967294")] == [0, 0, 12345, 4294967294]
        # To the kernel it means "leave it as it is".
        with pytest.raises(ArgumentError) as caught:
            number("a.b", "4294967295", check_mode)
        assert (caught.value.path, caught.value.problem) == (
            "a.b", f"4294967295 is beyond the last number of a {what}, 4294967294",
        )
    assert number("a.b", "no-such-one", check_mode=True) is None
    with pytest.raises(ArgumentError) as caught:
        number("a.b", "no-such-one")
    assert (caught.value.path, caught.value.problem) == ("a.b", f"the host has no {what} 'no-such-one'; create it first")


NUMBERS = [("0", True), ("007", True), ("1" * 20, True), ("1" * 21, False), ("\u0661", False), ("\u00b2", False), ("", False),
           ("-1", False), ("1\n", False), (" 1", False), ("1e1", False)]


@pytest.mark.parametrize(("text", "expected"), NUMBERS)
def test_a_number_has_so_many_of_ten_digits(text: str, expected: bool) -> None:
    assert is_number(text) is expected


def test_a_user_is_no_group() -> None:
    assert user_number("", USER.pw_name) == USER.pw_uid
    assert group_number("", GROUP.gr_name) == GROUP.gr_gid


OCTAL = [("0640", 0o640), ("640", 0o640), ("4755", 0o4755), ("04755", 0o4755), ("0000", 0), ("0007", 7), ("777", 0o777)]


@pytest.mark.parametrize(("text", "expected"), OCTAL)
def test_modes_are_octal(text: str, expected: int) -> None:
    assert octal("mode", text) == expected


# The numbers are what YAML makes of 0640, 0644, 0400 and 640 without quotes.
NO_OCTAL = ["", "0", "64", "0648", "8640", "u=rw", "0o640", "007777", "14755x", " 640", "640\n", "-640", "6_40", True, None]


@pytest.mark.parametrize("value", [*NO_OCTAL, 0o640, 0o644, 0o400, 640, 0, ["0640"]], ids=repr)
def test_what_is_no_octal_mode_is_refused(value: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        octal("a.mode", value)
    assert (caught.value.path, caught.value.problem) == (
        "a.mode", f"{value!r} is not an octal mode; give one in quotes, such as '0640'",
    )


@given(st.text("01234567", min_size=3, max_size=4))
def test_every_mode_comes_back(text: str) -> None:
    assert octal("mode", text) == octal("mode", "0" + text) == int(text, 8)
