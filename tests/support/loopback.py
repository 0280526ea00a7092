# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets on loopback, and waiting by polling instead of sleeping."""

from __future__ import annotations

import itertools
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram

_T = TypeVar("_T")
# Only a test that fails waits for so long, and a busy machine may need it.
_TIMEOUT = 60.0
# Every test process has addresses of its own, so that two can run at once.
_addresses = (
    f"127.{100 + (os.getpid() >> 8 & 0x7F)}.{os.getpid() & 0xFF}.{last}" for last in itertools.cycle(range(1, 255))
)


def free_address() -> str:
    """``IPV4:PORT`` on loopback where nobody listens, for TCP and UDP alike."""
    host = next(_addresses)
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream, socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM
        ) as datagrams:
            stream.bind((host, 0))
            port = stream.getsockname()[1]
            try:
                datagrams.bind((host, port))
            except OSError:
                continue
            return f"{host}:{port}"


def wait_for(what: str, probe: Callable[[], _T], timeout: float = _TIMEOUT) -> _T:
    """Poll until ``probe`` returns something true, and return that.

    Raises:
        AssertionError: after ``timeout`` seconds, naming ``what``.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {timeout:g} s for {what}; last: {found!r}"
        time.sleep(0.01)


class Listener:
    """A socket that acts as a subscription server.

    Args:
        path: of a unix socket; None binds UDP on loopback.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._socket = socket.socket(socket.AF_INET if path is None else socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = free_address() if path is None else str(path)
        self._socket.bind(_target(self.address))
        self._socket.setblocking(False)
        self._closed = threading.Event()
        self.packets: list[datagram.Packet] = []
        self._raw: list[bytes] = []
        self._lock = threading.Lock()
        # Hundreds of announcements at once exceed the socket's default buffer.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *dummy: object) -> None:
        self._closed.set()
        self._reader.join()
        self._socket.close()

    def _read(self) -> None:
        while not self._closed.is_set():
            select.select([self._socket], [], [], 0.1)
            self._take()

    def _take(self) -> None:
        with self._lock:
            try:
                while True:
                    self._raw.append(self._socket.recv(65536))
            except BlockingIOError:
                pass

    def poll(self) -> list[datagram.Packet]:
        """Everything that has arrived so far, even if the thread has not read it yet."""
        if not self._closed.is_set():
            self._take()
        self.packets += map(datagram.decode, self._raw[len(self.packets) :])
        return self.packets

    def wait(self, count: int = 1, timeout: float = _TIMEOUT) -> list[datagram.Packet]:
        """Wait until ``count`` packets have arrived."""
        return wait_for(f"{count} announcements", lambda: self.poll() if len(self.poll()) >= count else [], timeout)


def send(address: str, packet: bytes) -> None:
    """Send one datagram."""
    unix = address.startswith("/")
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(packet, _target(address))


def connectable(address: str) -> bool:
    """Whether something listens on a TCP address or a unix socket."""
    unix = address.startswith("/")
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_STREAM) as stream:
        try:
            stream.connect(_target(address))
        except OSError:
            return False
    return True


def _target(address: str) -> str | tuple[str, int]:
    if address.startswith("/"):
        return address
    host, dummy, port = address.rpartition(":")
    return host, int(port)
