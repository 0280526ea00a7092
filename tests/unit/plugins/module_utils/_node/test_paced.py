# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datagrams that all arrive, at routers that read slowly or not at all: real sockets, and a clock of the test's own."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import UnsafePath
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import paced
from support.loopback import free_address

# As large as a signed announcement.
SIZE = 200


class Router:
    """A router that needs some seconds for each datagram.

    Attributes:
        heard: the datagrams that it has read, and when.
        busy: the seconds until it reads the first one.
    """

    def __init__(self, seconds: float, path: Path | None, busy: float) -> None:
        self.socket = socket.socket(socket.AF_INET if path is None else socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = free_address() if path is None else str(path)
        host, dummy, port = self.address.rpartition(":")
        self.socket.bind((host, int(port)) if path is None else self.address)
        self.socket.setblocking(False)
        self._seconds, self._free = seconds, busy
        self.heard: list[bytes] = []
        self.times: list[float] = []

    def read(self, now: float) -> None:
        """Read what it has time for until now."""
        while self._free <= now:
            try:
                self.heard.append(self.socket.recv(4096))
            except BlockingIOError:
                self._free = now
                return
            self._free += self._seconds
            self.times.append(now)


class World:
    """Routers, and a clock that only sleeping moves forward."""

    def __init__(self, stack: ExitStack) -> None:
        self.now = 0.0
        self._stack = stack
        self._routers: list[Router] = []

    def router(self, seconds: float = 0.0001, path: Path | None = None, busy: float = 0) -> Router:
        self._routers.append(Router(seconds, path, busy))
        self._stack.enter_context(self._routers[-1].socket)
        return self._routers[-1]

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for router in self._routers:
            router.read(self.now)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with ExitStack() as stack:
        found = World(stack)
        monkeypatch.setattr(paced, "time", found)
        yield found


def packets(count: int) -> list[bytes]:
    return [str(at).encode().ljust(SIZE) for at in range(count)]


# The seconds before a router starts to read, and the seconds that it needs for each datagram.
@pytest.mark.parametrize(("busy", "each"), [(0, 0.0001), (0.12, 0.0005), (0, 0.0009)])
def test_a_router_loses_none_however_many_there_are(world: World, busy: float, each: float) -> None:
    one, two = world.router(each, busy=busy), world.router()
    assert paced.send({one.address: packets(1000), two.address: packets(400)}) is None
    world.sleep(1)
    assert (one.heard, two.heard) == (packets(1000), packets(400))
    # No router waits for another one; both get datagrams at the same time.
    assert one.times[-1] - 1 == pytest.approx(paced.seconds(960))
    assert two.times[0] == paced.seconds(40)


def test_a_unix_socket_is_sent_as_much_as_it_reads(world: World, tmp_path: Path) -> None:
    router = world.router(0.002, tmp_path / "s")
    assert paced.send({router.address: packets(300)}) is None
    world.sleep(1)
    assert router.heard == packets(300)


def test_few_are_sent_at_once(world: World) -> None:
    router = world.router()
    assert paced.send({router.address: packets(40)}) is None
    assert world.now == 0
    world.sleep(1)
    assert router.heard == packets(40)
    assert paced.send({}) is None


def test_a_router_that_does_not_read_holds_up_nobody_and_is_given_up(world: World, tmp_path: Path) -> None:
    mute, router = world.router(busy=999, path=tmp_path / "mute"), world.router()
    failed = paced.send({mute.address: packets(2000), router.address: packets(400)})
    assert failed == [errno.EAGAIN, "Resource temporarily unavailable"]
    assert router.heard == packets(400)
    assert router.times[-1] < paced.seconds(400)
    assert world.now == pytest.approx(0.5, abs=0.02)


def test_a_router_that_reads_ever_so_slowly_is_given_up_as_well(world: World, tmp_path: Path) -> None:
    router = world.router(0.1, tmp_path / "s")
    assert paced.send({router.address: packets(100)}) is not None
    assert world.now == pytest.approx(paced.longest(100), abs=0.02)


def test_an_error_is_of_one_router_alone(world: World, tmp_path: Path) -> None:
    router = world.router()
    failed = paced.send({str(tmp_path / "nobody"): packets(70), router.address: packets(70)})
    assert failed == [errno.ENOENT, "No such file or directory"]
    world.sleep(1)
    assert router.heard == packets(70)


def test_the_last_error_is_said(world: World, tmp_path: Path) -> None:
    mute = world.router(busy=999, path=tmp_path / "mute")
    given = [str(tmp_path / "nobody"), mute.address]
    assert [paced.send({server: packets(70) for server in order}) for order in (given, given[::-1])] == [
        [errno.EAGAIN, "Resource temporarily unavailable"],
        [errno.ENOENT, "No such file or directory"],
    ]


def test_a_socket_that_somebody_else_can_replace_gets_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsafe(path: str) -> None:
        raise UnsafePath(path, 7)

    monkeypatch.setattr(paced.opened, "secure", unsafe)
    router = world.router()
    with pytest.raises(UnsafePath):
        paced.send({router.address: packets(1), str(tmp_path / "s"): packets(1)})
    world.sleep(1)
    assert router.heard == []


def test_no_socket_stays_open(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    real: Callable[..., socket.socket] = socket.socket

    def noted(*given: int) -> socket.socket:
        made.append(real(*given))
        return made[-1]

    router = world.router()
    monkeypatch.setattr(paced.socket, "socket", noted)
    paced.send({router.address: packets(1), str(tmp_path / "nobody"): packets(1)})
    with pytest.raises(ValueError, match="no port"):
        paced.send({router.address: packets(1), "router": packets(1)})
    assert [one.fileno() for one in made] == [-1] * 3


def test_the_pace_fits_in_a_queue() -> None:
    # A queue has room for 170, and a router may be late by three bursts.
    assert 4 * paced._BURST <= 170
    assert paced.seconds(1000) <= 1
    assert paced.longest(0) < paced.longest(1000) < 5
