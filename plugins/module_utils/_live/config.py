# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of the live page: what to ask, and what the inventory expects. Pure, except for reading the file.

Everything in it is visible to whoever can open the page, so it holds no secrets.
"""

from __future__ import annotations

from typing import Any, Callable, Collection, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

from .._addresses import is_ipv4_port, is_url, stats_flaw
from .._errors import ArgumentError
from .._files import opened
from .._pool import strict_json

# The archive and the configuration in the same folder, the module for the vassal's option "module", and the environment
# variable with the configuration's path.
ARCHIVE, FILE = "live.zip", "live.json"
MODULE = "emperor_uwsgi_live"
VARIABLE = "EMPEROR_UWSGI_LIVE"
# Limits on what is shown and exported: a router's nodes, this host's vassals, and other hosts.
MOST_NODES = 20_000
_MOST_VASSALS = 1000
_MOST_HOSTS = 500
_MOST_ROUTERS = 50
_MOST_SECONDS = 86400


class Router(NamedTuple):
    """A router: the name of its host in the inventory, and the address of its stats server."""

    name: str
    stats: str


class Vassal(NamedTuple):
    """A vassal of this host.

    Attributes:
        file: its path, by which the Emperor and the gate know it.
        suspend: the paths of its suspend files.
        stats: the address of its own stats server; None if it has none.
        accepts: whether it has workers that accept requests; a router has none.
    """

    name: str
    file: str
    suspend: Tuple[str, ...] = ()
    stats: Optional[str] = None
    accepts: bool = True


class Expected(NamedTuple):
    """A node that the inventory expects in the pool of a key.

    Attributes:
        host: its name in the inventory; ``vassal`` is its name there.
        capacity: how many requests it can handle at once; 0 if unknown.
    """

    key: str
    address: str
    host: str
    vassal: str = ""
    capacity: int = 0


class Peer(NamedTuple):
    """Another host's live page, which knows why its nodes are silent; ``address`` is its http socket."""

    host: str
    address: str


class Config(NamedTuple):
    """The whole configuration.

    Attributes:
        host: this host's name in the inventory.
        emperor: the address of the Emperor's stats server; None for a host without one.
        gates: the result files of the health gates.
        certificates: paths of PEM files.
        timeout: seconds within which a router, an Emperor or a host must answer.
        max_age: the age in seconds up to which a node's last announcement is fresh.
        signing_tolerance: how many seconds the clocks of routers and nodes may differ; 0 if nothing is signed.
    """

    host: str
    title: str = "uWSGI pools"
    routers: Tuple[Router, ...] = ()
    emperor: Optional[str] = None
    vassals: Tuple[Vassal, ...] = ()
    gates: Tuple[str, ...] = ()
    certificates: Tuple[str, ...] = ()
    expected: Tuple[Expected, ...] = ()
    ask: Tuple[Peer, ...] = ()
    timeout: int = 2
    max_age: int = 17
    signing_tolerance: int = 0


def read(path: str) -> Config:
    """Read the file.

    Raises:
        ArgumentError: naming the invalid part.
    """
    try:
        content = strict_json.load(opened.read(path, anybodys=True).decode("utf-8"))
    except (OSError, ValueError) as exc:
        raise ArgumentError("config", f"{path} can't be read: {exc}; write it again") from exc
    return parse(content)


def parse(value: Any) -> Config:
    """Check the content of the file.

    Raises:
        ArgumentError: naming the invalid part.
    """
    one = _members("config", value, Config._fields)
    found = Config(
        host=_text("host", one.get("host")),
        title=_text("title", one.get("title", "uWSGI pools")),
        routers=tuple(_each("routers", one, _router, _MOST_ROUTERS)),
        emperor=_optional("emperor", one.get("emperor"), _stats),
        vassals=tuple(_each("vassals", one, _vassal, _MOST_VASSALS)),
        gates=tuple(dict.fromkeys(_each("gates", one, _path, _MOST_VASSALS))),
        certificates=tuple(dict.fromkeys(_each("certificates", one, _path, _MOST_VASSALS))),
        expected=tuple(_each("expected", one, _expected, MOST_NODES)),
        ask=tuple(_each("ask", one, _peer, _MOST_HOSTS)),
        timeout=_whole("timeout", one.get("timeout", 2), 1, 5),
        max_age=_whole("max_age", one.get("max_age", 17), 1),
        signing_tolerance=_whole("signing_tolerance", one.get("signing_tolerance", 0), 0),
    )
    lists: Tuple[Tuple[str, Sequence[Any]], ...] = (
        ("routers", [router.name for router in found.routers]),
        ("routers", [router.stats for router in found.routers]),
        ("vassals", [vassal.name for vassal in found.vassals]),
        ("vassals", [vassal.file for vassal in found.vassals]),
        # Most have none.
        ("vassals", [vassal.stats or (vassal.name,) for vassal in found.vassals]),
        ("expected", [(node.key, node.address) for node in found.expected]),
        ("ask", [peer.host for peer in found.ask]),
    )
    for name, names in lists:
        first: Dict[Any, int] = {}
        for at, one_name in enumerate(names):
            if first.setdefault(one_name, at) != at:
                raise ArgumentError(f"{name}[{at}]", f"is what {name}[{first[one_name]}] is already; name each once")
    return found


