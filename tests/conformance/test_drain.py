# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real nodes leave and rejoin the tables of real routers; the module runs as its own process."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import scanner, stats
from support import modules
from support.drained import KEY, OFTEN, fleet
from support.fleet import Node, Router
from support.loopback import Listener, wait_for


def states(seen: list[dict[str, Any]]) -> set[str]:
    return {one["state"] for one in seen}


@pytest.mark.parametrize("kind", ["", "ec", "rsa"])
def test_there_and_back_again(kind: str, tmp_path: Path) -> None:
    with fleet(tmp_path, kind=kind, routers=2, names=(KEY, "b.test")) as all_of_it:
        one, two = all_of_it.node("one"), all_of_it.node("two")
        pairs = [(router.stats, key, one.address) for router in all_of_it.routers for key in all_of_it.keys]

        planned = all_of_it.run("drained", one, check=True)
        assert (planned.failed, planned.changed, all_of_it.held()) == (False, True, {})
        assert all_of_it.where() == [sorted([one.address, two.address])] * 4

        drained = all_of_it.run("drained", one)
        assert (drained.failed, drained.changed) == (False, True), drained.msg
        assert all_of_it.where() == [[two.address]] * 4
        assert all_of_it.held() == {"one": ["operator"]}
        assert [(seen["router"], seen["key"], seen["node"]) for seen in drained.data["before"]] == pairs
        assert [(seen["router"], seen["key"], seen["node"]) for seen in drained.data["after"]] == pairs
        assert states(drained.data["before"]) == {"listed"}
        assert states(drained.data["after"]) <= {"dead", "absent"}
        assert (drained.data["suspend_files"], drained.data["held_by"]) == ([str(all_of_it.suspend / "one")], ["operator"])
        assert drained.data["seconds"] >= 0

        for check in (False, True):
            again = all_of_it.run("drained", one, check=check)
            assert (again.failed, again.changed, again.data["held_by"]) == (False, False, ["operator"])

        planned = all_of_it.run("active", one, check=True)
        assert (planned.failed, planned.changed, all_of_it.held()) == (False, True, {"one": ["operator"]})

        active = all_of_it.run("active", one)
        assert (active.failed, active.changed, active.data["held_by"]) == (False, True, []), active.msg
        assert states(active.data["after"]) == {"listed"}
        assert all_of_it.where() == [sorted([one.address, two.address])] * 4
        assert all_of_it.held() == {}
        for check in (False, True):
            again = all_of_it.run("active", one, check=check)
            assert (again.failed, again.changed) == (False, False)


def test_requests_in_flight_end_well_and_no_new_one_arrives(tmp_path: Path) -> None:
    with fleet(tmp_path, kind="ec") as all_of_it:
        (router,) = all_of_it.routers
        one, two = all_of_it.node("one"), all_of_it.node("two")
        answers: list[str] = []
        held = [threading.Thread(target=lambda: answers.append(router.ask(KEY, "/hold"))) for dummy in range(4)]
        for thread in held:
            thread.start()

        def in_flight() -> int:
            return sum(node.in_flight for node in router.pools()[KEY].values())

        wait_for("four requests in flight", lambda: in_flight() == 4)
        program = [modules.sys.executable, "-m", modules.PACKAGE + "uwsgi_drain"]
        given = {"state": "drained", "vassal": str(one.file), "router_stats": [router.stats], "timeout": 30}
        drain = modules.start(program, given)
        router.wait_for_nodes(KEY, two.address)
        # The drain waits for the node's requests in flight, while all new ones go elsewhere.
        assert {router.ask(KEY) for dummy in range(20)} == {"two"}
        assert drain.poll() is None
        assert answers == []
        (tmp_path / "release").touch()
        result = modules.finish(drain)
        for thread in held:
            thread.join()
        assert (result.failed, result.changed) == (False, True), result.msg
        assert sorted(answers) == ["one", "one", "two", "two"]
        assert result.data["before"][0]["in_flight"] == 2
        assert result.data["after"][0]["in_flight"] == 0


