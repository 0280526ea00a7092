# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packet with which a node announces itself to a subscription server. Pure: converts bytes to fields and back.

The format is that of the uwsgi protocol (``proto/uwsgi.c``) with ``modifier1`` 224: a header of four bytes (modifier1, the body's
size as 16 bits, least significant byte first, modifier2), and a body of pairs of a name and a value, each preceded by its size
in 16 bits. ``modifier2`` is the command. A signature is the last pair and signs the body before it (``core/subscription.c``).
"""

from __future__ import annotations

import struct
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple, Union

MODIFIER1 = 224
SUBSCRIBE = 0
UNSUBSCRIBE = 1
# The part of a datagram that a router reads (uwsgi_corerouter_manage_subscription, plugins/corerouter/cr_common.c).
MAX_PACKET = 4096
SIGN = "sign"

_HEADER = struct.Struct("<BHB")
_SIZE = struct.Struct("<H")


class WireError(ValueError):
    """Bytes that aren't an announcement, or fields that don't fit in one."""


class Packet(NamedTuple):
    """An announcement.

    Attributes:
        command: ``SUBSCRIBE`` or ``UNSUBSCRIBE``.
        pairs: its fields in order, without the signature.
        signature: None if it is unsigned.
        signed: the bytes that are signed.
    """

    command: int
    pairs: List[Tuple[str, bytes]]
    signature: Optional[bytes] = None
    signed: bytes = b""

    @property
    def fields(self) -> Dict[str, str]:
        """The fields as text; the last value of a repeated name wins, as in uWSGI."""
        return {name: value.decode("utf-8", "surrogateescape") for name, value in self.pairs}


def encode(
    command: int, pairs: Iterable[Tuple[str, Union[str, bytes]]], sign: Optional[Callable[[bytes], bytes]] = None
) -> bytes:
    """Write an announcement.

    Args:
        sign: returns the signature of the given bytes.

    Raises:
        WireError: if it is longer than what a router reads.
    """
    body = b"".join(_pair(name, value) for name, value in pairs)
    if sign is not None:
        body += _pair(SIGN, sign(body))
    size = _HEADER.size + len(body)
    if size > MAX_PACKET:
        raise WireError(f"the announcement has {size} bytes and a router reads {MAX_PACKET} of it")
    return _HEADER.pack(MODIFIER1, len(body), command) + body


def decode(packet: bytes) -> Packet:
    """Read an announcement.

    Raises:
        WireError: if it is not an announcement, or cut off.
    """
    if len(packet) < _HEADER.size:
        raise WireError(f"{len(packet)} bytes are less than a header")
    modifier1, size, command = _HEADER.unpack_from(packet)
    if modifier1 != MODIFIER1:
        raise WireError(f"modifier1 is {modifier1} and that of an announcement is {MODIFIER1}")
    body = packet[_HEADER.size :]
    if len(body) != size:
        raise WireError(f"the body has {len(body)} bytes and its header says {size}")
    pairs: List[Tuple[str, bytes]] = []
    at = 0
    while at < size:
        start = at
        name, at = _half(body, at)
        value, at = _half(body, at)
        if name == SIGN.encode("ascii"):
            if at != size:
                raise WireError("there is data after the signature")
            return Packet(command, pairs, value, body[:start])
        pairs.append((name.decode("utf-8", "surrogateescape"), value))
    return Packet(command, pairs)


def _pair(name: str, value: Union[str, bytes]) -> bytes:
    try:
        halves = [one if isinstance(one, bytes) else one.encode("utf-8", "surrogateescape") for one in (name, value)]
    except UnicodeEncodeError as exc:
        raise WireError(f"the field {name!r} is not valid Unicode text") from exc
    for half in halves:
        if len(half) > 0xFFFF:
            raise WireError(f"the field {name[:80]} has {len(half)} bytes and a field holds 65535")
    return b"".join(_SIZE.pack(len(half)) + half for half in halves)


def _half(body: bytes, at: int) -> Tuple[bytes, int]:
    """The text at an offset, and the offset after it."""
    start = at + _SIZE.size
    if start > len(body):
        raise WireError(f"the body is cut at byte {at}")
    end = start + int(_SIZE.unpack_from(body, at)[0])
    if end > len(body):
        raise WireError(f"a field at byte {at} is longer than what is left of the body")
    return body[start:end], end
