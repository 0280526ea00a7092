# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys are masked in whatever form they appear, and nothing else is."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, List, NamedTuple, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import HIDDEN, every, learn, mask
from hypothesis import given
from hypothesis import strategies as st
from support import keys
from support.stream import computed

KEY = keys.private()
BODY = "".join(KEY.splitlines()[1:-1])
BEGIN, END = KEY.splitlines()[0], KEY.splitlines()[-1]


class Marked(str):
    """Text that carries more information, as Ansible's does."""

    __slots__ = ()


class Named(NamedTuple):
    """A tuple whose class takes other arguments than ``tuple``."""

    name: Any
    other: Any


MASKED: List[Tuple[str, Any, Any]] = [
    ("alone", KEY.strip(), HIDDEN),
    ("in a sentence", f"a: {KEY.strip()!r} is bad", f"a: '{HIDDEN}' is bad"),
    ("with CRLF", KEY.strip().replace("\n", "\r\n"), HIDDEN),
    ("with line breaks in two characters", KEY.strip().replace("\n", "\\n"), HIDDEN),
    ("on one line", KEY.strip().replace("\n", " "), HIDDEN),
    ("after other text", "# mine\n" + KEY.strip(), "# mine\n" + HIDDEN),
    ("after other text on its line", "From A to Z" + KEY.strip(), "From A to Z" + HIDDEN),
    ("two", f"{KEY.strip()} and {KEY.strip()}.", f"{HIDDEN} and {HIDDEN}."),
    ("without an END", f"a {BEGIN}\n{BODY} and more", "a " + HIDDEN),
    ("without a BEGIN", f"a {BODY}\n{END} and more", HIDDEN + " and more"),
    ("two, the first without an END", f"{BEGIN}\n{BODY}\n{KEY.strip()} b", HIDDEN + " b"),
    ("two, the second without a BEGIN", f"{KEY.strip()} a {BODY}\n{END} b", f"{HIDDEN}{HIDDEN} b"),
    ("cut in its END", KEY.strip()[:-9] + " and more", HIDDEN + " and more"),
    ("cut in its BEGIN", f"{BEGIN[:-2]}\n{BODY}", HIDDEN),
    ("with blanks in its lines", f"---- BEGIN SSH2 PRIVATE KEY ----\n{BODY}\n---- END SSH2 PRIVATE KEY ----", HIDDEN),
    ("in lower case", KEY.strip().lower(), HIDDEN),
    ("encrypted", keys.private("ec", passphrase=b"p").strip(), HIDDEN),
    ("encrypted in the old way", keys.private("rsa", "", "TraditionalOpenSSL", b"p").strip(), HIDDEN),
    ("of OpenSSH", keys.private("ec", "", "OpenSSH").strip(), HIDDEN),
    ("bytes", b"\xff" + KEY.strip().encode("ascii"), b"\xff" + HIDDEN.encode("ascii")),
    ("bytes in text", f"a {KEY.encode('ascii')!r}", f"a b'{HIDDEN}\\n'"),
    ("in a structure", {"a": [{"b": (KEY.strip(), 1)}], KEY.strip(): None}, {"a": [{"b": (HIDDEN, 1)}], HIDDEN: None}),
    ("in sets", [{KEY.strip()}, frozenset([KEY.strip()])], [{HIDDEN}, frozenset([HIDDEN])]),
    ("in a named tuple", Named(KEY.strip(), 1), Named(HIDDEN, 1)),
]


@pytest.mark.parametrize(("value", "masked"), [case[1:] for case in MASKED], ids=[case[0] for case in MASKED])
def test_a_key_is_masked(value: Any, masked: Any) -> None:
    assert mask(value) == masked
    assert type(mask(value)) is type(masked)
    # Masking again changes nothing.
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "value",
    ["", "a", "----", "-----BEGIN", "-----BEGIN ... KEY----- and its end", "a -----END", "BEGIN A", "--- BEGIN A", 5, None,
     Marked("a ---- b")],
)
def test_what_is_no_key_stays(value: Any) -> None:
    assert mask(value) is value
    assert learn(value) == frozenset()


def test_what_stands_for_a_key_says_so() -> None:
    assert mask(f"a: {KEY.strip()}") == "a: [PEM not shown]"


