# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the datagrams that remove a node from its routers' tables immediately. Free of Ansible, so it also runs without it.

On receipt a router sends the node no new requests and lets current ones finish (``uwsgi_remove_subscribe_node``,
core/subscription.c). It doesn't check the age of an unsubscription, so one may be sent repeatedly.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.child import on_behalf_of, where_it_belongs
from .._files.identity import Identity
from .._files.trust import UnsafePath
from .._ini.instance import Announcement
from . import datagram, paced, signature

# Extra seconds for a child beyond those for sending.
_CHILD = 30
# Selects announcements.
Wanted = Callable[[Announcement], bool]
# The content and signing of a datagram, for any router.
_Content = Tuple[str, str, Optional[Tuple[str, str]]]


class Farewell:
    """Unsubscribes some announcements.

    Args:
        announcements: of instances that one user controls.
        user: who that is. Keys are read and datagrams sent as this user; None for whoever owns the keys and sockets.

    Attributes:
        told: the number of datagrams that the busiest router was sent last.

    Raises:
        ArgumentError: if one can't be signed or is too long. So all such failures happen before anything is sent.
    """

    def __init__(self, announcements: Iterable[Announcement], user: Optional[Identity] = None) -> None:
        self._announcements = list(dict.fromkeys(announcements))
        self._user = user
        self._pems = self._read()
        self._keys: Dict[str, signature.PrivateKey] = {}
        # Each with the second in which it was signed.
        self._signed: Dict[_Content, Tuple[int, bytes]] = {}
        self.told = 0
        self._packets(self._announcements)

    def send(self, wanted: Optional[Wanted] = None) -> Optional[OSError]:
        """Send them.

        Args:
            wanted: selects announcements; None for all.

        Returns:
            the last error, such as a router's missing unix socket; all others are still sent.
        """
        packets = self._packets([one for one in self._announcements if wanted is None or wanted(one)])
        self.told = max(map(len, packets.values()), default=0)
        if not packets:
            return None
        try:
            if self._user:
                failed = on_behalf_of(self._user, lambda: paced.send(packets), _CHILD + paced.longest(self.told))
            else:
                failed = _sent(packets)
        except HostError as exc:
            return OSError(str(exc))
        return OSError(*failed) if failed else None

    def _read(self) -> Dict[str, bytes]:
        """The private keys, each read only once."""
        places = {one.signing[1]: one.place for one in reversed(self._announcements) if one.signing}
        found: Dict[str, bytes] = {}
        for files in self._together(places):
            try:
                read = on_behalf_of(self._user, partial(_contents, files, places))
            except OSError as exc:
                raise ArgumentError(
                    places[files[0]], f"a key that signs the announcements can't be read: {exc.strerror}"
                ) from exc
            found.update((file, bytes.fromhex(content)) for file, content in read.items())
        return found

    def _together(self, files: Iterable[str]) -> Iterator[List[str]]:
        """Files to read together: all of them for a given user, otherwise those of a folder, which the same user can change."""
        folders: Dict[str, List[str]] = {}
        for file in files:
            folders.setdefault("" if self._user else os.path.dirname(file), []).append(file)
        yield from folders.values()

    def _packets(self, announcements: Iterable[Announcement]) -> Dict[str, List[bytes]]:
        """The packets for each server."""
        now = int(time.time())
        found: Dict[str, Dict[_Content, bytes]] = {}
        for one in announcements:
            content = (one.key, one.address, one.signing)
            second, packet = self._signed.get(content, (-1, b""))
            if second < 0 or (one.signing and second != now):
                packet = self._packet(one, now)
                self._signed[content] = (now, packet)
            found.setdefault(one.server, {})[content] = packet
        return {server: list(packets.values()) for server, packets in found.items()}

    def _packet(self, one: Announcement, now: int) -> bytes:
        pairs = [("key", one.key), ("address", one.address)]
        sign: Optional[Callable[[bytes], bytes]] = None
        if one.signing:
            digest, file = one.signing
            pairs.append(("unix", str(now)))

            def sign(body: bytes) -> bytes:
                return self._key(file).sign(digest, body)

        try:
            return datagram.encode(datagram.UNSUBSCRIBE, pairs, sign)
        except signature.SignatureError as exc:
            raise ArgumentError(one.place, f"{file}, which signs for {one.key!r}: {exc}") from exc
        except datagram.WireError as exc:
            raise ArgumentError(one.place, f"the key {one.key[:80]!r} can't be unsubscribed: {exc}") from exc

    def _key(self, file: str) -> signature.PrivateKey:
        if file not in self._keys:
            self._keys[file] = signature.PrivateKey(self._pems.pop(file))
        return self._keys[file]


class Farewells:
    """Unsubscribes announcements of several users' instances, at a pace that suits each router.

    Args:
        announcements: each with the user who controls it, as for ``Farewell``.

    Raises:
        ArgumentError: as for ``Farewell``.
    """

    def __init__(self, announcements: Iterable[Tuple[Announcement, Optional[Identity]]]) -> None:
        users: Dict[Optional[Identity], List[Announcement]] = {}
        for one, user in announcements:
            users.setdefault(user, []).append(one)
        self._farewells = [Farewell(found, user) for user, found in users.items()]

    def send(self, wanted: Optional[Wanted] = None) -> Optional[OSError]:
        """Send them, as in ``Farewell.send``."""
        failed: Optional[OSError] = None
        told = 0
        for farewell in self._farewells:
            # All go to the same few routers.
            time.sleep(paced.seconds(told))
            failed = farewell.send(wanted) or failed
            told = farewell.told
        return failed


def _contents(files: Iterable[str], places: Dict[str, str]) -> Dict[str, str]:
    """The content of each file, in JSON types."""
    found = {}
    for file in files:
        try:
            found[file] = opened.read(file, anybodys=True).hex()
        except UnsafePath:
            raise
        except OSError as exc:
            raise ArgumentError(
                places[file], f"{file}, the key that signs the announcements, can't be read: {exc.strerror}"
            ) from exc
    return found


def _sent(packets: Dict[str, List[bytes]]) -> Optional[List[object]]:
    """Send as this process; for a router in another user's reach, as that user."""
    try:
        return paced.send(packets)
    except UnsafePath:
        failed = None
        for server, content in packets.items():
            seconds = _CHILD + paced.longest(len(content))
            failed = where_it_belongs(partial(paced.send, {server: content}), seconds) or failed
        return failed
