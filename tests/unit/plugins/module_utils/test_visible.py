# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from untrusted sources: invisible characters are written out."""

from __future__ import annotations

import unicodedata

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _visible
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from hypothesis import given
from hypothesis import strategies as st

# Texts, and what is shown of them.
SEEN = [
    ("10.0.0.2:2626", "10.0.0.2:2626"),
    ("\u65e5\u672c \u00e9", "\u65e5\u672c \u00e9"),
    ("two\nlines", "two\nlines"),
    ("zwei\nsch\u00f6ne\tZeilen", "zwei\nsch\u00f6ne\\tZeilen"),
    ("a\u0000\u0007\tb", r"a\x00\x07\tb"),
    ("\u202etset.live\u200b", r"\u202etset.live\u200b"),
    ("\ud800", r"\ud800"),
    ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
    ("a.test\u3164\ufe0f\u2800\u3000\U000e0100", r"a.test\u3164\ufe0f\u2800\u3000\U000e0100"),
    ("1\u202f000\u00a0s", "1\u202f000\u00a0s"),
]


@pytest.mark.parametrize(("text", "found"), SEEN)
def test_what_can_not_be_seen_is_written_as_an_escape(text: str, found: str) -> None:
    assert seen(text) == found


@given(st.text())
def test_any_text_can_be_seen_and_written(text: str) -> None:
    found = seen(text)
    found.encode("utf-8")
    # The only unprintable characters left are blanks, and code points without a meaning.
    unprintable = {unicodedata.category(one) for one in found.replace("\n", "") if not one.isprintable()}
    assert unprintable <= {"Zs", "Co", "Cn"}
    assert seen(found) == found


def test_only_so_many_characters_are_kept() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 10_000)))
    assert seen(text) == text
    assert len(_visible._TABLE) == 4096
