# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to the vassals of a host."""

from __future__ import annotations

from typing import Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment import changes
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.changes import (
    KEEP,
    RELOAD,
    RESTART,
    START,
    STOP,
    Side,
)
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError


def side(port: int = 1, key: str = "", text: str = "", **bound: str) -> Side:
    """A vassal with one socket and one key."""
    address = f"127.0.0.1:{port}"
    pairs = frozenset([(key, address)]) if key else frozenset()
    return Side(text or f"{port} {key} {bound}", pairs, frozenset([address]), tuple(bound.items()))


A, B = side(1, "a"), side(2, "b")
Sides = Dict[str, Side]
CASES: List[Tuple[str, Sides, Sides, Dict[str, str]]] = [
    ("nothing", {}, {}, {}),
    ("the same", {"a": A}, {"a": A}, {"a": KEEP}),
    ("new", {}, {"a": A}, {"a": START}),
    ("removed", {"a": A}, {}, {"a": STOP}),
    ("an option", {"a": A}, {"a": A._replace(text="other")}, {"a": RELOAD}),
    ("another key", {"a": A}, {"a": side(1, "c")}, {"a": RESTART}),
    ("no key", {"a": A}, {"a": side(1)}, {"a": RESTART}),
    ("another key as well", {"a": A}, {"a": A._replace(text="x", pairs=A.pairs | B.pairs)}, {"a": RELOAD}),
    ("another port", {"a": A}, {"a": side(3, "a")}, {"a": RESTART}),
    ("another port without a pool", {"a": side(1)}, {"a": side(3)}, {"a": RELOAD}),
    ("a mode", {"a": A}, {"a": side(1, "a", mode="666")}, {"a": RESTART}),
    ("renamed", {"a": A}, {"b": A}, {"a": STOP, "b": START}),
    ("the port of one that is removed", {"a": A, "b": B}, {"b": side(1, "b")},
     {"a": STOP, "b": RESTART}),
    ("the port of one that moves", {"a": A, "b": B}, {"a": side(3, "a"), "b": side(1, "b")},
     {"a": RESTART, "b": RESTART}),
    ("a port that a new one gets", {"a": A}, {"a": side(3, "a"), "n": side(1, "n")},
     {"a": RESTART, "n": START}),
    ("swapped", {"a": A, "b": B}, {"a": side(2, "a"), "b": side(1, "b")},
     {"a": RESTART, "b": RESTART}),
    ("a key that passes on", {"a": A, "b": B}, {"a": side(1), "b": side(2, "a")},
     {"a": RESTART, "b": RESTART}),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_vassal_changes_as_little_as_it_can(old: Sides, new: Sides, found: Dict[str, str]) -> None:
    assert changes.changes(old, new) == found
    assert changes.out_first(found) == [name for name, one in found.items() if one in (RESTART, STOP)]


def test_two_with_one_address_are_refused() -> None:
    problem = r"^vassals \(b\): binds 127.0.0.1:1, as a does; only one of them could; give each its own$"
    with pytest.raises(ArgumentError, match=problem):
        changes.changes({}, {"a": A, "b": side(1, "b")})
