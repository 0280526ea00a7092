# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""Options that a file declares itself."""

from __future__ import annotations

from typing import Any

import pytest
from support.converted import SUB, Cases, S, assert_case, keys, read
from support.stream import computed

DECLARE = "declare-option = ann=subscribe2=server=$1,key=$2\n"
_HOST = "has a magic variable that depends on the host"
_DEEP = "stands for itself, or for options more than 16 deep; write what it stands for"
_MUCH = "stands for more than is read here"
DECLARED: Cases = [
    (DECLARE + f"ann = {S} a", keys("a"), []),
    (DECLARE + f"ann = {S}  a ", keys("a"), []),
    (DECLARE + f"ann = {S}", keys("$2"), []),
    (
        f"ph = P\n{DECLARE}ann = {S} %(ph)",
        {},
        [
            (
                f"ann = {S} %(ph)",
                f"comes to subscribe2 = server={S},key=%(ph), which subscriptions[0].key: '%(ph)' has '%('...",
            )
        ],
    ),
    (f"ph = P\nann = {S} %(ph)\n" + DECLARE, keys("P"), []),
    (f"ph = P\ndeclare-option2 = ann=subscribe2=server={S},key=$1.%(ph)\nann = %(ph)", keys("P.P"), []),
    (
        f"ann = {S} a\ndeclare-option2 = ann=subscribe2=server={S},key=a",
        {},
        [(f"ann = {S} a", "is above the declare-option2 that declares it, so uWSGI ignores it")],
    ),
    (f"declare-option = ann=subscribe2=server={S},key=$1;junk;subscribe2=server={S},key=never\nann = a", keys("a"), []),
    (f"declare-option = ann=subscribe-to={S}:$1;;st={S}:$2.$10\nann = a b", keys("a", "b.a0"), []),
    (f"declare-option = one=subscribe-to={S}:$1\ndeclare-option = two=one=$1.b\ntwo = a", keys("a.b"), []),
    (f"declare-option = one=subscribe-to={S}:$1\ndeclare-option = one=subscribe-to={S}:second\none = a", keys("a"), []),
    (f"declare-option = ann=set=subscribe-to={S}:$1\nann = a", keys("a"), []),
    (
        f"declare-option = weight=subscribe-to={S}:a\nweight = 2\n{SUB}b",
        {"subscriptions": [{**keys("b")["subscriptions"][0], "balancing_weight": 2}]},
        [],
    ),
    (
        DECLARE + "ann = router1:2626 a",
        {},
        [
            (
                "ann = router1:2626 a",
                "comes to subscribe2 = server=router1:2626,key=a, which subscriptions[0].server: 'router1:2626'...",
            )
        ],
    ),
    (DECLARE + f"ann = {S} %h", {}, [(f"ann = {S} %?", _HOST)]),
    (DECLARE, {}, [(DECLARE[:-1], "declares the option ann, which no line uses")]),
    ("declare-option = ann=subscribe-to=%h\nann =", {}, [("ann =", _HOST)]),
    ("declare-option = ann=ann=$1;subscribe-to=x\nann = a", {}, [("ann = a", _DEEP)]),
    ("declare-option = heavy=weight=$1\nheavy = %h", {}, [("heavy = %?", _HOST)]),
    # What has no value is no option.
    ("declare-option = heavy=weight\nheavy = %h", {}, []),
    (f"declare-option = ann=subscribe-to={S}:a$1\nann =", keys("a"), []),
    (f"declare-option = any=$1={S}:a\nany = subscribe-to", keys("a"), []),
    (
        f"{DECLARE}if-env = A\nann = {S} a\nendif =",
        {},
        [(f"ann = {S} a", "is inside a condition or a loop")],
    ),
    (
        f"ph = P\ndeclare-option = ann=st={S}:%(ph)\nann = a",
        {},
        [("ann = a", f"comes to st = {S}:%(ph), which subscriptions[0].key: '%(ph)' has '%('...")],
    ),
    (
        f"declare-option = ann=st={S}:%(ph)\nann = a",
        {},
        [("ann = a", f"comes to st = {S}:%(ph), which subscriptions[0].key: '%(ph)' has '%('...")],
    ),
    (
        f"declare-option2 = ann=st={S}:%(ph)\nann = a",
        {},
        [("ann = a", "has a placeholder, %(ph), that the files don't define")],
    ),
    ("declare-option = log=logger=file:$1\nlog = /x", {}, []),
    ("declare-option = log=logger=file:$1", {}, []),
    ("declare-option = junk\njunk = 1", {}, []),
]


@pytest.mark.parametrize(("text", "expected", "left_over"), DECLARED)
def test_a_declared_option_is_what_it_stands_for(text: str, expected: dict[str, Any], left_over: list[tuple[str, str]]) -> None:
    assert_case(text, expected, left_over)


# How many options stand for each other, and the reason; empty where the last is read.
@pytest.mark.parametrize(("count", "why"), [(15, []), (16, []), (17, [_DEEP])])
def test_options_stand_for_each_other_so_deep_and_no_deeper(count: int, why: list[str]) -> None:
    lines = [f"declare-option = o{at}=o{at + 1}=$1" for at in range(1, count)]
    found = read("\n".join([*lines, f"declare-option = o{count}=st={S}:$1", "o1 = a"]))
    assert (found.arguments, [one for dummy, one in found.left_over]) == ({} if why else keys("a"), why)


def test_what_declared_options_come_to_has_limits() -> None:
    # Each word doubles the next.
    words = " ".join(f"${at}${at}" for at in range(2, 60))
    text = f"declare-option = ann=subscribe-to={S}:$1\nann = {words}\n"
    nested = (
        "".join(f"declare-option = o{at}=o{at + 1}=$1;o{at + 1}=$1\n" for at in range(30)) + f"declare-option = o30=st={S}:$1\n"
    )
    with computed(3):
        assert read(text).left_over[0][1] == _MUCH
        assert [why for dummy, why in read(nested + "o0 = a").left_over] == [_DEEP]
        # If too many lines can't be read, the reason is given once for all of them.
        for use in ("", "%h"):
            wide = "declare-option = wide=" + "subscribe-to=$1;" * 3000 + "\n" + f"wide = {use}\n" * 3000
            assert len(read(wide).left_over) < 10_000
        # Each line stands for 1,024 others, which announce nothing by themselves.
        weights = read(nested.replace(f"st={S}:", "weight=") + "o20 = 7\n" * 300).left_over
        assert _MUCH in {why for dummy, why in weights}
