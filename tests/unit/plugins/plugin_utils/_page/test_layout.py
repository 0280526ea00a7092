# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where everything is drawn: small drawings to the pixel, and what is true of all of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import layout
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.pools import Picture, picture
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.shapes import Drawing, Link
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pools import info, router

GHOST = {"fresh": False, "age": 1234}
DEAD = {"fresh": False, "dead": True}
FAILING = {"failures": 2}
SILENT = {"stats": "r3", "error": "r3 does not answer", "pools": []}


def told(drawing: Drawing) -> list[str]:
    """A drawing as lines of text: the kind of each part, its state, its place, and its text."""
    lines = [f"{drawing.kind} {drawing.width:g} x {drawing.height:g}"]
    for link in drawing.links:
        key, *others = link.ends.split() or [""]
        ends = [key, *others] if len(others) < 4 else [key, others[0], "to", others[-1]]
        lines.append(f"{link.state} {link.width:g}: {link.path} {' '.join(ends)}".rstrip())
    for box in drawing.boxes:
        at = box.place
        lines.append(f"{box.name} {box.kind} {box.state}: {at.x:g},{at.middle:g} {at.width:g}x{at.height:g} {box.text}")
    lines += [f"{dot.name} {dot.state}: {dot.x:g},{dot.y:g} {dot.text} {dot.note}".rstrip() for dot in drawing.dots]
    return [*lines, *(f"{x:g},{y:g} {note}" for x, y, note in drawing.notes)]


def both(one: Picture) -> str:
    return "".join(f"{line}\n" for drawing in layout.drawings(one) for line in told(drawing))


SMALL = picture(
    info(
        router("r1", api={"a": FAILING}, empty={}, shop={"a": {"requests": 12345}, "b": GHOST}),
        router("r2", api={"a": {}}, shop={"a": {}, "b": DEAD}),
        SILENT,
    )
)
DRAWN_SMALL = """\
wide 960 x 192
fresh 1.2: M200 32C260 32 260 27 320 27 r0 k0
ghost 1.2: M200 32C260 32 260 111 320 111 r0 k1
fresh 9: M200 32C260 32 260 69 320 69 r0 k2
fresh 1.2: M200 96C260 96 260 27 320 27 r1 k0
fresh 1.2: M200 96C260 96 260 69 320 69 r1 k2
failing 1.2: M550 27C607 27 607 27 664 27 k0 n0
fresh 9: M550 69C607 69 607 27 664 27 k2 n0
ghost 1.2: M550 69C607 69 607 69 664 69 k2 n1
r0 router fresh: 0,32 200x48 r1
r1 router fresh: 0,96 200x48 r2
r2 router ghost: 0,160 200x48 r3
k0 key fresh: 320,27 230x36 api
k1 key ghost: 320,111 230x36 empty
k2 key fresh: 320,69 230x36 shop
n0 failing: 672,27 a 12375 requests
n1 ghost: 672,69 b 20 requests
narrow 358 x 372
fresh 2: M10 156V295
failing 1.2: M10 185h16 k0
failing 1.2: M40 200V217H56 k0 n0
ghost 1.2: M10 251h16 k1
ghost 1.2: M10 295h16 k2
fresh 5: M40 310V327H56 k2 n0
ghost 1.2: M40 310V349H56 k2 n1
r0 router fresh: 0,24 358x48 r1
r1 router fresh: 0,78 358x48 r2
r2 router ghost: 0,132 358x48 r3
k0 key fresh: 26,185 332x30 api
k1 key ghost: 26,251 332x30 empty
k2 key fresh: 26,295 332x30 shop
n0 failing: 64,217 a 20 requests
n0 fresh: 64,327 a 12355 requests
n1 ghost: 64,349 b 20 requests
"""


def test_a_small_pool_is_drawn_with_every_name() -> None:
    assert both(SMALL) == DRAWN_SMALL


