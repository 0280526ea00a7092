# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routers of one host: settings that uWSGI silently accepts, and the files of their certificates. Pure.

The options are those of plugins/corerouter and plugins based on it: ``fastrouter``, ``http``, ``rawrouter``, ``sslrouter``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._addresses import is_ipv4_port
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.options import content, named
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.values import is_sane
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import RESUBSCRIBES, ROUTERS
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import kvlist

_PLUGINS = "|".join(dict.fromkeys(ROUTERS.values()))
_STREAMS = re.compile(rf"({'|'.join(ROUTERS)}|({_PLUGINS})-(stats|stats-server|ss))\Z")
_STATS = re.compile(rf"({_PLUGINS})-(stats|stats-server|ss)\Z")
_SUBSCRIPTIONS = re.compile(rf"({_PLUGINS})-subscription-server\Z")
_PROCESSES = re.compile(rf"({_PLUGINS})-(processes|workers)\Z")
# What follows the address, in options with a comma-separated list and in options with names and values.
_LISTED = ("https", "sslrouter")
_NAMED = ("https2", "sslrouter2")
# Hosts that mean all hosts, or any host.
_ALL, _ANY = 0, 1
# The subscription servers of routers that use names (SNI).
_WITH_NAMES = ("http-subscription-server", "sslrouter-subscription-server")
_FILES = ("cert", "crt", "key", "client_ca", "clientca")

_FEW_INTERVALS = "under three announce intervals a lost datagram drops a healthy node; raise it, or announce more often"
_PROCESS = "more than one loses signed announcements, and with them requests; leave it at 1 and add routers instead"
_TWO_ROUTERS = "two routers in one instance break its stats; give each a vassal of its own"
_STATS_HTTP = "a silent client of the stats stops the router for four seconds; leave it out, uWSGI's clients need no http"
_ONE_ADDRESS = "one address for two, so only one of them would start; give each its own"
_ONE_SERVER = "one address for two, and only the last to start would receive the announcements; give each its own"
_DEAF = (
    "is neither an IPv4 address with a port nor an absolute path, so uWSGI would receive nothing; give one, such as "
    "0.0.0.0:2626"
)
_TO_ITSELF = "is this router's own subscription server, so it would announce itself to itself; name another router's"
_UNSIGNED = (
    "is the server of a router that checks signatures, and what is passed on has none, so that router silently refuses it; "
    "let the nodes announce themselves to both"
)
_LOW_PORT = "a port below 1024 needs CAP_NET_BIND_SERVICE in emperor_capabilities"


class _Setting(NamedTuple):
    """One value of an option.

    Attributes:
        place: the router's name and the option, for errors.
    """

    place: str
    option: str
    value: str


def flaws(vassals: Sequence[Any], interval: int = 0, low_ports: bool = True) -> list[str]:
    """Problems with the routers of one host, as sentences that begin with the places.

    Args:
        vassals: as for ``emperor.uwsgi.uwsgi_vassals``; invalid ones are left to the check of its arguments.
        interval: seconds between the nodes' announcements; 0 if unknown.
        low_ports: whether they may bind ports below 1024.
    """
    found: list[tuple[str, str]] = []
    settings: list[_Setting] = []
    for vassal in vassals:
        own = list(_settings(vassal))
        settings += own
        found += _of_one(vassal, own, interval)
    streams = [setting for setting in settings if _STREAMS.match(setting.option)]
    servers = [setting for setting in settings if _SUBSCRIPTIONS.match(setting.option)]
    found += _resubscribing(vassals)
    found += [(setting.place, _DEAF) for setting in servers if not _hears(setting.value)]
    found += [(f"{one.place}, {two.place}", _ONE_ADDRESS) for one, two in _taken(streams)]
    found += [(f"{one.place}, {two.place}", _ONE_SERVER) for one, two in _taken(servers)]
    if not low_ports:
        found += [(one.place, _LOW_PORT) for one in streams + servers if 0 < _port(_address(one)) < 1024]
    # A problem in many places is reported once.
    places: dict[str, list[str]] = {}
    for place, text in found:
        places.setdefault(text, []).append(place)
    return [f"{', '.join(own)}: {text}" for text, own in places.items()]


