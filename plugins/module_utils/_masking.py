# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys kept out of everything that others read. Pure, and in linear time.

There are two nets. ``mask`` finds a PEM by its BEGIN and END lines. ``learn`` remembers pieces of the keys in arguments. With
them ``mask`` also finds what was cut out of a key, such as one part of a path, which has neither line.
"""

from __future__ import annotations

import re
from typing import Any, Collection, FrozenSet, Iterator, List, Mapping, Set

HIDDEN = "[PEM not shown]"

# Lenient: some programs write four dashes and a blank, and a value may be cut inside of these lines. Four dashes and not "four or
# more", which would be tried again from each dash of a long line.
_LINE = re.compile(r"----[ ]?(?:(BEGIN) [A-Z0-9]|END (?:[A-Z0-9][A-Z0-9 ]{0,64}-{1,5}|[A-Z0-9]+))", re.IGNORECASE)
# Text without it has no such line.
_DASHES = "----"
# Base64. A blank, a line break or the "\n" of a quoted value ends a run.
_RUN = re.compile(r"[A-Za-z0-9+/=]{12,}")
# A piece begins at every eighth character, so any 19 characters of a key have a whole piece among them.
_PIECE = 12
_STRIDE = 8


def mask(value: Any, known: Collection[str] = ()) -> Any:
    """Replace each PEM in a value by ``HIDDEN``; without its END it's all that follows, without its BEGIN all that precedes.

    Args:
        value: text, bytes, or a structure of any depth, whose mappings' names are masked too. Values of other types stay.
        known: pieces of keys, as ``learn`` finds them, to mask wherever they are.

    Returns:
        the same text where there is no PEM in it; a copy of a structure.
    """
    if isinstance(value, str):
        return _without_pieces(_without_blocks(value), known) if known else _without_blocks(value)
    if isinstance(value, bytes):
        # Every byte is a character, so the rest of them stays as it is.
        return mask(value.decode("latin-1"), known).encode("latin-1")
    if isinstance(value, Mapping):
        return {mask(name, known): mask(one, known) for name, one in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mask(one, known) for one in value))
    # Plain ones of them, since a subclass may be made in another way.
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            return kind(mask(one, known) for one in value)
    return value


def learn(value: Any) -> FrozenSet[str]:
    """Remember the keys in a structure of any depth.

    Returns:
        pieces of them, for ``mask``.
    """
    found: Set[str] = set()
    for text in _texts(value):
        if _DASHES in text:
            for body in _bodies(text):
                for run in _RUN.findall(body):
                    found.update(run[at : at + _PIECE] for at in range(0, len(run) - _PIECE, _STRIDE))
                    found.add(run[-_PIECE:])
    return frozenset(found)


def _without_blocks(text: str) -> str:
    """A text without what is from a BEGIN line to the next END line."""
    if _DASHES not in text:
        return text
    kept: List[str] = []
    # Where what is not yet dealt with begins, and whether that is inside a block.
    at, inside = 0, False
    for line in _LINE.finditer(text):
        if not line.group(1):
            kept.append(HIDDEN)
            at, inside = line.end(), False
        elif not inside:
            kept.append(text[at : line.start()].rstrip("-"))
            inside = True
    if not kept:
        return text
    kept.append(HIDDEN if inside else text[at:])
    return "".join(kept)


def _bodies(text: str) -> Iterator[str]:
    """What ``_without_blocks`` leaves out."""
    at, inside = 0, False
    for line in _LINE.finditer(text):
        if not line.group(1):
            yield text[at : line.start()]
            at, inside = line.end(), False
        elif not inside:
            at, inside = line.end(), True
    if inside:
        yield text[at:]


def _without_pieces(text: str, known: Collection[str]) -> str:
    def shown(run: Any) -> str:
        found: str = run.group()
        # What is shorter at its end is no piece.
        return HIDDEN if any(found[at : at + _PIECE] in known for at in range(len(found))) else found

    return _RUN.sub(shown, text)


def _texts(value: Any) -> Iterator[str]:
    """All the texts of a structure; those of a list also as one, since the lines of a PEM may be its items."""
    # No recursion: somebody else decides how deep it is.
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, bytes):
            one = one.decode("latin-1")
        if isinstance(one, str):
            yield one
            continue
        try:
            parts = _parts(one)
        except Exception:  # a template in it that fails, so nobody has its value
            continue
        waiting += parts
        yield "\n".join(line for line in parts if isinstance(line, str))


def _parts(value: Any) -> List[Any]:
    # No other mappings: to read Ansible's mapping of all hosts' variables is to evaluate every template in them.
    if isinstance(value, dict):
        return [part for pair in value.items() for part in pair]
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else []
