# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypothesis strategies that change valid inputs: bytes, and Ansible's values."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

# The length of a repeated piece; the longest reveals quadratic time.
_SIZES = st.sampled_from([30, 30, 300, 300, 300, 3000, 3000, 30_000, 200_000])
# Unexpected numbers, texts and structures.
_EDGES: list[Any] = [
    None, True, False, 0, 1, -1, 255, 256, 65536, 2**31, 2**63, 2**64, -(2**63) - 1, 16**5000, 1.5, 1e308, float("inf"),
    float("-inf"), float("nan"), "", " ", "0", "-1", "5", "٣", "10.0.0.٣:3031", "10.0.0.7:٣", "²", "1_0", "0x10", "1e3", "inf",
    "nan", "9" * 5000, "\ud800", "a\udcffb", "\0", "a\nb", "%(a)", "%%", "$(A)", "@(a)", "{{ 1 }}", "..", "/", "/a/../b",
    "@", ":",
    "a" * 300, "/" + "a" * 5000, "yes", "\u017f", "\u2028", b"bytes", [], {}, (), [[]], {"": None}, {1: 2}, {None: None},
    {(): ()},
    datetime.date(2026, 1, 1), {"a"}, "-----BEGIN PRIVATE KEY-----",
]  # fmt: skip
# Copies, since a filter may keep its input.
_EDGE = st.sampled_from(range(len(_EDGES))).map(lambda at: copy.deepcopy(_EDGES[at]))
_SCALARS: st.SearchStrategy[Any] = st.one_of(_EDGE, st.text(max_size=8), st.integers(), st.floats())


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(_SCALARS, st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3))


VALUES = _around(_around(_SCALARS))


@st.composite
def changed_bytes(draw: st.DrawFn, samples: list[bytes], words: list[bytes]) -> bytes:
    """One of the samples, changed in up to four places, with words that are special to its reader."""
    data = draw(st.sampled_from(samples))
    for dummy in range(draw(st.integers(1, 4))):
        data = draw(st.sampled_from(_CHANGES))(draw, data, words)
    return data


def _span(draw: st.DrawFn, data: bytes) -> tuple[int, int]:
    start = draw(st.integers(0, len(data)))
    return start, min(len(data), start + draw(st.sampled_from([1, 1, 2, 8, 60, 1000])))


def _piece(draw: st.DrawFn, data: bytes, words: list[bytes]) -> bytes:
    """A piece to insert: some words, or a part of the input itself."""
    if draw(st.booleans()):
        return b"".join(draw(st.lists(st.sampled_from(words), min_size=1, max_size=3)))
    start, end = _span(draw, data)
    return data[start:end] or b"\0"


def _cut(draw: st.DrawFn, data: bytes, dummy: list[bytes]) -> bytes:
    return data[: draw(st.integers(0, len(data)))]


def _without(draw: st.DrawFn, data: bytes, dummy: list[bytes]) -> bytes:
    start, end = _span(draw, data)
    return data[:start] + data[end:]


def _with(draw: st.DrawFn, data: bytes, words: list[bytes]) -> bytes:
    start, end = _span(draw, data)
    return data[:start] + _piece(draw, data, words) + data[draw(st.sampled_from([start, end])) :]


def _with_any(draw: st.DrawFn, data: bytes, dummy: list[bytes]) -> bytes:
    start, end = _span(draw, data)
    return data[:start] + draw(st.binary(min_size=1, max_size=4)) + data[end:]


def _repeated(draw: st.DrawFn, data: bytes, words: list[bytes]) -> bytes:
    start, end = _span(draw, data)
    piece = _piece(draw, data, words)
    return data[:start] + piece * max(1, draw(_SIZES) // len(piece)) + data[draw(st.sampled_from([start, end])) :]


_CHANGES: list[Callable[[st.DrawFn, bytes, list[bytes]], bytes]] = [_cut, _without, _with, _with, _with_any, _repeated]


@st.composite
def changed_value(draw: st.DrawFn, sample: Any) -> Any:
    """A nested value of lists, mappings and scalars, changed in up to three places."""
    value = copy.deepcopy(sample)
    # At most one list is made long, and none where others are deep: together they would be more than anyone can send.
    long, deep = draw(st.integers(0, 2)), draw(st.booleans())
    for at in range(draw(st.integers(0, 3))):
        value = _changed(draw, value, at == long and not deep, deep)
    return value


def _changed(draw: st.DrawFn, value: Any, long: bool, deep: bool) -> Any:
    """A value with a change in itself or in one of its members."""
    names = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if names and draw(st.integers(0, 4)):
        name = names[draw(st.integers(0, len(names) - 1))]
        how = draw(st.integers(0, 9))
        if how == 0:
            del value[name]
        elif how == 1 and isinstance(value, dict):
            value[draw(st.one_of(_EDGE.filter(_hashable), st.text(max_size=4)))] = value.pop(name)
        elif how == 2 and isinstance(value, list) and long:
            value[:] = value * (1 + draw(_SIZES) // (200 * len(value)))
        else:
            value[name] = _changed(draw, value[name], long, deep)
        return value
    if isinstance(value, str) and draw(st.booleans()):
        raw = value.encode("utf-8", "surrogatepass")
        words = [b",", b"=", b":", b"/", b"%", b"(", b")", b"\n", b" ", b"\\", b"-----", b"[a]\n", "٣".encode()]
        return draw(changed_bytes([raw], words)).decode("utf-8", "surrogateescape")
    if draw(st.integers(0, 9)) == 0:
        for dummy in range(draw(st.sampled_from([1, 2, 40, 2000] if deep else [1, 2, 40]))):
            value = [value]
        return value
    return draw(VALUES)


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
