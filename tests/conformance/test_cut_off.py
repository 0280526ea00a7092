# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""If a run changes the Emperor's options and is interrupted before it restarts the Emperor, the next run notices."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support import modules, stream
from support.loopback import connectable, wait_for
from support.uwsgi import BINARY


class Service:
    """An Emperor as the roles run it without a supervisor."""

    def __init__(self, folder: Path) -> None:
        self.ini, self._folder = folder / "emperor.ini", folder
        self._paths = {"ini": str(self.ini), "pidfile": str(folder / "pid"), "log": str(folder / "log"), "uwsgi_binary": BINARY}

    def written(self, *, throttle: int = 0, check: bool = False, asked: str = "") -> dict[str, Any]:
        """What the module reports after writing the options."""
        stats = str(self._folder / "stats.sock")
        options = {"master": True, "emperor": str(self._folder / "*.none"), "emperor-stats": stats, "emperor-throttle": throttle}
        service = {"path": str(self._folder), "uwsgi_binary": BINARY, "validate": False}
        wanted = {"service": {**service, "vassals": [{"name": "emperor", "options": options}]}}
        common = {"leaving_path": str(self._folder / "leaving"), "emperor_stats": asked or stats}
        found = modules.run("uwsgi_emperor", {"state": "written", "parts": ["service"], "desired": wanted, **common}, check)
        assert not found.failed, found.msg
        return {name: found.data[name] for name in ("configured", "stale")}

    def run(self, state: str) -> None:
        found = modules.run("uwsgi_emperor", {"state": "running", "desired": {"daemons": [{**self._paths, "state": state}]}})
        assert not found.failed, found.msg
        if state != "stopped":
            # The file is there before the Emperor listens, and after the former Emperor is gone.
            wait_for("its stats", lambda: connectable(str(self._folder / "stats.sock")))


@contextmanager
def running(folder: Path) -> Iterator[Service]:
    one = Service(folder)
    try:
        one.written()
        one.run("started")
        yield one
    finally:
        one.run("stopped")


def test_an_emperor_that_was_not_restarted_is_by_the_next_run(tmp_path: Path) -> None:
    with running(tmp_path) as emperor:
        unchanged = {"configured": False, "stale": False}
        assert emperor.written() == unchanged
        started = time.time()
        # The change has to be later than the start by more than the clocks may differ.
        wait_for("that", lambda: time.time() > started + 2)
        assert emperor.written(throttle=5, check=True) == {"configured": True, "stale": False}
        assert emperor.written(throttle=5)["configured"] is True
        for check in (True, False):
            assert emperor.written(throttle=5, check=check) == {"configured": False, "stale": True}
        emperor.run("restarted")
        assert emperor.written(throttle=5) == unchanged


def test_who_writes_the_stats_names_no_other_process_for_the_emperor(tmp_path: Path) -> None:
    """The Emperor's user writes the stats, and could name a process of root that is older than the files."""
    with running(tmp_path) as emperor, stream.serving(b'{"pid":1,"vassals":[]}', asked=False) as forged:
        assert emperor.written(asked=forged.address) == {"configured": False, "stale": False}


def test_a_file_of_the_future_restarts_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as emperor:
        later = time.time() + 3600
        os.utime(emperor.ini, (later, later))
        assert emperor.written() == {"configured": False, "stale": False}
