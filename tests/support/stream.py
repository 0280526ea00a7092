# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on loopback that answer each connection with some bytes, immediately or slowly."""

from __future__ import annotations

import socket
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List, Sequence, Union

# A part of an answer, or seconds to wait before the next part.
Part = Union[bytes, float]
_TIMEOUT = 30


class Server:
    """A server that answers each client after it has received something.

    Attributes:
        address: ``IPV4:PORT``, or the path or the abstract name of a unix socket, as uWSGI writes them.
        heard: the first data from each client.
    """

    def __init__(
        self, listening: socket.socket, address: str, answers: Sequence[Sequence[Part]], asked: bool, closes: bool
    ) -> None:
        self.address = address
        self.heard: List[bytes] = []
        self._listening = listening
        self._answers = list(answers)
        self._asked = asked
        self._closes = closes
        self.done = threading.Event()
        self._threads: List[threading.Thread] = []

    def serve(self) -> None:
        """Answer until the listening socket is closed."""
        while True:
            try:
                stream = self._listening.accept()[0]
            except OSError:
                return
            # The last answer is repeated.
            parts = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            self._threads.append(threading.Thread(target=self._answer, args=(stream, parts)))
            self._threads[-1].start()

    def _answer(self, stream: socket.socket, parts: Sequence[Part]) -> None:
        with stream:
            stream.settimeout(_TIMEOUT)
            try:
                if self._asked:
                    self.heard.append(stream.recv(65536))
                for part in parts:
                    if isinstance(part, bytes):
                        stream.sendall(part)
                    elif self.done.wait(part):
                        return
            except OSError:
                # The client has gone.
                return
            if not self._closes:
                self.done.wait(_TIMEOUT)

    def stop(self) -> None:
        """Stop waiting clients and threads."""
        self.done.set()
        for thread in self._threads:
            thread.join(_TIMEOUT)


@contextmanager
def serving(
    *parts: Part,
    path: Union[str, Path, None] = None,
    asked: bool = True,
    closes: bool = True,
    before: Sequence[bytes] = (),
) -> Iterator[Server]:
    """Serve an answer.

    Args:
        parts: the answer.
        before: the answers for the first clients, one after another.
        path: of a unix socket, or ``@NAME`` for an abstract one; None for TCP.
        asked: whether the client sends first.
        closes: whether the server closes the connection after the answer.
    """
    with socket.socket(socket.AF_INET if path is None else socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(("127.0.0.1", 0) if path is None else "\0" + str(path)[1:] if str(path).startswith("@") else str(path))
        listening.listen(64)
        address = f"127.0.0.1:{listening.getsockname()[1]}" if path is None else str(path)
        server = Server(listening, address, [*([one] for one in before), parts], asked, closes)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server
        finally:
            # Closing the socket would not wake a thread in accept().
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(_TIMEOUT)
            server.stop()


@contextmanager
def timed(least: float, most: float) -> Iterator[None]:
    """Check that a block runs for a time between two numbers of seconds."""
    start = time.monotonic()
    yield
    took = time.monotonic() - start
    assert least <= took <= most, took


@contextmanager
def computed(most: float) -> Iterator[None]:
    """Check that a block uses at most the given seconds of this process's CPU time, however busy the machine is.

    Where each line is traced, as for coverage, it may take ten times as long.
    """
    most *= 10 if sys.gettrace() else 1
    start = time.process_time()
    yield
    took = time.process_time() - start
    assert took <= most, took


@contextmanager
def refusing() -> Iterator[str]:
    """An address where nothing listens, and which nobody else can use meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"
