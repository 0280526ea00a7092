# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of a large pool in the form that the page's script reads: a column for each number, and each name once. Pure.

The rows are the nodes of the first key, then those of the second, and so on. The script adds up the keys' sums itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen

from .pools import Node, Picture
from .summary import PLACES

# A number, or a column of numbers: plain, or the most frequent value and the others with the distances between their rows.
Column = dict[str, Any]


def script_data(picture: Picture) -> str:
    """All subscriptions as JSON that is safe in a page's ``script`` element, whatever the names contain."""
    nodes = [node for key in picture.keys for node in key.nodes]
    addresses, address = _indexed(node.address for node in nodes)
    modifiers, modifier = _indexed(node.modifier for node in nodes)
    routers = [router.stats for router in picture.routers if not router.error]
    marks, mark = _indexed(_marks(node, routers) for node in nodes)
    figures = {
        "address": address,
        "modifier": modifier,
        "marks": mark,
        **{name: [getattr(node, name) for node in nodes] for name in ("weight", "requests", "failures", "in_flight", "age")},
    }
    found = {
        "places": PLACES,
        "routers": [seen(router) for router in routers],
        "keys": [seen(key.name) for key in picture.keys],
        "addresses": [seen(one) for one in addresses],
        "modifiers": modifiers,
        "marks": marks,
        "of_keys": {
            "nodes": column([len(key.nodes) for key in picture.keys]),
            "routers": column([len(key.routers) for key in picture.keys]),
        },
        "of_nodes": {name: column(values) for name, values in figures.items()},
    }
    # Only "<" can end or nest a script element, and JSON can escape any character as a number.
    return json.dumps(found, separators=(",", ":")).replace("<", "\\u003c")


def column(values: Sequence[int]) -> Column:
    """A column in the shorter of the two forms."""
    common, count = Counter(values).most_common(1)[0] if values else (0, 0)
    if 2 * count < len(values):
        return {"all": list(values)}
    rows = [at for at, value in enumerate(values) if value != common]
    return {
        "length": len(values),
        "most": common,
        "steps": [row - before for row, before in zip(rows, [0, *rows])],
        "others": [values[row] for row in rows],
    }


def _marks(node: Node, routers: Sequence[str]) -> tuple[int, ...]:
    """The numbers of a node's state and of its state at each router."""
    return tuple(PLACES.index(place) for place in (node.state, *(node.places[router] for router in routers)))


def _indexed(values: Iterable[Any]) -> tuple[list[Any], list[int]]:
    """The distinct values, and the index of each."""
    numbers: dict[Any, int] = {}
    found = [numbers.setdefault(value, len(numbers)) for value in values]
    return list(numbers), found
