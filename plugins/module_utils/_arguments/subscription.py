# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns task arguments into the ordered options of a fragment. Pure: no files, no sockets, no Ansible module.

The format of ``subscribe2`` is a list of names and values (``kvlist``), read by ``uwsgi_subscribe2`` (core/subscription.c).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .. import _addresses
from .._dialect import SUBSCRIBE2, V2_1, Release, require
from .._errors import ArgumentError
from .._ini import kvlist
from .._ini.writer import Line
from . import newer, size, table, values
from .domains import unmatched
from .newer import Entry
from .table import Row

# Resolves a host name to an IPv4 address; raises OSError.
Resolver = Callable[[str], str]

GROUPS = ("server_params", "server_verification_params", "client_params")
NO_FAILOVER = (
    "it has no failover: when it dies, its share of the requests is lost until the router's tolerance ends; "
    "use an IPv4 address and a port where that matters"
)
_RESOLVE = "resolve_server"
# With a cheap pattern for a name, in the table's order.
_SUBSCRIPTION_ARGUMENTS = dict.fromkeys([row.argument for row in table.SUBSCRIPTION] + [_RESOLVE])
_SERVER, _KEY = table.SUBSCRIPTION[:2]
_FIELDS = table.SUBSCRIPTION[2:]
# A router loads a certificate only together with its key.
_NEEDS = {"sni_cert": "sni_key", "sni_key": "sni_cert", "sni_client_ca": "sni_cert"}
_ROWS = {row.argument: row for row in _FIELDS}


class Subscription(NamedTuple):
    """One entry of ``subscriptions``, checked.

    Attributes:
        lines: the values of ``subscribe2``, one for each pair of server and key.
        address: the address or the index of the socket; None if uWSGI uses its first socket.
        signing: digest and key file; None if unsigned.
        weight: None if not given.
        vassal: its ``address_vassal``; None if not given.
        protocol: the protocol that it announces; None if it announces none.
    """

    lines: List[str]
    address: Any
    signing: Optional[values.Signing]
    weight: Optional[int]
    servers: Sequence[str] = ()
    keys: Sequence[str] = ()
    vassal: Optional[str] = None
    protocol: Optional[str] = None


class _Behind(NamedTuple):
    """The part of a subscription that follows its servers, checked.

    Attributes:
        fields: the fields' values, in the order of the rows.
        tail: the fields as uWSGI reads them, with a leading comma.
        warnings: settings that are probably not intended, such as keys that no request matches.
    """

    keys: List[str]
    checked: Dict[str, Any]
    tail: str
    warnings: List[str]


class Fragment(NamedTuple):
    """The options of a fragment.

    Attributes:
        lines: the options, in a stable order: server, verification, client, subscriptions.
        subscriptions: the entries behind the ``subscribe2`` lines.
        warnings: settings that are accepted but probably not intended.
    """

    lines: List[Line]
    subscriptions: List[Subscription]
    warnings: List[str]


def fragment(
    arguments: Mapping[str, Any], release: Release, resolve: Optional[Resolver] = None, path: str = ""
) -> Fragment:
    """Turn arguments into options.

    Args:
        arguments: ``subscriptions``, ``server_params``, ``server_verification_params``, ``client_params`` and ``resolve_server``,
            as given by the user; other members are ignored.
        release: the target's uWSGI.
        resolve: required if an entry sets ``resolve_server``.
        path: prefix of the names in errors, such as ``vassals[3]``.

    Raises:
        ArgumentError: for the first argument that is invalid.
    """
    lines: List[Line] = []
    warnings: List[str] = []
    for group in GROUPS:
        if arguments.get(group) is None:
            continue
        place = values.child(path, group)
        rows = table.GROUPS[group]
        given = values.mapping(place, arguments[group], dict.fromkeys(row.argument for row in rows))
        lines += _group_lines(place, rows, given, release)
        if group == "server_verification_params" and "dir_credentials" in given and not given.get("pass_unix_credentials"):
            warnings.append(
                values.child(place, "dir_credentials")
                + ": without pass_unix_credentials the router treats every sender as root"
            )
    place = path + ".subscriptions" if path else "subscriptions"
    notify = (arguments.get("server_params") or {}).get("client_notify_address")
    entries: List[Subscription] = []
    # Most vassals announce the same to several servers, so what differs only in the server is checked once.
    known: Tuple[Optional[str], Optional[_Behind]] = (None, None)
    for at, item in enumerate(values.sequence(place, arguments.get("subscriptions"))):
        one = f"{place}[{at}]"
        given = values.mapping(one, item, _SUBSCRIPTION_ARGUMENTS)
        wants = _is_resolved(one, given.pop(_RESOLVE, arguments.get(_RESOLVE)))
        servers = _servers(one, given, resolve if wants else None)
        told, (before, behind) = _told(given), known
        if behind is None or told is None or told != before:
            behind = _behind(one, given, notify, release)
            known = (told, behind)
            warnings += behind.warnings
        entries.append(_subscription(servers, behind))
        warnings += _warnings(one, given, entries[-1])
    if release < V2_1:
        _one_weight(place, entries)
    else:
        warnings += _newer(path, place, arguments, entries)
    return Fragment(lines + [Line(SUBSCRIBE2, line) for entry in entries for line in entry.lines], entries, warnings)


