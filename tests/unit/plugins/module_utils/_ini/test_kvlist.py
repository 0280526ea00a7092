# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of names and values: they are read, and written so that they can be read back."""

from __future__ import annotations

from typing import Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import kvlist
from hypothesis import given
from hypothesis import strategies as st
from support.stream import computed

FIELDS: List[Tuple[str, Dict[str, str]]] = [
    ("server=10.0.0.2:2626,key=a.test", {"server": "10.0.0.2:2626", "key": "a.test"}),
    ("key=a,key=b", {"key": "b"}),
    ("key=a=b", {"key": "a=b"}),
    ("key=a\\,b\\\\c\\d", {"key": "a,b\\cd"}),
    ("key=a, addr=b ", {"key": "a", " addr": "b "}),
    ("key=a\\", {"key": "a"}),
    ("key=\\,", {"key": ","}),
    ("key", {"key": ""}),
    ('key="a"', {"key": '"a"'}),
]


@pytest.mark.parametrize(("value", "fields"), FIELDS)
def test_fields(value: str, fields: Dict[str, str]) -> None:
    assert kvlist.parse(value) == fields


def test_no_fields() -> None:
    assert [value for value in kvlist.parse("").values() if value] == []


def test_what_is_written() -> None:
    assert kvlist.join([]) == ""
    assert kvlist.join([("key", "a.test")]) == "key=a.test"
    assert kvlist.join([("key", "a,b\\c"), ("addr", ""), ("sign", "a=b")]) == "key=a\\,b\\\\c,addr=,sign=a=b"
    assert kvlist.escape(",\\,") == "\\,\\\\\\,"


@given(st.dictionaries(st.text("abc_", min_size=1), st.text(), min_size=1))
def test_what_is_written_is_read_back(pairs: Dict[str, str]) -> None:
    assert kvlist.parse(kvlist.join(pairs.items())) == pairs


@pytest.mark.parametrize("text", ["a" * 200000, "," * 200000, "\\" * 200001, "\\," * 100000, "a=b," * 50000], ids=range(5))
def test_the_time_to_read_a_list_grows_with_its_length(text: str) -> None:
    with computed(2):
        kvlist.parse(text)
