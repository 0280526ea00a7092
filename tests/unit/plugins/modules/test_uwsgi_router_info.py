# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live pools of real routers, read by the module as Ansible runs it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from support import modules
from support.fleet import Router
from support.loopback import free_address, wait_for

CHECK = "; check that the router runs and has this stats server"
OK, NOT_FOUND = b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 404 Not Found\r\n\r\n"
# uWSGI writes this text into its JSON unchanged.
HOSTILE = '<b>"quoted\\"</b>'


@pytest.mark.parametrize("check", [False, True])
def test_two_routers_are_read_and_merged(check: bool, tmp_path: Path) -> None:
    with Router(tmp_path / "1") as one, Router(tmp_path / "2") as two:
        one.announce("a.test", "10.0.0.7:1", "10.0.0.8:1", weight="3", modifier1="5", modifier2="6")
        two.announce("a.test", "10.0.0.7:1")
        two.announce(HOSTILE, "10.0.0.9:1")
        # An address that is given twice is asked and counted once.
        found = modules.run("uwsgi_router_info", {"router_stats": [one.stats, two.stats, one.stats]}, check=check)
    assert (found.failed, found.changed) == (False, False)
    assert [(router["stats"], router["version"][0]) for router in found.data["routers"]] == [(one.stats, "2"), (two.stats, "2")]
    assert found.data["max_age"] == 17
    assert time.strptime(found.data["time"], "%Y-%m-%dT%H:%M:%SZ")
    by_key = {pool["key"]: {node["address"]: node for node in pool["nodes"]} for pool in found.data["pools"]}
    assert {key: list(nodes) for key, nodes in by_key.items()} == {
        HOSTILE: ["10.0.0.9:1"], "a.test": ["10.0.0.7:1", "10.0.0.8:1"]
    }
    node = by_key["a.test"]["10.0.0.8:1"]
    assert (node["weight"], node["modifier1"], node["modifier2"]) == (3, 5, 6)
    assert (node["fresh_on"], node["ghost_on"], node["dead_on"], node["missing_on"]) == ([one.stats], [], [], [two.stats])
    assert node["age"] < 17


def test_a_key_a_node_and_an_age_are_picked(tmp_path: Path) -> None:
    with Router(tmp_path) as router:
        router.announce("a.test", "10.0.0.7:1", "10.0.0.8:1")
        router.announce("b.test", "10.0.0.7:1")
        picked = {"key": "a.test", "node": "10.0.0.7:1", "max_age": 0, "router_stats": router.stats}

        def silent_on() -> list[str]:
            found = modules.run("uwsgi_router_info", picked)
            [pool] = found.data["pools"]
            [node] = pool["nodes"]
            assert (pool["key"], node["address"]) == ("a.test", "10.0.0.7:1")
            ghost = not found.data["routers"][0]["pools"][0]["nodes"][0]["fresh"]
            assert node["ghost_on"] == [router.stats] * ghost
            return list(node["ghost_on"])

        wait_for("the age of a second", silent_on)


@contextmanager
def silent() -> Iterator[str]:
    """A server that accepts connections and says nothing."""
    with socket.socket() as server:
        host, dummy, port = free_address().rpartition(":")
        server.bind((host, int(port)))
        server.listen(5)
        yield f"{host}:{port}"