def _is_resolved(path: str, value: Any) -> bool:
    return value is not None and value is not False and values.flag(f"{path}.{_RESOLVE}", value)


def _group_lines(path: str, rows: Tuple[Row, ...], given: Dict[str, Any], release: Release) -> List[Line]:
    """The options of a group of plain options, in the order of the rows."""
    lines: List[Line] = []
    for row in rows:
        if row.argument not in given:
            continue
        place = values.child(path, row.argument)
        require(place, "the option " + row.name, row.since, release)
        value = row.kind.check(place, given[row.argument])
        pairs = row.kind.write(row.name, value)
        for name, text in pairs:
            require(place, f"the {row.kind.name} {text}", row.kind.since(value), release)
            lines.append(Line(name, text))
    return _joined(path, lines, given)


def _joined(path: str, lines: List[Line], given: Dict[str, Any]) -> List[Line]:
    """Combine the two arguments of ALGO:DIR into one line."""
    pair = ("digest_algo", "dir_cert")
    missing = [name for name in pair if name not in given]
    if len(missing) == 1:
        other = pair[1 - pair.index(missing[0])]
        raise ArgumentError(
            values.child(path, other),
            f"needs {missing[0]} as well; uWSGI reads both from one option and verifies no signature with one alone",
        )
    if missing:
        return lines
    return [Line(lines[0].name, lines[0].value + ":" + lines[1].value), *lines[2:]]


def _servers(path: str, given: Dict[str, Any], resolve: Optional[Resolver]) -> List[str]:
    """Remove the servers of a subscription from its arguments and return them."""
    found = _required(path, given, "server", "a subscription server")
    del given["server"]
    return [_server(place, value, resolve) for place, value in found]


def _told(given: Dict[str, Any]) -> Optional[str]:
    """A text that is the same for the same arguments (by equality, true would equal 1). None if Python can't write it."""
    try:
        return repr(given)
    except (ValueError, RecursionError):
        return None


def _behind(path: str, given: Dict[str, Any], notify: Any, release: Release) -> _Behind:
    places = _required(path, given, "key", "a key")
    keys = [_KEY.kind.check(place, value) for place, value in places]
    checked = _field_values(path, given, release)
    _check_together(path, given)
    fields = [pair for name, value in checked.items() for pair in _ROWS[name].kind.write(_ROWS[name].name, value)]
    odd = [(place, unmatched(key, release)) for (place, dummy), key in zip(places, keys)]
    warnings = [f"{place}: {flaw}" for place, flaw in odd if flaw] + newer.warnings(path, checked)
    tail = "," + kvlist.join(fields) if fields else ""
    warnings += size.check(path, max(keys, key=len), dict(fields), notify, release)
    return _Behind(keys, checked, tail, warnings)


def _newer(path: str, place: str, arguments: Mapping[str, Any], entries: List[Subscription]) -> List[str]:
    """Warnings about combinations of arguments that only 2.1 mishandles."""
    if values.flag("", (arguments.get("client_params") or {}).get("clear_on_exit") or False):
        nameless = (f"{place}[{at}]" for at, entry in enumerate(entries) if entry.vassal is None)
        newer.refuse_clearing(values.child(path, "client_params.clear_on_exit"), nameless)
    compared = newer_entries(place, entries)
    newer.refuse_mountpoints(compared)
    return newer.shared(compared)


def newer_entries(place: str, entries: List[Subscription], owner: str = "") -> List[Entry]:
    """Subscriptions in the form in which those of 2.1 are compared.

    Args:
        place: path of their list.
        owner: the instance that announces its own sockets.
    """
    return [
        Entry(f"{place}[{at}]", entry.servers, entry.keys, _node(entry.address, owner), entry.vassal)
        for at, entry in enumerate(entries)
    ]


