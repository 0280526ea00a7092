# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of signing keys' files."""

from __future__ import annotations

from typing import Any, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names
from hypothesis import given
from hypothesis import strategies as st
from support import keys

NAMES = [
    ("shop.example.com", "shop.example.com.pem"),
    ("shop.example.com:8000", "shop.example.com_8000.pem"),
    ("a/b c+d,e=f@g", "a_b_c_d_e_f_g.pem"),
    ("-_.", "-_..pem"),
    ("AZaz09", "AZaz09.pem"),
    ("\u00fc.test", "__.test.pem"),
]


@pytest.mark.parametrize(("key", "expected"), NAMES)
def test_the_file_of_a_key_is_the_one_where_a_router_looks(key: str, expected: str) -> None:
    assert file_names.key_file(key) == expected


@pytest.mark.parametrize(
    ("key", "older", "newer"),
    [
        ("shop.test/blog", "shop.test_blog.pem", "shop.test.pem"),
        ("shop.test:8000/blog/x", "shop.test_8000_blog_x.pem", "shop.test_8000.pem"),
        ("shop.test", "shop.test.pem", "shop.test.pem"),
    ],
)
def test_mountpoints_of_a_domain_have_one_file_in_2_1(key: str, older: str, newer: str) -> None:
    assert (file_names.key_file(key), file_names.key_file(key, V2_0), file_names.key_file(key, V2_1)) == (older, older, newer)
    assert (file_names.owner(key), file_names.owner(key, V2_1)) == (key, key.partition("/")[0])


@given(st.text(min_size=1, max_size=251))
def test_every_file_of_a_key_is_a_file_s_name(key: str) -> None:
    try:
        name = file_names.key_file(key)
    except UnicodeEncodeError:
        assert any("\ud800" <= one <= "\udfff" for one in key)
        return
    assert len(name) == len(key.encode()) + 4
    if len(name) <= 255:
        assert file_names.file_name("file", name) == name
    # The second time there is nothing left to replace.
    assert file_names.key_file(name) == name + ".pem"


@pytest.mark.parametrize("name", ["a.pem", "..pem", "A_b-9.x.pem", "a" * 251 + ".pem"])
def test_names_are_taken_as_they_are(name: str) -> None:
    assert file_names.file_name("file", name) == name


NO_NAMES: List[Any] = [
    "", ".pem", "a", "a.PEM", "a.pem\n", "a.pem.tmp", "../a.pem", "a/b.pem", "/a.pem", "a b.pem", "a:1.pem", "\u00fc.pem",
    "a\0.pem", "a" * 252 + ".pem", None, 5, True, b"a.pem", ["a.pem"],
]


@pytest.mark.parametrize("value", NO_NAMES, ids=repr)
def test_what_can_not_name_a_file_is_refused(value: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        file_names.file_name("keys[3].file", value)
    assert caught.value.path == "keys[3].file"
    assert caught.value.problem == (
        f"{str(value)[:80]!r} can't name a signing key's file; give at most 255 of letters, digits, '.', '_' and '-', with "
        ".pem at the end, as the filter emperor.uwsgi.signing_key_file does"
    )


def test_a_key_in_place_of_its_name_is_not_shown() -> None:
    with pytest.raises(ArgumentError) as caught:
        file_names.file_name("keys[3].file", keys.private())
    assert caught.value.problem.startswith(r"'[PEM not shown]\n' can't name a signing key's file; ")
    assert keys.leaked(str(caught.value), keys.private()) == []
