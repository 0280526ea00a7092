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
from typing import Any, Callable, Dict, Iterable, List, Optional

from .._addresses import endpoint
from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.child import Identity, on_behalf_of
from .._files.trust import UnsafePath
from .._ini.instance import Announcement
from . import datagram, signature


class Farewell:
    """What takes some announcements back.

    Args:
        announcements: of one instance.
        user: who has a say in them, as whom keys are read and datagrams sent; None for whoever the keys and sockets belong to.

    Raises:
        ArgumentError: when one can't be signed or is too long; so all that can fail has failed before anything is sent.
    """

    def __init__(self, announcements: Iterable[Announcement], user: Optional[Identity] = None) -> None:
        self._announcements = list(dict.fromkeys(announcements))
        self._user = user
        self._keys = self._read()
        self._packets(int(time.time()))

    def send(self) -> Optional[OSError]:
        """Send all of them.

        Returns:
            the last error, such as that of a router's unix socket that isn't there; all others are sent all the same.
        """
        packets = self._packets(int(time.time()))
        servers = [one.server for one in self._announcements]
        try:
            failed = on_behalf_of(self._user, lambda: _sent(servers, packets))
        except HostError as exc:
            return OSError(str(exc))
        return OSError(*failed) if failed else None

    def _read(self) -> Dict[str, bytes]:
        """The private keys, each read once."""
        places = {one.signing[1]: one.place for one in reversed(self._announcements) if one.signing}

        def read() -> Dict[str, str]:
            found = {}
            for file, place in places.items():
                try:
                    found[file] = opened.read(file, anybodys=True).hex()
                except UnsafePath:
                    raise
                except OSError as exc:
                    raise ArgumentError(
                        place, f"{file}, the key that signs the announcements, can't be read: {exc.strerror}"
                    ) from exc
            return found

        try:
            return {file: bytes.fromhex(content) for file, content in on_behalf_of(self._user, read).items()}
        except OSError as exc:
            place = next(iter(places.values()))
            raise ArgumentError(place, f"a key that signs the announcements can't be read: {exc.strerror}") from exc

    def _packets(self, now: int) -> List[bytes]:
        return [self._packet(one, now) for one in self._announcements]

    def _packet(self, one: Announcement, now: int) -> bytes:
        pairs = [("key", one.key), ("address", one.address)]
        sign: Optional[Callable[[bytes], bytes]] = None
        if one.signing:
            digest, file = one.signing
            content = self._keys[file]
            pairs.append(("unix", str(now)))

            def sign(body: bytes) -> bytes:
                return signature.sign(content, digest, body)

        try:
            return datagram.encode(datagram.UNSUBSCRIBE, pairs, sign)
        except signature.SignatureError as exc:
            raise ArgumentError(one.place, f"{file}, which signs for {one.key!r}: {exc}") from exc
        except datagram.WireError as exc:
            raise ArgumentError(one.place, f"the key {one.key[:80]!r} can't be unsubscribed: {exc}") from exc


def _sent(servers: List[str], packets: List[bytes]) -> Optional[List[Any]]:
    """Send each packet to its server; the last error, as the arguments of ``OSError``."""
    for server in servers:
        if server.startswith("/"):
            opened.secure(server)
    failed: Optional[List[Any]] = None
    for server, packet in zip(servers, packets):
        family, target = endpoint(server)
        with socket.socket(family, socket.SOCK_DGRAM) as stream:
            # A router that doesn't read must not hold up the others.
            stream.setblocking(False)
            try:
                stream.sendto(packet, target)
            except OSError as exc:
                failed = [exc.errno, exc.strerror]
    return failed
