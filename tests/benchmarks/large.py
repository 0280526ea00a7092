# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Large pools: their page, how fast a browser draws it, and the inventory of their hosts."""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import routers, stats
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import html
from benchmarks.measure import Line, exponent, scratch
from support import browser

_ROUTERS, _EACH = 4, 10
_SIZES = (1000, 3000, 10000)
# Nodes that serve all keys, as for one app with many domains.
_SHARED = 30
_SHARED_SIZES = (250, 500, 1000)
# One node in a hundred is a ghost, one has failed, and one is marked as dead.
_TROUBLE = 100
_SECONDS = 600
# ansible-inventory, which prints its own use of CPU and memory at the end. wait4 would report at least the memory of its parent.
_MEASURED = """
import atexit, re, sys, time
from ansible.cli.inventory import main

def report():
    kilobytes = re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]
    print(time.process_time(), int(kilobytes) / 1024, file=sys.stderr)

atexit.register(report)
main()
"""


class Child(NamedTuple):
    """The resources that a process used."""

    seconds: float
    cpu: float
    megabytes: float


def answer(keys: int, router: int, shared: int = 0) -> bytes:
    """The answer of a router's stats server with that many keys, each with ten nodes or with ``shared`` common nodes."""
    now = int(time.time())
    pools = []
    for key in range(keys):
        places = range(shared) if shared else [(key + 7 * node) % keys for node in range(_EACH)]
        nodes = [_node(place, (key * 31 + place * 17 + router) % 10000, now) for place in places]
        pools.append({"key": f"app{key:05}.customers.example.com", "hash": key, "hits": 3, "nodes": nodes})
    return json.dumps({"version": "2.0.31", "pid": 5, "subscriptions": pools}, separators=(",", ":")).encode()


def _node(place: int, requests: int, now: int) -> dict[str, Any]:
    trouble = requests % _TROUBLE
    return {
        "name": f"10.{place // 65536}.{place // 256 % 256}.{place % 256}:3031", "modifier1": 0, "modifier2": 0,
        "last_check": now - (90 if trouble == 0 else requests % 10), "pid": 1, "uid": 0, "gid": 0, "requests": requests,
        "last_requests": 0, "tx": 0, "rx": 0, "cores": 1, "load": 0, "weight": 1, "wrr": 0, "ref": requests % 3,
        "failcnt": int(trouble == 1), "death_mark": int(trouble == 2),
    }  # fmt: skip


def info(keys: int, shared: int = 0) -> dict[str, Any]:
    """What uwsgi_router_info returns for such routers."""
    found = []
    for router in range(_ROUTERS):
        one = routers.Answer(f"10.1.0.{router + 2}:2627", stats.parse(answer(keys, router, shared)), time.time())
        found.append(routers.judged(one, 17))
    return {"routers": found, "max_age": 17, "time": "2026-03-01T12:00:00Z"}


def page(keys: int, shared: int = 0) -> tuple[str, dict[str, float]]:
    """A page, its CPU seconds, and those of writing the same data as JSON."""
    given = info(keys, shared)
    begin = time.process_time()
    text = html.page(given, "Large")
    made = time.process_time()
    json.dumps(given)
    return text, {"page": made - begin, "JSON": time.process_time() - made}


def drawn(folder: Path, text: str) -> float:
    """Seconds until a browser has drawn a page."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    with browser.tab(folder / "profile") as tab:
        # Open it once before, since a browser does some things only once.
        tab.open(path)
        tab.said.clear()
        begin = time.monotonic()
        tab.open(path)
        assert tab.value("document.documentElement.dataset.drawn") == "yes"
        # A frame later it is visible.
        tab.screenshot(folder / "page.png")
        seconds = time.monotonic() - begin
        assert tab.complaints == []
    return seconds


@contextmanager
def serving(raw: bytes) -> Iterator[str]:
    """Run a stats server; yields its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(raw)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield "{}:{}".format(*server.server_address)
        finally:
            server.shutdown()


def inventory(folder: Path, keys: int) -> Child:
    """What ansible-inventory uses to show one host of the inventory of live hosts."""
    with ExitStack() as stack:
        addresses = [stack.enter_context(serving(answer(keys, router))) for router in range(_ROUTERS)]
        source = folder / "live.uwsgi_fastrouter.yml"
        given = {"plugin": "emperor.uwsgi.fastrouter", "router_stats": addresses, "timeout": 60}
        source.write_text(json.dumps(given), encoding="ascii")
        begin = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, "--inventory", str(source), "--host", "10.0.0.1"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            cwd=folder,
            check=True,
        )
        seconds = time.monotonic() - begin
    found = json.loads(done.stdout)
    assert len(found["uwsgi_nodes"]) == len(found["uwsgi_keys"]), done.stderr
    cpu, megabytes = map(float, done.stderr.split()[-2:])
    return Child(seconds, cpu, megabytes)


def lines() -> list[Line]:
    """The lines of the table about large pools."""
    own = {}
    for keys in _SIZES:
        text, times = page(keys)
        own[keys] = times["page"]
    shared = {keys: page(keys, _SHARED)[1]["page"] for keys in _SHARED_SIZES}
    subscriptions = f"{_SIZES[-1] * _EACH:,} subscriptions on {_ROUTERS} routers"
    found = [
        Line(9, f"the page of {subscriptions}", 3, "less", "MB", len(text.encode()) / 1e6, {}),
        Line(9, "the page, against writing the same as JSON", 12, "less", "times", times["page"] / times["JSON"], times),
        Line(9, "the page's time grows with the keys to the power", 1.15, "less", "", exponent(own), _named(own)),
        Line(9, "the same where all keys share their nodes", 1.15, "less", "", exponent(shared), _named(shared)),
    ]
    with scratch() as folder:
        if browser.BINARY:
            found.append(Line(9, "a browser draws the page", 2, "less", "s", drawn(folder, text), {}))
        hosts = {keys: inventory(folder, keys) for keys in _SIZES}
    cpu = {keys: child.cpu for keys, child in hosts.items()}
    last = hosts[_SIZES[-1]]
    found += [
        Line(9, f"the inventory of {subscriptions}, of a core", 20, "less", "s", last.cpu, {"until its end": last.seconds}),
        Line(9, "the inventory, memory", 500, "less", "MB", last.megabytes, {}),
        Line(9, "the inventory's time grows with the keys to the power", 1.25, "less", "", exponent(cpu), _named(cpu)),
    ]
    return found


def _named(times: dict[int, float]) -> dict[str, float]:
    return {f"{keys:,} keys": seconds for keys, seconds in times.items()}
