# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live page as a real uWSGI serves it, and stats servers of any kind."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any

import prometheus_client
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import program
from support.loopback import connectable, free_address, wait_for
from support.uwsgi import Instance, plugin_lines

_TIMEOUT = 30


class Page:
    """The live page on a configuration, under uWSGI.

    Attributes:
        address: of its http socket.

    Args:
        client: the folder of the prometheus_client that it uses.
        config: without ``host``.
    """

    def __init__(self, folder: Path, client: Path = Path(prometheus_client.__file__).parents[1], **config: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.address = free_address()
        archive, file = folder / "live.zip", folder / "live.json"
        archive.write_bytes(program.program())
        archive.chmod(0o444)
        file.write_text(json.dumps({"host": "router1", **config}), encoding="utf-8")
        self.instance = Instance(
            folder,
            "http-socket = " + self.address,
            f"pythonpath = {archive}",
            # Debian's uWSGI uses Debian's own.
            *([] if plugin_lines("python3") else [f"pythonpath = {client}"]),
            "module = " + program.MODULE,
            f"env = EMPEROR_UWSGI_LIVE={file}",
            "need-app = true",
            "lazy-apps = true",
            "enable-threads = true",
            "processes = 1",
            "threads = 4",
            "harakiri = 30",
            name="live",
            plugin="python3",
        )

    def __enter__(self) -> Page:
        self.instance.__enter__()
        wait_for("the live page", lambda: connectable(self.address))
        return self

    def __exit__(self, *exc: object) -> None:
        self.instance.__exit__(*exc)

    def get(self, path: str, **headers: str) -> tuple[str, Message]:
        """The content of a path, and its headers."""
        request = urllib.request.Request(f"http://{self.address}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
            return answer.read().decode("utf-8"), answer.headers

    def pools(self) -> Any:
        """The content of ``/pools.json``."""
        return json.loads(self.get("/pools.json")[0])

    def states(self, key: str) -> dict[str, str]:
        """The states of a key's nodes, by address."""
        return {node["address"]: node["state"] for one in self.pools()["keys"] if one["key"] == key for node in one["nodes"]}

    def series(self) -> dict[str, float]:
        """The series of ``/metrics``, by the names in its lines."""
        lines = (line.rpartition(" ") for line in self.get("/metrics")[0].splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, dummy, value in lines}


class Server:
    """A stats server that sends the given content, and counts its clients.

    Args:
        content: None keeps the connection open without sending anything.
    """

    def __init__(self, content: bytes | None) -> None:
        self.content = content
        self.asked = 0
        self.address = free_address()
        host, dummy, port = self.address.rpartition(":")
        self._socket = socket.create_server((host, int(port)))
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *dummy: object) -> None:
        # A descriptor on which a thread waits must not be closed.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for one in self._kept:
            one.close()

    def _serve(self) -> None:
        while True:
            try:
                stream, dummy = self._socket.accept()
            except OSError:
                return
            self.asked += 1
            if self.content is None:
                self._kept.append(stream)
                continue
            try:
                stream.sendall(self.content)
            except OSError:
                pass
            stream.close()
