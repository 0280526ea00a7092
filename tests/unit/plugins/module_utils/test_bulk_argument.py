# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A list as a single value, and back."""

from __future__ import annotations

import json
from typing import Any, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._bulk_argument import is_packed, pack, unpack
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(VALUES))
def test_what_was_packed_comes_out_again(items: List[Any]) -> None:
    packed = pack(json.dumps(items))
    assert is_packed(packed)
    assert unpack(packed) == items


def test_a_thousand_are_one_mapping_of_text() -> None:
    packed = pack(json.dumps([{"file": "a.pem", "content": "c"}] * 1000))
    assert [set(item) for item in packed] == [{"file", "content"}]
    assert len(packed[0]["content"]) < 1000


OTHERS: List[Any] = [
    None, "packed", {"file": "packed"}, [], ["packed"], [{}], [{"name": "a"}], [{"file": ""}],
    [{"file": "a.pem", "content": "c"}], [{}, {}],
]  # fmt: skip


@pytest.mark.parametrize("items", OTHERS)
def test_what_is_not_packed_stays_as_it_is(items: Any) -> None:
    assert not is_packed(items)
    assert unpack(items) is items
