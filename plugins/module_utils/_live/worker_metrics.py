# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics of instances' workers, with the names and labels of timonwong/uwsgi_exporter. Pure."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Tuple

from .config import Config
from .families import COUNTER, GAUGE, Family, Labels
from .sources import Look
from .workers import Instance

_MICRO = 1e-6
# For each figure its name, description, type and source.
_Row = Tuple[str, str, str, Callable[[Any], float]]
_INSTANCE: List[_Row] = [
    ("listen_queue_length", "Length of listen queue.", GAUGE, lambda one: one.listen_queue),
    ("listen_queue_errors", "Number of listen queue errors.", GAUGE, lambda one: one.listen_queue_errors),
    ("signal_queue_length", "Length of signal queue.", GAUGE, lambda one: one.signal_queue),
    ("workers", "Number of workers.", GAUGE, lambda one: len(one.workers)),
]
_SOCKET: List[_Row] = [
    ("socket_queue_length", "Length of socket queue.", GAUGE, lambda one: one.queue),
    ("socket_max_queue_length", "Max length of socket queue.", GAUGE, lambda one: one.max_queue),
    ("socket_shared", "Is shared socket?", GAUGE, lambda one: one.shared),
    ("socket_can_offload", "Can socket offload?", GAUGE, lambda one: one.can_offload),
]
_WORKER: List[_Row] = [
    ("worker_accepting", "Is this worker accepting requests?", GAUGE, lambda one: one.accepting),
    ("worker_delta_requests", "Number of delta requests", GAUGE, lambda one: one.delta_requests),
    ("worker_signal_queue_length", "Length of signal queue.", GAUGE, lambda one: one.signal_queue),
    ("worker_rss_bytes", "Worker RSS bytes.", GAUGE, lambda one: one.rss),
    ("worker_vsz_bytes", "Worker VSZ bytes.", GAUGE, lambda one: one.vsz),
    ("worker_running_time_seconds", "Worker running time in seconds.", GAUGE, lambda one: one.running_time * _MICRO),
    ("worker_last_spawn_time_seconds", "Last spawn time in seconds since epoch.", GAUGE, lambda one: one.last_spawn),
    ("worker_average_response_time_seconds", "Average response time in seconds.", GAUGE, lambda one: one.avg_rt * _MICRO),
    ("worker_apps", "Number of apps.", GAUGE, lambda one: len(one.apps)),
    ("worker_cores", "Number of cores.", GAUGE, lambda one: one.cores),
    ("worker_requests_total", "Total number of requests.", COUNTER, lambda one: one.requests),
    ("worker_exceptions_total", "Total number of exceptions.", COUNTER, lambda one: one.exceptions),
    ("worker_harakiri_count_total", "Total number of harakiri count.", COUNTER, lambda one: one.harakiri_count),
    ("worker_signals_total", "Total number of signals.", COUNTER, lambda one: one.signals),
    ("worker_respawn_count_total", "Total number of respawn count.", COUNTER, lambda one: one.respawn_count),
    ("worker_transmitted_bytes_total", "Worker transmitted bytes.", COUNTER, lambda one: one.tx),
    ("worker_busy", "Is core in busy", GAUGE, lambda one: one.status == "busy"),
    ("worker_idle", "Is core in idle", GAUGE, lambda one: one.status == "idle"),
    ("worker_cheap", "Is core in cheap mode", GAUGE, lambda one: one.status == "cheap"),
]
_APP: List[_Row] = [
    ("worker_app_startup_time_seconds", "How long this app took to start.", GAUGE, lambda one: one.startup_time),
    ("worker_app_requests_total", "Total number of requests.", COUNTER, lambda one: one.requests),
    ("worker_app_exceptions_total", "Total number of exceptions.", COUNTER, lambda one: one.exceptions),
]


def families(config: Config, look: Look) -> Iterator[Family]:
    """For all vassals with a stats server: the figures of those that answer, and which do."""
    asked = [(_uri(vassal.stats), vassal.name) for vassal in config.vassals if vassal.stats is not None]
    up = [({"stats_uri": uri}, float(name in look.workers)) for uri, name in asked]
    yield Family("uwsgi_up", "Whether the uWSGI server is up.", GAUGE, up)
    info = [({"host": config.host, "vassal": name, "stats_uri": uri}, 1.0) for uri, name in asked]
    yield Family("emperor_uwsgi_vassal_info", "The stats server of the vassal, as uwsgi_* have it.", GAUGE, info)
    found = [(uri, look.workers[name]) for uri, name in asked if name in look.workers]
    for rows, of in ((_INSTANCE, _instances), (_SOCKET, _sockets), (_WORKER, _workers), (_APP, _apps)):
        labelled = [pair for uri, one in found for pair in of(uri, one)]
        for name, text, kind, value in rows:
            yield Family("uwsgi_" + name, text, kind, [(labels, float(value(thing))) for labels, thing in labelled])


def _uri(address: str) -> str:
    return ("unix://" if address.startswith("/") else "tcp://") + address


def _instances(uri: str, one: Instance) -> Iterator[Tuple[Labels, Any]]:
    yield {"stats_uri": uri}, one


def _sockets(uri: str, one: Instance) -> Iterator[Tuple[Labels, Any]]:
    for found in one.sockets:
        yield {"stats_uri": uri, "name": found.name, "proto": found.proto}, found


def _workers(uri: str, one: Instance) -> Iterator[Tuple[Labels, Any]]:
    for worker in one.workers:
        yield {"stats_uri": uri, "worker_id": str(worker.id)}, worker


def _apps(uri: str, one: Instance) -> Iterator[Tuple[Labels, Any]]:
    for worker in one.workers:
        of_worker: Dict[str, str] = {"stats_uri": uri, "worker_id": str(worker.id)}
        for app in worker.apps:
            yield {**of_worker, "app_id": str(app.id), "mountpoint": app.mountpoint, "chdir": app.chdir}, app
