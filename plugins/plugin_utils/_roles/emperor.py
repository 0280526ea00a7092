# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Computes from the variables of the role ``emperor``: paths, owners and the Emperor's options of a host. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._addresses import MAX_SOCKET_PATH
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.default_signing import flat, places, subscription_key

from .. import _role_options
from .variables import Emperor

_ROOT = ("", "root", "0")
# The path in packages of Fedora and its relatives, and the path elsewhere.
_BINARIES = {"dnf": "/usr/sbin/uwsgi", "dnf5": "/usr/sbin/uwsgi"}
_BINARY = "/usr/bin/uwsgi"
# uWSGI's own default (core/emperor.c).
_CURSE_TOLERANCE = 30
# Seconds that the Emperor waits for a vassal longer than that waits for its workers, and systemd longer than the Emperor.
_LATER, _LATEST = 15, 20
_TYRANT_CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")
GATE = "emperor-health"
# What every vassal starts from, as far as no variable of the role says otherwise.
DEFAULT_OPTIONS: dict[str, Any] = {
    "strict": True,
    "master": True,
    "need-app": True,
    "vacuum": True,
    "die-on-term": True,
    "single-interpreter": True,
    "enable-threads": True,
    "close-on-exec": True,
    "auto-procname": True,
    "procname-prefix-spaced": "%n",
    "harakiri": 60,
    "worker-reload-mercy": 60,
    "buffer-size": 16384,
}


class Paths(NamedTuple):
    """Paths on the host."""

    vassals: str
    leaving: str
    routers: str
    private_keys: str
    next_private_keys: str
    public_keys: str
    health: str
    metrics: str
    dashboard: str
    results: str
    ini: str
    wrapper: str
    stats: str
    pidfile: str
    log: str


def paths(given: Emperor) -> Paths:
    """The paths that follow from the role's folders."""
    return Paths(
        vassals=f"{given.dir}/vassals",
        leaving=f"{given.dir}/leaving",
        routers=f"{given.dir}/routers",
        private_keys=f"{given.dir}/keys/private",
        next_private_keys=f"{given.dir}/keys/private/next",
        public_keys=f"{given.dir}/keys/public",
        health=f"{given.dir}/health",
        metrics=f"{given.dir}/metrics",
        dashboard=f"{given.dir}/dashboard",
        results=f"{given.run_dir}/health.json",
        ini=f"{given.dir}/emperor.ini",
        wrapper=f"{given.dir}/run-vassal",
        stats=f"{given.run_dir}/emperor-stats.sock",
        pidfile=f"{given.log_dir}/emperor.pid",
        log=f"{given.log_dir}/emperor.log",
    )


def former_pidfile(given: Emperor) -> str:
    """The pid file of a daemon in release 1.0.0: beside the sockets."""
    return f"{given.run_dir}/emperor.pid"


class Owners(NamedTuple):
    """The owners of files and folders; empty for the user who runs the role.

    Attributes:
        folders: owner of folders that root writes into. Any other writer could put links in the files' places.
        user: owner of files that only the vassals read. With a tyrant Emperor each belongs to its tenant.
        keys_mode: the mode of folders of private keys, which users can enter but not list.
    """

    folders: str
    user: str
    group: str
    keys_mode: str


def owners(given: Emperor) -> Owners:
    """The owners of the role's files."""
    return Owners(
        folders="root" if given.user else "",
        user="" if given.tyrant else given.user,
        group="" if given.tyrant else given.group,
        keys_mode="0711" if given.user else "0700",
    )


def binary(given: Emperor, package_manager: str) -> str:
    """uWSGI's path; by default where it was installed."""
    if given.binary:
        return given.binary
    if given.install == "pip":
        return f"{given.pip_venv}/bin/uwsgi"
    return _BINARIES.get(package_manager, _BINARY) if given.install == "package" else _BINARY


def default_options(given: Emperor) -> dict[str, Any]:
    """Default options of every vassal; its own options override them."""
    plugins = {"need-plugins": ",".join(given.plugins)} if given.plugins else {}
    own = {"harakiri": given.harakiri, "worker-reload-mercy": given.worker_reload_mercy, "buffer-size": given.buffer_size}
    # Plugins are loaded before the options that they bring.
    return {"strict": DEFAULT_OPTIONS["strict"], **plugins, **DEFAULT_OPTIONS, **own}