def certificates(vassals: Sequence[Any], subscriptions: Iterable[Any] = (), keys: bool = True) -> list[str]:
    """The files that the routers read: their own certificates, and those that nodes announce to them.

    Args:
        vassals: the routers, as for ``flaws``.
        subscriptions: of the nodes. The port of the server assigns each to a router; without such a router none is read.
        keys: include private keys and client authorities.

    Returns:
        each file once, sorted.
    """
    settings = [setting for vassal in vassals for setting in _settings(vassal)]
    files = {path for setting in settings for path in _own_files(setting, keys)}
    ports = {_port(one.value) for one in settings if one.option in _WITH_NAMES}
    for entry in subscriptions if ports else ():
        servers = entry.get("server") if isinstance(entry, Mapping) else None
        if ports & {_port(_text(server)) for server in _values(servers)}:
            names = ("sni_cert", "sni_key", "sni_client_ca") if keys else ("sni_cert",)
            given = [_text(entry[name]) for name in names if entry.get(name)]
            files |= {path.removeprefix("!") for path in given}
    return sorted(files)


def endpoints(vassals: Sequence[Any], subscriptions: Iterable[Any] = ()) -> list[dict[str, str]]:
    """What the routers serve over TLS, as arguments of the module ``uwsgi_certificate_info``.

    Args:
        vassals: the routers, as for ``flaws``.
        subscriptions: of the nodes, as for ``certificates``.

    Returns:
        for each address the router's own certificate, followed by those that nodes announce there; each once.
    """
    announced = [one for one in subscriptions if isinstance(one, Mapping) and one.get("sni_cert") and one.get("sni_key")]
    found: dict[tuple[str, ...], None] = {}
    for vassal in vassals:
        settings = list(_settings(vassal))
        ports = {_port(one.value) for one in settings if one.option in _WITH_NAMES}
        own = [(_address(one), *_own_files(one, True)) for one in settings if one.option in _LISTED + _NAMED]
        for address, *files in own:
            if len(files) < 2:
                # It is rejected elsewhere.
                continue
            found[_text(vassal.get("name")), address, "", files[0], files[1]] = None
            for entry in announced if ports else ():
                if ports & {_port(_text(server)) for server in _values(entry.get("server"))}:
                    for name in map(_host, _values(entry.get("key"))):
                        pair = _text(entry["sni_cert"]), _text(entry["sni_key"])
                        found.update({(_text(vassal.get("name")), address, name, *pair): None} if name else {})
    return [dict(zip(("router", "address", "name", "certificate", "key"), one)) for one in found]


def stats(vassal: Any) -> str:
    """The stats server of a router; empty if it has none."""
    return next((one.value for one in _settings(vassal) if _STATS.match(one.option)), "")


def plugins(vassals: Sequence[Any]) -> list[str]:
    """The router plugin of each vassal, by the options that make it a router; empty if it isn't one."""
    return [next((ROUTERS[name] for name in _group(vassal, "options") if name in ROUTERS), "") for vassal in vassals]


def _settings(vassal: Any) -> Iterator[_Setting]:
    options = vassal.get("options") if isinstance(vassal, Mapping) else None
    for option, value in options.items() if isinstance(options, Mapping) else ():
        for one in _values(value):
            yield _Setting(f"{_text(vassal.get('name'))}.options.{_text(option)}", _text(option), _text(content(one)))