def _node(address: Any, owner: str) -> Any:
    # Within one instance, the first socket is number 0.
    return address if isinstance(address, str) else (owner, address or 0)


def _subscription(servers: List[str], behind: _Behind) -> Subscription:
    lines = []
    for one_server in servers:
        head = _SERVER.name + "=" + kvlist.escape(one_server) + "," + _KEY.name + "="
        lines += [head + kvlist.escape(one_key) + behind.tail for one_key in behind.keys]
    return Subscription(
        lines=list(dict.fromkeys(lines)),
        address=behind.checked.get("address"),
        signing=behind.checked.get("signing"),
        weight=behind.checked.get("balancing_weight"),
        servers=servers,
        keys=behind.keys,
        vassal=behind.checked.get("address_vassal"),
        protocol=behind.checked.get("protocol"),
    )


def _warnings(path: str, given: Dict[str, Any], entry: Subscription) -> List[str]:
    warnings = []
    if "check_file" in given:
        warnings.append(
            values.child(path, "check_file")
            + ": uWSGI announces while this file is ABSENT and is silent while it exists, whatever its documentation says; "
            "suspend_file is the same field with a clearer name"
        )
    if isinstance(entry.address, str) and not _addresses.is_ipv4_port(entry.address):
        warnings.append(values.child(path, "address") + ": the node is on a unix socket; " + NO_FAILOVER)
    return warnings


def _field_values(path: str, given: Dict[str, Any], release: Release) -> Dict[str, Any]:
    """The checked values of the fields after server and key, in the order of the rows."""
    checked = {}
    if release >= V2_1:
        # If a node doesn't announce it, a router uses uninitialised memory.
        given = {"protocol": newer.PROTOCOL, **given}
    for row in _rows(tuple(given)):
        place = path + "." + row.argument
        if release < row.since:
            require(place, "the field " + row.name, row.since, release)
        checked[row.argument] = row.kind.check(place, given[row.argument])
    return checked


@lru_cache(maxsize=256)
def _rows(given: Tuple[str, ...]) -> List[Row]:
    """The rows of the given fields, in order; nearly all subscriptions of a host have the same ones."""
    return [row for row in _FIELDS if row.argument in given]


def _required(path: str, given: Dict[str, Any], name: str, what: str) -> List[Tuple[str, Any]]:
    """The values of an argument that accepts one value or a list, each with its path."""
    place = path + "." + name
    value = given.get(name)
    items = values.sequence(place, value)
    if not items:
        raise ArgumentError(place, f"is missing; without {what} uWSGI sends nothing and says nothing")
    if not isinstance(value, (list, tuple)):
        return [(place, items[0])]
    return [(f"{place}[{at}]", item) for at, item in enumerate(items)]


def _server(path: str, value: Any, resolve: Optional[Resolver]) -> str:
    if resolve is not None and isinstance(value, str) and not _addresses.is_ipv4_port(value):
        named = _addresses.host_port(value)
        if named:
            try:
                return f"{resolve(named[0])}:{named[1]}"
            except OSError as exc:
                raise ArgumentError(path, f"{value!r} does not resolve to an IPv4 address: {exc}") from exc
    return str(_SERVER.kind.check(path, value))


def _check_together(path: str, given: Dict[str, Any]) -> None:
    """Check arguments that exclude or require each other."""
    if "check_file" in given and "suspend_file" in given:
        raise ArgumentError(
            values.child(path, "check_file"), "is the same field as suspend_file; give suspend_file alone"
        )
    for name in given:
        if name in _NEEDS and _NEEDS[name] not in given:
            raise ArgumentError(
                values.child(path, name), f"needs {_NEEDS[name]} as well; the router loads no certificate otherwise"
            )


def _one_weight(path: str, entries: List[Subscription]) -> None:
    """Reject weights in only some entries: uWSGI 2.0 sends the last weight that it read for entries without one."""
    for at, entry in enumerate(entries):
        if (entry.weight is None) != (entries[0].weight is None):
            raise ArgumentError(
                f"{path}[{at}].balancing_weight",
                f"is {_given(entry.weight)} and that of {path}[0] is {_given(entries[0].weight)}, but uWSGI 2.0 sends "
                "the weight of one subscription for all that have none; give every subscription a weight",
            )


def _given(weight: Optional[int]) -> str:
    return "not given" if weight is None else str(weight)
