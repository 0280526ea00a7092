# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exported part of the stats of an instance with workers. Pure.

The format is that of ``uwsgi_master_generate_stats`` (``core/master_utils.c``).
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

from .._pool import strict_json
from .._pool.stats import StatsError

# Limits on what is exported for one instance.
_MOST_WORKERS = 256
_MOST_SOCKETS = 32
_MOST_APPS = 16


class Socket(NamedTuple):
    """A socket and its backlog."""

    name: str
    proto: str
    queue: int
    max_queue: int
    shared: int
    can_offload: int


class App(NamedTuple):
    """An application of a worker."""

    id: int
    mountpoint: str
    chdir: str
    startup_time: int
    requests: int
    exceptions: int


class Worker(NamedTuple):
    """A worker; ``running_time`` and ``avg_rt`` are microseconds."""

    id: int
    status: str
    accepting: int
    requests: int
    delta_requests: int
    exceptions: int
    harakiri_count: int
    signals: int
    signal_queue: int
    rss: int
    vsz: int
    running_time: int
    last_spawn: int
    respawn_count: int
    tx: int
    avg_rt: int
    apps: List[App]
    cores: int


class Instance(NamedTuple):
    """All exported stats of an instance."""

    listen_queue: int
    listen_queue_errors: int
    signal_queue: int
    sockets: List[Socket]
    workers: List[Worker]


def parse(raw: bytes) -> Instance:
    """Read the JSON of an instance's stats server.

    Raises:
        StatsError: if it isn't an instance's, or has anything that no uWSGI writes.
    """
    try:
        found = strict_json.mapping(strict_json.load(raw.decode("utf-8", "replace")))
        workers = _each(found["workers"], _worker, _MOST_WORKERS)
        sockets = _each(found["sockets"], _socket, _MOST_SOCKETS)
        return Instance(
            **_numbers(found, "listen_queue", "listen_queue_errors", "signal_queue"),
            sockets=list({(one.name, one.proto): one for one in reversed(sockets)}.values()),
            # Number 0 marks a slot without a worker.
            workers=list({one.id: one for one in workers if one.id}.values()),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise StatsError("its answer has no valid list of workers") from exc


def _each(value: Any, read: Any, most: int) -> List[Any]:
    return [read(strict_json.mapping(one)) for one in strict_json.sequence(value)[:most]]


def _numbers(one: Dict[str, Any], *names: str) -> Dict[str, Any]:
    return {name: strict_json.number(one.get(name, 0)) for name in names}


def _socket(one: Dict[str, Any]) -> Socket:
    return Socket(
        name=strict_json.text(one["name"])[:255],
        proto=strict_json.text(one.get("proto", ""))[:16],
        **_numbers(one, "queue", "max_queue", "shared", "can_offload"),
    )


def _worker(one: Dict[str, Any]) -> Worker:
    apps = {app.id: app for app in _each(one.get("apps", []), _app, _MOST_APPS)}
    names = [name for name in Worker._fields if name not in ("status", "apps", "cores")]
    return Worker(
        status=strict_json.text(one.get("status", "")),
        apps=list(apps.values()),
        cores=len(strict_json.sequence(one.get("cores", []))),
        **_numbers(one, *names),
    )


def _app(one: Dict[str, Any]) -> App:
    return App(
        mountpoint=strict_json.text(one.get("mountpoint", ""))[:255],
        chdir=strict_json.text(one.get("chdir", ""))[:255],
        **_numbers(one, "id", "startup_time", "requests", "exceptions"),
    )
