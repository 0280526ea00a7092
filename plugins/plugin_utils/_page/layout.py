# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places the parts of a picture: a graph on wide screens, a tree on a phone. Pure; all lengths are pixels."""

from __future__ import annotations

from typing import NamedTuple

from . import shapes
from .pools import SERVING, STATES, Node, Picture
from .shapes import Box, Dot, Drawing, Link, Place

# Up to this number of nodes, each has its address beside it, and each router a line to each key.
_MOST_LABELS = 60
_WIDE, _NARROW = 960, 358
# The widths of the wide picture's boxes, and the positions of the columns of keys and nodes.
_ROUTER, _KEYS, _KEY, _NODES = 200, 320, 230, 672
_ROUTER_HIGH, _LINE, _GAP, _DOT, _A_ROW = 48, 22, 12, 15, 15


class _Machine(NamedTuple):
    """An address, with its states for its keys."""

    name: str
    address: str
    nodes: list[Node]

    @property
    def title(self) -> str:
        return "\n".join([self.address, *(f"{n.key}: {n.state}, {n.requests} requests" for n in self.nodes)])


def drawings(picture: Picture) -> list[Drawing]:
    """The pictures for wide and narrow screens."""
    return [wide(picture), narrow(picture)]


def wide(picture: Picture) -> Drawing:
    """Three columns: routers, keys and nodes. Nodes with the same keys are grouped."""
    labels = _labels(picture)
    size = 36.0 if labels else 22.0
    dots: list[Dot] = []
    notes: list[tuple[float, float, str]] = []
    # The end of the line to a machine, by its address.
    ends: dict[str, float] = {}
    top = float(_GAP)
    for group in _groups(_machines(picture)):
        found, height = _placed(group, _NODES, top, labels=labels, a_row=_A_ROW, least=size - 6)
        dots += found
        ends.update({machine.address: dot.y if labels else top + height / 2 for machine, dot in zip(group, found)})
        if not labels:
            notes.append((_WIDE, top + height / 2, shapes.number(len(group), "node")))
        top += height + _GAP
    keys = _spread({key.name: [ends[node.address] for node in key.nodes] for key in picture.keys}, size)
    height = max([top, *(at + size / 2 + _GAP for at in keys.values()), len(picture.routers) * (_ROUTER_HIGH + _GAP) + _GAP])
    routers = _beside(picture, height)
    names = _names(picture)
    boxes = [
        shapes.router_box(picture, at, Place(0, middle, _ROUTER, _ROUTER_HIGH)) for at, middle in enumerate(routers.values())
    ]
    boxes += [shapes.key_box(key, names[key.name], Place(_KEYS, keys[key.name], _KEY, size)) for key in picture.keys]
    links = _to_keys(picture, routers, keys, names) + _to_nodes(picture, keys, ends, names)
    return Drawing("wide", _WIDE, height, links, boxes, dots, notes)


def narrow(picture: Picture) -> Drawing:
    """A tree: the routers at the top, a line down along the keys, and each key's nodes below it."""
    labels = _labels(picture)
    names = _names(picture)
    machines = {machine.address: machine for machine in _machines(picture)}
    boxes: list[Box] = []
    links: list[Link] = []
    dots: list[Dot] = []
    top = 0.0
    for at in range(len(picture.routers)):
        boxes.append(shapes.router_box(picture, at, Place(0, top + _ROUTER_HIGH / 2, _NARROW, _ROUTER_HIGH)))
        top += _ROUTER_HIGH + 6
    start = top - 6
    most = max([1, *(node.requests for key in picture.keys for node in key.nodes)])
    last = start
    for key in picture.keys:
        middle = top + 8 + 15
        boxes.append(shapes.key_box(key, names[key.name], Place(26, middle, _NARROW - 26, 30)))
        links.append(Link(f"M10 {middle:.0f}h16", shapes.THIN, key.state, names[key.name]))
        last = middle
        top = middle + 15 + 6
        group = [machines[node.address] for node in key.nodes]
        found, height = _placed(group, 64, top, labels=labels, a_row=18, key=key.name)
        dots += found
        if labels:
            for node, dot in zip(key.nodes, found):
                path = f"M40 {middle + 15:.0f}V{dot.y:.0f}H56"
                both = f"{names[key.name]} {dot.name}"
                links.append(Link(path, shapes.thickness(node.requests, most, 5.0), node.state, both))
        elif found:
            links.append(Link(f"M40 {middle + 15:.0f}V{found[0].y:.0f}H56", shapes.THIN, key.state, names[key.name]))
        top += height
    if picture.keys:
        links.insert(0, Link(f"M10 {start:.0f}V{last:.0f}", 2.0, "fresh", ""))
    return Drawing("narrow", _NARROW, top + _GAP, links, boxes, dots, [])


def _labels(picture: Picture) -> bool:
    return sum(len(key.nodes) for key in picture.keys) <= _MOST_LABELS


def _names(picture: Picture) -> dict[str, str]:
    return {key.name: f"k{at}" for at, key in enumerate(picture.keys)}


def _machines(picture: Picture) -> list[_Machine]:
    found: dict[str, list[Node]] = {}
    for key in picture.keys:
        for node in key.nodes:
            found.setdefault(node.address, []).append(node)
    return [_Machine(f"n{at}", address, nodes) for at, (address, nodes) in enumerate(found.items())]


