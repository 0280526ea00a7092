# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends datagrams to several routers at once, to each no faster than it reads. Free of Ansible.

A UDP socket has room for 212,992 bytes (``net.core.rmem_default``). The kernel counts 1,280 for a signed announcement, so about
170 of them fit. It silently drops any more. A unix socket has room for 10 datagrams (``net.unix.max_dgram_qlen``),
and reports when it is full.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from typing import Any, Deque, List, Mapping, Optional, Sequence

from .._addresses import endpoint
from .._files import opened

# A router that checks signatures reads about a thousand datagrams a second, fewer on a busy host. Four bursts fit in its queue,
# so it may be 0.12 seconds late.
_BURST = 40
_PAUSE = 0.04
# Seconds until a full queue is tried again.
_FULL = 0.005
# Seconds without reading after which a router is given up.
_PATIENCE = 0.5
# Extra seconds that sending may need beyond all bursts and pauses.
_SLACK = 4


def seconds(count: int) -> float:
    """The seconds that a router needs for a number of datagrams."""
    return count * _PAUSE / _BURST


def longest(count: int) -> float:
    """The seconds after which a number of datagrams per router have been sent or given up."""
    return _PATIENCE + _SLACK * seconds(count)


def send(packets: Mapping[str, Sequence[bytes]]) -> Optional[List[Any]]:
    """Send datagrams; a failure doesn't stop the others.

    Args:
        packets: for each router, by its ``IPV4:PORT`` or the path of its unix socket.

    Returns:
        the last error, as the arguments of ``OSError``; None if all were sent.

    Raises:
        UnsafePath: before anything is sent, if another user can put another socket in a router's place.
    """
    for server in packets:
        if server.startswith("/"):
            opened.secure(server)
    queues: List[_Queue] = []
    try:
        for server, content in packets.items():
            queues.append(_Queue(server, content))
        left = queues
        while True:
            left = [queue for queue in left if not queue.push(time.monotonic())]
            if not left:
                break
            time.sleep(max(0.0, min(queue.due for queue in left) - time.monotonic()))
    finally:
        for queue in queues:
            queue.close()
    return next((queue.error for queue in reversed(queues) if queue.error), None)


class _Queue:
    """The remaining datagrams for one router.

    Attributes:
        due: the time in ``time.monotonic`` from when the next datagram may be sent.
        error: the last one.
    """

    def __init__(self, server: str, packets: Sequence[bytes]) -> None:
        family, self._target = endpoint(server)
        self._left: Deque[bytes] = deque(packets)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        # A router that doesn't read must not delay the others.
        self._socket.setblocking(False)
        self.due = self._moved = time.monotonic()
        self._end = self.due + longest(len(packets))
        self.error: Optional[List[Any]] = None

    def push(self, now: float) -> bool:
        """Send a burst, if one is due.

        Returns:
            whether nothing remains.
        """
        if now < self.due:
            return False
        self.due = now + _PAUSE
        for dummy in range(min(_BURST, len(self._left))):
            try:
                self._socket.sendto(self._left[0], self._target)
            except BlockingIOError as exc:
                self.due = now + _FULL
                if now >= min(self._moved + _PATIENCE, self._end):
                    self.error = [exc.errno, exc.strerror]
                    self._left.clear()
                break
            except OSError as exc:
                self.error = [exc.errno, exc.strerror]
            self._left.popleft()
            self._moved = now
        return not self._left

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
