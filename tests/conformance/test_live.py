# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live page, served by a real uWSGI, about real routers, nodes, an Emperor and the health gate; and in a real browser."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import emperor_stats
from support import browser, keys, modules, promtool
from support.drained import KEY, Fleet, fleet
from support.fleet import APP, Node
from support.loopback import connectable, free_address, wait_for
from support.uwsgi import Instance, plugin_lines

pytest.importorskip("prometheus_client")
from support.live import Page, Server

GONE = "127.0.0.1:1"
# Enough for nodes that announce themselves every second, even on a busy machine.
AGE = {"max_age": 6}
HOSTILE = ["<script>alert(1)</script>", "a\u202etset.live", '"><img src=x onerror=alert(1)>', "new\nline\\", "k" * 300, "\u65e5"]


def expected(*nodes: Node) -> list[dict[str, Any]]:
    """The nodes as the page expects them; each has a host and a vassal named after it."""
    return [{"key": KEY, "address": node.address, "host": "host-" + node.name, "vassal": node.name} for node in nodes]


def routers(all_of_it: Fleet) -> list[dict[str, str]]:
    return [{"name": f"router{at}", "stats": router.stats} for at, router in enumerate(all_of_it.routers, 1)]


def liar(*names: str, times: int = 2) -> bytes:
    """A router's stats with these keys, in which each key and node appears several times."""
    node = {"name": "10.0.0.7:3031", "last_check": int(time.time())}
    pools = [{"key": name, "hits": 1, "nodes": [node] * times} for name in names] * times
    return json.dumps({"version": "2.0.31", "pid": 1, "subscriptions": pools}).encode()


def check(page: Page) -> None:
    """Check that both formats are complete, and that Prometheus accepts all names."""
    text, headers = page.get("/metrics")
    assert headers["Content-Type"].startswith("text/plain")
    openmetrics, headers = page.get("/metrics", Accept="application/openmetrics-text; version=1.0.0,text/plain;q=0.5")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert openmetrics.endswith("# EOF\n")
    assert not [line for line in text.splitlines() if line.startswith(("python_", "process_"))]
    if promtool.BINARY:
        assert promtool.run("check", "metrics", text=text) == (0, "")


def test_nodes_come_and_go_and_the_page_says_why(tmp_path: Path) -> None:
    with fleet(tmp_path, routers=2) as all_of_it, ExitStack() as stack:
        one, two = all_of_it.node("one"), all_of_it.node("two")
        vassals = [{"name": "one", "file": str(one.file), "suspend": [str(all_of_it.suspend / "one")]}]
        peer = stack.enter_context(Page(tmp_path / "peer", vassals=vassals))
        nodes = [*expected(one, two), {"key": KEY, "address": GONE, "host": "host-three"}]
        config = {"routers": routers(all_of_it), "expected": nodes, "ask": [{"host": "host-one", "address": peer.address}], **AGE}
        page = stack.enter_context(Page(tmp_path / "page", **config))

        wait_for("both", lambda: page.states(KEY) == {one.address: "fresh", two.address: "fresh", GONE: "gone"})
        assert page.get("/healthz")[0] == "ok\n"
        check(page)
        all_of_it.run("drained", one)
        wait_for("the drain", lambda: page.states(KEY)[one.address] == "drained")
        (key,) = page.pools()["keys"]
        assert (key["state"], key["serving"], key["expected"]) == ("degraded", 1, 3)
        assert {node["host"]: node["reasons"] for node in key["nodes"]} == {
            "host-one": ["operator"], "host-two": None, "host-three": None
        }  # fmt: skip
        # Without an answer from its host, the page cannot know that the node is drained.
        peer.instance.__exit__()
        wait_for("the silence", lambda: page.states(KEY)[one.address] == "gone")
        two.__exit__()
        wait_for("the death", lambda: page.states(KEY)[two.address] in ("ghost", "gone"))
        wait_for("nobody", lambda: page.pools()["keys"][0]["state"] == "down")
        series = page.series()
        for name in ("router1", "router2"):
            assert series[f'emperor_uwsgi_router_up{{router="{name}"}}'] == 1
            assert series[f'emperor_uwsgi_pool_expected_nodes{{key="{KEY}",router="{name}"}}'] == 3
            assert series[f'emperor_uwsgi_pool_serving_nodes{{key="{KEY}",router="{name}"}}'] == 0
        with two:
            wait_for("its return", lambda: page.states(KEY)[two.address] == "fresh")
        assert [line for line in page.series() if line.startswith("emperor_uwsgi_node_returns_total")]
        check(page)


