# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rolling update: how long a host with many vassals takes, and how many requests are lost meanwhile."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.drains import Load
from benchmarks.measure import Line, scratch
from benchmarks.roles import host
from support.fleet import ask
from support.loopback import free_address
from support.modules import COLLECTIONS

SIZES = (5, 15, 50)
_APP = """\
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
"""
_TIMEOUT = 900


class Update(NamedTuple):
    """The seconds of the whole playbook, the requests sent meanwhile, and those that nobody answered."""

    seconds: float
    requests: int
    lost: int


class Fleet:
    """A router and two nodes with the same keys, all on this machine; each key has its own vassal."""

    def __init__(self, folder: Path, vassals: int) -> None:
        self._folder = folder
        folder.mkdir()
        (folder / "app.py").write_text(_APP, encoding="ascii")
        self.keys = [f"k{at}.test" for at in range(vassals)]
        options = ("fastrouter_listen", "fastrouter_subscription_server", "fastrouter_stats")
        router = {option: free_address() for option in options}
        self.address, server, stats = router.values()
        common = {"emperor_options": {}, "emperor_router_stats": [stats], "emperor_rolling_minimum": 1}
        nodes = {name: {**self._host(name, self._vassals(server)), **common} for name in ("node0", "node1")}
        routers = {"router": {**self._host("router", []), **common, **router, "fastrouter_nodes": list(nodes)}}
        groups = {"nodes": {"hosts": nodes}, "fastrouters": {"hosts": routers}}
        (folder / "inventory.json").write_text(json.dumps({"all": {"children": groups}}), encoding="ascii")

    def __enter__(self) -> Fleet:
        try:
            roles = {"fastrouters": "fastrouter", "nodes": "emperor"}
            self._plays([{"hosts": group, "gather_facts": False, "roles": ["emperor.uwsgi." + roles[group]]} for group in roles])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        stop = {"ini": "{{ emperor_dir }}/emperor.ini", "pidfile": "{{ emperor_run_dir }}/emperor.pid", "state": "stopped"}
        self._plays([{"hosts": "all", "gather_facts": False, "tasks": [{"emperor.uwsgi.uwsgi_daemon": stop}]}])

    def update(self) -> Update:
        """Update one of the nodes under load. Its vassals need no facts."""
        turns, lock = itertools.cycle(self.keys), threading.Lock()

        def asked(dummy: str) -> str:
            with lock:
                key = next(turns)
            return ask(self.address, key)

        with Load(asked) as load:
            begin = time.monotonic()
            given = {"emperor_rolling_hosts": "node0", "emperor_rolling_gather_facts": False}
            self._play("emperor.uwsgi.rolling_update", "-e", json.dumps(given))
            seconds = time.monotonic() - begin
        return Update(seconds, len(load.answers), sum(answer != "served" for dummy, answer in load.answers))

    def _host(self, name: str, vassals: list[dict[str, Any]]) -> dict[str, Any]:
        (self._folder / name).mkdir()
        return host(self._folder / name, vassals)

    def _vassals(self, server: str) -> list[dict[str, Any]]:
        options = {"wsgi-file": str(self._folder / "app.py"), "processes": 1, "threads": 2}
        return [
            {
                "name": key.partition(".")[0],
                "options": {**options, "socket": free_address()},
                "subscriptions": [{"server": server, "key": key}],
            }
            for key in self.keys
        ]

    def _plays(self, plays: list[dict[str, Any]]) -> None:
        path = self._folder / "plays.json"
        path.write_text(json.dumps(plays), encoding="ascii")
        self._play(str(path))

    def _play(self, *arguments: str) -> None:
        """Raises AssertionError with the output if a task failed."""
        command = ["ansible-playbook", "-i", str(self._folder / "inventory.json"), *arguments]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
        found = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=_TIMEOUT, check=False)
        assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-2000:]


def lines() -> list[Line]:
    """The lines of the table about rolling updates."""
    found = {}
    with scratch() as folder:
        for vassals in SIZES:
            with Fleet(folder / str(vassals), vassals) as fleet:
                found[vassals] = fleet.update()
    times = {f"{vassals} vassals": one.seconds for vassals, one in found.items()}
    last = found[SIZES[-1]]
    what = f"a rolling update of a host with {SIZES[-1]} vassals"
    return [
        Line(8, what, 15, "less", "s", last.seconds, times),
        Line(8, f"{what}, requests lost", 0, "less", "requests", last.lost, {}),
    ]
