# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the certificates of a PEM. Pure, with nothing but the standard library (RFC 5280, in the DER of X.690)."""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from typing import Iterator, List, NamedTuple, Tuple

_BLOCK = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]{1,100000})-----END ")
_OBJECT, _OCTETS, _SEQUENCE, _SET, _VERSION, _EXTENSIONS, _UTC, _GENERALIZED = 0x06, 0x04, 0x30, 0x31, 0xA0, 0xA3, 0x17, 0x18
# The kind of a name that is a host's, and the identifiers of the extension and of the part of a subject that have one.
_DNS_NAME, _ALTERNATIVE_NAMES, _COMMON_NAME = 0x82, b"\x55\x1d\x11", b"\x55\x04\x03"
# Not strptime, which loads a module that another user may not be able to read by then.
_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z\Z")
# A chain has a few.
_MOST = 20


class Certificate(NamedTuple):
    """One certificate.

    Attributes:
        der: its bytes, which are what a server sends.
        begin: Unix time from which it is valid, and ``end``, until when.
        names: the hosts that it is for.
    """

    der: bytes
    begin: float
    end: float
    names: Tuple[str, ...]


class _Element(NamedTuple):
    """An element, with all of its bytes as ``whole``."""

    tag: int
    content: memoryview
    whole: memoryview


def end(pem: str) -> float:
    """The Unix time when the first of the certificates ends that does, which is when what is served with them fails.

    Raises:
        ValueError: when there is none, or one can't be read.
    """
    return min(_validity(_fields(_der(block)))[1] for block in _blocks(pem))


def first(pem: str) -> Certificate:
    """The first certificate, which is the server's own.

    Raises:
        ValueError: when there is none, or it can't be read.
    """
    der = _der(_blocks(pem)[0])
    fields = _fields(der)
    begin, last = _validity(fields)
    return Certificate(der, begin, last, _names(fields))


def covers(names: Tuple[str, ...], host: str) -> bool:
    """Whether a certificate with these names is for a host; a ``*`` stands for the first part of a name (RFC 6125)."""
    wanted = host.lower()
    above = wanted.partition(".")[2]
    return any(name.lower() == wanted or (above and name.lower() == "*." + above) for name in names)


def _blocks(pem: str) -> List[str]:
    found = _BLOCK.findall(pem)[:_MOST]
    if not found:
        raise ValueError("it has no certificate")
    return found


def _der(block: str) -> bytes:
    try:
        return base64.b64decode("".join(block.split()), validate=True)
    except binascii.Error as exc:
        raise ValueError("it has a certificate that is damaged") from exc


def _fields(der: bytes) -> List[_Element]:
    """What is signed of a certificate, from the serial number on: the version is only there where it isn't the first."""
    fields = list(_children(_inside(_element(memoryview(der)))))
    return fields[1:] if fields[0].tag == _VERSION else fields


def _inside(certificate: _Element) -> memoryview:
    """The content of the first sequence in a sequence."""
    return _content(next(_children(_content(certificate))))


def _content(element: _Element) -> memoryview:
    if element.tag != _SEQUENCE or not element.content:
        raise ValueError("it has a certificate with nothing in it, or with something else than a sequence")
    return element.content


def _validity(fields: List[_Element]) -> Tuple[float, float]:
    # Before it are the serial number, the algorithm and the issuer.
    times = list(_children(_content(fields[3]))) if len(fields) > 3 else []
    if len(times) != 2:
        raise ValueError("it has a certificate without a validity")
    begin, last = (_time(one.tag, bytes(one.content)) for one in times)
    return begin, last


def _names(fields: List[_Element]) -> Tuple[str, ...]:
    """The alternative names, or the subject's where there are none of hosts."""
    found: List[str] = []
    for element in fields[6:]:
        if element.tag == _EXTENSIONS:
            found += _alternative(element)
    if not found and len(fields) > 4:
        found += _common(fields[4])
    return tuple(dict.fromkeys(found))


def _alternative(element: _Element) -> Iterator[str]:
    for extension in _children(_content(_element(element.content))):
        # Between the identifier and the value may be whether it is critical.
        parts = list(_children(_content(extension)))
        if parts[0].tag == _OBJECT and bytes(parts[0].content) == _ALTERNATIVE_NAMES and parts[-1].tag == _OCTETS:
            names = _element(parts[-1].content)
            yield from (_text(one) for one in _children(names.content) if one.tag == _DNS_NAME)


def _common(subject: _Element) -> Iterator[str]:
    for group in _children(subject.content):
        for pair in _children(group.content):
            parts = list(_children(pair.content)) if group.tag == _SET and pair.tag == _SEQUENCE else []
            if len(parts) == 2 and bytes(parts[0].content) == _COMMON_NAME:
                yield _text(parts[1])


def _text(element: _Element) -> str:
    return bytes(element.content).decode("utf-8", "replace")


def _children(content: memoryview) -> Iterator[_Element]:
    """The elements in the content of another."""
    while content:
        found = _element(content)
        yield found
        content = content[len(found.whole) :]


def _element(der: memoryview) -> _Element:
    """The first element."""
    if len(der) < 2:
        raise ValueError("it has a certificate that ends too early")
    size, head = der[1], 2
    if size > 0x80:
        head += size & 0x7F
        size = int.from_bytes(der[2:head], "big")
    if der[1] == 0x80 or head > 6 or len(der) < head + size:
        raise ValueError("it has a certificate that ends too early")
    return _Element(der[0], der[head : head + size], der[: head + size])


def _time(tag: int, content: bytes) -> float:
    text = content.decode("ascii", "replace")
    if tag == _UTC and len(text) == 13:
        # Two digits of the year, where 50 is 1950.
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED:
        raise ValueError("it has a certificate whose end is no time")
    parts = _TIME.match(text)
    if not parts:
        raise ValueError("it has a certificate whose end is no time")
    year, month, day, hour, minute, second = map(int, parts.groups())
    try:
        found = datetime.datetime(year, month, day, hour, minute, second)
    except ValueError as exc:
        raise ValueError("it has a certificate whose end is no time") from exc
    return (found - datetime.datetime(1970, 1, 1)).total_seconds()
