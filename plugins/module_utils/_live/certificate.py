# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the certificates in a PEM end. Pure, with nothing but the standard library (RFC 5280, in the DER of X.690)."""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from typing import List, Tuple

_BLOCK = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]{1,100000})-----END ")
_SEQUENCE, _VERSION, _UTC, _GENERALIZED = 0x30, 0xA0, 0x17, 0x18
# A chain has a few.
_MOST = 20


def end(pem: str) -> float:
    """The Unix time when the first of the certificates ends that does, which is when what is served with them fails.

    Raises:
        ValueError: when there is none, or one can't be read.
    """
    found = [_end(block) for block in _BLOCK.findall(pem)[:_MOST]]
    if not found:
        raise ValueError("it has no certificate")
    return min(found)


def _end(block: str) -> float:
    try:
        der = base64.b64decode("".join(block.split()), validate=True)
    except binascii.Error as exc:
        raise ValueError("it has a certificate that is damaged") from exc
    fields = _children(_children(der)[0])
    # The serial number, the algorithm and the issuer are before the validity, and the version where it is given.
    validity = fields[4 if fields[0][0] == _VERSION else 3 :][:1]
    times = _children(validity[0]) if validity else []
    if len(times) != 2:
        raise ValueError("it has a certificate without a validity")
    tag, content, dummy = _element(times[1])
    return _time(tag, content)


def _children(der: bytes) -> List[bytes]:
    """The elements of a SEQUENCE."""
    tag, content, dummy = _element(der)
    if tag != _SEQUENCE:
        raise ValueError("it has a certificate that is no sequence")
    found = []
    while content:
        rest = _element(content)[2]
        found.append(content[: len(content) - len(rest)])
        content = rest
    if not found:
        raise ValueError("it has a certificate with nothing in it")
    return found


def _element(der: bytes) -> Tuple[int, bytes, bytes]:
    """The tag and content of the first element, and what is behind it."""
    if len(der) < 2:
        raise ValueError("it has a certificate that ends too early")
    size, head = der[1], 2
    if size > 0x80:
        head += size & 0x7F
        size = int.from_bytes(der[2:head], "big")
    if size == 0x80 or head > 6 or len(der) < head + size:
        raise ValueError("it has a certificate that ends too early")
    return der[0], der[head : head + size], der[head + size :]


def _time(tag: int, content: bytes) -> float:
    text = content.decode("ascii", "replace")
    if tag == _UTC and len(text) == 13:
        # Two digits of the year, where 50 is 1950.
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED:
        raise ValueError("it has a certificate whose end is no time")
    try:
        found = datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ")
    except ValueError as exc:
        raise ValueError("it has a certificate whose end is no time") from exc
    return (found - datetime.datetime(1970, 1, 1)).total_seconds()