def _text(value: Any) -> str:
    """A scalar as text; empty for anything else, which is left to the check of the vassals' arguments."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and is_sane(value) else ""


def _values(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple)) else (value,)


def _of_one(vassal: Any, settings: list[_Setting], interval: int) -> Iterator[tuple[str, str]]:
    """Problems with one router alone."""
    for one in settings:
        for option in named(one.option, one.value):
            if option in table.ARGUMENTS:
                yield one.place, f"is not checked among the options; use {table.ARGUMENTS[option]}"
    verification = _group(vassal, "server_verification_params")
    if verification.get("digest_algo") or verification.get("dir_credentials"):
        yield from ((one.place, _PROCESS) for one in settings if _PROCESSES.match(one.option) and one.value != "1")
    options = {one.option: one.place for one in settings}
    plugins = {ROUTERS[option]: place for option, place in options.items() if option in ROUTERS}
    if len(plugins) > 1:
        yield ", ".join(plugins.values()), _TWO_ROUTERS
    if plugins and "stats-http" in options:
        yield options["stats-http"], _STATS_HTTP
    tolerance = _group(vassal, "server_params").get("tolerance")
    if re.match(r"[0-9]{1,9}\Z", _text(tolerance)) and int(_text(tolerance)) < 3 * interval:
        yield f"{_text(vassal.get('name'))}.server_params.tolerance", _FEW_INTERVALS


def _resubscribing(vassals: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Forwarded announcements that will be rejected because the router doesn't sign, or that return to the router."""
    every = [list(_settings(vassal)) for vassal in vassals]
    own = [{one.value for one in settings if _SUBSCRIPTIONS.match(one.option)} for settings in every]
    checking = {
        server
        for vassal, servers in zip(vassals, own)
        if _group(vassal, "server_verification_params").get("digest_algo")
        for server in servers
    }
    for settings, servers in zip(every, own):
        for one in settings:
            if RESUBSCRIBES.match(one.option) and one.value in servers:
                yield one.place, _TO_ITSELF
            elif RESUBSCRIBES.match(one.option) and one.value in checking:
                yield one.place, _UNSIGNED


def _group(vassal: Any, name: str) -> Mapping[str, Any]:
    found = vassal.get(name) if isinstance(vassal, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _address(setting: _Setting) -> str:
    if setting.option in _NAMED:
        return kvlist.parse(setting.value).get("addr", "")
    return setting.value.partition(",")[0] if setting.option in _LISTED else setting.value


def _own_files(setting: _Setting, keys: bool) -> list[str]:
    if setting.option in _NAMED:
        named = kvlist.parse(setting.value)
        return [named[name].removeprefix("!") for name in (_FILES if keys else _FILES[:2]) if named.get(name)]
    if setting.option in _LISTED:
        # After certificate and key come the ciphers, and then the authority of the clients' certificates.
        parts = setting.value.split(",")[1:]
        return [part.removeprefix("!") for part in (parts[:2] + parts[3:4] if keys else parts[:1]) if part]
    return []


def _hears(server: str) -> bool:
    return server.startswith("/") or is_ipv4_port(server) or re.match(r":[0-9]+\Z", server) is not None


def _host(key: Any) -> str:
    """The name that clients request to reach a key's pool; empty for a key that is an address."""
    name = _text(key).partition(":")[0]
    return "" if re.match(r"[0-9.]*\Z", name) else name


def _port(address: str) -> int:
    found = re.search(r":([0-9]{1,5})\Z", address)
    return int(found.group(1)) if found else 0


def _taken(settings: list[_Setting]) -> Iterator[tuple[_Setting, _Setting]]:
    """The options that would listen where an earlier one does, each with the first of these."""
    first: dict[Any, _Setting] = {}
    for one in settings:
        address = _address(one)
        if not address:
            continue
        port = _port(address)
        host = re.sub(r"^0\.0\.0\.0\Z", "", address.rpartition(":")[0])
        # A port on all hosts conflicts with the same port on any host, and vice versa.
        blocking = [address, *([(_ALL, port), (host, port)] if host else [(_ANY, port)])] if port else [address]
        found = next((first[place] for place in blocking if place in first), None)
        if found:
            yield found, one
        # If there is no port, none can conflict.
        for place in (address, (host, port), (_ANY, port), *([] if host else [(_ALL, port)])):
            first.setdefault(place, one)