# Too many for names: 17 nodes that serve one key, and 44 that serve another.
LARGE = picture(
    info(
        router(
            "r1",
            api={f"a{at:02}": FAILING if at == 16 else {} for at in range(17)},
            empty={},
            shop={f"b{at:02}": GHOST for at in range(44)},
        )
    )
)
DRAWN_LARGE = """\
wide 960 x 127.5
fresh 4.2: M200 64C260 64 260 27 320 27 r0 k0
ghost 1.2: M200 64C260 64 260 104 320 104 r0 k1
ghost 9: M200 64C260 64 260 76 320 76 r0 k2
fresh 4.2: M550 27C607 27 607 27 664 27 k0 n0 to n16
ghost 9: M550 76C607 76 607 76 664 76 k2 n17 to n60
r0 router fresh: 0,63.75 200x48 r1
k0 key fresh: 320,27 230x22 api
k1 key ghost: 320,104.5 230x22 empty
k2 key ghost: 320,76.5 230x22 shop
960,27 17 nodes
960,76.5 44 nodes
narrow 358 x 258
fresh 2: M10 48V180
failing 1.2: M10 77h16 k0
failing 1.2: M40 92V106H56 k0
ghost 1.2: M10 136h16 k1
ghost 1.2: M10 180h16 k2
ghost 1.2: M40 195V208H56 k2
r0 router fresh: 0,24 358x48 r1
k0 key fresh: 26,77 332x30 api
k1 key ghost: 26,136 332x30 empty
k2 key ghost: 26,180 332x30 shop
"""


def test_a_large_pool_is_drawn_without_the_names_of_nodes() -> None:
    drawn = both(LARGE)
    dots = [line for line in drawn.splitlines() if re.match(r"n\d", line)]
    assert "".join(line + "\n" for line in drawn.splitlines() if line not in dots) == DRAWN_LARGE


DRAWN_DOTS = """\
n0 fresh: 672,19.5
n1 fresh: 687,19.5
n14 fresh: 882,19.5
n15 fresh: 672,34.5
n16 failing: 687,34.5
n17 ghost: 672,61.5
n32 ghost: 672,76.5
n60 ghost: 867,91.5
n0 fresh: 64,105.5
n1 fresh: 79,105.5
n14 fresh: 274,105.5
n15 fresh: 289,105.5
n16 failing: 304,105.5
n17 ghost: 64,208.5
n32 ghost: 289,208.5
n60 ghost: 169,238.5
"""


def test_nodes_without_names_are_in_rows_of_fifteen() -> None:
    dots = [line for drawing in layout.drawings(LARGE) for line in told(drawing) if re.match(r"n(0|1|14|15|16|17|32|60) ", line)]
    assert "".join(line + "\n" for line in dots) == DRAWN_DOTS


@pytest.mark.parametrize(("nodes", "named"), [(60, True), (61, False)])
def test_up_to_sixty_nodes_have_their_names(nodes: int, named: bool) -> None:
    found = layout.drawings(picture(info(router("r", k={f"n{at}": {} for at in range(nodes)}))))
    for drawing in found:
        assert [bool(dot.text) for dot in drawing.dots] == [bool(dot.note) for dot in drawing.dots] == nodes * [named]


def test_a_node_says_what_it_is_for_each_of_its_keys() -> None:
    wide, narrow = layout.drawings(SMALL)
    assert [dot.title for dot in wide.dots] == [
        "a\napi: failing, 20 requests\nshop: fresh, 12355 requests",
        "b\nshop: ghost, 20 requests",
    ]
    # A phone has no pointer to show more.
    assert [dot.title for dot in narrow.dots] == ["a", "a", "b"]


def test_a_long_address_is_cut() -> None:
    found = layout.wide(picture(info(router("r", k={"/run/a/long/path/of/a/socket": {}}))))
    assert found.dots[0].text == "/run/a/long/\u2026/of/a/socket"


def test_nodes_with_the_same_keys_are_together_in_the_order_of_the_keys() -> None:
    keys: dict[str, Any] = {"a": {"3": {}, "5": {}}, "b": {"1": {}, "3": {}, "4": {}}, "c": {"2": {}, "1": {}}}
    found = layout.wide(picture(info(router("r", **keys))))
    assert [dot.title.partition("\n")[0] for dot in sorted(found.dots, key=lambda dot: dot.y)] == ["5", "3", "4", "1", "2"]


# The number of routers and of keys, and whether each router has a line to each key.
RAILS = [(6, 10, True), (1, 60, True), (61, 1, False), (7, 9, False)]