def test_whoever_lies_or_hangs_is_alone(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it, Server(None) as hung, Server(b"nonsense") as odd, Server(liar(*HOSTILE)) as liars:
        all_of_it.node("one")
        servers = {"hung": hung.address, "odd": odd.address, "liars": liars.address, "off": free_address()}
        asked = [*routers(all_of_it), *({"name": name, "stats": stats} for name, stats in servers.items())]
        with Page(tmp_path / "page", routers=asked, timeout=1) as page:

            def pools() -> Any:
                found = page.pools()
                up = {one["name"] for one in found["routers"] if one["up"]}
                return found if (up, len(found["routers"])) == ({"router1", "liars"}, 5) else None

            def ups() -> dict[str, float]:
                series = page.series()
                return {name: series[f'emperor_uwsgi_router_up{{router="{name}"}}'] for name in ["router1", *servers]}

            # On a busy machine the others too may once need more than the page's timeout.
            found = wait_for("those that answer", pools)
            shown = {key["key"] for key in found["keys"]}
            assert {KEY, HOSTILE[0], "a\\u202etset.live", "k" * 255} <= shown
            wait_for("the same series", lambda: ups() == {"router1": 1, "liars": 1, "hung": 0, "odd": 0, "off": 0})
            assert page.series()['emperor_uwsgi_scrape_errors_total{name="hung",source="router"}'] >= 1
            check(page)


def test_however_many_look_a_router_is_asked_once_a_second(tmp_path: Path) -> None:
    with Server(liar(KEY)) as router, Page(tmp_path / "page", routers=[{"name": "r", "stats": router.address}]) as page:
        begin = time.monotonic()
        before = router.asked
        threads = [threading.Thread(target=lambda: [page.pools() for dummy in range(20)]) for dummy in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 1 <= router.asked - before <= time.monotonic() - begin + 2


def test_an_emperor_its_vassals_and_their_workers(tmp_path: Path) -> None:
    folder, stats = tmp_path / "vassals", free_address()
    folder.mkdir()
    own = free_address()
    lines = [*plugin_lines("python3"), "master = true", "need-app = true"]
    good = [f"socket = {free_address()}", f"stats = {own}", f"wsgi-file = {APP}", "env = NODE=good"]
    for name, more in (("good", good), ("bad", ["wsgi-file = /nonexistent.py"])):
        (folder / f"{name}.ini").write_text("\n".join(["[uwsgi]", *lines, *more, ""]), encoding="utf-8")
    (tmp_path / "cert.pem").write_text(keys.certificate("shop"), encoding="ascii")
    vassals = [{"name": name, "file": str(folder / f"{name}.ini")} for name in ("good", "bad")]
    vassals[0]["stats"] = own
    config = {"emperor": stats, "vassals": vassals, "certificates": [str(tmp_path / "cert.pem")]}
    with Instance(tmp_path, f"emperor = {folder}", f"emperor-stats = {stats}", name="emperor"):
        wait_for("the vassal", lambda: connectable(own))

        def failing() -> bool:
            # The Emperor's first count is 0.
            return any(emperor_stats.ask(stats, 5, lambda *dummy: b"").failing.values())

        wait_for("the Emperor's stats", lambda: connectable(stats))
        wait_for("the one that does not start", failing)
        with Page(tmp_path / "page", **config) as page:
            wait_for("workers", lambda: page.pools()["vassals"][0]["accepting"])
            good_one, bad = page.pools()["vassals"]
            assert (good_one["running"], good_one["failed_starts"], bad["accepting"]) == (True, 0, False)
            assert bad["failed_starts"] > 0
            assert [one["headline"] for one in page.pools()["troubles"]] == ["A vassal does not start"]
            series = page.series()
            uri = f'stats_uri="tcp://{own}"'
            assert series[f"uwsgi_up{{{uri}}}"] == 1
            assert series[f'uwsgi_worker_accepting{{{uri},worker_id="1"}}'] == 1
            assert series['emperor_uwsgi_emperor_up{host="router1"}'] == 1
            assert series['emperor_uwsgi_vassal_failed_starts_total{host="router1",vassal="bad"}'] > 0
            path = tmp_path / "cert.pem"
            assert series[f'emperor_uwsgi_certificate_end_timestamp_seconds{{path="{path}"}}'] > time.time()
            check(page)


def test_the_gate_s_results_are_there(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        one = all_of_it.node("one", "threads = 2")
        health = {"command": "test -e " + str(tmp_path / "release"), "interval": 1, "fall": 1, "rise": 1}
        vassals = [{"name": one.file.stem, "subscriptions": [{"server": "10.0.0.2:2626", "key": KEY}], "health": health}]
        folder = {"path": str(tmp_path / "gate"), "directory_mode": "0755", "vassals_path": str(one.file.parent)}
        written = modules.run("uwsgi_health", {**folder, "vassals": vassals})
        assert not written.failed, written.msg
        results = tmp_path / "results.json"
        argv = [sys.executable, "-I", "-S", written.data["program"], str(tmp_path / "gate" / "checks.json"), str(results)]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as gate:
            try:
                wait_for("results", results.exists)
                config = {"vassals": [{"name": "one", "file": str(one.file)}], "gates": [str(results)]}
                with Page(tmp_path / "page", **config) as page:
                    labels = '{host="router1",vassal="one"}'
                    wait_for("failure", lambda: page.series().get("emperor_uwsgi_check_well" + labels) == 0)
                    (tmp_path / "release").touch()
                    wait_for("success", lambda: page.series()["emperor_uwsgi_check_well" + labels] == 1)
                    assert page.series()["emperor_uwsgi_check_duration_seconds" + labels] > 0
                    assert results.stat().st_mode & 0o777 == 0o644
                    check(page)
            finally:
                gate.terminate()


@pytest.mark.skipif(browser.BINARY is None, reason="no Chromium here")
def test_in_a_browser_states_change_in_place(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it, Server(liar(*HOSTILE)) as liars, ExitStack() as stack:
        one, two = all_of_it.node("one"), all_of_it.node("two")
        asked = [*routers(all_of_it), {"name": "router2", "stats": liars.address}]
        page = stack.enter_context(Page(tmp_path / "page", routers=asked, expected=expected(one, two), **AGE))
        tab = stack.enter_context(browser.tab(tmp_path / "profile"))
        tab.open(f"http://{page.address}/")
        rows = f"""[...document.querySelectorAll('.key')].find((key) => key.querySelector('h3').textContent === {KEY!r})
            ?.querySelectorAll('tbody tr')"""

        def state(node: Node) -> Any:
            found = f"[...({rows} ?? [])].find((row) => row.textContent.includes({node.address!r}))?.cells[0].textContent"
            return tab.value(found)

        tab.value("window.mine = document.querySelector('main')")
        wait_for("both", lambda: (state(one), state(two)) == ("partial", "partial"))
        assert tab.value("document.querySelectorAll('.key').length") == 1 + len(HOSTILE)
        # Text from a router is only shown as text, and the page requested nothing else.
        assert tab.value("document.querySelectorAll('img, h3 script').length") == 0
        two.__exit__()
        wait_for("the death", lambda: state(two) in ("ghost", "gone"))
        assert state(one) == "partial"
        with two:
            wait_for("its return", lambda: state(two) == "partial")
        assert tab.value("window.mine === document.querySelector('main')")
        assert tab.complaints == []
        assert {url.split("/")[2] for url in tab.requests} == {page.address}
        for width in (390, 1240):
            tab.open(f"http://{page.address}/", width=width)
            wait_for("the keys", lambda: tab.value("document.querySelectorAll('.key').length"))
            assert tab.value("document.documentElement.scrollWidth") <= width


def test_only_reading_and_only_what_there_is(tmp_path: Path) -> None:
    with Page(tmp_path / "page", title="<b>Pools</b>") as page:
        html, headers = page.get("/")
        assert "<title>&lt;b&gt;Pools&lt;/b&gt;</title>" in html
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        for method, path, code in (("POST", "/pools.json", 405), ("GET", "/../live.json", 404), ("GET", "/live.json", 404)):
            connection = http.client.HTTPConnection(page.address, timeout=30)
            connection.request(method, path)
            assert connection.getresponse().status == code
            connection.close()
