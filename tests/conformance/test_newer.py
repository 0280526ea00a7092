# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only uWSGI 2.1 does. A 2.0 refuses its options and ignores its fields."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import stats
from support import keys, modules
from support.fleet import Node, Router
from support.loopback import free_address, send, wait_for
from support.uwsgi import RELEASE, VERSION, Instance, read

KEY = "a.test"
NODE, OTHER = "10.0.0.7:3031", "10.0.0.8:3031"
OFTEN = "subscribe-freq = 1"


def is_known(folder: Path, option: str) -> bool:
    """Whether this uWSGI knows an option of 2.1; a 2.0 refuses it."""
    if RELEASE >= V2_1:
        return True
    with pytest.raises(AssertionError, match="unknown config directive: " + option):
        read(folder, option, f"[uwsgi]\n{option} = 1\n")
    return False


def listed(router: Router) -> dict[str, list[stats.Listed]]:
    """Every node of each key, including cleared and dead nodes."""
    found = stats.parse(stats.fetch(router.stats, 20, lambda *dummy: b""))
    return {pool.key: pool.nodes for pool in found.pools}


def info(router: Router) -> list[dict[str, Any]]:
    """What the module reports about the nodes of a router's only key."""
    found = modules.run("uwsgi_router_info", {"router_stats": [router.stats]})
    assert not found.failed, found.msg
    nodes: list[dict[str, Any]] = found.data["routers"][0]["pools"][0]["nodes"]
    return nodes


@pytest.mark.proves("server_params.mountpoints_depth")
@pytest.mark.parametrize("kind", ["", "ec"])
def test_mountpoints_depth_has_a_part_of_the_path_in_a_key(kind: str, tmp_path: Path) -> None:
    if not is_known(tmp_path, "subscription-mountpoint"):
        return
    key, params = KEY + "/app", {}
    subscription: dict[str, Any] = {"key": key}
    if kind:
        (tmp_path / "public").mkdir()
        (tmp_path / "public" / file_names.key_file(key, RELEASE)).write_text(keys.public(kind))
        (tmp_path / "private.pem").write_text(keys.private(kind))
        params = {"server_verification_params": {"digest_algo": "SHA256", "dir_cert": str(tmp_path / "public")}}
        subscription["signing"] = ["SHA256", str(tmp_path / "private.pem")]
    with Router(tmp_path / "router", server_params={"mountpoints_depth": 1}, **params) as router:
        subscription["server"] = router.subscriptions
        with Node(tmp_path, "one", [subscription], OFTEN) as node:
            router.wait_for_nodes(key, node.address)
            assert router.ask(KEY, "/app/x") == "one"
            assert router.ask(KEY, "/other/x") == router.ask("b.test", "/app/x") == ""


@pytest.mark.proves("server_params.require_vassal")
def test_require_vassal_drops_announcements_without_one(tmp_path: Path) -> None:
    if not is_known(tmp_path, "subscription-vassal-required"):
        return
    with Router(tmp_path / "router", server_params={"require_vassal": True}) as router:
        send(router.subscriptions, datagram.encode(datagram.SUBSCRIBE, [("key", KEY), ("address", OTHER)]))
        router.announce(KEY, NODE, vassal="shop.ini")
        assert [node.vassal for node in listed(router)[KEY]] == ["shop.ini"]


@pytest.mark.proves("client_params.clear_on_exit", "subscriptions.address_vassal")
def test_clear_on_exit_leaves_the_name_and_the_requests_that_the_node_had(tmp_path: Path) -> None:
    if not is_known(tmp_path, "subscription-clear-on-shutdown"):
        return
    with Router(tmp_path / "router") as router:
        entry = {"server": router.subscriptions, "key": KEY, "address_vassal": "shop.ini", "suspend_file": str(tmp_path / "s")}
        fifo = tmp_path / "fifo"
        clearing = ["subscription-clear-on-shutdown = true", f"master-fifo = {fifo}", OFTEN]
        with Node(tmp_path, "one", [entry], *clearing) as node:
            router.wait_for_nodes(KEY, node.address)
            answers: list[str] = []
            asking = threading.Thread(target=lambda: answers.append(router.ask(KEY, "/hold")))
            asking.start()
            wait_for("the request", lambda: listed(router)[KEY][0].in_flight)
            wait_for("the FIFO", fifo.exists)
            fifo.write_text("q", encoding="ascii")
            wait_for("a cleared node", lambda: listed(router)[KEY][0].address == "")
            [cleared] = info(router)
            assert (cleared["address"], cleared["vassal"], cleared["in_flight"], cleared["fresh"]) == ("", "shop.ini", 1, False)
            # It isn't drained until its request has ended.
            given = {"state": "drained", "vassal": str(node.file), "router_stats": [router.stats], "timeout": 1}
            early = modules.run("uwsgi_drain", given)
            assert early.failed and "(dead, 1 requests in flight)" in early.msg
            (tmp_path / "release").touch()
            asking.join()
            assert answers == ["one"]
            # A router never counts down the requests that a node had when it was cleared (corerouter_close_peer).
            assert (listed(router)[KEY][0].address, listed(router)[KEY][0].in_flight) == ("", 1)


