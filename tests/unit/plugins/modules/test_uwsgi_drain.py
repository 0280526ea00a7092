# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nodes drained and restored by the module as Ansible runs it, without a uWSGI: files, datagrams, and routers' stats."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from support import modules
from support.files import put
from support.loopback import Listener
from support.stream import Server, serving

NODE = "10.0.0.7:3031"
# A node that was heard then is fresh, however long a test takes.
LATER = 2**31


class Node:
    """A vassal's files, and its router.

    Attributes:
        suspend: the path whose existence silences it.
    """

    def __init__(self, folder: Path, router: Listener) -> None:
        self.router = router
        self.suspend = folder / "suspend" / "shop"
        self.suspend.parent.mkdir()
        fields = f"server={router.address},key=a.test,check={self.suspend}"
        self.vassal = put(folder / "shop.ini", f"[uwsgi]\nsocket = {NODE}\nsubscribe2 = {fields}\n")

    def run(self, state: str, check: bool = False, **arguments: Any) -> modules.Result:
        """Run the module; by default it waits for nothing."""
        given = {"state": state, "vassal": str(self.vassal), "wait": False, "timeout": 1, **arguments}
        return modules.run("uwsgi_drain", {name: value for name, value in given.items() if value is not None}, check)

    def held(self) -> list[str]:
        return sorted(os.listdir(self.suspend)) if self.suspend.exists() else []


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with Listener() as router:
        yield Node(tmp_path, router)


def stats(*nodes: dict[str, Any]) -> AbstractContextManager[Server]:
    """A router's stats server that always gives the same answer."""
    listed = [{"name": NODE, "last_check": LATER, **one} for one in nodes]
    table = {"version": "2.0.31", "subscriptions": [{"key": "a.test", "nodes": listed}]}
    return serving(json.dumps(table).encode(), asked=False)


def told(found: modules.Result) -> tuple[bool, list[str]]:
    assert not found.failed, found.msg
    return found.changed, found.data["held_by"]


def test_it_is_taken_out_and_brought_back_once(node: Node) -> None:
    assert told(node.run("drained", check=True)) == (True, [])
    assert (node.held(), node.router.poll()) == ([], [])
    found = node.run("drained")
    assert told(found) == (True, ["operator"])
    assert (found.data["suspend_files"], node.held()) == ([str(node.suspend)], ["operator"])
    assert (found.data["before"], found.data["after"]) == ([], [])
    [packet] = node.router.wait(1)
    assert packet.command == datagram.UNSUBSCRIBE
    assert dict(packet.pairs) == {"key": b"a.test", "address": NODE.encode()}
    for check in (True, False):
        assert told(node.run("drained", check=check)) == (False, ["operator"])
    assert told(node.run("active", check=True)) == (True, ["operator"])
    assert node.held() == ["operator"]
    assert told(node.run("active")) == (True, [])
    assert not node.suspend.exists()
    for check in (True, False):
        assert told(node.run("active", check=check)) == (False, [])


def test_each_reason_holds_it_until_it_goes_itself(node: Node) -> None:
    assert told(node.run("drained", reason="health")) == (True, ["health"])
    assert told(node.run("drained", reason="deploy-1")) == (True, ["deploy-1", "health"])
    found = node.run("active", reason="health")
    assert told(found) == (True, ["deploy-1"])
    assert found.warnings == ["it stays out, held by: deploy-1"]
    assert told(node.run("active", reason="health")) == (False, ["deploy-1"])


def test_a_fragment_and_subscriptions_say_the_same(node: Node, tmp_path: Path) -> None:
    line = f"subscribe2 = server={node.router.address},key=a.test,addr={NODE},check={node.suspend}"
    fragment = put(tmp_path / "fragment.ini", f"[uwsgi]\n{line}\n")
    entry = {"server": node.router.address, "key": "a.test", "address": NODE, "suspend_file": str(node.suspend)}
    assert told(node.run("drained", vassal=None, fragment=str(fragment))) == (True, ["operator"])
    assert told(node.run("drained", vassal=None, subscriptions=[entry])) == (False, ["operator"])


def test_it_waits_until_no_router_has_it(node: Node) -> None:
    with stats() as one, stats({"death_mark": 1, "ref": 0}) as two:
        found = node.run("drained", wait=True, timeout=20, router_stats=[one.address, two.address, one.address])
        assert told(found) == (True, ["operator"])
        assert [(seen["router"], seen["state"]) for seen in found.data["after"]] == [
            (one.address, "absent"), (two.address, "dead"),
        ]  # fmt: skip
        # A router that doesn't list it has nothing to lose, so a second run changes nothing.
        assert told(node.run("drained", wait=True, timeout=20, router_stats=[one.address])) == (False, ["operator"])


def test_a_router_that_keeps_it_is_named_and_the_node_stays_out(node: Node) -> None:
    with stats({"ref": 2}) as router:
        found = node.run("drained", wait=True, timeout=3, router_stats=[router.address])
    assert (found.failed, found.changed, node.held()) == (True, True, ["operator"])
    assert found.msg == (
        f"timed out after 3 s: {router.address} still has {NODE} in 'a.test' (listed, 2 requests in flight)"
    )
    assert "argument" not in found.data
    assert [seen["in_flight"] for seen in found.data["after"]] == [2]
    # Datagrams get lost, so it says goodbye again.
    assert {packet.command for packet in node.router.wait(2)} == {datagram.UNSUBSCRIBE}


