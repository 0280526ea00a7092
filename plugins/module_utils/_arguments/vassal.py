# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One vassal: the lines of its file, and what it would announce. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from .. import _addresses
from .._dialect import RESUBSCRIBES, SOCKETS, V2_1, Release
from .._errors import ArgumentError
from .._ini.writer import Line
from .._masking import mask
from . import values
from .options import option_lines
from .subscription import NO_FAILOVER, Resolver, Subscription, fragment, newer_entries
from .table import CLIENT_PARAMS

SUFFIX = ".ini"
# Suffix of the file with an on-demand vassal's address: the value of emperor-on-demand-extension.
ADDRESS_SUFFIX = ".socket"
_ARGUMENTS = dict.fromkeys(
    [
        "name",
        "options",
        "subscriptions",
        "server_params",
        "server_verification_params",
        "client_params",
        "resolve_server",
        "health",
        "on_demand",
        "owner",
        "group",
        "mode",
    ]
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*\Z")
# User names that useradd(8) accepts, and numbers. It is also the name of a folder.
_OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?\Z")
# core/emperor.c: a vassal's name has room for 255 bytes and a NUL.
_MAX_NAME = 254 - len(SUFFIX)
_CLIENT_PARAMS = dict.fromkeys(row.argument for row in CLIENT_PARAMS)
# Other sources of sockets.
_ELSEWHERE = r"(include|inherit.*|ini|ini-paste.*|if-.*|for.*|emperor-fd-config|on-demand.*|map-socket|zerg)\Z"


class Defaults(NamedTuple):
    """Settings for every vassal that doesn't set its own; null leaves an option out.

    Attributes:
        suspend_dir: the folder of the suspend files, which are named after their vassals.
        owner: of the vassals' files.
        tyrant: whether each vassal runs as the owner of its file, who must be given and has a folder of suspend files.
        lines: the lines of the options, computed once for all vassals.
    """

    options: Mapping[str, Any] = {}
    client_params: Mapping[str, Any] = {}
    resolve_server: bool = False
    suspend_dir: Optional[str] = None
    owner: Optional[str] = None
    tyrant: bool = False
    lines: Mapping[str, List[Line]] = {}


class Vassal(NamedTuple):
    """A vassal as it will be written.

    Attributes:
        arguments: what the user gave.
        uid: the user in its own options; None if they don't name one.
        sockets: those of its sockets that no other vassal may use.
        owner: the user as whom a tyrant Emperor runs it; None with other Emperors.
        on_demand: the address that the Emperor binds for it; None if it starts immediately.
    """

    name: str
    place: str
    arguments: Mapping[str, Any]
    lines: List[Line]
    subscriptions: List[Subscription]
    warnings: List[str]
    uid: Optional[str]
    sockets: List[str]
    owner: Optional[str] = None
    on_demand: Optional[str] = None


class Taken:
    """The names and sockets that only one vassal can have."""

    def __init__(self) -> None:
        self._names: Dict[str, str] = {}
        self._sockets: Dict[str, str] = {}

    def take(self, one: Vassal) -> None:
        """Take those of a vassal, all or none.

        Raises:
            ArgumentError: when another has one of them.
        """
        if one.name in self._names:
            raise ArgumentError(
                one.place + ".name", f"{one.name!r} is the name of {self._names[one.name]} too; give each vassal its own"
            )
        for socket in one.sockets:
            if socket in self._sockets:
                raise ArgumentError(
                    one.place + ".options",
                    f"the socket {socket!r} is that of {self._sockets[socket]} too, so only one of them would start; give each "
                    "its own",
                )
        self._names[one.name] = one.place
        self._sockets.update(dict.fromkeys(one.sockets, one.place))


def vassals(
    items: Iterable[Any],
    release: Release,
    resolve: Optional[Resolver] = None,
    defaults: Defaults = Defaults(),  # noqa: B008 - it is immutable
) -> List[Vassal]:
    """Check the argument ``vassals``.

    Raises:
        ArgumentError: for the first argument that is invalid.
    """
    found = []
    taken = Taken()
    defaults = defaults._replace(lines=option_lines("default_options", defaults.options))
    for at, item in enumerate(items):
        one = _vassal(f"vassals[{at}]", item, release, resolve, defaults)
        taken.take(one)
        found.append(one)
    if release >= V2_1:
        _compare(found)
    return found


def _compare(found: List[Vassal]) -> None:
    """Compare the subscriptions of all vassals, for mistakes that only 2.1 allows."""
    # Imported only for that release.
    from . import newer  # noqa: PLC0415

    entries = [entry for one in found for entry in newer_entries(one.place + ".subscriptions", one.subscriptions, one.name)]
    newer.refuse_mountpoints(entries)
    warnings = newer.shared(entries)
    for one in found:
        # Those within one vassal were already compared.
        one.warnings.extend(words for words in warnings if words.startswith(one.place + ".") and words not in one.warnings)


def _vassal(place: str, item: Any, release: Release, resolve: Optional[Resolver], defaults: Defaults) -> Vassal:
    given = values.mapping(place, item, _ARGUMENTS)
    name = _name(place + ".name", given.get("name"))
    own = option_lines(place + ".options", given.get("options"))
    options = [line for lines in {**defaults.lines, **own}.values() for line in lines]
    owner = _owner(place, given.get("owner", defaults.owner), name) if defaults.tyrant else None
    on_demand = _on_demand(place, given) if "on_demand" in given else None
    if "health" in given:
        # Imported only if used, as few vassals have it.
        from .health import health  # noqa: PLC0415

        health(place + ".health", given["health"])
    given = _with_defaults(place, given, name, owner, defaults)
    sockets, uid = _sockets_and_uid(options)
    given = _with_given_ports(place, given, sockets)
    found = fragment(given, release, resolve, place)
    if release >= V2_1:
        _refuse_depth(place, given, options)
    if not options and not found.lines:
        raise ArgumentError(place + ".options", "is missing; a vassal without options does not start")
    warnings = found.warnings + _resubscribing(place, given, options)
    warnings += _all_announced(place + ".subscriptions", found.subscriptions, options, sockets)
    return Vassal(
        name=name,
        place=place,
        arguments=given,
        lines=options + found.lines,
        subscriptions=found.subscriptions,
        warnings=warnings,
        uid=uid,
        sockets=_bound(place, sockets, on_demand),
        owner=owner,
        on_demand=on_demand,
    )


def _refuse_depth(place: str, given: Mapping[str, Any], options: List[Line]) -> None:
    # Imported only for that release.
    from . import newer  # noqa: PLC0415

    depth = (given.get("server_params") or {}).get("mountpoints_depth")
    if depth is not None:
        newer.refuse_depth(place + ".server_params.mountpoints_depth", int(depth), (line.name for line in options))


def _sockets_and_uid(options: List[Line]) -> Tuple[List[str], Optional[str]]:
    """The addresses of the sockets, and the user if the options name one."""
    sockets: List[str] = []
    uid = None
    for name, value, dummy in options:
        if name in SOCKETS:
            sockets.append(value)
        elif name == "uid" and not _is_expanded(value):
            uid = value
    return sockets, uid


def _with_defaults(place: str, given: Dict[str, Any], name: str, owner: Optional[str], defaults: Defaults) -> Dict[str, Any]:
    """A vassal's arguments, combined with the defaults."""
    found = {"resolve_server": defaults.resolve_server, **given}
    if defaults.suspend_dir is not None and isinstance(given.get("subscriptions"), list):
        suspend_file = os.path.join(defaults.suspend_dir, owner or "", name)
        found["subscriptions"] = [_suspendable(entry, suspend_file) for entry in given["subscriptions"]]
    if defaults.client_params and given.get("subscriptions"):
        params = values.mapping(place + ".client_params", given.get("client_params"), _CLIENT_PARAMS)
        found["client_params"] = dict(defaults.client_params, **params)
    return found


def _resubscribing(place: str, given: Mapping[str, Any], options: List[Line]) -> List[str]:
    """Warn about a router that checks signatures and resubscribes: it doesn't sign what it passes on."""
    if not (given.get("server_verification_params") or {}).get("digest_algo"):
        return []
    return [
        f"{place}.options.{line.name}: passes announcements on without their signatures, so a router that checks them refuses "
        "all of these silently; let the nodes announce themselves to every router"
        for line in options
        if RESUBSCRIBES.match(line.name)
    ]


def _with_given_ports(place: str, given: Dict[str, Any], sockets: List[str]) -> Dict[str, Any]:
    """Make a node with a kernel-chosen port unsubscribe at a reload: it gets a new port, and routers would keep the old one.

    Raises:
        ArgumentError: if the user disables that.
    """
    if not given.get("subscriptions") or not any(map(_addresses.is_given_port, sockets)):
        return given
    path = place + ".client_params"
    params = values.mapping(path, given.get("client_params"), _CLIENT_PARAMS)
    if "unsubscribe_on_reload" not in params:
        return {**given, "client_params": {**params, "unsubscribe_on_reload": True}}
    if not values.flag(path + ".unsubscribe_on_reload", params["unsubscribe_on_reload"]):
        raise ArgumentError(
            path + ".unsubscribe_on_reload",
            "must be true for a socket with port 0: after a reload it has another port, and routers would send requests to the "
            "old one until their tolerance ends; leave it out, or give the socket a port",
        )
    return given


def _bound(place: str, sockets: List[str], on_demand: Optional[str]) -> List[str]:
    """The sockets that no other vassal may use, including the one that the Emperor binds."""
    bound = [socket for socket in sockets if not socket.endswith(":0") and not _is_expanded(socket)]
    if on_demand is None:
        return bound
    if on_demand in bound:
        raise ArgumentError(
            place + ".options", f"the socket {on_demand!r} is bound by the Emperor, for on_demand; leave it out here"
        )
    return [*bound, on_demand]


def _owner(place: str, value: Any, name: str) -> str:
    """The user that a tyrant Emperor runs a vassal as."""
    if value is None:
        raise ArgumentError(
            place + ".owner", f"is missing; a tyrant Emperor runs a vassal as its file's owner, so give {name!r} one"
        )
    owner = str(value)
    if owner in ("root", "0"):
        raise ArgumentError(
            place + ".owner", f"is root, and a tyrant Emperor runs no vassal as root; give {name!r} a user of its own"
        )
    if not _OWNER.match(owner):
        raise ArgumentError(place + ".owner", f"{mask(owner)[:80]!r} is not the name of a user; give one for {name!r}")
    return owner


def _on_demand(place: str, given: Mapping[str, Any]) -> str:
    """The address that the Emperor binds for a vassal. Such a vassal must not announce anything.

    It would not announce itself until its first request, nor while idle, so no router would send it one.
    """
    # Imported only if used, as few vassals have it.
    from .on_demand import on_demand_address  # noqa: PLC0415

    found = on_demand_address(place + ".on_demand", given["on_demand"])
    if given.get("subscriptions"):
        raise ArgumentError(
            place + ".subscriptions",
            "are announced only while the vassal runs, and an on-demand vassal runs only after a request, so no router would "
            f"start it; announce the address {found} from a vassal of its own, or leave on_demand out",
        )
    return found


def _suspendable(entry: Any, suspend_file: str) -> Any:
    """A subscription with a suspend file. Invalid ones are left to the check of the arguments."""
    if not isinstance(entry, Mapping) or "suspend_file" in entry or "check_file" in entry:
        return entry
    return {**entry, "suspend_file": suspend_file}


def _name(path: str, value: Any) -> str:
    if value is None:
        raise ArgumentError(path, "is missing; it names the vassal's file")
    name = values.text(path, value)
    if name.endswith(SUFFIX):
        raise ArgumentError(path, f"{name!r} ends in {SUFFIX}; give the name without it")
    if not _NAME.match(name) or len(name) > _MAX_NAME:
        raise ArgumentError(
            path,
            f"{mask(name)[:80]!r} can't name a vassal's file; give at most {_MAX_NAME} of letters, digits, '_', '.', '@', '+' "
            "and '-', not beginning with one of the last four",
        )
    return name


def _all_announced(place: str, subscriptions: List[Subscription], options: List[Line], sockets: List[str]) -> List[str]:
    """Check the addresses that uWSGI will announce.

    Returns:
        warnings.
    """
    warnings: List[str] = []
    # Most vassals announce one socket to several servers.
    sound: Set[int] = set()
    for at, entry in enumerate(subscriptions):
        number = entry.address or 0
        if not isinstance(number, str) and number not in sound:
            flaws = _announced(f"{place}[{at}].address", number, options, sockets)
            warnings += flaws
            if not flaws:
                sound.add(number)
    return warnings


def _announced(path: str, number: int, options: List[Line], sockets: List[str]) -> List[str]:
    """Check the address that uWSGI will announce: that of the vassal's socket with this number.

    Returns:
        warnings.
    """
    if number >= len(sockets):
        if any(re.match(_ELSEWHERE, line.name) for line in options):
            return []
        raise ArgumentError(
            path,
            "asks for socket {}, and the vassal's options have {}; give it a socket, or the subscription an address".format(
                number, len(sockets) or "none"
            ),
        )
    socket = sockets[number]
    flaw = _addresses.node_flaw(socket)
    if not flaw and not socket.startswith("/"):
        return []
    # uWSGI announces the port that the kernel chose.
    if _is_expanded(socket) or _addresses.is_given_port(socket):
        return []
    if flaw:
        raise ArgumentError(
            path,
            f"uWSGI would announce the vassal's socket {socket!r}, which {flaw}; give the socket an IPv4 address and a port, "
            "or the subscription an address",
        )
    return [path + ": the vassal announces a unix socket; " + NO_FAILOVER]


def _is_expanded(value: str) -> bool:
    """Whether uWSGI uses another text than this one of an option."""
    return "%" in value or "=" in value or "$(" in value or "@(" in value or "fd://" in value