def vassals_options(given: Emperor) -> _role_options.Outcome:
    """Default options of every vassal, combined with the user's."""
    return _role_options.together(default_options(given), given.default_options, "emperor_default_options")


def gate(given: Emperor) -> list[dict[str, Any]]:
    """The vassals that only run the health gate.

    With a tyrant Emperor each tenant has one, since nobody else can read its vassals and sign for them.
    """
    tenants = gate_owners(given)
    folder = paths(given).health + ("/%n" if given.tyrant else "")
    # Only monitoring needs it.
    results = f" {paths(given).results}" if given.metrics else ""
    options = {
        "need-app": None,
        "need-plugins": None,
        "attach-daemon2": f"cmd=exec {given.python} -I {folder}/gate.pyz {folder}/checks.json{results},freq=1",
    }
    if not given.tyrant:
        return [{"options": options, "name": GATE} for dummy in tenants]
    return [{"options": options, "name": f"{GATE}-{tenant}", "owner": tenant} for tenant in tenants]


def gate_owners(given: Emperor) -> list[str]:
    """The tenants that have a gate, or one empty name for all; none if no vassal has ``health``."""
    checked = [one for one in given.vassals if "health" in one]
    if not given.tyrant:
        return [""] if checked else []
    return list(dict.fromkeys(str(one.get("owner", "")) for one in checked))


def curse_tolerance(given: Emperor) -> int:
    """Seconds that the Emperor waits for a vassal that it stops."""
    return given.worker_reload_mercy + _LATER


def stop_timeout(given: Emperor) -> int:
    """Seconds that the supervisor of the Emperor waits for it."""
    return curse_tolerance(given) + _LATEST


def shares_stats(given: Emperor) -> bool:
    """Whether ``emperor_group`` may read the stats of a root Emperor.

    The socket gets the group of the service, or without a service manager that of its folder (S_ISGID, inode(7)), and its mode
    (``bind_to_unix``, core/socket.c). Before that nobody else can connect, and only root can put anything there.
    """
    return bool(given.tyrant and given.metrics)


def emperor_options(given: Emperor, on_demand: bool) -> _role_options.Outcome:
    """The Emperor's own options, combined with the user's.

    Args:
        on_demand: whether the Emperor starts a vassal on demand.
    """
    at, whose = paths(given), owners(given)
    daemon = given.supervisor == "daemon"
    own: dict[str, Any] = {
        **({"emperor-on-demand-extension": ".socket"} if on_demand else {}),
        "strict": True,
        # Patterns, because with a plain directory it would also start dot files.
        "emperor": [f"{at.vassals}/*.ini", f"{at.routers}/*.ini"],
        "emperor-graceful-shutdown": True,
        "emperor-curse-tolerance": curse_tolerance(given),
        "emperor-max-throttle": given.max_throttle,
        "emperor-stats": at.stats,
        **({"chmod-socket": "660"} if shares_stats(given) else {}),
        **({"emperor-wrapper": at.wrapper} if given.log_by_vassal and not daemon else {}),
        # The owner of a link itself counts: otherwise a tenant could link to another tenant's file.
        **({"emperor-tyrant": True, "emperor-tyrant-nofollow": True} if given.tyrant else {}),
        # A daemon has no umask by default, so others could write to files that it creates, such as its pid file.
        **({"umask": "022"} if daemon else {}),
        "max-fd": given.max_fd,
        **({"uid": whose.user} if whose.user and daemon else {}),
        **({"gid": whose.group} if whose.group and daemon else {}),
    }
    return _role_options.together(own, given.options, "emperor_options")


def rolling_vassals(given: Emperor) -> list[str]:
    """The names of the vassals in a rolling update; by default all that announce themselves."""
    return announcing(given) if given.rolling_vassals is None else given.rolling_vassals


def announcing(given: Emperor) -> list[str]:
    """The names of the vassals that announce themselves."""
    return [str(one.get("name", "")) for one in given.vassals if "subscriptions" in one]


