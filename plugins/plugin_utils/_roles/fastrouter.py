# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Computes the routers of a host from the variables of the role ``fastrouter``, and finds problems among them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import _role_options, _router_checks
from .emperor import paths
from .variables import Emperor, Fastrouter

# A router instance has no workers and no application.
DEFAULT_OPTIONS = {
    "strict": True,
    "master": True,
    "vacuum": True,
    "die-on-term": True,
    "auto-procname": True,
    "procname-prefix-spaced": "%n",
}
# Seconds that clients have to send their headers.
_HEADERS_TIMEOUT = 10
_SUBSCRIPTION_SERVER = "-subscription-server"
# An address that means all addresses of the host.
_ANY = re.compile(r"^(0\.0\.0\.0)?:")


class Routers(NamedTuple):
    """The routers of a host, each in an instance of its own: two in one instance write invalid JSON stats.

    Attributes:
        vassals: as for the module ``uwsgi_vassals``.
        flaws: a sentence for each of the user's options that is rejected.
    """

    vassals: list[dict[str, Any]]
    flaws: list[str]


def routers(given: Fastrouter, emperor: Emperor) -> Routers:
    """The fastrouter, the fronts, and the user's additional routers."""
    found = [(True, *_fastrouter(given, emperor)), (given.http, *_http(given, emperor)), (given.https, *_https(given, emperor))]
    # Options are rejected even if nothing reads them yet.
    return Routers(
        [one for there, one, dummy in found if there] + _further(given, emperor),
        [flaw for dummy, dummy, flaws in found for flaw in flaws],
    )


def own_stats(given: Fastrouter) -> str:
    """The stats server of the fastrouter, as reached from its own host."""
    return _on_loopback(given.stats)


def _on_loopback(stats: str) -> str:
    return _ANY.sub("127.0.0.1:", stats)


def with_pools(vassals: list[dict[str, Any]]) -> list[str]:
    """The names of the routers that nodes subscribe to."""
    return [one["name"] for one in vassals if any(_SUBSCRIPTION_SERVER in name for name in one.get("options") or {})]


def with_stats(vassals: list[dict[str, Any]]) -> dict[str, str]:
    """The stats servers of the routers that have one, by name, as reached from their own host."""
    found = {str(one.get("name", "")): _router_checks.stats(one) for one in vassals}
    return {name: _on_loopback(stats) for name, stats in found.items() if stats}


def flaws(given: Fastrouter, emperor: Emperor, found: Routers, interval: int) -> list[str]:
    """Settings that uWSGI silently accepts, each with the consequence.

    Args:
        interval: seconds between two announcements of a node.
    """
    wrong = []
    if given.https and not (given.https_certificate and given.https_key):
        wrong.append("fastrouter_https: needs fastrouter_https_certificate and fastrouter_https_key")
    if "," in given.https_certificate + given.https_key:
        wrong.append("fastrouter_https_certificate, fastrouter_https_key: uWSGI splits at commas; give paths without one")
    low_ports = emperor.user in ("", "root") or emperor.supervisor != "systemd" or "CAP_NET_BIND_SERVICE" in emperor.capabilities
    return wrong + found.flaws + _router_checks.flaws(found.vassals, interval, low_ports)


def _plugin_defaults(plugin: str, given: Fastrouter, emperor: Emperor) -> dict[str, Any]:
    """The options that a router of a plugin needs."""
    return {
        **({"need-plugins": plugin} if emperor.install == "package" else {}),
        f"{plugin}-timeout": given.timeout,
        **({"http-headers-timeout": _HEADERS_TIMEOUT} if plugin == "http" else {}),
    }


def _pools(given: Fastrouter, emperor: Emperor) -> dict[str, dict[str, Any]]:
    """The arguments of a router that nodes subscribe to."""
    signed = {
        "digest_algo": emperor.signing_digest,
        "dir_cert": paths(emperor).public_keys,
        "tolerance": given.signing_tolerance,
    }
    return {
        "server_params": {"tolerance": given.tolerance, "balancing_algo": given.balancing_algo},
        "server_verification_params": signed if emperor.signing else {},
    }


def _fastrouter(given: Fastrouter, emperor: Emperor) -> tuple[dict[str, Any], list[str]]:
    own = {
        **_plugin_defaults("fastrouter", given, emperor),
        "fastrouter": given.listen,
        "fastrouter-subscription-server": given.subscription_server,
        "fastrouter-stats": given.stats,
        "fastrouter-processes": given.processes,
    }
    wanted = _role_options.together(own, given.options, "fastrouter_options")
    pools = _pools(given, emperor)
    return {
        "name": "fastrouter",
        "options": wanted.options,
        "server_params": {**pools["server_params"], **given.server_params},
        "server_verification_params": {**pools["server_verification_params"], **given.server_verification_params},
    }, wanted.flaws


def _http(given: Fastrouter, emperor: Emperor) -> tuple[dict[str, Any], list[str]]:
    own = {
        **_plugin_defaults("http", given, emperor),
        "http": given.http,
        # It forwards everything to the fastrouter, which reads the Host header.
        "http-to": given.listen,
        "http-stats": given.http_stats,
    }
    wanted = _role_options.together(own, given.http_options, "fastrouter_http_options")
    return {"name": "http", "options": wanted.options}, wanted.flaws


def _https(given: Fastrouter, emperor: Emperor) -> tuple[dict[str, Any], list[str]]:
    server = given.https_subscription_server
    own = {
        **_plugin_defaults("http", given, emperor),
        "https": ",".join((given.https, given.https_certificate, given.https_key)),
        "http-stats": given.https_stats,
        **({"http-subscription-server": server} if server else {"http-to": given.listen}),
    }
    wanted = _role_options.together(own, given.https_options, "fastrouter_https_options")
    return {"name": "https", "options": wanted.options, **(_pools(given, emperor) if server else {})}, wanted.flaws


def _further(given: Fastrouter, emperor: Emperor) -> list[dict[str, Any]]:
    """The user's routers, each with what its plugin needs. They verify signatures like the fastrouter by default."""
    found = []
    for plugin, one in zip(_router_checks.plugins(given.vassals), given.vassals):
        own = {"options": _plugin_defaults(plugin, given, emperor)} if plugin else {}
        found.append(_merged(_merged(own, _pools(given, emperor)), one))
    return found


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested mappings combined; the second's values win."""
    found = dict(first)
    for name, value in second.items():
        before = found.get(name)
        found[name] = _merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return found