def test_pieces_of_a_key_that_is_known_are_masked() -> None:
    nested: List[Any] = [KEY.splitlines(), {"a": [KEY.encode("ascii")]}, {KEY: 1}]
    for form in (KEY, KEY.replace("\n", "\\n"), f"{BODY}\n{END}", f"{BEGIN}\n{BODY}", *nested):
        known = learn(form)
        line = KEY.splitlines()[1]
        for at in range(len(line) - 19):
            assert mask([f"a {line[at : at + 19]!r} b"], known) == [f"a {HIDDEN!r} b"]
        assert mask(f"/a/{line}/b c", known) == HIDDEN + " c"
        assert mask("/etc/uwsgi/subscriptions/shop", known) == "/etc/uwsgi/subscriptions/shop"


def test_a_piece_is_learned_for_every_eighth_character_and_for_the_last_ones() -> None:
    run = "ABCDEFGHIJKLMNOPQRSTUVWXYZ01"
    pieces = {"ABCDEFGHIJKL", "IJKLMNOPQRST", "QRSTUVWXYZ01"}
    for text in (f"{BEGIN}\n{run}\n{END}", f"{BEGIN}\n{run}", f"{run}\n{END}", f"{BEGIN}\n{run}\n{BEGIN}\n{END}"):
        assert learn(text) == pieces
        assert learn(text.splitlines()) == pieces
    text = f"{BEGIN}\n{run}2\n{run[:12]} {run[:11]}\n{END}"
    assert learn(text) == learn(text.splitlines()) == {*pieces, "RSTUVWXYZ012"}


def test_no_mapping_is_read_that_may_evaluate_its_values() -> None:
    assert learn(MappingProxyType({KEY: KEY})) == frozenset()


def test_what_stands_around_keys_is_not_learned() -> None:
    assert learn(f"subscriptions/before\n{KEY}\nsubscriptions/between\n{KEY}\nsubscriptions/behind") == learn(KEY)


def test_what_can_not_be_read_is_not_learned() -> None:
    class Undefined(List[Any]):
        def __iter__(self) -> Any:
            raise ValueError("undefined")

    assert learn([Undefined(), KEY]) == learn(KEY)


def test_a_structure_that_contains_itself_is_read_once() -> None:
    names: dict[str, Any] = {"a": KEY}
    ring: list[Any] = [names, names, 1, 1, b"b"]
    names["ring"] = ring
    assert [one for one, dummy in every(ring) if not isinstance(one, (dict, list))] == [b"b", 1, 1, "ring", KEY, "a"]
    assert learn(ring) == learn(KEY)


def test_what_is_learned_is_no_deeper_than_python_likes() -> None:
    deep: Any = KEY
    for dummy in range(10_000):
        deep = [{"a": deep}]
    assert learn(deep) == learn(KEY)


_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_LABEL = st.sampled_from(["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "CERTIFICATE", "A"])
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="-"), max_size=40)


_NEWLINE = st.sampled_from(["\n", "\r\n", "\\n", " "])


@given(st.text(_BASE64, min_size=20, max_size=400), _LABEL, _NEWLINE, _TEXT, _TEXT, st.booleans())
def test_nothing_of_a_body_survives(body: str, label: str, newline: str, before: str, after: str, quoted: bool) -> None:
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    begin, end = f"-----BEGIN {label}-----", f"-----END {label}-----"
    whole = newline.join([begin, *lines, end])
    assert mask(before + whole + after) == before + HIDDEN + after
    text = before + (repr(whole) if quoted else whole) + after
    # Also if it is cut.
    for cut in (text[: len(text) // 2], text[len(before) + len(begin) + 2 :], text):
        shown = mask(cut, learn(whole))
        pieces = {line[at : at + 19] for line in lines for at in range(len(line) - 18)}
        assert not any(piece in shown and piece not in before + after for piece in pieces)


@given(st.text())
def test_text_without_a_key_is_the_same(text: str) -> None:
    assert mask(text) is text or "----" in text


HOSTILE = [
    "-", "-----", "----BEGIN ", "----BEGIN A", "----END A", "----END A-----", "----END A" + " " * 60, "A", "A----", "AA----END A"
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_grows_with_the_text(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    # A second is enough for a million characters; a quadratic search would take an hour.
    with computed(10):
        mask(text, learn(text))