@pytest.mark.proves("server_params.tolerance_inactive")
def test_tolerance_inactive_is_the_time_for_which_a_cleared_node_is_kept(tmp_path: Path) -> None:
    if not is_known(tmp_path, "subscription-tolerance-inactive"):
        return
    with Router(tmp_path / "router", server_params={"tolerance_inactive": 1}) as router:
        entry = {"server": router.subscriptions, "key": KEY, "address_vassal": "shop.ini", "suspend_file": str(tmp_path / "s")}
        fifo = tmp_path / "fifo"
        with Node(tmp_path, "one", [entry], "subscription-clear-on-shutdown = true", f"master-fifo = {fifo}", OFTEN) as node:
            router.wait_for_nodes(KEY, node.address)
            given = {"state": "drained", "vassal": str(node.file), "router_stats": [router.stats], "timeout": 20}
            # The master announces the node before it makes the FIFO.
            wait_for("the FIFO", fifo.exists)
            fifo.write_text("q", encoding="ascii")
            wait_for("a cleared node", lambda: listed(router)[KEY][0].address == "")
            drained = modules.run("uwsgi_drain", given)
            assert not drained.failed, drained.msg
            wait_for("its end", lambda: router.ask(KEY) == "" and KEY not in listed(router))


@pytest.mark.proves("subscriptions.inactive")
def test_inactive_keeps_no_request_away(tmp_path: Path) -> None:
    with Router(tmp_path / "router") as router:
        entries = {name: {"server": router.subscriptions, "key": KEY} for name in ("one", "two")}
        lines = [f"subscribe2 = server={router.subscriptions},key={KEY},inactive=1", OFTEN]
        with Node(tmp_path, "one", [], *lines) as one, Node(tmp_path, "two", [entries["two"]], OFTEN) as two:
            router.wait_for_nodes(KEY, one.address, two.address)
            assert {router.ask(KEY) for dummy in range(10)} == {"one", "two"}


@pytest.mark.proves("subscriptions.backup_level")
def test_a_backup_serves_when_the_others_are_gone(tmp_path: Path) -> None:
    with Router(tmp_path / "router") as router:
        fields = [f"subscribe2 = server={router.subscriptions},key={KEY}{more}" for more in ("", ",backup=1,proto=uwsgi")]
        with Node(tmp_path, "two", [], fields[1], OFTEN) as two:
            with Node(tmp_path, "one", [], fields[0], OFTEN) as one:
                router.wait_for_nodes(KEY, one.address, two.address)
                served = {router.ask(KEY) for dummy in range(10)}
                assert served == ({"one"} if RELEASE >= V2_1 else {"one", "two"})
            wait_for("the other", lambda: {router.ask(KEY) for dummy in range(3)} == {"two"})


@pytest.mark.proves("subscriptions.protocol", "subscriptions.balancing_algo")
def test_what_a_router_has_of_a_node_is_told(tmp_path: Path) -> None:
    with Router(tmp_path / "router") as router:
        router.announce(KEY, NODE, vassal="shop.ini", proto="http", backup="2", algo="lrc")
        [node] = info(router)
        told = modules.run("uwsgi_router_info", {"router_stats": [router.stats]}).data
    expected: tuple[Any, ...] = ("shop.ini", "http", 2, "lrc") if RELEASE >= V2_1 else ("", "", 0, "")
    for pool in (told["pools"][0], told["routers"][0]["pools"][0]):
        node = pool["nodes"][0]
        assert (node["vassal"], node["protocol"], node["backup"], pool["algo"]) == expected


def test_a_port_that_the_kernel_gives_is_announced(tmp_path: Path) -> None:
    address = free_address().rpartition(":")[0] + ":0"
    with Router(tmp_path / "router") as router:
        vassal = {
            "name": "shop",
            "options": {"socket": address},
            "subscriptions": [{"server": router.subscriptions, "key": KEY}],
        }
        (tmp_path / "v").mkdir()
        given = {"path": str(tmp_path / "v"), "vassals": [vassal], "uwsgi_version": VERSION, "validate": False}
        written = modules.run("uwsgi_vassals", given)
        assert not written.failed, written.msg
        with Instance(tmp_path, f"include = {tmp_path / 'v' / 'shop.ini'}", OFTEN, name="shop"):
            wait_for("an address", lambda: any(name.startswith(address[:-1]) for name in router.nodes(KEY)))
            assert address not in router.nodes(KEY)
