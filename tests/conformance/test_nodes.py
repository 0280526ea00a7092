# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments that decide when a node announces itself and when it is silent, and that are not fields of an announcement.

No test waits for a fixed time. To show that something does not happen, a second node runs with the opposite argument: the test
looks once it has happened there.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.datagram import SUBSCRIBE, UNSUBSCRIBE
from support import modules
from support.loopback import Listener, free_address, wait_for
from support.uwsgi import Instance


class Node:
    """A node with its own fragment, and the listener that it announces itself to."""

    def __init__(self, folder: Path, **arguments: Any) -> None:
        folder.mkdir()
        self.fifo = folder / "fifo"
        self.listener = Listener()
        subscription = {"server": self.listener.address, "key": "a.test", **arguments.pop("subscription", {})}
        fragment = folder / "fragment.ini"
        result = modules.run(
            "uwsgi_subscription", {"path": str(fragment), "subscriptions": [subscription], "validate": False, **arguments}
        )
        assert not result.failed, result.msg
        self.instance = Instance(
            folder, "socket = " + free_address(), f"master-fifo = {self.fifo}", f"include = {fragment}"
        )

    @property
    def commands(self) -> list[int]:
        """The commands of the announcements so far."""
        return [packet.command for packet in self.listener.poll()]

    def order(self, letter: str) -> None:
        """Write into the master's FIFO, once it exists."""
        wait_for("the FIFO", self.fifo.exists)
        self.fifo.write_text(letter, encoding="ascii")


@contextmanager
def _running(*nodes: Node) -> Iterator[None]:
    with ExitStack() as stack:
        for node in nodes:
            stack.enter_context(node.listener)
            stack.enter_context(node.instance)
        yield


@pytest.mark.proves("client_params.start_unsubscribed")
def test_start_unsubscribed_is_silent_until_it_is_told(tmp_path: Path) -> None:
    plain = Node(tmp_path / "plain", client_params={"announce_interval": 1, "start_unsubscribed": False})
    silent = Node(tmp_path / "silent", client_params={"announce_interval": 1, "start_unsubscribed": True})
    with _running(silent, plain):
        plain.listener.wait(3)
        assert silent.commands == []
        silent.order("S")
        silent.listener.wait()
        assert set(silent.commands) == {SUBSCRIBE}


@pytest.mark.proves("subscriptions.check_file", "subscriptions.suspend_file")
@pytest.mark.parametrize("argument", ["suspend_file", "check_file"])
def test_the_suspend_file_silences_a_node_while_it_is_there(argument: str, tmp_path: Path) -> None:
    file = tmp_path / "suspended, for now"
    file.touch()
    interval = {"announce_interval": 1}
    plain = Node(tmp_path / "plain", client_params=interval)
    suspended = Node(tmp_path / "suspended", client_params=interval, subscription={argument: str(file)})
    with _running(suspended, plain):
        plain.listener.wait(3)
        assert suspended.commands == []
        file.unlink()
        suspended.listener.wait()
        file.touch()
        before = len(suspended.listener.poll())
        count = len(plain.listener.poll())
        plain.listener.wait(count + 3)
        # One announcement may have been on its way.
        assert len(suspended.listener.poll()) <= before + 1


@pytest.mark.proves("client_params.unsubscribe_on_reload")
def test_unsubscribe_on_reload_takes_the_node_out_before_it_reloads(tmp_path: Path) -> None:
    nodes = {
        wanted: Node(tmp_path / str(wanted), client_params={"announce_interval": 1, "unsubscribe_on_reload": wanted})
        for wanted in (True, False)
    }
    with _running(*nodes.values()):
        for node in nodes.values():
            # At the first announcement the master doesn't know its signals yet.
            node.listener.wait(2)
            node.instance.signal(signal.SIGHUP)
            node.instance.wait_for_words("gracefully killing")
            wait_for("the second start", lambda node=node: node.instance.said().count("spawned uWSGI worker 1") == 2)
            node.listener.wait(len(node.listener.poll()) + 1)
        assert nodes[True].commands.count(UNSUBSCRIBE) == 1
        assert nodes[True].commands[-1] == SUBSCRIBE
        assert UNSUBSCRIBE not in nodes[False].commands


@pytest.mark.proves("client_params.announce_interval")
def test_announce_interval_is_the_time_between_announcements(tmp_path: Path) -> None:
    often, seldom = (Node(tmp_path / str(interval), client_params={"announce_interval": interval}) for interval in (1, 5))
    with _running(often, seldom):
        # At the start, a second later, and then at each cycle of the master whose number is a multiple of the interval.
        often.listener.wait(8)
        # That is until the third, or the fourth if the first node's master is late by some seconds.
        assert len(seldom.listener.poll()) <= 4
        seldom.listener.wait(3)


@pytest.mark.proves("server_params.client_notify_address")
def test_a_notify_socket_is_announced_and_hears_the_router(tmp_path: Path) -> None:
    router = free_address()
    path = tmp_path / "notify, me"
    fragment = tmp_path / "fragment.ini"
    with Listener() as plain:
        result = modules.run(
            "uwsgi_subscription",
            {
                "path": str(fragment),
                "subscriptions": [{"server": [router, plain.address], "key": "a.test"}],
                "server_params": {"client_notify_address": str(path)},
                "client_params": {"announce_interval": 1},
            },
        )
        assert not result.failed, result.msg
        sockets = ["socket = " + free_address(), f"notify-socket = {path}"]
        node = Instance(tmp_path, *sockets, f"include = {fragment}", name="node")
        fastrouter = ["fastrouter = " + free_address(), "fastrouter-subscription-server = " + router]
        with Instance(tmp_path, *fastrouter, name="router", plugin="fastrouter"), node:
            assert plain.wait()[0].fields["notify"] == str(path)
            node.wait_for_words("[subscription ack] a.test => new node")


@pytest.mark.proves("subscriptions.balancing_weight")
def test_each_subscription_says_its_weight(tmp_path: Path) -> None:
    with Listener() as listener:
        fragment = tmp_path / "fragment.ini"
        weights = {"a.test": 4, "b.test": 2}
        entries = [{"server": listener.address, "key": key, "balancing_weight": weights[key]} for key in weights]
        result = modules.run("uwsgi_subscription", {"path": str(fragment), "subscriptions": entries})
        assert not result.failed, result.msg
        with Instance(tmp_path, "socket = " + free_address(), "subscribe-freq = 1", f"include = {fragment}"):
            # The weights no longer change from the second round on.
            found = {packet.fields["key"]: packet.fields["weight"] for packet in listener.wait(4)[2:]}
    assert found == {"a.test": "4", "b.test": "2"}