@pytest.mark.parametrize(("routers", "keys", "direct"), RAILS)
def test_many_routers_and_keys_are_joined_by_a_rail(routers: int, keys: int, direct: bool) -> None:
    each: dict[str, Any] = {f"k{at:02}": {"a": {"requests": at}} for at in range(keys)}
    one = layout.wide(picture(info(*(router(f"r{at:02}", **each) for at in range(routers)))))
    left = [link for link in one.links if "n0" not in link.ends]
    if direct:
        assert len(left) == routers * keys
        return
    places = {box.name: box.place.middle for box in one.boxes}
    assert left[0] == Link(f"M260 {min(places.values()):.0f}V{max(places.values()):.0f}", 3.0, "fresh", "")
    assert left[1 : 1 + routers] == [Link(f"M200 {places[f'r{at}']:.0f}H260", 3.0, "fresh", f"r{at}") for at in range(routers)]
    assert [(link.path, link.ends) for link in left[1 + routers :]] == [
        (f"M260 {places[f'k{at}']:.0f}H320", f"k{at}") for at in range(keys)
    ]


def test_the_lines_of_a_rail_have_states_and_the_keys_traffic() -> None:
    each: dict[str, Any] = {f"k{at:02}": {"a": {"requests": 10}} for at in range(30)}
    each.update(k00={"a": {"requests": 0, **GHOST}}, k01={"a": {"requests": 5, **FAILING}}, k02={"a": FAILING, "b": {}}, k03={})
    one = layout.wide(picture(info(router("r1", **each), router("r2", **each), SILENT)))
    left = [(link.ends, link.state, link.width) for link in one.links if "n" not in link.ends]
    assert left[:9] == [
        ("", "fresh", 3.0),
        ("r0", "fresh", 3.0),
        ("r1", "fresh", 3.0),
        ("r2", "ghost", 3.0),
        ("k0", "ghost", 1.2),
        ("k1", "failing", 3.1),
        ("k2", "fresh", 9.0),
        ("k3", "ghost", 1.2),
        ("k4", "fresh", 5.1),
    ]


# The number of keys, and the vertical middles of the routers.
BESIDE = [(3, [32, 96, 160]), (5, [37, 111, 185]), (14, [100, 300, 500]), (15, [32, 96, 160])]


@pytest.mark.parametrize(("keys", "middles"), BESIDE)
def test_routers_are_all_over_a_picture_and_at_the_top_of_a_long_one(keys: int, middles: list[float]) -> None:
    empty: dict[str, Any] = {f"k{at:02}": {} for at in range(keys)}
    one = layout.wide(picture(info(*(router(f"r{at}", **empty) for at in range(3)))))
    assert [box.place.middle for box in one.boxes if box.kind == "router"] == middles


def test_a_picture_of_six_hundred_pixels_and_more_is_long() -> None:
    keys: dict[str, Any] = {f"k{at}": {f"n{at}": {}} for at in range(4)}
    keys["k4"] = {f"m{at:03}": {} for at in range(465)}
    one = layout.wide(picture(info(*(router(f"r{at}", **keys) for at in range(3)))))
    assert one.height == 601
    assert [box.place.middle for box in one.boxes if box.kind == "router"] == [32, 96, 160]


def test_without_requests_all_lines_are_thin() -> None:
    quiet: dict[str, Any] = {f"k{at:02}": {"a": {"requests": 0}} for at in range(31)}
    for keys in ({"k": {"a": {"requests": 0}}}, quiet):
        for drawing in layout.drawings(picture(info(router("r1", **keys), router("r2", **keys)))):
            assert {link.width for link in drawing.links if "k0" in link.ends} == {1.2}


# The number of keys, each with one node and one request: few enough for a line from each router to each key, or too many.
@pytest.mark.parametrize("keys", [1, 61])
def test_the_most_requests_make_the_thickest_lines(keys: int) -> None:
    each: dict[str, Any] = {f"k{at:02}": {f"n{at}": {"requests": 1}} for at in range(keys)}
    wide, narrow = layout.drawings(picture(info(router("r1", **each))))
    assert {link.width for link in wide.links if "k0" in link.ends.split()} == {9.0}
    # A phone has little room, and doesn't name many nodes.
    assert {link.width for link in narrow.links if "k0" in link.ends.split()} == ({1.2, 5.0} if keys == 1 else {1.2})


