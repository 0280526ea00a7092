# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet whose nodes can be drained: routers, nodes, their keys and their suspend files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from support import keys, modules
from support.fleet import Node, Router
from support.loopback import wait_for

KEY = "a.test"
OFTEN = "subscribe-freq = 1"


class Fleet:
    """Routers and nodes in a folder.

    Attributes:
        suspend: the folder of the nodes' suspend files, each with its node's name.
    """

    def __init__(self, folder: Path, stack: ExitStack, kind: str = "", names: tuple[str, ...] = (KEY,), routers: int = 1) -> None:
        self._folder, self._stack, self._kind = folder, stack, kind
        self.suspend = folder / "suspend"
        self.suspend.mkdir()
        self.keys = list(names)
        params = {}
        if kind:
            for name in names:
                (folder / "private").mkdir(exist_ok=True)
                (folder / "public").mkdir(exist_ok=True)
                (folder / "private" / (name + ".pem")).write_text(keys.private(kind, name))
                (folder / "public" / (name + ".pem")).write_text(keys.public(kind, name))
            params = {"server_verification_params": {"digest_algo": "SHA256", "dir_cert": str(folder / "public")}}
        self.routers = [stack.enter_context(Router(folder / f"router-{at}", **params)) for at in range(routers)]

    def subscription(self, name: str, key: str) -> dict[str, Any]:
        """A node's subscription to a key."""
        servers = [router.subscriptions for router in self.routers]
        found = {"server": servers, "key": key, "suspend_file": str(self.suspend / name)}
        if self._kind:
            found["signing"] = ["SHA256", str(self._folder / "private" / (key + ".pem"))]
        return found

    def node(self, name: str, *lines: str) -> Node:
        """A node with all keys, started and known to every router."""
        node = Node(self._folder, name, [self.subscription(name, key) for key in self.keys], OFTEN, *lines)
        self._stack.enter_context(node)
        wait_for("the node in every router", lambda: all(node.address in where for where in self.where()))
        return node

    def where(self) -> list[list[str]]:
        """The live nodes of each router and key."""
        return [router.nodes(key) for router in self.routers for key in self.keys]

    def run(self, state: str, node: Node | None = None, check: bool = False, **more: Any) -> modules.Result:
        """Run the module."""
        arguments: dict[str, Any] = {"state": state, "router_stats": [router.stats for router in self.routers], "timeout": 20}
        if node:
            arguments["vassal"] = str(node.file)
        arguments.update(more)
        result = modules.run("uwsgi_drain", arguments, check=check)
        assert keys.leaked(result.output, *(keys.private(self._kind or "ec", key) for key in self.keys)) == []
        return result

    def held(self) -> dict[str, list[str]]:
        """Which reasons hold which nodes out."""
        return {path.name: sorted(os.listdir(path)) for path in self.suspend.iterdir()}


@contextmanager
def fleet(folder: Path, **arguments: Any) -> Iterator[Fleet]:
    """A fleet; its nodes and routers stop at the end."""
    with ExitStack() as stack:
        yield Fleet(folder, stack, **arguments)
