# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a node goes on getting new requests once a drain of it begins, on one router under load."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable

from benchmarks.measure import Line, scratch
from support.drained import KEY, fleet

_RUNS = 20
_WORKERS = 4


class Load:
    """Requests, one after the other in each of some threads.

    Attributes:
        answers: when each was sent, and who answered.
    """

    def __init__(self, ask: Callable[[str], str]) -> None:
        self._ask = ask
        self._stopped = threading.Event()
        self.answers: list[tuple[float, str]] = []
        self._threads = [threading.Thread(target=self._run) for dummy in range(_WORKERS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.01):
            sent = time.monotonic()
            self.answers.append((sent, self._ask(KEY)))


def to_the_last_request(runs: int) -> list[float]:
    """Seconds from the start of the module's process to the last request that the node gets, of each drain."""
    taken = []
    with scratch() as folder, fleet(folder, kind="ec") as all_of_it:
        one = all_of_it.node("one")
        all_of_it.node("two")
        with Load(all_of_it.routers[0].ask) as load:
            for dummy in range(runs):
                begin = time.monotonic()
                assert all_of_it.run("drained", one).changed
                last = max((sent for sent, name in list(load.answers) if name == "one"), default=begin)
                taken.append(max(0.0, last - begin))
                assert all_of_it.run("active", one).changed
        assert "" not in {name for dummy, name in load.answers}, "a request was lost"
    return taken


def lines() -> list[Line]:
    """The table's line about drains."""
    taken = to_the_last_request(_RUNS)
    times = {"least": min(taken), "median": statistics.median(taken), "most": max(taken)}
    return [Line(8, "a drain, from its start to the node's last new request", 0.5, "less", "s", times["median"], times)]