def _router(path: str, value: Any) -> Router:
    one = _members(path, value, Router._fields)
    return Router(_text(path + ".name", one.get("name")), _stats(path + ".stats", one.get("stats")))


def _vassal(path: str, value: Any) -> Vassal:
    one = _members(path, value, Vassal._fields)
    accepts = one.get("accepts", True)
    if not isinstance(accepts, bool):
        raise ArgumentError(path + ".accepts", "is not a boolean; give true or false")
    return Vassal(
        name=_text(path + ".name", one.get("name")),
        file=_path(path + ".file", one.get("file")),
        suspend=tuple(_each(path + ".suspend", {path + ".suspend": one.get("suspend", [])}, _path, _MOST_VASSALS)),
        stats=_optional(path + ".stats", one.get("stats"), _stats),
        accepts=accepts,
    )


def _expected(path: str, value: Any) -> Expected:
    one = _members(path, value, Expected._fields)
    return Expected(
        key=_text(path + ".key", one.get("key")),
        address=_text(path + ".address", one.get("address")),
        host=_text(path + ".host", one.get("host")),
        vassal=_optional(path + ".vassal", one.get("vassal"), _text) or "",
        capacity=_whole(path + ".capacity", one.get("capacity", 0), 0),
    )


def _peer(path: str, value: Any) -> Peer:
    one = _members(path, value, Peer._fields)
    address = _text(path + ".address", one.get("address"))
    if not is_ipv4_port(address):
        raise ArgumentError(path + ".address", f"{address!r} is not the address of a live page; give IPV4:PORT")
    return Peer(_text(path + ".host", one.get("host")), address)


def _each(name: str, one: Dict[str, Any], check: Callable[[str, Any], Any], most: int) -> Iterator[Any]:
    value = one.get(name, [])
    if not isinstance(value, list) or len(value) > most:
        raise ArgumentError(name, f"is not a list of up to {most} entries")
    return (check(f"{name}[{at}]", entry) for at, entry in enumerate(value))


def _members(path: str, value: Any, known: Collection[str]) -> Dict[str, Any]:
    if not isinstance(value, dict):
        raise ArgumentError(path, "is not an object")
    for name in value:
        if name not in known:
            raise ArgumentError(f"{path}.{name}", f"is unknown; known are {', '.join(known)}")
    return {name: member for name, member in value.items() if member is not None}


def _optional(path: str, value: Any, check: Callable[[str, Any], str]) -> Optional[str]:
    return None if value is None else check(path, value)


def _text(path: str, value: Any) -> str:
    try:
        found = strict_json.text(value)
    except TypeError:
        found = ""
    if not found or len(found) > 4096:
        raise ArgumentError(path, "is not text; give text")
    return found


def _path(path: str, value: Any) -> str:
    found = _text(path, value)
    if not found.startswith("/"):
        raise ArgumentError(path, f"{found!r} is not an absolute path; give one")
    return found


def _stats(path: str, value: Any) -> str:
    found = _text(path, value)
    if is_url(found) or stats_flaw(found):
        raise ArgumentError(path, f"{found!r} is not a stats server; give IPV4:PORT, or the absolute path of a unix socket")
    return found


def _whole(path: str, value: Any, least: int, most: int = _MOST_SECONDS) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ArgumentError(path, f"is not a whole number from {least} to {most}")
    return value
