# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the pools as lines for a terminal: which nodes serve, and which are held out, by whom and since when. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen

from .pools import Picture, picture

# Shown for an unnamed reason: a plain file, or a folder that an interrupted run left.
_OPERATOR = "operator"
_HEADS = ("key", "node", "host", "state", "requests", "age, s")
_FIGURES = (4, 5)
# Longer names are cut, so that they don't push everything else off the terminal.
_LONGEST = 60


class Held(NamedTuple):
    """A silent vassal; ``reasons`` each have the Unix time since when they hold."""

    host: str
    vassal: str
    reasons: dict[str, float]


def lines(info: Any, held: Any, announced: Any, names: Any) -> list[str]:
    """The lines.

    Args:
        info: as for ``pools.picture``.
        held: from hosts to the files below their folder ``path`` of suspend files, as ``ansible.builtin.find`` returns them; with
            a ``tyrant`` each tenant has a folder there.
        announced: a result of the lookup ``announced_vassals``.
        names: from addresses of hosts to their names.

    Raises:
        ArgumentError: for an invalid argument.
    """
    silent = _silent(info)
    if silent:
        return silent
    found = picture(info)
    return [*_routers(found), "", *_keys(found, _held(held), _announced(announced), _mapping("names", names))]


def _silent(info: Any) -> list[str]:
    """The lines if no router answers, or none was asked; empty if one does."""
    if not isinstance(info, Mapping) or not all(isinstance(one, Mapping) for one in info.values()):
        return []
    if any("time" in one for one in info.values()):
        return []
    said = [line(f"{host}: does not answer: {str(one.get('msg', '')).strip()}", 500) for host, one in info.items()]
    return said or ["There is no router; set pools_routers."]


def _routers(found: Picture) -> Iterator[str]:
    for router in found.routers:
        said = f"does not answer: {router.error}" if router.error else f"{router.keys} keys, {router.nodes} nodes"
        yield line(f"{router.stats}: {said}", 500)


def _keys(found: Picture, held: list[Held], keys: Mapping[tuple[str, str], list[str]], names: Mapping[str, Any]) -> list[str]:
    rows: list[Sequence[str]] = [_HEADS]
    for key in found.keys:
        for node in key.nodes:
            host = str(names.get(node.address.rpartition(":")[0], ""))
            rows.append((key.name, node.address, host, node.state, str(node.requests), str(node.age)))
    for one in held:
        words = ", ".join(f"{reason} since {moment(since)}" for reason, since in sorted(one.reasons.items()))
        for name in keys.get((one.host, one.vassal), ["?"]):
            rows.append((name, one.vassal, one.host, "held out by " + words))
    # Within a key, serving nodes first.
    shown = [rows[0], *sorted(rows[1:], key=lambda row: (row[0], len(row) < len(_HEADS), row[1:3]))]
    cells = [[line(cell) if at != 3 else line(cell, 500) for at, cell in enumerate(row)] for row in shown]
    # The reasons end their lines and may be long.
    widths = [max(len(row[at]) for row in cells if len(row) == len(_HEADS) or at < 3) for at in range(len(_HEADS))]
    return ["  ".join(_padded(cell, widths[at], at) for at, cell in enumerate(row)).rstrip() for row in cells]


def _padded(cell: str, width: int, at: int) -> str:
    return cell.rjust(width) if at in _FIGURES else cell.ljust(width)


def line(text: str, longest: int = _LONGEST) -> str:
    """Text from strangers on one line, cut if too long."""
    found = seen(text.replace("\n", "\\n"))
    return found if len(found) <= longest else found[: longest - 1] + "\u2026"


def moment(since: float) -> str:
    """A Unix time in readable form."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(since))
    except (OverflowError, ValueError, OSError):
        return "?"


def _held(value: Any) -> list[Held]:
    found = []
    for host, result in _mapping("held", value).items():
        one = _mapping(f"held.{host}", result)
        reasons: dict[str, dict[str, float]] = {}
        folders: dict[str, float] = {}
        path = str(one.get("path", "")).removesuffix("/") + "/"
        for file in _sequence(f"held.{host}.files", one.get("files", [])):
            entry = _mapping(f"held.{host}.files", file)
            below = str(entry.get("path", ""))
            if not below.startswith(path):
                continue
            parts = below[len(path) :].split("/")[1 if one.get("tyrant") else 0 :]
            since = _number(f"held.{host}.files", entry.get("mtime"))
            if len(parts) == 2:
                reasons.setdefault(parts[0], {})[parts[1]] = since
            elif len(parts) == 1:
                folders[parts[0]] = since
        for vassal, since in folders.items():
            reasons.setdefault(vassal, {_OPERATOR: since})
        found += [Held(str(host), vassal, each) for vassal, each in reasons.items()]
    return found


def _announced(value: Any) -> dict[tuple[str, str], list[str]]:
    """The keys of each vassal, by host and name."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in _sequence("announced", value):
        host = _mapping("announced", one)
        for each in _sequence("announced", host.get("vassals", [])):
            vassal = _mapping("announced", each)
            for entry in _sequence("announced", vassal.get("subscriptions", [])):
                keys = _mapping("announced", entry).get("key", [])
                name = (str(host.get("host")), str(vassal.get("name")))
                found.setdefault(name, []).extend(map(str, keys if isinstance(keys, (list, tuple)) else [keys]))
    return {name: list(dict.fromkeys(keys)) for name, keys in found.items()}


def _mapping(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ArgumentError(place, "is not a mapping; give one, as the filter's documentation says")
    return value


def _sequence(place: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise ArgumentError(place, "is not a list; give one, as the filter's documentation says")
    return value


def _number(place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ArgumentError(place, "has an mtime that is not a number; give what ansible.builtin.find returns")
    return float(value)
