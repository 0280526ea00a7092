# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes of a drawing. Pure; all lengths are pixels."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen

from .pools import SERVING, Key, Picture

# The width of a character in the pictures' font, and the margin.
_CHAR, _PAD = 7.0, 12
# Lines are thicker with more traffic.
THIN, THICK = 1.2, 9.0


class Place(NamedTuple):
    """The position of a box: its left edge, the height of its middle, and its size."""

    x: float
    middle: float
    width: float
    height: float


class Link(NamedTuple):
    """A line; ``ends`` are the names of what it connects."""

    path: str
    width: float
    state: str
    ends: str


class Box(NamedTuple):
    """A router or a key; ``text`` and ``note`` are cut to fit, ``title`` is complete."""

    kind: str
    name: str
    state: str
    place: Place
    title: str
    text: str
    note: str


class Dot(NamedTuple):
    """A node; ``text`` and ``note`` are empty if there are too many nodes."""

    name: str
    state: str
    x: float
    y: float
    title: str
    text: str
    note: str


class Drawing(NamedTuple):
    """A drawing, lines first; ``notes`` are short texts at a place."""

    kind: str
    width: float
    height: float
    links: list[Link]
    boxes: list[Box]
    dots: list[Dot]
    notes: list[tuple[float, float, str]]


def router_box(picture: Picture, at: int, place: Place) -> Box:
    """The box of a numbered router."""
    router = picture.routers[at]
    note = f"uWSGI {router.version} · {number(router.keys, 'key')}"
    state = "ghost" if router.error else "fresh"
    details = router.error or f"{note}, {number(router.nodes, 'node')}, {number(router.requests, 'request')}"
    title = f"{router.stats}\n{details}"
    text, note = cut(router.stats, place.width - _PAD), cut((router.error and "does not answer") or note, place.width - _PAD)
    return Box("router", f"r{at}", state, place, title, text, note)


def key_box(key: Key, name: str, place: Place) -> Box:
    """The box of a key; a low one has everything on one line."""
    serving = sum(key.counts[state] for state in SERVING)
    title = f"{key.name}\n{key.counts['fresh']} of {number(len(key.nodes), 'node')} fresh, {number(key.requests, 'request')}"
    note = f"{serving} of {len(key.nodes)}"
    room = place.width - _PAD if place.height > 32 else place.width - _PAD - len(note) * _CHAR - _PAD
    if place.height > 32:
        note = f"{note} serving · {number(key.requests, 'request')}"
    return Box("key", name, "fresh" if serving else "ghost", place, title, cut(key.name, room), note)


def curve(x: float, y: float, to_x: float, to_y: float) -> str:
    """The path of a line that starts and ends horizontally."""
    bend = (x + to_x) / 2
    return f"M{x:.0f} {y:.0f}C{bend:.0f} {y:.0f} {bend:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"


def thickness(requests: float, most: float, thick: float = THICK) -> float:
    """The width of a line, by its share of the largest number of requests on any line."""
    return round(THIN + (thick - THIN) * min(1.0, requests / most), 1)


def cut(text: str, room: float) -> str:
    """A text that fits, with its middle cut out."""
    text = seen(text)
    most = max(3, int(room / _CHAR))
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def number(count: int, what: str) -> str:
    """A count with its noun."""
    return f"{count} {what}{'' if count == 1 else 's'}"
