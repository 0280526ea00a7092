# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to canary releases: the shares of 1,000 requests at the real router, by weight and by key, and the way back."""

from __future__ import annotations

import http.client
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support import nginx
from support.documented import Fleet, removed
from support.fleet import Node, Router, ask
from support.loopback import wait_for
from support.modules import ROOT

pytestmark = pytest.mark.long

GUIDE = ROOT / "docs" / "docsite" / "rst" / "canary.rst"
TEXT = GUIDE.read_text(encoding="utf-8")
KEY = "shop.example.com"
REQUESTS = 1000
# The guide's table: by percentage, the requests that the new release answers.
_ROW = re.compile(r"^   \* - (\d+)\n     - ([\d,]+)$", re.MULTILINE)
SHARES = {int(percent): int(count.replace(",", "")) for percent, count in _ROW.findall(TEXT)}
APP = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"{0} " + environ["HTTP_HOST"].encode()]
"""
SITE, UNDO = (line.split() for line in re.findall(r"\$ ansible-playbook -i inventory.yml (.+)", TEXT))


def by_weight(router: str) -> dict[str, int]:
    """How many requests for the shop each release answers."""
    return dict(Counter(ask(router, KEY).partition(" ")[0] for dummy in range(REQUESTS)))


def settled(router: str, *releases: str) -> None:
    """Wait until exactly these releases answer for the shop."""
    wait_for("the shop", lambda: {ask(router, KEY).partition(" ")[0] for dummy in range(100)} == set(releases))


@contextmanager
def deployed(folder: Path) -> Iterator[Fleet]:
    for name in ("stable", "canary"):
        path = folder / "srv" / "shop" / name / "app.py"
        path.parent.mkdir(parents=True)
        path.write_text(APP.format(name), encoding="ascii")
    fleet = Fleet(folder, GUIDE)
    write(folder, fleet, 10)
    with removed(fleet):
        fleet.play("site.yml")
        yield fleet


def write(folder: Path, fleet: Fleet, percent: int) -> None:
    path = folder / "group_vars" / "nodes.yml"
    path.parent.mkdir(exist_ok=True)
    text = fleet.files["group_vars/nodes.yml"]
    assert "shop_canary: 10\n" in text
    path.write_text(text.replace("shop_canary: 10\n", f"shop_canary: {percent}\n"), encoding="utf-8")


@contextmanager
def weighted(folder: Path, percent: int, algorithm: str) -> Iterator[str]:
    """A router and two nodes of each release, with the guide's weights; yields the router's address."""
    with ExitStack() as stack:
        router = stack.enter_context(Router(folder / "router", server_params={"balancing_algo": algorithm}))
        weights = {"stable": max(100 - percent, 1), "canary": max(percent, 1)}
        entry = {"server": router.subscriptions, "key": KEY}
        nodes = [
            stack.enter_context(Node(folder, f"{name} {at}", [{**entry, "balancing_weight": weight}]))
            for name, weight in weights.items()
            for at in (1, 2)
        ]
        router.wait_for_nodes(KEY, *(node.address for node in nodes))
        yield router.address


@pytest.mark.parametrize("percent", [one for one in SHARES if 0 < one < 100])
def test_a_weight_is_a_share_of_requests(percent: int, tmp_path: Path) -> None:
    with weighted(tmp_path, percent, "weighted_round_robin") as router:
        assert by_weight(router) == {"stable": REQUESTS - SHARES[percent], "canary": SHARES[percent]}


def test_without_load_the_default_algorithm_has_little_to_do_with_weights(tmp_path: Path) -> None:
    with weighted(tmp_path, 10, "weighted_least_reference_count") as router:
        found = by_weight(router)
    # About half of them, depending on how quickly the router notices that an answer is complete.
    assert found["canary"] > 2 * SHARES[10], found


def test_a_release_gets_its_share_and_is_taken_back(tmp_path: Path) -> None:
    assert list(SHARES) == [10, 50, 100, 0]
    with deployed(tmp_path) as fleet:
        router = fleet.stats()[0].replace(":2627", ":3030")
        settled(router, "stable", "canary")
        assert by_weight(router) == {"stable": REQUESTS - SHARES[10], "canary": SHARES[10]}
        write(tmp_path, fleet, 100)
        fleet.play(*SITE)
        settled(router, "canary")
        assert by_weight(router) == {"canary": SHARES[100]}
        fleet.play(*UNDO)
        assert by_weight(router) == {"stable": REQUESTS}
        # Each release also answers under a name of its own.
        for one in ("stable", "canary"):
            assert ask(router, f"{one}.{KEY}") == f"{one} {one}.{KEY}"
        if nginx.MISSING:
            pytest.skip(nginx.MISSING)
        _by_key(fleet, tmp_path)


def _by_key(fleet: Fleet, folder: Path) -> None:
    """With nginx, which picks the key; the shop's own pool has only the old release."""
    site, split = (fleet.moved(textwrap.dedent(one)) for one in re.findall(r"code-block:: nginx\n((?:\n|[ \t]+\S.*\n)+)", TEXT))
    with nginx.running(folder / "cookies", site) as web:
        found = Counter(_get(web, "127.0.0.1", {"Cookie": "shop=canary"} if at % 10 == 0 else {}) for at in range(REQUESTS))
    # Each application sees the client's Host header.
    assert found == {f"stable {KEY}": REQUESTS * 9 // 10, f"canary {KEY}": REQUESTS // 10}
    halved = re.sub(r"map \$cookie_shop.*?\n\}\n", lambda dummy: split.lstrip(), site, count=1, flags=re.DOTALL)
    assert "split_clients" in halved and "map " not in halved
    with nginx.running(folder / "addresses", halved) as web:
        sources = [f"127.9.{at >> 8}.{at & 0xFF}" for at in range(1, REQUESTS // 2 + 1)]
        first, second = ([_get(web, source, {}) for source in sources] for dummy in range(2))
    assert first == second
    # The hash of the addresses decides, so every run gives the same result.
    assert 25 < first.count(f"canary {KEY}") < 75


def _get(address: str, source: str, headers: dict[str, str]) -> str:
    connection = http.client.HTTPConnection(address, timeout=20, source_address=(source, 0))
    try:
        connection.request("GET", "/", headers={"Host": KEY, **headers})
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        connection.close()
