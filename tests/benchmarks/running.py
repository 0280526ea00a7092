# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The running system: an Emperor with a thousand vassals, one of which changes, and a router that restarts."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import stats as _stats
from benchmarks.measure import Line, scratch
from support import keys, modules
from support.fleet import Node, Router
from support.loopback import free_address, wait_for
from support.uwsgi import Instance

# Seconds. A thousand processes take a while to start, and the Emperor scans its folder every three seconds.
_PATIENCE = 300
_EMPERORS_ROUNDS = 7
_ANNOUNCE_INTERVAL = 5


def _write(folder: Path, count: int, changed: int | None = None) -> list[str]:
    """Write vassals that are masters without workers: a cheap instance starts none before its first request."""
    vassals = [
        {
            "name": f"v{at}",
            "options": {
                "master": True,
                "cheap": True,
                "socket": str(folder / f"v{at}.sock"),
                "procname-prefix-spaced": "changed" if at == changed else f"v{at}",
                "disable-logging": True,
                "max-fd": 64,
            },
        }
        for at in range(count)
    ]
    found = modules.run("uwsgi_vassals", {"path": str(folder / "vassals"), "directory_mode": "0755", "vassals": vassals})
    assert not found.failed, found.msg
    return list(found.data["updated"])


def _vassals(stats: str) -> dict[str, dict[str, Any]]:
    """The vassals in an Emperor's stats; none if it doesn't answer yet."""
    try:
        found = json.loads(_stats.fetch(stats, _PATIENCE, lambda *dummy: b""))
    except _stats.StatsError:
        return {}
    return {one["id"]: one for one in found["vassals"]}


def _wait(seconds: float) -> None:
    """Give the Emperor time to do more than it should; no event would show that it is done."""
    later = time.monotonic() + seconds
    wait_for("the time", lambda: time.monotonic() > later, seconds + 1)


def reloads(folder: Path, count: int) -> dict[str, float]:
    """Change one of many running vassals; returns how many ran, and how many the Emperor reloaded or restarted."""
    stats = free_address()
    _write(folder, count)
    lines = (f"emperor = {folder}/vassals/*.ini", "emperor-stats = " + stats, "max-fd = 65536")
    begin = time.monotonic()
    with Instance(folder, *lines, name="emperor"):
        pids: list[int] = []
        try:
            before: dict[str, dict[str, Any]] = {}
            while sum(one["ready"] for one in before.values()) < count:
                assert time.monotonic() < begin + _PATIENCE, f"of {count} vassals {len(before)} are up"
                _wait(0.5)
                before = _vassals(stats)
            pids = [one["pid"] for one in before.values()]
            started = time.monotonic() - begin
            assert _write(folder, count, count // 2) == [f"v{count // 2}"]
            _wait(_EMPERORS_ROUNDS)
            after = _vassals(stats)
            pids += [one["pid"] for one in after.values()]
        finally:
            for pid in set(pids):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
    telling = ("pid", "respawns", "last_run")
    touched = [name for name, one in after.items() if any(before[name][what] != one[what] for what in telling)]
    assert touched == [f"{folder}/vassals/v{count // 2}.ini"], touched[:5]
    return {"vassals running": len(after), "reloaded": len(touched), "until all ran, s": started}


def returns(folder: Path, nodes: int, each: int) -> dict[str, float]:
    """Restart a router; returns the seconds until it lists all signed subscriptions of its nodes again."""
    private, public = folder / "private.pem", folder / "public"
    private.write_text(keys.private(), encoding="ascii")
    public.mkdir()
    names = [f"k{at}.test" for at in range(nodes * each)]
    for name in names:
        (public / (name + ".pem")).write_text(keys.public(), encoding="ascii")
    router = Router(folder / "router", server_verification_params={"digest_algo": "SHA256", "dir_cert": str(public)})

    def all_there() -> bool:
        return sorted(key for key, found in router.pools().items() if found) == sorted(names)

    signed = {"server": router.subscriptions, "signing": ["SHA256", str(private)]}
    with ExitStack() as stack:
        with router:
            for at in range(nodes):
                own = [dict(signed, key=name) for name in names[at::nodes]]
                stack.enter_context(Node(folder, f"node{at}", own, f"subscribe-freq = {_ANNOUNCE_INTERVAL}"))
            wait_for("all subscriptions", all_there, 2 * _ANNOUNCE_INTERVAL + 20)
        begin = time.monotonic()
        with router:
            wait_for("all subscriptions", all_there, 6 * _ANNOUNCE_INTERVAL)
            return {"until all are there, s": time.monotonic() - begin}


def lines() -> list[Line]:
    """The lines of the table about the running system."""
    with scratch() as folder:
        emperor = reloads(folder, 1000)
    with scratch() as folder:
        back = returns(folder, 10, 50)
    running = int(emperor["vassals running"])
    what = f"vassals of {running:,} running ones that the Emperor reloads when one of them changes"
    again = f"500 signed subscriptions back on a restarted router, announced every {_ANNOUNCE_INTERVAL} s"
    return [
        Line(7, what, 1, "less", "reloads", emperor["reloaded"], emperor),
        Line(7, again, _ANNOUNCE_INTERVAL + 1, "less", "s", back["until all are there, s"], back),
    ]
