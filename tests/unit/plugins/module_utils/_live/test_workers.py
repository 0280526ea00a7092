# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stats of instances with workers: what is read of them, and what is refused."""

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


@pytest.mark.parametrize(
    "change", [{"workers": 5}, {"workers": [5]}, {"sockets": None}, {"listen_queue": "1"}, {"workers": [{"apps": 1}]}]
)
def test_what_no_instance_says_is_an_error(change: Any) -> None:
    with pytest.raises(StatsError, match="no workers"):
        workers.parse(json.dumps({**STATS, **change}).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_an_error(raw: bytes) -> None:
    with pytest.raises(StatsError):
        workers.parse(raw)