def test_a_router_that_does_not_take_it_back_is_named(node: Node) -> None:
    node.run("drained")
    with stats() as router:
        found = node.run("active", wait=True, router_stats=[router.address])
    assert (found.failed, found.changed, node.held()) == (True, True, [])
    assert found.msg == f"timed out after 1 s: {router.address} doesn't have {NODE} in 'a.test'"


def test_one_that_is_in_is_not_waited_for(node: Node) -> None:
    with stats({}) as router:
        found = node.run("active", wait=True, timeout=20, router_stats=[router.address])
    assert told(found) == (False, [])
    assert [seen["state"] for seen in found.data["after"]] == ["listed"]


def test_a_minimum_of_others_must_stay(node: Node) -> None:
    with stats({}, {"name": "10.0.0.8:3031"}, {"name": "10.0.0.9:3031", "last_check": 5}) as router:
        for check in (True, False):
            found = node.run("drained", check=check, minimum=2, router_stats=[router.address])
            assert (found.failed, found.changed, found.data["argument"], node.held()) == (True, False, "minimum", [])
            assert f"draining would leave {router.address} 1 fresh nodes for 'a.test'" in found.msg
        assert told(node.run("drained", minimum=1, router_stats=[router.address])) == (True, ["operator"])


@pytest.mark.parametrize("state", ["fresh", "dead", "silent"])
def test_the_last_node_of_a_pool_is_drained_with_a_warning(node: Node, state: str) -> None:
    other = {"fresh": {}, "dead": {"death_mark": 1}, "silent": {"last_check": 5}}[state]
    with stats({}, {"name": "10.0.0.8:3031", **other}) as router:
        for check in (True, False):
            found = node.run("drained", check=check, router_stats=[router.address])
            alone = f"{router.address} has no other fresh node for 'a.test', and nobody answers its requests"
            assert (found.failed, found.warnings) == (False, [] if state == "fresh" else [alone + "; minimum refuses that"])
    # Draining a node that is already out takes nothing away from the others.
    with stats({"death_mark": 1}) as router:
        assert node.run("drained", router_stats=[router.address]).warnings == []


def test_a_plain_file_is_the_operator_s_reason(node: Node) -> None:
    node.suspend.touch()
    assert told(node.run("drained")) == (False, ["operator"])
    assert told(node.run("active")) == (True, [])
    assert not node.suspend.exists()


SOURCES = "one of the following is required: vassal, fragment, subscriptions, vassals"
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"reason": "../a"}, "reason: '../a' is not a valid reason", "reason"),
    ({"timeout": 0}, "timeout: 0 is too small", "timeout"),
    ({"minimum": -1}, "minimum: -1 is too small", "minimum"),
    ({"wait": True}, "router_stats: is missing", "router_stats"),
    ({"minimum": 1}, "router_stats: is missing", "router_stats"),
    ({"router_stats": ["127.0.0.1:1", "router:1"]}, "router_stats[1]: 'router:1' is not a stats server", "router_stats[1]"),
    ({"vassal": "/nonexistent.ini"}, "vassal: /nonexistent.ini can't be read: ", "vassal"),
    ({"vassal": "/dev/null"}, "vassal: /dev/null can't be read: it is not a regular file", "vassal"),
    ({"vassal": None, "subscriptions": []}, "subscriptions: is empty", "subscriptions"),
    ({"subscriptions": []}, "parameters are mutually exclusive: vassal|fragment|subscriptions", ""),
    ({"state": "out"}, "value of state must be one of: active, drained", ""),
]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("arguments", "words", "argument"), REFUSED)
def test_bad_arguments_hold_nothing(
    node: Node, arguments: dict[str, Any], words: str, argument: str, check: bool
) -> None:
    found = node.run(arguments.get("state", "drained"), check, **{k: v for k, v in arguments.items() if k != "state"})
    assert found.failed
    assert found.msg.startswith(words)
    assert found.data.get("argument", "") == argument
    assert (node.held(), node.router.poll()) == ([], [])


def test_one_of_three_sources_is_needed() -> None:
    found = modules.run("uwsgi_drain", {"state": "drained", "wait": False})
    assert (found.failed, found.msg) == (True, SOURCES)


def test_without_a_suspend_file_nothing_would_keep_it_out(node: Node) -> None:
    put(node.vassal, f"[uwsgi]\nsocket = {NODE}\nsubscribe2 = server={node.router.address},key=a.test\n")
    found = node.run("drained")
    assert (found.failed, found.data["argument"]) == (True, "vassal")
    assert "the key 'a.test' is announced without a suspend_file" in found.msg


def test_a_folder_that_is_not_there_is_the_host_s_error(node: Node) -> None:
    node.suspend.parent.rmdir()
    found = node.run("drained")
    assert found.failed
    assert found.msg.startswith(f"{node.suspend}: No such file or directory; nothing was changed. Make its folder, ")
    assert "argument" not in found.data
    assert node.router.poll() == []
