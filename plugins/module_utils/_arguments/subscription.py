# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns task arguments into the ordered options of a fragment. Pure: no files, no sockets, no Ansible module.

The format of ``subscribe2`` is a list of names and values (``kvlist``), read by ``uwsgi_subscribe2`` (core/subscription.c).
"""

from __future__ import annotations

import marshal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .. import _addresses
from .._dialect import SUBSCRIBE2, V2_1, Release, require
from .._errors import ArgumentError
from .._ini import kvlist
from .._ini.writer import Line
from . import size, table, values
from .domains import unmatched
from .table import Row

if TYPE_CHECKING:
    from .newer import Entry

# Resolves a host name to an IPv4 address; raises OSError.
Resolver = Callable[[str], str]

GROUPS = ("server_params", "server_verification_params", "client_params")
NO_FAILOVER = (
    "it has no failover: when it dies, its share of the requests is lost until the router's tolerance ends; "
    "use an IPv4 address and a port where that matters"
)
_RESOLVE = "resolve_server"
_PROTOCOL = "uwsgi"
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
    servers: Sequence[str]
    keys: Sequence[str]
    address: Any
    signing: Optional[values.Signing]
    weight: Optional[int]
    vassal: Optional[str]
    protocol: Optional[str]


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
        if arguments.get(group) is not None:
            # Imported only if used: most vassals have none.
            from . import groups  # noqa: PLC0415

            found, flaws = groups.written(values.child(path, group), group, arguments[group], release)
            lines += found
            warnings += flaws
    place = path + ".subscriptions" if path else "subscriptions"
    notify = (arguments.get("server_params") or {}).get("client_notify_address")
    entries: List[Subscription] = []
    # Most vassals announce the same to several servers, so what differs only in the server is checked once.
    before: Optional[bytes] = None
    for at, item in enumerate(values.sequence(place, arguments.get("subscriptions"))):
        one = f"{place}[{at}]"
        told = _told(item)
        if told is None or told != before:
            given = values.mapping(one, item, _SUBSCRIPTION_ARGUMENTS)
            resolver = resolve if _is_resolved(one, given.pop(_RESOLVE, arguments.get(_RESOLVE))) else None
            servers = _servers(one, given.pop("server", None), resolver)
            tails, members, flaws = _behind(one, given, notify, release)
            before = told
            warnings += flaws
        else:
            servers = _servers(one, item["server"], resolver)
        heads = [_SERVER.name + "=" + kvlist.escape(server) for server in servers]
        written = list(dict.fromkeys([head + tail for head in heads for tail in tails]))
        entries.append(Subscription(written, servers, *members))
        warnings += _warnings(one, given, entries[-1])
    if release < V2_1:
        _one_weight(place, entries)
    else:
        warnings += _newer(path, place, arguments, entries)
    return Fragment(lines + [Line(SUBSCRIBE2, line) for entry in entries for line in entry.lines], entries, warnings)


def _is_resolved(path: str, value: Any) -> bool:
    return value is not None and value is not False and values.flag(f"{path}.{_RESOLVE}", value)


def _servers(path: str, value: Any, resolve: Optional[Resolver]) -> List[str]:
    place = path + ".server"
    # Nearly all are one address.
    if isinstance(value, str):
        return [_server(place, value, resolve)]
    found = _required(place, value, "a subscription server")
    return [_server(one, server, resolve) for one, server in found]


def _told(item: Any) -> Optional[bytes]:
    """What is the same for the same arguments besides the server (by equality, true would equal 1).

    None if it is no mapping, has no server, or has values that no JSON has.
    """
    if not isinstance(item, values.MAPPINGS) or "server" not in item:
        return None
    try:
        # Of this version, because later ones also tell which texts are one object.
        return marshal.dumps({**item, "server": None}, 2)
    except ValueError:
        return None


def _behind(
    path: str, given: Dict[str, Any], notify: Any, release: Release
) -> Tuple[List[str], Tuple[Any, ...], List[str]]:
    """Check the part of a subscription that follows its servers.

    Returns:
        what uWSGI reads after a server, with a leading comma, for each key; the members of a ``Subscription`` after its servers;
        and warnings about settings that are probably not intended, such as keys that no request matches.
    """
    places = _required(path + ".key", given.get("key"), "a key")
    keys = [_KEY.kind.check(place, value) for place, value in places]
    checked = _field_values(path, given, release)
    _check_together(path, given)
    fields: Dict[str, str] = {}
    for name, value in checked.items():
        row = _ROWS[name]
        fields.update(row.kind.write(row.name, value))
    warnings = []
    for (place, dummy), key in zip(places, keys):
        flaw = unmatched(key, release)
        if flaw:
            warnings.append(f"{place}: {flaw}")
    if release >= V2_1:  # older ones have nothing to warn of
        from . import newer  # noqa: PLC0415

        warnings += newer.warnings(path, checked)
    warnings += size.check(path, max(keys, key=len), fields, notify, release)
    tails = ["," + kvlist.join([(_KEY.name, key), *fields.items()]) for key in keys]
    # In the order of the members.
    members = ("address", "signing", "balancing_weight", "address_vassal", "protocol")
    return tails, (keys, *map(checked.get, members)), warnings


def _newer(path: str, place: str, arguments: Mapping[str, Any], entries: List[Subscription]) -> List[str]:
    """Warnings about combinations of arguments that only 2.1 mishandles."""
    # Imported only for that release.
    from . import newer  # noqa: PLC0415

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
    from .newer import Entry  # noqa: PLC0415

    return [
        Entry(f"{place}[{at}]", entry.servers, entry.keys, _node(entry.address, owner), entry.vassal)
        for at, entry in enumerate(entries)
    ]


def _node(address: Any, owner: str) -> Any:
    # Within one instance, the first socket is number 0.
    return address if isinstance(address, str) else (owner, address or 0)


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
        given = {"protocol": _PROTOCOL, **given}
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


def _required(place: str, value: Any, what: str) -> List[Tuple[str, Any]]:
    """The values of an argument that accepts one value or a list, each with its path."""
    if isinstance(value, (list, tuple)):
        found = [(f"{place}[{at}]", item) for at, item in enumerate(value)]
    else:
        found = [(place, item) for item in values.sequence(place, value)]
    if not found:
        raise ArgumentError(place, f"is missing; without {what} uWSGI sends nothing and says nothing")
    return found


def _server(path: str, value: Any, resolve: Optional[Resolver]) -> str:
    if isinstance(value, str) and _addresses.is_ipv4_port(value):
        return str(value)
    if resolve is not None and isinstance(value, str):
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
