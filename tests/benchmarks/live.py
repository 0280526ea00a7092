# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live page of a real router with many nodes: the time of a scrape, and the memory of the page's process."""

from __future__ import annotations

import re
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram, paced
from benchmarks.keys import PEERS
from benchmarks.measure import Line, exponent, scratch
from support.fleet import Router
from support.live import Page
from support.loopback import wait_for

# Numbers of subscriptions; each key has ten.
SIZES = (1000, 3000, 10_000)
_NODES = 10
_SCRAPES = 5
# The page keeps a router's answer for a second. A later scrape asks the router again.
_KEPT = 1.1
_LONG = ("subscription-tolerance = 600",)


class Scrape(NamedTuple):
    """The seconds of a scrape, and the megabytes of the page's process after some scrapes."""

    seconds: float
    megabytes: float


def scrape(folder: Path, subscriptions: int, **client: Path) -> Scrape:
    """Ask several times for the metrics of that many subscriptions.

    Args:
        client: the page's ``client``, if it is not that of the tests.
    """
    folder.mkdir()
    pairs = [(f"k{at // _NODES}.test", f"10.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}:3031") for at in range(subscriptions)]
    with Router(folder / "router", lines=_LONG) as router:
        announce(router, pairs)
        routers = [{"name": "router1", "stats": router.stats}]
        expected = [{"key": key, "address": address, "host": "node", "vassal": "shop"} for key, address in pairs]
        with Page(folder / "page", routers=routers, expected=expected, max_age=600, **client) as page:
            taken = []
            for dummy in range(_SCRAPES):
                time.sleep(_KEPT)
                begin = time.monotonic()
                text = page.get("/metrics")[0]
                taken.append(time.monotonic() - begin)
            assert text.count("\nemperor_uwsgi_node_requests_total{") == subscriptions
            return Scrape(statistics.median(taken), memory(page.instance.pid))


def announce(router: Router, pairs: list[tuple[str, str]]) -> None:
    """Announce nodes that don't exist, until the router lists them all."""
    packets = [datagram.encode(datagram.SUBSCRIBE, [("key", key), ("address", address)]) for key, address in pairs]

    def arrived() -> bool:
        paced.send({router.subscriptions: packets})
        return sum(map(len, router.pools().values())) == len(pairs)

    wait_for("all nodes at the router", arrived, 120)


def memory(master: int) -> float:
    """Megabytes of an instance's largest process: its master or one of its children."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
    texts = [Path(f"/proc/{pid}/status").read_text(encoding="utf-8") for pid in [str(master), *children]]
    return max(int(found[1]) for found in (re.search(r"VmRSS:\s+(\d+) kB", text) for text in texts) if found) / 1024


def lines() -> list[Line]:
    """The lines of the table about the live page."""
    with scratch() as folder:
        found = {count: scrape(folder / str(count), count, client=PEERS) for count in SIZES}
        newest = scrape(folder / "newest", SIZES[-1]).seconds
    seconds = {count: one.seconds for count, one in found.items()}
    times = {f"{count:,} subscriptions": taken for count, taken in seconds.items()}
    last = found[SIZES[-1]]
    what, of_debian = f"a scrape of the metrics of {SIZES[-1]:,} subscriptions", "with Debian 13's prometheus_client"
    return [
        Line(11, f"{what}, {of_debian}", 1, "less", "s", last.seconds, {**times, "with the newest": newest}),
        Line(11, f"{what}, memory of the page", 100, "less", "MB", last.megabytes, {}),
        Line(11, "a scrape's time grows with the subscriptions to the power", 1.15, "less", "", exponent(seconds), times),
    ]