@contextmanager
def http(answer: bytes) -> Iterator[str]:
    """A web server with a single answer, including its status line."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(answer)

        def log_message(self, *dummy: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/stats"
        finally:
            server.shutdown()
            thread.join()


# The arguments, and the keys of each router and of the picture, if they have any.
GATHERED: list[tuple[dict[str, Any], Any, Any]] = [
    ({}, [["a.test", "b.test"], ["a.test"]], ["a.test", "b.test"]),
    ({"gather": ["routers"]}, [["a.test", "b.test"], ["a.test"]], None),
    ({"gather": ["pools"]}, [None, None], ["a.test", "b.test"]),
    ({"keys": ["b.test", "c.test"]}, [["b.test"], []], ["b.test"]),
    ({"keys": []}, [[], []], []),
    ({"gather": ["pools"], "states": ["missing"]}, [None, None], ["b.test"]),
    ({"gather": ["routers"], "states": ["missing"]}, [["b.test"], []], None),
    ({"states": ["ghost", "dead"]}, [[], []], []),
    ({"states": ["fresh"], "keys": ["a.test"]}, [["a.test"], ["a.test"]], ["a.test"]),
    ({"states": ["ghost"], "max_age": 0, "keys": ["a.test"], "gather": ["pools"]}, [None, None], ["a.test"]),
]


def test_only_what_is_asked_for_is_returned(tmp_path: Path) -> None:
    def keys(pools: Any) -> Any:
        return sorted(pool["key"] for pool in pools) if pools else pools

    with Router(tmp_path / "1") as one, Router(tmp_path / "2") as two:
        one.announce("b.test", "10.0.0.7:1")
        for router in (one, two):
            router.announce("a.test", "10.0.0.7:1")
        later = time.monotonic() + 2
        wait_for("the announcements to age", lambda: time.monotonic() > later, 5)
        for arguments, of_routers, picture in GATHERED:
            # However busy the machine is, the nodes are fresh.
            found = modules.run("uwsgi_router_info", {"router_stats": [one.stats, two.stats], "max_age": 3600, **arguments})
            assert not found.failed, found.msg
            assert [keys(router.get("pools")) for router in found.data["routers"]] == of_routers, arguments
            assert keys(found.data.get("pools")) == picture, arguments
            assert [router["stats"] for router in found.data["routers"]] == [one.stats, two.stats]


def test_of_routers_that_do_not_answer_each_has_its_error_and_the_others_are_kept(tmp_path: Path) -> None:
    gone = free_address()
    with Router(tmp_path) as router, silent() as mute, http(NOT_FOUND) as missing, http(b"hello") as page:
        router.announce("a.test", "10.0.0.7:1")
        stats = [gone, router.stats, mute, missing, page, "router1:2627"]
        found = modules.run("uwsgi_router_info", {"router_stats": stats, "timeout": 5})
    assert found.failed
    said = found.msg.split("; router_stats[")
    assert said[0] == f"router_stats[0]: {gone} does not answer: [Errno 111] Connection refused" + CHECK
    assert said[1:] == [
        f"2]: {mute} does not answer: timed out" + CHECK,
        f"3]: {missing} does not answer: HTTP Error 404: Not Found" + CHECK,
        f"4]: {page} does not answer: hello" + CHECK,
        "5]: 'router1:2627' is not a stats server; give IPV4:PORT, the absolute path of a unix socket, or an http URL",
    ]
    assert ["error" in one for one in found.data["routers"]] == [True, False, True, True, True, True]
    [pool] = found.data["pools"]
    # A router that doesn't answer is not missing a node.
    assert [(node["fresh_on"], node["missing_on"]) for node in pool["nodes"]] == [([router.stats], [])]


def test_stats_over_http_are_read_and_may_not_be_cut() -> None:
    body = b'{"version":"2.0.31","pid":7,"subscriptions":[]}'
    with http(OK + body) as url, http(OK + body[:-1]) as cut:
        found = modules.run("uwsgi_router_info", {"router_stats": [url, cut]})
    assert found.data["routers"][0] == {"stats": url, "version": "2.0.31", "pid": 7, "pools": []}
    assert found.msg.startswith(f"router_stats[1]: {cut}: its answer is not the JSON of a stats server: Expecting")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"router_stats": []}, "router_stats: names no router; give the address of at least one stats server"),
    ({"timeout": 0}, "timeout: 0 is too small; give 1 or more seconds"),
    ({"max_age": -1}, "max_age: -1 is too small; give 0 or more seconds"),
]


@pytest.mark.parametrize(("arguments", "problem"), REFUSED)
def test_arguments_with_which_nobody_can_be_asked_are_refused(arguments: dict[str, Any], problem: str) -> None:
    found = modules.run("uwsgi_router_info", {"router_stats": ["127.0.0.1:9"], **arguments})
    assert (found.failed, found.msg, found.data["argument"]) == (True, problem, problem.partition(":")[0])
