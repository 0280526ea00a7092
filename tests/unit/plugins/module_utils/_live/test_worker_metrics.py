# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of workers have the names and labels of uwsgi_exporter."""

from __future__ import annotations

import re

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import worker_metrics, workers
from support.looks import config, look

# The names in pkg/collector/exporter.go, except for its caches, its cores and its own scrapes.
NAMES = {
    **{one: {"stats_uri"} for one in ("listen_queue_length", "listen_queue_errors", "signal_queue_length", "workers")},
    **{f"socket_{one}": {"stats_uri", "name", "proto"} for one in ("queue_length", "max_queue_length", "shared", "can_offload")},
    **{
        f"worker_{one}": {"stats_uri", "worker_id"}
        for one in (
            *("accepting", "delta_requests", "signal_queue_length", "rss_bytes", "vsz_bytes", "running_time_seconds"),
            *("last_spawn_time_seconds", "average_response_time_seconds", "apps", "cores", "requests_total", "exceptions_total"),
            *("harakiri_count_total", "signals_total", "respawn_count_total", "transmitted_bytes_total", "busy", "idle", "cheap"),
        )
    },
    **{
        f"worker_app_{one}": {"stats_uri", "worker_id", "app_id", "mountpoint", "chdir"}
        for one in ("startup_time_seconds", "requests_total", "exceptions_total")
    },
    "up": {"stats_uri"},
}
STATS = (
    b'{"listen_queue":3,"sockets":[{"name":"s","proto":"uwsgi","queue":1}],"workers":[{"id":2,"status":"busy","avg_rt":1500000,'
    b'"running_time":2000000,"rss":7,"tx":9,"apps":[{"id":0,"mountpoint":"/m","chdir":"/c","requests":4}],"cores":[{},{}]}]}'
)


def test_names_labels_and_units() -> None:
    vassals = [
        {"name": "v", "file": "/v", "stats": "/run/v"},
        {"name": "w", "file": "/w", "stats": "127.0.0.1:1"},
        {"name": "x", "file": "/x"},
    ]
    families = list(worker_metrics.families(config(vassals=vassals), look(workers={"v": workers.parse(STATS)})))
    found = {one.name: list(one.samples) for one in families}
    info = found.pop("emperor_uwsgi_vassal_info")
    assert [labels["vassal"] for labels, dummy in info] == ["v", "w"]
    assert {name[len("uwsgi_") :]: set(samples[0][0]) for name, samples in found.items()} == NAMES
    assert found["uwsgi_up"] == [({"stats_uri": "unix:///run/v"}, 1), ({"stats_uri": "tcp://127.0.0.1:1"}, 0)]
    values = {name[len("uwsgi_") :]: samples[0][1] for name, samples in found.items()}
    assert (values["listen_queue_length"], values["workers"], values["socket_queue_length"]) == (3, 1, 1)
    assert (values["worker_busy"], values["worker_idle"], values["worker_cores"], values["worker_apps"]) == (1, 0, 2, 1)
    assert (values["worker_average_response_time_seconds"], values["worker_running_time_seconds"]) == (1.5, 2)
    assert (values["worker_transmitted_bytes_total"], values["worker_app_requests_total"]) == (9, 4)
    labels = {name: samples[0][0] for name, samples in found.items()}
    assert labels["uwsgi_socket_shared"] == {"stats_uri": "unix:///run/v", "name": "s", "proto": "uwsgi"}
    worker = {"stats_uri": "unix:///run/v", "worker_id": "2"}
    assert labels["uwsgi_worker_apps"] == worker
    assert labels["uwsgi_worker_app_requests_total"] == {**worker, "app_id": "0", "mountpoint": "/m", "chdir": "/c"}
    assert info[0] == ({"host": "here", "vassal": "v", "stats_uri": "unix:///run/v"}, 1)


@pytest.mark.parametrize("status", ["busy", "idle", "cheap", "pause"])
def test_a_worker_is_in_one_state(status: str) -> None:
    raw = STATS.replace(b'"busy"', b'"%s"' % status.encode())
    given = config(vassals=[{"name": "v", "file": "/v", "stats": "/run/v"}])
    families = worker_metrics.families(given, look(workers={"v": workers.parse(raw)}))
    found = {one.name: next(iter(one.samples))[1] for one in families}
    states = {state: found[f"uwsgi_worker_{state}"] for state in ("busy", "idle", "cheap")}
    assert states == {state: float(state == status) for state in states}


def test_each_says_what_it_is_and_only_what_grows_is_a_counter() -> None:
    given = config(vassals=[{"name": "v", "file": "/v", "stats": "/run/v"}])
    for one in worker_metrics.families(given, look(workers={"v": workers.parse(STATS)})):
        assert re.fullmatch(r"[A-Z][A-Za-z_*, ]+[a-z.?]", one.text)
        assert (one.kind == "counter") == one.name.endswith("_total")
