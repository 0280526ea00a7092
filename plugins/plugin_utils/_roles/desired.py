# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Computes the desired state for the module ``uwsgi_emperor`` from the roles' variables. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import emperor, fastrouter, live
from . import service as units
from .variables import Emperor

# A vassal's options may hold secrets, such as passwords in its environment, so only its user may read them.
_VASSAL_MODE = {True: "0400", False: "0640"}
_FOLDER_MODE = {True: "0711", False: "0755"}
_MODULE = "emperor.uwsgi.uwsgi_emperor"


class Call(NamedTuple):
    """A module and its arguments."""

    module: str
    arguments: dict[str, Any]


class Keys(NamedTuple):
    """The private keys that a host signs with.

    Attributes:
        current: as for the module ``uwsgi_signing_keys``.
        successors: the successors of some keys, during a rotation.
        succeeding: the names of keys that have a successor.
    """

    current: list[dict[str, Any]]
    successors: list[dict[str, Any]]
    succeeding: list[str]


class Page(NamedTuple):
    """A live page: its vassal, and the configuration of what it asks."""

    vassal: dict[str, Any]
    config: dict[str, Any]


def vassals(
    given: Emperor, binary: str, options: Mapping[str, Any], keys: Keys, page: Page | None = None, imports: bool = False
) -> dict[str, Any]:
    """The part ``vassals``, with everything that the vassals need.

    Args:
        options: of every vassal.
        keys: ignored if nothing is signed.
        imports: whether uWSGI must be able to import what live pages need.
    """
    at, whose = emperor.paths(given), emperor.owners(given)
    return {
        "signing_keys": _keys(given, at.private_keys, keys.current) if given.signing else {},
        "next_signing_keys": _keys(given, at.next_private_keys, keys.successors) if given.signing and keys.succeeding else {},
        "health": {"path": at.health, "directory_owner": whose.folders},
        "metrics": _page(given, at.metrics, page),
        "imports": live.imports(given, binary) if imports else {},
        "stats_readers": {"group": given.group, "user": given.user} if emperor.shares_stats(given) else {},
        "vassals": {
            "path": at.vassals,
            "directory_mode": _FOLDER_MODE[given.tyrant],
            "directory_owner": whose.folders,
            "mode": _VASSAL_MODE[given.tyrant],
            "group": whose.group,
            "user": whose.user,
            "tyrant": given.tyrant,
            "emperor_stats": at.stats,
            "purge": given.purge,
            "allow_empty": given.allow_empty,
            "uwsgi_binary": binary,
            "default_options": dict(options),
            "default_client_params": {
                "announce_interval": given.announce_interval,
                "unsubscribe_on_reload": given.unsubscribe_on_reload,
            },
            "suspend_dir": given.suspend_dir,
            "default_signing": _signing(given, at.private_keys, keys.succeeding) if given.signing else {},
            "vassals": [*given.vassals, *emperor.gate(given), *([page.vassal] if page else [])],
        },
    }


def service(given: Emperor, binary: str, on_demand: bool) -> dict[str, Any]:
    """The part ``service``: the Emperor's own options, its systemd files, and the folders of a daemon.

    Args:
        on_demand: whether the Emperor starts a vassal on demand.
    """
    at = emperor.paths(given)
    texts = {}
    if given.supervisor == "systemd":
        texts["unit"] = {"path": units.path(given), "content": units.unit(given, binary), "mode": "0644"}
        if given.log_by_vassal:
            texts["wrapper"] = {"path": at.wrapper, "content": units.wrapper(binary), "mode": "0755"}
    return {
        "path": given.dir,
        "mode": "0644",
        "uwsgi_binary": binary,
        # Nothing is read as root before it is written.
        "user": given.user,
        "vassals": [{"name": "emperor", "options": emperor.emperor_options(given, on_demand).options}],
        "on_demand": on_demand,
        **texts,
        **(_daemon(given) if given.supervisor == "daemon" else {}),
    }


def _daemon(given: Emperor) -> dict[str, Any]:
    """Its folders, and the old path of the pid file (release 1.0.0) if it differs."""
    whose = emperor.owners(given)
    sockets = {"path": given.run_dir, "owner": whose.user, "group": whose.group, "mode": "0755"}
    if emperor.shares_stats(given):
        sockets = {"path": given.run_dir, "owner": "root", "group": given.group, "mode": "2755"}
    if given.log_dir == given.run_dir:
        return {"folders": [sockets]}
    log = {"path": given.log_dir, "owner": "root", "group": "", "mode": "0755"}
    return {"folders": [log, sockets], "former_pidfile": emperor.former_pidfile(given)}


def running(given: Emperor, done: Mapping[str, Any], restart: bool, check_mode: bool) -> list[Call]:
    """The modules that control the service, in order; none if check mode only pretended to write a unit.

    Args:
        done: the result of the part ``service``.
        restart: whether a different uWSGI was installed than the one that may be running.
    """
    unit, stale = bool(done.get("unit")), bool(done.get("stale"))
    state = "restarted" if restart or done.get("configured") or unit or stale else "started"
    if given.supervisor == "systemd":
        how = {"name": given.service + ".service", "daemon_reload": unit or stale, "enabled": True, "state": state}
        return [] if check_mode and unit else [Call("ansible.builtin.systemd_service", how)]
    at = emperor.paths(given)
    common = {"ini": at.ini, "timeout": emperor.stop_timeout(given)}
    own = {**common, "pidfile": at.pidfile, "log": at.log, "uwsgi_binary": done.get("binary", ""), "state": state}
    former = {**common, "pidfile": emperor.former_pidfile(given), "state": "stopped"}
    daemons = [*([former] if done.get("former") else []), own]
    return [Call(_MODULE, {"state": "running", "desired": {"daemons": daemons}})]


