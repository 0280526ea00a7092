# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The datagrams that take a node out of its routers' tables at once. Free of Ansible, so that it also runs on a host's own.

A router that gets one gives the node no new request and lets those in flight end (``uwsgi_remove_subscribe_node``,
core/subscription.c). It knows no age of an unsubscription, so one may be sent again and again.
"""

from __future__ import annotations

import socket
import time
from typing import Callable, Dict, Iterable, List, Optional

from .._addresses import endpoint
from .._errors import ArgumentError
from .._ini.instance import Announcement, read_bytes
from . import datagram, signature


class Farewell:
    """What takes some announcements back.

    Args:
        announcements: of one instance.

    Raises:
        ArgumentError: when one can't be signed or is too long; so all that can fail has failed before anything is sent.
    """

    def __init__(self, announcements: Iterable[Announcement]) -> None:
        self._announcements = list(dict.fromkeys(announcements))
        self._keys: Dict[str, bytes] = {}
        self._packets(int(time.time()))

    def send(self) -> Optional[OSError]:
        """Send all of them.

        Returns:
            the last error, such as that of a router's unix socket that isn't there; all others are sent all the same.
        """
        failed = None
        for one, packet in zip(self._announcements, self._packets(int(time.time()))):
            family, target = endpoint(one.server)
            with socket.socket(family, socket.SOCK_DGRAM) as stream:
                # A router that doesn't read must not hold up the others.
                stream.setblocking(False)
                try:
                    stream.sendto(packet, target)
                except OSError as exc:
                    failed = exc
        return failed

    def _packets(self, now: int) -> List[bytes]:
        return [self._packet(one, now) for one in self._announcements]

    def _packet(self, one: Announcement, now: int) -> bytes:
        pairs = [("key", one.key), ("address", one.address)]
        sign: Optional[Callable[[bytes], bytes]] = None
        if one.signing:
            digest, file = one.signing
            content = self._key(one.place, file)
            pairs.append(("unix", str(now)))

            def sign(body: bytes) -> bytes:
                return signature.sign(content, digest, body)

        try:
            return datagram.encode(datagram.UNSUBSCRIBE, pairs, sign)
        except signature.SignatureError as exc:
            raise ArgumentError(one.place, f"{file}, which signs for {one.key!r}: {exc}") from exc
        except datagram.WireError as exc:
            raise ArgumentError(one.place, f"the key {one.key[:80]!r} can't be unsubscribed: {exc}") from exc

    def _key(self, place: str, file: str) -> bytes:
        if file not in self._keys:
            try:
                self._keys[file] = read_bytes(file)
            except OSError as exc:
                raise ArgumentError(
                    place, f"{file}, the key that signs the announcements, can't be read: {exc.strerror}"
                ) from exc
        return self._keys[file]
