# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real routers and nodes on fragments that the module wrote, and requests to them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import stats
from support import modules
from support.loopback import connectable, free_address, send, wait_for
from support.uwsgi import VERSION, Instance

APP = Path(__file__).with_name("app.py")
_TIMEOUT = 70


class Router:
    """A fastrouter with its subscription server and its stats.

    Attributes:
        subscriptions: where nodes announce themselves.

    Args:
        arguments: ``server_params`` and ``server_verification_params``, as for the module.
    """

    def __init__(self, folder: Path, subscriptions: str = "", lines: tuple[str, ...] = (), **arguments: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.address, self.stats = free_address(), free_address()
        self.subscriptions = subscriptions or free_address()
        fragment = folder / "router-fragment.ini"
        given = {"path": str(fragment), "validate": False, "uwsgi_version": VERSION, **arguments}
        result = modules.run("uwsgi_subscription", given)
        assert not result.failed, result.msg
        self.instance = Instance(
            folder,
            "fastrouter = " + self.address,
            "fastrouter-subscription-server = " + self.subscriptions,
            "fastrouter-stats = " + self.stats,
            f"include = {fragment}",
            *lines,
            name="router",
            plugin="fastrouter",
        )

    def __enter__(self) -> Router:
        self.instance.__enter__()
        wait_for("the router's stats", lambda: connectable(self.stats))
        return self

    def __exit__(self, *exc: object) -> None:
        self.instance.__exit__(*exc)

    def pools(self) -> dict[str, dict[str, stats.Listed]]:
        """The nodes by key and address, as in the stats; without those that are marked dead."""
        found = stats.parse(stats.fetch(self.stats, _TIMEOUT, lambda *dummy: b""))
        return {pool.key: {node.address: node for node in pool.nodes if not node.dead} for pool in found.pools}

    def nodes(self, key: str) -> list[str]:
        """The addresses of a key's live nodes, sorted."""
        return sorted(self.pools().get(key, {}))

    def wait_for_nodes(self, key: str, *addresses: str) -> None:
        """Wait until a key has exactly these nodes."""
        wait_for("nodes of " + key, lambda: self.nodes(key) == sorted(addresses))

    def announce(self, key: str, *nodes: str, **fields: str) -> None:
        """Announce nodes, which need not exist, and wait until they are listed."""
        expected = {*self.nodes(key), *nodes}
        for node in nodes:
            send(self.subscriptions, datagram.encode(datagram.SUBSCRIBE, [("key", key), ("address", node), *fields.items()]))
        self.wait_for_nodes(key, *expected)

    def ask(self, host: str, path: str = "/") -> str:
        """Send a request; returns the body of the answer, empty if the router closes without one."""
        return ask(self.address, host, path)


class Node:
    """A real node on a fragment with some subscriptions; the context can be entered again after it was left.

    Attributes:
        address: the announced address.
        file: its ini file, which includes ``fragment``.

    Args:
        subscriptions: each gets the node's address, unless it has one.
    """

    def __init__(self, folder: Path, name: str, subscriptions: list[dict[str, Any]], *lines: str) -> None:
        own = folder / name
        own.mkdir()
        self.address, self.name = free_address(), name
        self.file, self.fragment = own / "instance.ini", own / "fragment.ini"
        entries = [{"address": self.address, **subscription} for subscription in subscriptions]
        arguments = {"path": str(self.fragment), "subscriptions": entries, "validate": False, "uwsgi_version": VERSION}
        result = modules.run("uwsgi_subscription", arguments)
        assert not result.failed, result.msg
        self.instance = Instance(
            own,
            "socket = " + self.address,
            "threads = 16",
            f"wsgi-file = {APP}",
            "need-app = true",
            "env = NODE=" + name,
            f"env = RELEASE={folder / 'release'}",
            *lines,
            f"include = {self.fragment}",
            plugin="python3",
        )

    def __enter__(self) -> Node:
        self.instance.__enter__()
        wait_for("the node " + self.name, lambda: connectable(self.address))
        return self

    def __exit__(self, *exc: object) -> None:
        self.instance.__exit__(*exc)


@contextmanager
def running_node(folder: Path, name: str, subscription: dict[str, Any], *lines: str) -> Iterator[str]:
    """Run a real node on a fragment with one subscription.

    Returns:
        the address that it announces.
    """
    with Node(folder, name, [subscription], *lines) as node:
        yield node.address


def ask(address: str, host: str, path: str = "/") -> str:
    """Send a request in the uwsgi protocol (four bytes of header, then pairs, each half preceded by its size)."""
    pairs = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "REQUEST_URI": path, "QUERY_STRING": "", "HTTP_HOST": host}
    body = b""
    for pair in pairs.items():
        for half in pair:
            body += struct.pack("<H", len(half.encode())) + half.encode()
    ip, dummy, port = address.rpartition(":")
    with socket.create_connection((ip, int(port)), _TIMEOUT) as stream:
        stream.sendall(struct.pack("<BHB", 0, len(body), 0) + body)
        answer = b""
        while part := stream.recv(65536):
            answer += part
    return answer.partition(b"\r\n\r\n")[2].decode()