def public_keys(given: Emperor, halves: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """The part ``public_keys``: those of everything that announces itself to a router.

    Args:
        limit: the percentage of existing keys that may be removed at once.
    """
    return {
        "path": emperor.paths(given).public_keys,
        "directory_mode": "0755",
        "directory_owner": emperor.owners(given).folders,
        "mode": "0444",
        "purge": True,
        "allow_empty": given.allow_empty,
        "purge_limit": limit,
        "signing_keys": halves,
    }


def routers(
    given: Emperor, binary: str, found: list[dict[str, Any]], certificates: list[str], page: Page | None = None
) -> dict[str, Any]:
    """The part ``routers``.

    Args:
        found: the routers, as for the module ``uwsgi_vassals``.
        certificates: the files that they read.
    """
    return {
        "path": emperor.paths(given).routers,
        "directory_mode": "0755",
        "directory_owner": emperor.owners(given).folders,
        "mode": "0644",
        "user": given.user,
        **({"owner": given.user, "group": given.group} if given.tyrant else {}),
        "tyrant": given.tyrant,
        "purge": True,
        "uwsgi_binary": binary,
        "default_options": dict(fastrouter.DEFAULT_OPTIONS),
        "vassals": [*found, *([page.vassal] if page else [])],
        "dashboard": _page(given, emperor.paths(given).dashboard, page),
        "certificates": certificates,
        "reader": reader(given),
    }


def reader(given: Emperor) -> str:
    """The user that the routers run as, who reads their certificates; empty for the user who runs the play."""
    return given.user if given.supervisor == "systemd" else ""


def _page(given: Emperor, path: str, page: Page | None) -> dict[str, Any]:
    """The files of a live page, which are removed if there is none."""
    there = {"path": path, "owned": bool(given.user), "config": page.config if page else None}
    return {**there, "program": _program()} if page else there


def _program() -> str:
    """The program of every live page. The module itself doesn't include it, since most hosts have no page."""
    from ansible_collections.emperor.uwsgi.plugins.module_utils._live.program import program  # noqa: PLC0415

    return base64.b64encode(program()).decode("ascii")


def _keys(given: Emperor, path: str, halves: list[dict[str, Any]]) -> dict[str, Any]:
    whose = emperor.owners(given)
    return {
        "path": path,
        "directory_mode": whose.keys_mode,
        "directory_owner": whose.folders,
        "owner": whose.user,
        "group": whose.group,
        "tyrant": given.tyrant,
        "purge": True,
        # Any number of existing vassals may sign.
        "allow_empty": given.allow_empty or bool(given.vassals),
        "signing_keys": halves,
    }


def _signing(given: Emperor, directory: str, succeeding: list[str]) -> dict[str, Any]:
    return {
        "directory": directory,
        "digest": given.signing_digest,
        "succeeding": succeeding,
        "router_version": given.router_version,
    }


def served(given: Emperor, done: Mapping[str, Any]) -> dict[str, Any]:
    """What to wait for after the service manager has acted on the vassals.

    Args:
        done: the result of the previous module; empty if it didn't run.
    """
    at = emperor.paths(given)
    changed = {*done.get("created", ()), *done.get("updated", ())}
    return {
        "path": at.vassals,
        "keys_path": at.private_keys,
        "names": [*(one["name"] for one in (*given.vassals, *emperor.gate(given))), *([live.METRICS] if given.metrics else [])],
        "health": {one["name"]: one["health"] for one in given.vassals if "health" in one and one["name"] in changed},
        "failed_before": dict(done.get("failed_before", {})),
        "user": emperor.owners(given).user,
        "unused_keys": list(done.get("unused_keys", ())),
        "log": _log(given, done),
    }


def routers_served(given: Emperor, names: list[str], done: Mapping[str, Any]) -> dict[str, Any]:
    """What to wait for after the routers were written.

    Args:
        names: the names of the routers.
        done: the result of the previous module; empty if it didn't run.
    """
    return {
        "path": emperor.paths(given).routers,
        "keys_path": "",
        "names": names,
        "health": {},
        "failed_before": dict(done.get("failed_before", {})),
        "unused_keys": [],
        "log": _log(given, done),
    }


def _log(given: Emperor, done: Mapping[str, Any]) -> dict[str, Any]:
    systemd = given.supervisor == "systemd"
    return {
        "unit": given.service + ".service" if systemd else "",
        "by_vassal": given.log_by_vassal and systemd,
        "file": "" if systemd else emperor.paths(given).log,
        "since": done.get("since", 0),
    }


def options(given: Emperor) -> dict[str, Any]:
    """The module's arguments besides the desired state."""
    at = emperor.paths(given)
    return {
        "leaving_path": at.leaving,
        "emperor_stats": at.stats,
        "router_stats": given.router_stats,
        "router_tolerance": given.router_tolerance,
        "allow_outage": given.allow_outage,
        "timeout": given.rolling_timeout,
        "wait": given.wait,
        "wait_timeout": given.wait_timeout,
    }