def test_under_load_no_request_is_lost(tmp_path: Path) -> None:
    with fleet(tmp_path, kind="ec", routers=2) as all_of_it:
        one = all_of_it.node("one")
        all_of_it.node("two")
        stop = threading.Event()
        seen: list[tuple[float, str]] = []

        def load(router: Router) -> None:
            while not stop.is_set():
                started = time.monotonic()
                seen.append((started, router.ask(KEY)))

        threads = [threading.Thread(target=load, args=(router,)) for router in all_of_it.routers * 2]
        for thread in threads:
            thread.start()
        wait_for("some load", lambda: len(seen) > 50)
        drained = all_of_it.run("drained", one)
        out = time.monotonic()
        count = len(seen)
        wait_for("more load", lambda: len(seen) > count + 50)
        back = time.monotonic()
        active = all_of_it.run("active", one)
        count = len(seen)
        wait_for("yet more load", lambda: len(seen) > count + 50)
        stop.set()
        for thread in threads:
            thread.join()
    assert not drained.failed and not active.failed
    assert {answer for dummy, answer in seen} == {"one", "two"}
    assert {answer for started, answer in seen if out < started < back} == {"two"}
    assert {answer for dummy, answer in seen[count:]} == {"one", "two"}


def test_a_drained_node_stays_out_when_it_starts_again(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it, Listener() as listener:
        # A subscription outside the fragment shows that the node is up and still announces other keys.
        node = all_of_it.node("one", f"subscribe2 = server={listener.address},key=heard")
        drained = all_of_it.run("drained", fragment=str(node.fragment))
        assert not drained.failed, drained.msg
        node.__exit__(None, None, None)
        count = len(listener.poll())
        with node:
            listener.wait(count + 3)
            assert all_of_it.where() == [[]]
            again = all_of_it.run("drained", fragment=str(node.fragment))
            assert (again.failed, again.changed) == (False, False)
            active = all_of_it.run("active", fragment=str(node.fragment))
            assert (active.failed, active.changed) == (False, True), active.msg
            assert all_of_it.where() == [[node.address]]


def test_each_reason_holds_until_it_is_taken_away_itself(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        node = all_of_it.node("one")
        for reason, count in (("operator", 1), ("deploy", 2)):
            result = all_of_it.run("drained", node, reason=reason)
            assert (result.failed, result.changed, len(result.data["held_by"])) == (False, True, count)
        stays = all_of_it.run("active", node)
        assert (stays.failed, stays.changed, stays.data["held_by"]) == (False, True, ["deploy"])
        assert stays.warnings == ["it stays out, held by: deploy"]
        assert all_of_it.held() == {"one": ["deploy"]}
        assert all_of_it.where() == [[]]
        back = all_of_it.run("active", node, reason="deploy")
        assert (back.failed, back.changed, back.data["held_by"]) == (False, True, [])
        assert all_of_it.where() == [[node.address]]


def test_without_waiting_no_router_is_asked(tmp_path: Path) -> None:
    with fleet(tmp_path, kind="ec") as all_of_it:
        node = all_of_it.node("one")
        for changed in (True, False):
            result = all_of_it.run("drained", node, router_stats=None, wait=False)
            assert (result.failed, result.changed) == (False, changed), result.msg
            assert (result.data["before"], result.data["after"]) == ([], [])
            assert result.warnings == []
        all_of_it.routers[0].wait_for_nodes(KEY)
        for changed in (True, False):
            result = all_of_it.run("active", node, router_stats=None, wait=False)
            assert (result.failed, result.changed) == (False, changed), result.msg
        all_of_it.routers[0].wait_for_nodes(KEY, node.address)


def test_subscriptions_as_arguments(tmp_path: Path) -> None:
    with fleet(tmp_path, kind="ec", names=(KEY, "b.test")) as all_of_it:
        node = all_of_it.node("one")
        entries = [{**all_of_it.subscription("one", key), "address": node.address} for key in all_of_it.keys]
        drained = all_of_it.run("drained", subscriptions=entries)
        assert (drained.failed, drained.changed) == (False, True), drained.msg
        assert all_of_it.where() == [[], []]
        assert all_of_it.run("active", subscriptions=entries).changed
        # Only one of the keys is given, though the file silences both.
        drained = all_of_it.run("drained", subscriptions=entries[:1])
        assert (drained.failed, drained.changed) == (False, True), drained.msg
        assert {seen["key"] for seen in drained.data["after"]} == {KEY}


def test_unix_sockets(tmp_path: Path) -> None:
    with Router(tmp_path / "router", str(tmp_path / "r.sock")) as router:
        wait_for("the router's socket", lambda: os.path.exists(router.subscriptions))
        path = str(tmp_path / "n.sock")
        entry = {"server": router.subscriptions, "key": KEY, "address": path, "suspend_file": str(tmp_path / "suspended")}
        with Node(tmp_path, "one", [entry], "socket = " + path, OFTEN) as node:
            router.wait_for_nodes(KEY, path)
            arguments = {"state": "drained", "vassal": str(node.file), "router_stats": [router.stats]}
            drained = modules.run("uwsgi_drain", arguments)
            assert (drained.failed, drained.changed) == (False, True), drained.msg
            assert drained.data["after"][0]["node"] == path
            assert router.nodes(KEY) == []
            active = modules.run("uwsgi_drain", {**arguments, "state": "active"})
            assert (active.failed, active.changed) == (False, True), active.msg
            assert router.nodes(KEY) == [path]
        # Without waiting, a warning says whether the router was told.
        os.unlink(router.subscriptions)
        told = modules.run("uwsgi_drain", {**arguments, "wait": False})
        assert (told.failed, told.changed) == (False, True)
        alone, told_not = told.warnings
        assert alone.startswith(f"{router.stats} has no other fresh node for {KEY!r}")
        assert told_not.startswith("a router was not told, and keeps the node until its tolerance ends: ")


def test_a_file_made_by_hand_is_the_operators(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        node = all_of_it.node("one")
        (all_of_it.suspend / "one").write_text("for the night")
        drained = all_of_it.run("drained", node)
        assert (drained.failed, drained.changed, drained.data["held_by"]) == (False, True, ["operator"])
        refused = all_of_it.run("drained", node, reason="health")
        assert (refused.failed, "argument" in refused.data) == (True, False)
        assert (all_of_it.suspend / "one").read_text() == "for the night"
        active = all_of_it.run("active", node)
        assert (active.failed, active.changed) == (False, True), active.msg
        assert list(all_of_it.suspend.iterdir()) == []


def test_several_vassals_are_drained_at_once(tmp_path: Path) -> None:
    names = (KEY, "b.test")
    with fleet(tmp_path, kind="ec", routers=2, names=names) as all_of_it:
        one, two, other = (all_of_it.node(name) for name in ("one", "two", "other"))
        paths = [str(one.file), str(two.file)]
        # Vassals that are drained together don't count for each other's minimum.
        refused = all_of_it.run("drained", vassals=paths, minimum=2)
        assert (refused.failed, refused.data["argument"], all_of_it.held()) == (True, "minimum", {})
        drained = all_of_it.run("drained", vassals=paths, minimum=1)
        assert (drained.failed, drained.changed) == (False, True), drained.msg
        assert all_of_it.where() == [[other.address]] * 4
        assert all_of_it.held() == {"one": ["operator"], "two": ["operator"]}
        assert [(each["vassal"], each["changed"], each["lagging"]) for each in drained.data["vassals"]] == [
            (path, True, []) for path in paths
        ]
        assert {seen["node"] for seen in drained.data["after"]} == {one.address, two.address}
        assert states(drained.data["after"]) <= {"dead", "absent"}
        assert {router.ask(name) for router in all_of_it.routers for name in names} == {"other"}
        again = all_of_it.run("drained", vassals=paths)
        assert (again.failed, again.changed) == (False, False)
        active = all_of_it.run("active", vassals=paths)
        assert (active.failed, active.changed) == (False, True), active.msg
        assert all_of_it.where() == [sorted([one.address, two.address, other.address])] * 4


def test_a_router_says_where_it_gets_announcements(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        (router,) = all_of_it.routers
        found = stats.parse(stats.fetch(router.stats, 20, lambda *dummy: b""))
        assert found.sockets == (router.address, router.subscriptions)


def test_what_a_router_writes_is_scanned(tmp_path: Path) -> None:
    with fleet(tmp_path, names=(KEY, "b.test")) as all_of_it:
        node = all_of_it.node("one")
        raw = stats.fetch(all_of_it.routers[0].stats, 20, lambda *dummy: b"")
        found = scanner.Selection([(KEY, node.address)])._scanned(raw)
        whole = stats.parse(raw)
        assert found == whole._replace(pools=[pool for pool in whole.pools if pool.key == KEY])