def keys(given: Emperor) -> list[str]:
    """The keys that the vassals announce, each once.

    Raises:
        ArgumentError: for an invalid key.
    """
    found = [
        subscription_key(where, key)
        for place, vassal in flat("emperor_vassals", given.vassals)
        for at, entry in flat(place + ".subscriptions", vassal.get("subscriptions"))
        for where, key in places(at + ".key", entry.get("key"))
    ]
    return list(dict.fromkeys(found))


def files(given: Emperor, names: Iterable[str]) -> list[str]:
    """The folders of the vassals' texts."""
    return [f"{paths(given).vassals}/{name}.ini" for name in names]


def folders(given: Emperor) -> list[str]:
    """The role's folders, innermost first, in the order of removal."""
    at = paths(given)
    keys = [at.next_private_keys, at.private_keys, at.public_keys, f"{given.dir}/keys"]
    return [*keys, at.leaving, at.vassals, at.routers, given.dir]


def capabilities(given: Emperor) -> list[str]:
    """The maximum capabilities of the Emperor's service."""
    return [*given.capabilities, *(_TYRANT_CAPABILITIES if given.tyrant else ())]


def flaws(given: Emperor, options: Mapping[str, Any]) -> list[str]:
    """Settings that uWSGI silently accepts, each with the consequence.

    Args:
        options: the Emperor's options.
    """
    found = []
    names = [one.get("name", "") for one in given.vassals]
    if len(set(map(str, names))) < len(names):
        found.append("emperor_vassals: two of them have one name, or none, and so one file; give each its own")
    tolerance = options.get("emperor-curse-tolerance")
    if not _is_above(tolerance if tolerance is not None else _CURSE_TOLERANCE, given.worker_reload_mercy):
        found.append(
            "emperor_options: an emperor-curse-tolerance that is not above emperor_worker_reload_mercy lets the Emperor kill "
            "vassals that finish their requests; leave it out"
        )
    if given.max_fd < 1:
        found.append(
            "emperor_max_fd: must be at least 1, since without a limit uWSGI reserves memory for as many files as the host allows"
        )
    stats = paths(given).stats
    size = len(os.fsencode(stats))
    if size > MAX_SOCKET_PATH:
        found.append(
            f"emperor_run_dir: uWSGI cuts the path of a socket at {MAX_SOCKET_PATH} bytes, and {stats} has {size}; shorten it"
        )
    if given.announce_interval < 1:
        found.append("emperor_announce_interval: must be at least 1, since an interval of 0 crashes uWSGI")
    if given.node_count < 1:
        found.append("emperor_node_count: must be at least 1, since this host announces itself too")
    return found + (_tenants_flaws(given) if given.tyrant else [])


def _is_above(value: Any, least: int) -> bool:
    try:
        return int(value) > least
    except (TypeError, ValueError):
        # Left to the check of the options.
        return True


def _tenants_flaws(given: Emperor) -> list[str]:
    found = []
    unowned = list(_unowned(given.vassals))
    if unowned:
        who = f"{', '.join(unowned)} {'has not' if len(unowned) == 1 else 'have not'}"
        found.append(f"emperor_vassals: with emperor_tyrant each needs an owner other than root, which {who}")
    if shares_stats(given):
        sharing = [str(one.get("name", "")) for one in given.vassals if "group" in one and str(one["group"]) == given.group]
        if not given.group:
            found.append(
                "emperor_group: with emperor_tyrant and emperor_metrics it can read the Emperor's stats, which name every "
                "tenant's vassals; name a group that no tenant is in"
            )
        elif sharing:
            found.append(
                f"emperor_group: {given.group} is the group of {', '.join(sharing)} too, and with emperor_metrics it reads the "
                "Emperor's stats, which name every tenant's vassals; name a group that no tenant is in"
            )
    if given.user in _ROOT:
        found.append("emperor_user: with emperor_tyrant it is whom routers run as, since nothing runs as root; name one")
    return found


def _unowned(vassals: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """The vassals that a tyrant Emperor would run as nobody."""
    for one in vassals:
        if str(one.get("owner", "")) in _ROOT:
            yield str(one.get("name", "(without a name)"))
