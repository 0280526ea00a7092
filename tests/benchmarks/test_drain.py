# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a node goes on getting new requests once a drain of it begins, on one router under load. Printed."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path
from typing import Any

from support.drained import KEY, fleet

RUNS = 20
WORKERS = 4
# Seconds from the start of the module's process to the last request that the node gets.
WANTED = 0.5


class Load:
    """Requests to a router, one after the other in each of some threads; who answered each, and when it was sent."""

    def __init__(self, ask: Any) -> None:
        self._ask = ask
        self._stopped = threading.Event()
        self.answers: list[tuple[float, str]] = []
        self._threads = [threading.Thread(target=self._run) for dummy in range(WORKERS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.005):
            sent = time.monotonic()
            self.answers.append((sent, self._ask(KEY)))


def test_a_drain_ends_new_requests_at_once(tmp_path: Path, capsys: Any) -> None:
    taken = []
    with fleet(tmp_path, kind="ec") as all_of_it:
        one = all_of_it.node("one")
        all_of_it.node("two")
        with Load(all_of_it.routers[0].ask) as load:
            for dummy in range(RUNS):
                load.answers.clear()
                begin = time.monotonic()
                assert all_of_it.run("drained", one).changed
                last = max((sent for sent, name in list(load.answers) if name == "one"), default=begin)
                taken.append(max(0.0, last - begin))
                assert all_of_it.run("active", one).changed
            assert "" not in {name for dummy, name in load.answers}
    median = statistics.median(taken)
    with capsys.disabled():
        print("\na drain, to the last new request: {0:.3f} s (median of {1}; wanted under {2} s)".format(median, RUNS, WANTED))
    assert median < WANTED
