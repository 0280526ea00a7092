# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a drawing consists of: boxes, lines and texts that fit."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import shapes
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.pools import picture
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.shapes import Box, Place
from hypothesis import given
from hypothesis import strategies as st
from support.pools import info, router

# Texts, the room for them in pixels, and what is written; a character is 7 pixels wide.
CUT = [
    ("", 0, ""),
    ("abcdefgh", 56, "abcdefgh"),
    ("abcdefgh", 55.9, "abc\u2026fgh"),
    ("abcdefgh", 42, "ab\u2026fgh"),
    ("abcdefgh", 28, "a\u2026gh"),
    # Three characters are always left; fewer would say nothing.
    ("abcdefgh", 0, "a\u2026h"),
    ("abc", 0, "abc"),
    # An escaped character is longer.
    ("ab\u202ecd", 35, "ab\u2026cd"),
]


@pytest.mark.parametrize(("text", "room", "found"), CUT)
def test_a_long_text_has_its_middle_left_out(text: str, room: float, found: str) -> None:
    assert shapes.cut(text, room) == found


@given(st.text(), st.floats(21, 500))
def test_a_cut_text_fits(text: str, room: float) -> None:
    assert len(shapes.cut(text, room)) * 7 <= room


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 nodes"), (1, "1 node"), (2, "2 nodes"), (1000, "1000 nodes")]
)
def test_a_count_has_its_word(count: int, text: str) -> None:
    assert shapes.number(count, "node") == text


@pytest.mark.parametrize(
    ("requests", "most", "thick", "width"),
    [(0, 10, 9.0, 1.2), (10, 10, 9.0, 9.0), (5, 10, 9.0, 5.1), (5, 10, 5.0, 3.1), (10, 10, 5.0, 5.0), (1, 7, 9.0, 2.3)],
)
def test_a_line_is_as_thick_as_its_part_of_the_most_requests(requests: int, most: int, thick: float, width: float) -> None:
    assert shapes.thickness(requests, most, thick) == width


def test_lines_leave_and_arrive_level() -> None:
    assert shapes.curve(200.4, 44.4, 320.2, 111.4) == "M200 44C260 44 260 111 320 111"
    assert shapes.curve(0, 10, 30, 10) == "M0 10C15 10 15 10 30 10"


GHOST = {"fresh": False, "age": 1234}
PICTURE = picture(
    info(
        router("10.0.0.2:2627", api={"a": {"requests": 1}}, shop={"a": {"failures": 1}, "b": {}, "c": GHOST}),
        router("10.0.0.3:2627", shop={"a": {"requests": 1}, "b": {"requests": 0}}),
        {"stats": "10.0.0.4:2627", "error": "it does not answer", "pools": []},
        {"stats": "/run/a/long/path/of/a/socket", "error": "e", "pools": []},
    )
)
PLACE = Place(0, 24, 200, 48)
# By the number of the router: state, title, text and note.
ROUTERS = [
    ("fresh", "10.0.0.2:2627\nuWSGI 2.0.31 \u00b7 2 keys, 3 nodes, 31 requests", "10.0.0.2:2627", "uWSGI 2.0.31 \u00b7 2 keys"),
    ("fresh", "10.0.0.3:2627\nuWSGI 2.0.31 \u00b7 1 key, 2 nodes, 1 request", "10.0.0.3:2627", "uWSGI 2.0.31 \u00b7 1 key"),
    ("ghost", "10.0.0.4:2627\nit does not answer", "10.0.0.4:2627", "does not answer"),
    ("ghost", "/run/a/long/path/of/a/socket\ne", "/run/a/long/\u2026h/of/a/socket", "does not answer"),
]


@pytest.mark.parametrize("at", range(len(ROUTERS)))
def test_the_box_of_a_router(at: int) -> None:
    state, title, text, note = ROUTERS[at]
    assert shapes.router_box(PICTURE, at, PLACE) == Box("router", f"r{at}", state, PLACE, title, text, note)


def test_what_a_router_says_fits_into_its_box() -> None:
    box = shapes.router_box(PICTURE, 0, Place(0, 24, 100, 48))
    assert (box.text, box.note) == ("10.0.\u20262:2627", "uWSGI\u20262 keys")


# By key: state, title, and the note of a high box and of a low one.
KEYS: list[Any] = [
    ("api", "ghost", "api\n0 of 1 node fresh, 1 request", "0 of 1 serving \u00b7 1 request", "0 of 1"),
    ("shop", "fresh", "shop\n1 of 3 nodes fresh, 31 requests", "2 of 3 serving \u00b7 31 requests", "2 of 3"),
]


@pytest.mark.parametrize("height", [48, 33, 32, 22])
@pytest.mark.parametrize("at", range(len(KEYS)))
def test_the_box_of_a_key_says_more_where_it_is_high(at: int, height: float) -> None:
    text, state, title, high, low = KEYS[at]
    place = Place(320, 24, 230, height)
    note = high if height > 32 else low
    assert shapes.key_box(PICTURE.keys[at], "k5", place) == Box("key", "k5", state, place, title, text, note)


LONG_KEYS = [
    (48, "shop.exam\u2026le.com:443"),
    (33, "shop.exam\u2026le.com:443"),
    (32, "shop.\u2026om:443"),
    (22, "shop.\u2026om:443"),
]


@pytest.mark.parametrize(("height", "text"), LONG_KEYS)
def test_a_long_key_fits_into_its_box(height: float, text: str) -> None:
    key = PICTURE.keys[1]._replace(name="shop.example.com.example.com:443")
    found = shapes.key_box(key, "k0", Place(0, 24, 152, height))
    # In a low box the note is beside the text.
    assert len(found.text) * 7 <= (140 if height > 32 else 140 - 12 - 6 * 7)
    assert found.text == text
