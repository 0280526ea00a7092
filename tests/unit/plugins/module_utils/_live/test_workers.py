# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stats of instances with workers: what is read from them, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import workers
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import StatsError
from hypothesis import given
from hypothesis import strategies as st

WORKER = {"id": 1, "status": "idle", "requests": 5, "cores": [{}, {}], "apps": [{"id": 0, "mountpoint": "", "chdir": "/srv"}]}
STATS = {"listen_queue": 1, "sockets": [{"name": "a", "proto": "uwsgi", "queue": 2}], "workers": [WORKER]}


def test_each_worker_socket_and_app_is_there_once() -> None:
    double = {**STATS, "workers": [WORKER, WORKER, {"id": 0}], "sockets": STATS["sockets"] * 2}  # type: ignore[operator]
    found = workers.parse(json.dumps(double).encode())
    assert found == workers.parse(json.dumps(STATS).encode())
    (worker,) = found.workers
    assert (worker.requests, worker.cores, worker.status, worker.apps[0].chdir) == (5, 2, "idle", "/srv")
    assert (found.listen_queue, found.sockets[0].queue) == (1, 2)


def test_every_figure_is_read() -> None:
    names = [name for name in workers.Worker._fields if name not in ("status", "apps", "cores")]
    app = {"id": 1, "mountpoint": "/m", "chdir": "/c", "startup_time": 2, "requests": 3, "exceptions": 4}
    worker = {**{name: at for at, name in enumerate(names, 1)}, "status": "busy", "cores": [{}], "apps": [app]}
    socket = {"name": "a", "proto": "http", "queue": 1, "max_queue": 2, "shared": 3, "can_offload": 4}
    given = {"listen_queue": 5, "listen_queue_errors": 6, "signal_queue": 7, "sockets": [socket], "workers": [worker]}
    found = workers.parse(json.dumps(given).encode())
    assert [one._asdict() for one in found.sockets] == [socket]
    assert [one._asdict() for one in found.workers[0].apps] == [app]
    assert found.workers[0]._asdict() == {**worker, "cores": 1, "apps": found.workers[0].apps}
    assert (found.listen_queue, found.listen_queue_errors, found.signal_queue) == (5, 6, 7)


def test_what_an_older_uwsgi_does_not_say_is_nothing() -> None:
    found = workers.parse(json.dumps({"sockets": [{"name": "a"}], "workers": [{"id": 1, "apps": [{}]}, {"id": 2}]}).encode())
    assert found.sockets == [workers.Socket("a", "", 0, 0, 0, 0)]
    assert found.workers[0].apps == [workers.App(0, "", "", 0, 0, 0)]
    second = found.workers[1]._asdict()
    assert {name for name, value in second.items() if value} == {"id"}
    assert (second["status"], second["apps"], found.listen_queue) == ("", [], 0)


def test_what_is_exported_has_a_bound() -> None:
    apps = [{"id": at, "mountpoint": "m" * 999, "chdir": "c" * 999} for at in range(17)]
    given = {
        "sockets": [{"name": f"{at:03}" + "n" * 999, "proto": "p" * 99} for at in range(33)],
        "workers": [{"id": at, "apps": apps} for at in range(1, 258)],
    }
    found = workers.parse(json.dumps(given).encode())
    assert (len(found.sockets), len(found.workers), len(found.workers[0].apps)) == (32, 256, 16)
    app, socket = found.workers[0].apps[0], found.sockets[0]
    assert (len(app.mountpoint), len(app.chdir), len(socket.name), len(socket.proto)) == (255, 255, 255, 16)


@pytest.mark.parametrize(
    "change", [{"workers": 5}, {"workers": [5]}, {"sockets": None}, {"listen_queue": "1"}, {"workers": [{"apps": 1}]}]
)
def test_what_no_instance_says_is_an_error(change: Any) -> None:
    with pytest.raises(StatsError, match=r"^its answer has no valid list of workers$"):
        workers.parse(json.dumps({**STATS, **change}).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_an_error(raw: bytes) -> None:
    with pytest.raises(StatsError):
        workers.parse(raw)
