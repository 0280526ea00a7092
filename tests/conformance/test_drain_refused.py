# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drains that must not start, and drains that time out: the error names the late nodes, and the reason stays set."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import stats
from support.drained import KEY, fleet
from support.fleet import Router
from support.loopback import free_address, send, wait_for
from support.uwsgi import Instance


def test_a_router_that_refuses_is_named_with_the_key(tmp_path: Path) -> None:
    with fleet(tmp_path, kind="ec", routers=2, names=(KEY, "b.test")) as all_of_it:
        node = all_of_it.node("one")
        entries = [{**all_of_it.subscription("one", key), "address": node.address} for key in all_of_it.keys]
        # For one router and one key, the goodbye is not signed.
        unsigned = {**entries[1], "server": all_of_it.routers[0].subscriptions}
        del unsigned["signing"]
        entries[1]["server"] = all_of_it.routers[1].subscriptions
        result = all_of_it.run("drained", subscriptions=[*entries, unsigned], timeout=5)
        assert result.failed
        left = f"{all_of_it.routers[0].stats} still has {node.address} in 'b.test' (listed, 0 requests in flight)"
        assert (result.msg, "argument" in result.data) == (f"timed out after 5 s: {left}", False)
        # The node keeps the requested state.
        assert (result.changed, result.data["held_by"], all_of_it.held()) == (True, ["operator"], {"one": ["operator"]})
        assert [seen["state"] for seen in result.data["before"]] == ["listed"] * 4
        later = all_of_it.run("drained", node)
        assert (later.failed, later.changed) == (False, True), later.msg


@contextmanager
def coming_back(router: Router, node: str) -> Iterator[str]:
    """A router's stats; somebody else announces a node before every second answer, except the first.

    Who announced it from time to time would be too late on a busy machine.
    """
    packet = datagram.encode(datagram.SUBSCRIBE, [("key", KEY), ("address", node)])
    address = free_address()
    host, dummy, port = address.rpartition(":")
    with socket.create_server((host, int(port))) as server:

        def serve() -> None:
            for number in itertools.count():
                try:
                    stream = server.accept()[0]
                except OSError:
                    return
                with stream:
                    if number and number % 2 == 0:
                        send(router.subscriptions, packet)
                        router.wait_for_nodes(KEY, node)
                    stream.sendall(stats.fetch(router.stats, 20, lambda *dummy: b""))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield address
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_node_that_somebody_else_announces_does_not_count_as_out(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        node, router = all_of_it.node("one"), all_of_it.routers[0]
        with coming_back(router, node.address) as address:
            result = all_of_it.run("drained", node, router_stats=[address], timeout=3)
        assert result.failed
        assert result.msg.startswith(f"timed out after 3 s: {address} still has {node.address} in 'a.test' (")


def test_a_node_that_does_not_come_back_is_named(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        node = all_of_it.node("one")
        assert not all_of_it.run("drained", node).failed
        node.__exit__(None, None, None)
        result = all_of_it.run("active", node, timeout=1)
        assert result.failed
        router = all_of_it.routers[0].stats
        assert result.msg.startswith(f"timed out after 1 s: {router} doesn't have {node.address} in 'a.test'")
        assert (result.changed, all_of_it.held()) == (True, {})
        # A node that returned is fresh, and nothing is left to do.
        with node:
            wait_for("the node", lambda: all_of_it.where() == [[node.address]])
            again = all_of_it.run("active", node)
            assert (again.failed, again.changed) == (False, False)


@contextmanager
def silent() -> Iterator[str]:
    """A server that accepts connections but sends nothing."""
    address = free_address()
    host, dummy, port = address.rpartition(":")
    with socket.create_server((host, int(port))):
        yield address


def test_a_router_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it, silent() as address:
        node = all_of_it.node("one")
        nobody, router = free_address(), all_of_it.routers[0]
        result = all_of_it.run("drained", node, router_stats=[nobody, router.stats, address], timeout=2)
        assert result.failed
        assert f"{nobody} does not answer" in result.msg
        assert f"{address} does not answer" in result.msg
        assert router.stats not in result.msg
        assert [seen["state"] for seen in result.data["before"]] == ["no answer", "listed", "no answer"]
        assert all_of_it.where() == [[]]
        assert all_of_it.held() == {"one": ["operator"]}
        # A drain without waiting changes nothing the second time.
        again = all_of_it.run("drained", node, router_stats=[nobody, router.stats], timeout=2, wait=False)
        assert (again.failed, again.changed) == (False, False), again.msg


def test_what_is_no_routers_table_is_named(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        node = all_of_it.node("one")
        # An instance that isn't a router also has a stats server.
        address = free_address()
        with Instance(tmp_path, "socket = " + free_address(), "stats = " + address) as other:
            # The master answers once it has its worker.
            other.wait_for_words("spawned uWSGI worker 1")
            result = all_of_it.run("drained", node, router_stats=[address], timeout=3)
        assert result.failed
        assert f"{address}: it is not the stats server of a router" in result.msg


def test_a_minimum_of_others_stays(tmp_path: Path) -> None:
    with fleet(tmp_path, routers=2) as all_of_it:
        one = all_of_it.node("one")
        for check in (True, False):
            refused = all_of_it.run("drained", one, check=check, minimum=1)
            assert (refused.failed, refused.changed, refused.data["argument"]) == (True, False, "minimum")
            assert "0 fresh nodes for 'a.test', and minimum is 1" in refused.msg
            assert (all_of_it.held(), all_of_it.where()) == ({}, [[one.address]] * 2)
        two = all_of_it.node("two")
        nobody = free_address()
        refused = all_of_it.run("drained", one, minimum=1, router_stats=[all_of_it.routers[0].stats, nobody])
        assert (refused.failed, refused.data["argument"]) == (True, "minimum")
        assert f"cannot be checked, because a router did not answer: {nobody} does not answer" in refused.msg
        assert all_of_it.held() == {}
        for changed in (True, False):
            drained = all_of_it.run("drained", one, minimum=1)
            assert (drained.failed, drained.changed) == (False, changed), drained.msg
        refused = all_of_it.run("drained", two, minimum=1)
        assert (refused.failed, refused.data["argument"]) == (True, "minimum")
        assert all_of_it.held() == {"one": ["operator"]}
        # A node that is out may stay out, even if too few remain.
        two.__exit__(None, None, None)
        again = all_of_it.run("drained", one, minimum=5)
        assert (again.failed, again.changed) == (False, False), again.msg


def test_when_one_of_several_cannot_be_held_none_is(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        node = all_of_it.node("one")
        entry = {**all_of_it.subscription("one", KEY), "address": node.address}
        elsewhere = {**entry, "key": "b.test", "suspend_file": str(tmp_path / "missing" / "one")}
        result = all_of_it.run("drained", subscriptions=[entry, elsewhere])
        assert (result.failed, result.changed, "argument" in result.data) == (True, False, False)
        assert f"{elsewhere['suspend_file']}: No such file or directory; nothing was changed" in result.msg
        assert all_of_it.held() == {}
        assert all_of_it.where() == [[node.address]]
