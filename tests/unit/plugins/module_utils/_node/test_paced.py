# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datagrams that arrive, all of them, at routers that read slowly or not at all."""

from __future__ import annotations

import errno
import socket
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import UnsafePath
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import paced
from support.loopback import free_address
from support.stream import timed

# As large as a signed announcement.
SIZE = 200


class Slow:
    """A router that needs some time for each datagram.

    Attributes:
        heard: what it has read.
    """

    def __init__(self, seconds: float, path: Path | None = None) -> None:
        self._socket = socket.socket(socket.AF_INET if path is None else socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = free_address() if path is None else str(path)
        host, dummy, port = self.address.rpartition(":")
        self._socket.bind((host, int(port)) if path is None else self.address)
        self._socket.settimeout(0.4)
        self._seconds = seconds
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Slow:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._thread.join()
        self._socket.close()

    def _read(self) -> None:
        """Until nothing more comes."""
        try:
            while True:
                self.heard.append(self._socket.recv(4096))
                time.sleep(self._seconds)
        except socket.timeout:  # TimeoutError only since Python 3.10
            return


def packets(count: int) -> list[bytes]:
    return [str(at).encode().ljust(SIZE) for at in range(count)]


def test_a_slow_router_loses_none_however_many_there_are() -> None:
    expected = packets(600)
    with Slow(0.0002) as one, Slow(0.0002) as two:
        assert paced.send({one.address: expected, two.address: expected[:400]}) is None
    assert (one.heard, two.heard) == (expected, expected[:400])


def test_a_unix_socket_is_sent_as_much_as_it_reads(tmp_path: Path) -> None:
    with Slow(0.0005, tmp_path / "s") as router:
        assert paced.send({router.address: packets(300)}) is None
    assert router.heard == packets(300)


def test_few_are_sent_at_once() -> None:
    with Slow(0) as router, timed(0, 0.02):
        assert paced.send({router.address: packets(20)}) is None
    assert router.heard == packets(20)


def test_a_router_that_does_not_read_holds_up_nobody_and_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mute:
        mute.bind(str(tmp_path / "mute"))
        with Slow(0) as router:
            begin = time.monotonic()
            with timed(0.4, 5):
                failed = paced.send({str(tmp_path / "mute"): packets(2000), router.address: packets(100)})
            assert failed is not None
            assert failed[0] == errno.EAGAIN
            # Long before the other one was given up.
            while len(router.heard) < 100:
                assert time.monotonic() - begin < 20
                time.sleep(0.01)
        assert router.heard == packets(100)


def test_a_router_that_reads_ever_so_slowly_is_given_up_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced, "_SLACK", 0)
    with Slow(0.2, tmp_path / "s") as router, timed(0.4, 1.5):
        failed = paced.send({router.address: packets(20)})
    assert failed is not None


def test_an_error_is_of_one_router_alone(tmp_path: Path) -> None:
    with Slow(0) as router:
        failed = paced.send({str(tmp_path / "nobody"): packets(70), router.address: packets(70)})
    assert failed == [errno.ENOENT, "No such file or directory"]
    assert router.heard == packets(70)


def test_a_socket_that_somebody_else_can_replace_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsafe(path: str) -> None:
        raise UnsafePath(path, 7)

    monkeypatch.setattr(paced.opened, "secure", unsafe)
    with Slow(0) as router, pytest.raises(UnsafePath):
        paced.send({router.address: packets(1), str(tmp_path / "s"): packets(1)})
    assert router.heard == []


def test_the_pace_fits_in_a_queue() -> None:
    # 170 wait, and a router may be late by two bursts.
    assert 3 * paced._BURST <= 170
    assert paced.seconds(1000) < 1
    assert paced.longest(0) < paced.longest(1000) < 5
