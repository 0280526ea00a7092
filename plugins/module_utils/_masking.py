# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps keys out of everything that others can read. Pure, and in linear time.

There are two methods. ``mask`` finds a PEM by its BEGIN and END lines. ``learn`` remembers pieces of the keys in arguments. With
them ``mask`` also finds parts of a key without these lines, such as a component of a path.
"""

from __future__ import annotations

import re
from typing import Any, Collection, Dict, FrozenSet, Iterator, List, Mapping, Set, Tuple

HIDDEN = "[PEM not shown]"

# Lenient: some programs write four dashes and a blank, and a value may be cut within these lines. Exactly four dashes, because
# "four or more" would be tried again from each dash of a long line. Compiled when it is first used, as few texts have dashes.
_LINE = r"----[ ]?(?:(BEGIN) [A-Z0-9]|END (?:[A-Z0-9][A-Z0-9 ]{0,64}-{1,5}|[A-Z0-9]+))"
# A text without this has no such line.
_DASHES = "----"
# Base64. A blank, a line break or the "\n" in a quoted value ends a run.
_RUN = re.compile(r"[A-Za-z0-9+/=]{12,}")
# A piece begins at every eighth character, so any 19 consecutive characters of a key contain a whole piece.
_PIECE = 12
_STRIDE = 8


def mask(value: Any, known: Collection[str] = ()) -> Any:
    """Replace each PEM in a value by ``HIDDEN``. Without an END line all that follows is masked, without BEGIN all before it.

    Args:
        value: text, bytes, or a nested structure; the keys of mappings are masked too. Other types are unchanged.
        known: pieces of keys from ``learn``, which are masked wherever they occur.

    Returns:
        the same text if it has no PEM; a copy of a structure.
    """
    if isinstance(value, str):
        return _without_pieces(_without_blocks(value), known) if known else _without_blocks(value)
    if isinstance(value, bytes):
        # Latin-1 maps every byte to a character, so all other bytes are preserved.
        return mask(value.decode("latin-1"), known).encode("latin-1")
    if isinstance(value, Mapping):
        return {mask(name, known): mask(one, known) for name, one in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mask(one, known) for one in value))
    # Copied to plain types, since a subclass may have another constructor.
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            return kind(mask(one, known) for one in value)
    return value


def learn(value: Any) -> FrozenSet[str]:
    """Remember the keys in a nested structure.

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
    """A text without the blocks from a BEGIN line to the next END line."""
    if _DASHES not in text:
        return text
    kept: List[str] = []
    # The start of the unprocessed text, and whether that is inside a block.
    at, inside = 0, False
    for line in re.finditer(_LINE, text, re.IGNORECASE):
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
    """The blocks that ``_without_blocks`` removes."""
    at, inside = 0, False
    for line in re.finditer(_LINE, text, re.IGNORECASE):
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
        # A shorter rest at the end is not a piece.
        return HIDDEN if any(found[at : at + _PIECE] in known for at in range(len(found))) else found

    return _RUN.sub(shown, text)


def _texts(value: Any) -> Iterator[str]:
    """All texts of a structure. The texts of a list are also joined, since its items may be the lines of a PEM."""
    for one, parts in every(value):
        if isinstance(one, bytes):
            yield one.decode("latin-1")
        elif isinstance(one, str):
            yield one
        else:
            yield "\n".join(line for line in parts if isinstance(line, str))


def every(value: Any) -> Iterator[Tuple[Any, List[Any]]]:
    """Everything in a nested structure, itself included, and what is directly in each. A structure may contain itself."""
    # No recursion, because users decide how deep it is.
    waiting = [value]
    # Kept, so that no other structure gets the identity of one that is gone.
    structures: Dict[int, Any] = {}
    while waiting:
        one = waiting.pop()
        if id(one) in structures:
            continue
        try:
            parts = _parts(one)
        except Exception:  # a template in it fails, so nobody gets its value
            continue
        if parts:
            structures[id(one)] = one
            waiting += parts
        yield one, parts


def _parts(value: Any) -> List[Any]:
    # Other mappings are skipped: reading Ansible's mapping of all hosts' variables would evaluate every template in them.
    if isinstance(value, dict):
        return [part for pair in value.items() for part in pair]
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else []
