# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes valid inputs at random: bytes, and Ansible's values.

The choices come from a ``Random``, since Hypothesis needs milliseconds for as many choices of its own.
"""

from __future__ import annotations

import copy
import datetime
import struct
import sys
from collections.abc import Callable
from random import Random
from typing import Any

# The length of a repeated piece; the longest reveals quadratic time.
_SIZES = [30, 30, 300, 300, 300, 3000, 3000, 30_000, 200_000]
# The characters and values of a list that is made long: members that are long themselves are repeated less often.
_MOST_REPEATED = 2**19
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
_WORDS = [b",", b"=", b":", b"/", b"%", b"(", b")", b"\n", b" ", b"\\", b"-----", b"[a]\n", "٣".encode()]


def any_bytes(chance: Random, most: int) -> bytes:
    """Up to ``most`` arbitrary bytes."""
    return chance.randbytes(chance.randint(0, most))


def any_value(chance: Random, depth: int = 2) -> Any:
    """A scalar, or a list or mapping of up to three values, nested ``depth`` times at most."""
    how = chance.randrange(3) if depth else 0
    if how == 0:
        return _scalar(chance)
    members = [any_value(chance, depth - 1) for dummy in range(chance.randint(0, 3))]
    return members if how == 1 else {_text(chance, 8): member for member in members}


def changed_bytes(chance: Random, samples: list[bytes], words: list[bytes]) -> bytes:
    """One of the samples, changed in up to four places, with words that are special to its reader."""
    # The long ones less often: a few of them need as much time as hundreds of others.
    data = chance.choices(samples, [max(1, len(one)) ** -0.5 for one in samples])[0]
    for dummy in range(chance.randint(1, 4)):
        data = chance.choice(_CHANGES)(chance, data, words)
    return data


def changed_value(chance: Random, sample: Any) -> Any:
    """A nested value of lists, mappings and scalars, changed in up to three places."""
    value = copy.deepcopy(sample)
    # At most one list is made long, and none where others are deep: together they would be more than anyone can send.
    long, deep = chance.randint(0, 2), chance.random() < 0.5
    for at in range(chance.randint(0, 3)):
        value = _changed(chance, value, at == long and not deep, deep)
    return value


def _edge(chance: Random) -> Any:
    # A copy, since a filter may keep its input.
    return copy.deepcopy(chance.choice(_EDGES))


def _text(chance: Random, most: int) -> str:
    kinds = (0x80, 0x800, sys.maxunicode + 1)
    return "".join(chr(chance.randrange(chance.choice(kinds))) for dummy in range(chance.randint(0, most)))


def _scalar(chance: Random) -> Any:
    how = chance.randrange(4)
    if how == 0:
        return _edge(chance)
    if how == 1:
        return _text(chance, 8)
    if how == 2:
        return chance.choice((-1, 1)) * chance.getrandbits(chance.choice((3, 8, 17, 33, 65, 129)))
    return struct.unpack("<d", chance.randbytes(8))[0]


def _span(chance: Random, data: bytes) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.choice((1, 1, 2, 8, 60, 1000)))


def _piece(chance: Random, data: bytes, words: list[bytes]) -> bytes:
    """A piece to insert: some words, or a part of the input itself."""
    if chance.random() < 0.5:
        return b"".join(chance.choices(words, k=chance.randint(1, 3)))
    start, end = _span(chance, data)
    return data[start:end] or b"\0"


def _cut(chance: Random, data: bytes, dummy: list[bytes]) -> bytes:
    return data[: chance.randint(0, len(data))]


def _without(chance: Random, data: bytes, dummy: list[bytes]) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + data[end:]


def _with(chance: Random, data: bytes, words: list[bytes]) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + _piece(chance, data, words) + data[chance.choice((start, end)) :]


def _with_any(chance: Random, data: bytes, dummy: list[bytes]) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + chance.randbytes(chance.randint(1, 4)) + data[end:]


def _repeated(chance: Random, data: bytes, words: list[bytes]) -> bytes:
    start, end = _span(chance, data)
    piece = _piece(chance, data, words)
    return data[:start] + piece * max(1, chance.choice(_SIZES) // len(piece)) + data[chance.choice((start, end)) :]


_CHANGES: list[Callable[[Random, bytes, list[bytes]], bytes]] = [_cut, _without, _with, _with, _with_any, _repeated]


def _changed(chance: Random, value: Any, long: bool, deep: bool) -> Any:
    """A value with a change in itself or in one of its members."""
    names = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if names and chance.randrange(5):
        name = chance.choice(names)
        how = chance.randrange(10)
        if how == 0:
            del value[name]
        elif how == 1 and isinstance(value, dict):
            new = _edge(chance) if chance.random() < 0.5 else _text(chance, 4)
            value[new if _hashable(new) else ""] = value.pop(name)
        elif how == 2 and isinstance(value, list) and long:
            value[:] = value * (1 + min(chance.choice(_SIZES) // (200 * len(value)), _MOST_REPEATED // _weight(value)))
        else:
            value[name] = _changed(chance, value[name], long, deep)
        return value
    if isinstance(value, str) and chance.random() < 0.5:
        raw = value.encode("utf-8", "surrogatepass")
        return changed_bytes(chance, [raw], _WORDS).decode("utf-8", "surrogateescape")
    if chance.randrange(10) == 0:
        for dummy in range(chance.choice((1, 2, 40, 2000) if deep else (1, 2, 40))):
            value = [value]
        return value
    return any_value(chance)


def _weight(value: Any) -> int:
    """How many characters and values there are in a value; its depth doesn't count."""
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        total += len(one) if isinstance(one, (str, bytes)) else 1
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, (list, tuple, set)):
            waiting += one
    return total


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