def _groups(machines: list[_Machine]) -> list[list[_Machine]]:
    """Groups of nodes with the same keys, in the order of the keys, so that few lines cross."""
    found: dict[tuple[str, ...], list[_Machine]] = {}
    for machine in machines:
        found.setdefault(tuple(node.key for node in machine.nodes), []).append(machine)
    return [found[keys] for keys in sorted(found)]


def _worst(nodes: list[Node]) -> str:
    return next(state for state in STATES if any(node.state == state for node in nodes))


def _placed(
    group: list[_Machine], left: float, top: float, *, labels: bool, a_row: int, key: str | None = None, least: float = 0
) -> tuple[list[Dot], float]:
    """The dots of a group of machines, for one key or for all, and the height that they need."""
    dots = []
    high, rows = (_LINE, len(group)) if labels else (_DOT, -(-len(group) // a_row))
    height = max(float(rows * high), least)
    top += (height - rows * high) / 2
    for at, machine in enumerate(group):
        nodes = [node for node in machine.nodes if key in (None, node.key)]
        state = _worst(nodes)
        note = shapes.number(sum(node.requests for node in nodes), "request")
        x = left if labels else left + at % a_row * _DOT
        y = top + (at if labels else at // a_row) * high + high / 2
        text, note = (shapes.cut(machine.address, 180), note) if labels else ("", "")
        # There is no pointer on a phone.
        title = machine.title if key is None else machine.address
        dots.append(Dot(machine.name, state, x, y, title, text, note))
    return dots, height


def _spread(wanted: dict[str, list[float]], size: float) -> dict[str, float]:
    """A height for each key, as close to the middle of its nodes as the others allow."""
    middles = {name: sum(ends) / len(ends) if ends else 0.0 for name, ends in wanted.items()}
    places: dict[str, float] = {}
    free = _GAP / 2 + size / 2
    # Those without nodes come last.
    for name in sorted(middles, key=lambda one: (not wanted[one], middles[one], one)):
        places[name] = max(middles[name], free)
        free = places[name] + size + 6
    return places


def _beside(picture: Picture, height: float) -> dict[str, float]:
    """A height for each router: spread over the picture, or at the top of a long one."""
    slot = height / max(1, len(picture.routers))
    if height > 600:
        slot = min(slot, 64.0)
    return {router.stats: slot * (at + 0.5) for at, router in enumerate(picture.routers)}


def _to_keys(picture: Picture, routers: dict[str, float], keys: dict[str, float], names: dict[str, str]) -> list[Link]:
    """The lines from routers to keys."""
    if len(routers) * len(keys) > _MOST_LABELS:
        return _by_rail(picture, routers, keys, names)
    most = max([1, *(requests for key in picture.keys for requests in key.routers.values())])
    return [
        Link(
            shapes.curve(_ROUTER, routers[router.stats], _KEYS, keys[key.name]),
            shapes.thickness(key.routers[router.stats], most),
            "fresh" if any(node.places.get(router.stats) in SERVING for node in key.nodes) else key.state,
            f"r{at} {names[key.name]}",
        )
        for at, router in enumerate(picture.routers)
        for key in picture.keys
        if router.stats in key.routers
    ]


def _by_rail(picture: Picture, routers: dict[str, float], keys: dict[str, float], names: dict[str, str]) -> list[Link]:
    """The same with a rail between them, where direct lines would hide each other."""
    middle = (_ROUTER + _KEYS) // 2
    ends = [*routers.values(), *keys.values()]
    links = [Link(f"M{middle} {min(ends):.0f}V{max(ends):.0f}", 3.0, "fresh", "")]
    for at, router in enumerate(picture.routers):
        path = f"M{_ROUTER} {routers[router.stats]:.0f}H{middle}"
        links.append(Link(path, 3.0, "ghost" if router.error else "fresh", f"r{at}"))
    most = max([1, *(key.requests for key in picture.keys)])
    for key in picture.keys:
        path = f"M{middle} {keys[key.name]:.0f}H{_KEYS}"
        links.append(Link(path, shapes.thickness(key.requests, most), _best(key.nodes, key.state), names[key.name]))
    return links


def _to_nodes(picture: Picture, keys: dict[str, float], ends: dict[str, float], names: dict[str, str]) -> list[Link]:
    """The lines from keys to nodes, one for each group of a key's nodes."""
    machines = {machine.address: machine.name for machine in _machines(picture)}
    together: dict[tuple[str, float], list[Node]] = {}
    for key in picture.keys:
        for node in key.nodes:
            together.setdefault((key.name, ends[node.address]), []).append(node)
    sums = {place: sum(node.requests for node in nodes) for place, nodes in together.items()}
    most = max([1, *sums.values()])
    return [
        Link(
            shapes.curve(_KEYS + _KEY, keys[place[0]], _NODES - 8, place[1]),
            shapes.thickness(sums[place], most),
            _best(nodes, nodes[0].state),
            " ".join([names[place[0]], *(machines[node.address] for node in nodes)]),
        )
        for place, nodes in together.items()
    ]


def _best(nodes: list[Node], otherwise: str) -> str:
    return "fresh" if any(node.state == "fresh" for node in nodes) else otherwise