def test_every_named_node_has_its_own_line() -> None:
    wide = layout.wide(picture(info(router("r1", k={"a": {}, "b": {}, "c": {}}))))
    ends = {link.ends: link.path.rpartition(" ")[2] for link in wide.links}
    assert [ends[f"k0 {dot.name}"] for dot in wide.dots] == [f"{dot.y:.0f}" for dot in wide.dots] == ["23", "45", "67"]


# Any pools


NODES = st.sampled_from([{}, {"requests": 0}, {"requests": 10**9}, GHOST, DEAD, FAILING])
# Pools share nodes, and some have too many nodes for names.
NODES_OF_A_KEY = st.one_of(
    st.dictionaries(st.sampled_from([f"10.0.0.{at}:3031" for at in range(6)]), NODES, max_size=4),
    st.sampled_from([{f"10.1.0.{at}:3031": {} for at in range(count)} for count in (0, 16, 61)]),
)
POOLS = st.dictionaries(st.sampled_from([f"key{at}.example.com" for at in range(9)]), NODES_OF_A_KEY, max_size=9)
ROUTERS = st.lists(st.one_of(POOLS, st.just({}), st.none()), max_size=12)


def _router(at: int, pools: Any) -> dict[str, Any]:
    stats = f"10.2.0.{at}:2627"
    return {"stats": stats, "error": "e", "pools": []} if pools is None else router(stats, **pools)


def points(path: str) -> Iterator[tuple[float, float]]:
    """The points that a path goes through and its control points, for the few commands that the drawings use."""
    x = y = 0.0
    for command, numbers in re.findall(r"([A-Za-z])([-0-9. ]+)", path):
        parts = [float(number) for number in numbers.split()]
        if command in "MC":
            for x, y in zip(parts[::2], parts[1::2]):
                yield x, y
        else:
            x, y = {"H": (parts[0], y), "h": (x + parts[0], y), "V": (x, parts[0])}[command]
            yield x, y


@settings(max_examples=30, deadline=None)
@given(ROUTERS)
def test_all_is_inside_and_nothing_is_on_anything_else(routers: list[Any]) -> None:
    one = picture(info(*(_router(at, pools) for at, pools in enumerate(routers))))
    for drawing in layout.drawings(one):
        boxes = [
            (at.x, at.middle - at.height / 2, at.x + at.width, at.middle + at.height / 2)
            for at in (box.place for box in drawing.boxes)
        ]
        dots = [(dot.x - 6, dot.y - 6, dot.x + 6, dot.y + 6) for dot in drawing.dots]
        for left, top, right, bottom in boxes + dots:
            assert 0 <= left < right <= drawing.width and 0 <= top < bottom <= drawing.height
        for this, other in itertools.chain(itertools.combinations(boxes, 2), itertools.product(boxes, dots)):
            assert this[2] <= other[0] or other[2] <= this[0] or this[3] <= other[1] or other[3] <= this[1]
        rows: dict[float, list[float]] = {}
        for dot in drawing.dots:
            rows.setdefault(dot.y, []).append(dot.x)
        for places in (sorted(rows), *map(sorted, rows.values())):
            assert all(after - before >= 12 for before, after in itertools.pairwise(places))
        for link in drawing.links:
            assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in points(link.path))


@settings(max_examples=30, deadline=None)
@given(ROUTERS)
def test_all_is_drawn_and_every_line_joins_what_is_there(routers: list[Any]) -> None:
    def one() -> Picture:
        return picture(info(*(_router(at, pools) for at, pools in enumerate(routers))))

    wide, narrow = layout.drawings(one())
    assert [wide, narrow] == layout.drawings(one())
    addresses = {node.address for node in one().nodes}
    for drawing in (wide, narrow):
        kinds = [box.kind for box in drawing.boxes]
        assert (kinds.count("router"), kinds.count("key")) == (len(one().routers), len(one().keys))
        names = [box.name for box in drawing.boxes]
        assert len(set(names)) == len(names)
        there = {*names, *(dot.name for dot in drawing.dots)}
        assert {name for link in drawing.links for name in link.ends.split()} <= there
    assert (len(wide.dots), len(narrow.dots)) == (len(addresses), len(one().nodes))
