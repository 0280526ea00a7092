# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What many vassals share, as variables of their group. Pure.

An option that nearly all of them have with one value becomes a default, and the few that haven't it leave it out with null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import SOCKETS

from .. import _role_options
from .document import Note, Rows
from .host import Host
from .instance import Instance, Option
from .variables import Variable, option_rows

# So many of four vassals have what becomes a default.
_MOST, _OF = 3, 4
# Options that a variable of the role says for all vassals.
_VARIABLES = {
    "harakiri": "emperor_harakiri",
    "worker-reload-mercy": "emperor_worker_reload_mercy",
    "buffer-size": "emperor_buffer_size",
}
_INTERVAL = "announce_interval"
# What is counted in the order of a vassal's lines, and what a vassal's own need is.
_OWN = SOCKETS | {"need-app", "map-socket"}
_SHARED = "Shared by {} of {} vassals."


class Shared(NamedTuple):
    """The group's variables, and its hosts without them."""

    variables: list[Variable]
    hosts: list[Host]


def shared(hosts: Sequence[Host]) -> Shared:
    """Take what vassals and hosts share out of them."""
    found, rest = _options(hosts)
    interval, rest = _interval(rest)
    common, rest = _variables(rest)
    return Shared([*common, *interval, *found], rest)


def _options(hosts: Sequence[Host]) -> tuple[list[Variable], list[Host]]:
    every = [one for host in hosts for one in host.adopted]
    given = [option for host in hosts for option in host.defaults]
    # Those that an Emperor set for its vassals are for all, if all hosts have them.
    same = given if all(host.defaults == hosts[0].defaults for host in hosts) else []
    same = list({option.name: option for option in same}.values())
    counted: Counter[tuple[str, str]] = Counter()
    values: dict[tuple[str, str], Any] = {}
    for one in every:
        for option in one.options:
            if _can_be_shared(option):
                counted[option.name, repr(option.values)] += 1
                values[option.name, repr(option.values)] = option.values
    many = [pair for pair, count in counted.items() if _OF * count >= _MOST * len(every) and count > 1]
    # An Emperor sets these in vassals that don't have them.
    everywhere = {option.name: option.values for option in same if _can_be_shared(option)}
    defaults = {**everywhere, **{name: values[name, text] for name, text in many}}
    optional = [name for name in defaults if name not in everywhere and name not in _VARIABLES]
    own = [
        Variable(_VARIABLES[name], value[0])
        for name, value in defaults.items()
        if name in _VARIABLES and len(value) == 1 and isinstance(value[0], int)
    ]
    rest = [Option(name, value) for name, value in defaults.items() if name not in _VARIABLES]
    rows = Rows(row for option in rest for row in (*_count(option, counted, len(every)), *option_rows([option])))
    found = [*own, *([Variable("emperor_default_options", rows)] if rows else [])]
    return found, [_map(host, lambda one: _without(one, defaults, optional)) for host in hosts]


def _can_be_shared(option: Option) -> bool:
    if option.name in _OWN or option.notes or not option.values:
        return False
    if option.name in _VARIABLES:
        return len(option.values) == 1 and isinstance(option.values[0], int)
    return not _role_options.together({}, {option.name: option.value}, "emperor_default_options").flaws


def _count(option: Option, counted: Counter[tuple[str, str]], every: int) -> list[Note]:
    count = counted[option.name, repr(option.values)]
    return [Note(_SHARED.format(count, every))] if 0 < count < every else []


def _without(one: Instance, defaults: dict[str, list[Any]], optional: Sequence[str]) -> Instance:
    """A vassal without what is said of all, and with a null for what it hasn't."""
    names = {option.name for option in one.options if option.values}
    own = [option for option in one.options if defaults.get(option.name) != option.values or option.notes]
    missing = [Option(name, [None]) for name in optional if name not in names]
    return one._replace(options=[*own, *missing])


def _interval(hosts: Sequence[Host]) -> tuple[list[Variable], list[Host]]:
    """The interval that all vassals announce themselves in."""
    every = [one for host in hosts for one in host.adopted if "subscriptions" in one.arguments]
    found = {one.arguments.get("client_params", {}).get(_INTERVAL) for one in every}
    if len(found) != 1 or None in found:
        return [], list(hosts)
    return [Variable("emperor_announce_interval", found.pop())], [_map(host, _without_interval) for host in hosts]


def _without_interval(one: Instance) -> Instance:
    if "subscriptions" not in one.arguments:
        return one
    params = {name: value for name, value in one.arguments["client_params"].items() if name != _INTERVAL}
    rest = {name: value for name, value in one.arguments.items() if name != "client_params"}
    return one._replace(arguments={**rest, **({"client_params": params} if params else {})})


def _variables(hosts: Sequence[Host]) -> tuple[list[Variable], list[Host]]:
    """The variables that all hosts have alike."""
    if len(hosts) < 2:
        return [], list(hosts)
    first = hosts[0].variables
    same = [one for one in first if one.name and all(any(_alike(one, other) for other in host.variables) for host in hosts)]
    names = {one.name for one in same}
    return same, [host._replace(variables=[one for one in host.variables if one.name not in names]) for host in hosts]


def _alike(one: Variable, other: Variable) -> bool:
    return one.name == other.name and one.value == other.value


def _map(host: Host, change: Any) -> Host:
    good = {one.path for one in host.adopted}
    vassals: Iterable[Instance] = (change(one) if one.path in good else one for one in host.vassals)
    return host._replace(vassals=list(vassals))
