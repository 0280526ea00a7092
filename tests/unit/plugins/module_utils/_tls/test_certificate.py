# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What certificates contain, and what is not a certificate."""

from __future__ import annotations

import base64
import datetime

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._tls import certificate
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from support import keys

PEM = keys.certificate("shop")


def end_of(pem: str) -> float:
    """The same from an independent reader, in any of its releases."""
    found = x509.load_pem_x509_certificate(pem.encode())
    end = getattr(found, "not_valid_after_utc", None) or found.not_valid_after.replace(tzinfo=datetime.timezone.utc)
    return float(end.timestamp())


def test_it_is_what_another_reader_says() -> None:
    assert certificate.end(PEM) == end_of(PEM)
    assert certificate.end("text before\n" + PEM + PEM) == end_of(PEM)


TIMES = [
    (0x17, b"491231235959Z", 2524607999),
    (0x17, b"500101000000Z", -631152000),
    (0x18, b"20500101000000Z", 2524608000),
    (0x18, b"99991231235959Z", 253402300799),
]


@pytest.mark.parametrize(("tag", "text", "end"), TIMES)
def test_both_kinds_of_times_are_read(tag: int, text: bytes, end: int) -> None:
    assert certificate._time(tag, text) == end


# The common name, the alternative names, and the names that the certificate is valid for.
NAMES: list[tuple[str, list[str], tuple[str, ...]]] = [
    ("a.test", ["b.test", "*.c.test", "b.test"], ("b.test", "*.c.test")),
    ("a.test", [], ("a.test",)),
    ("ä.test", [], ("ä.test",)),
]


@pytest.mark.parametrize(("common", "alternative", "names"), NAMES)
def test_the_first_certificate_is_the_server_s(common: str, alternative: list[str], names: tuple[str, ...]) -> None:
    pem = keys.certificate(common, names=alternative)
    found = certificate.first(pem + PEM)
    assert found.names == names
    assert found.der == x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER)
    assert (found.end, round(found.end - found.begin)) == (end_of(pem), 25 * 3600)


COVERED = [
    ("a.test", "a.test", True),
    ("A.test", "a.TEST", True),
    ("a.test", "b.test", False),
    ("a.test", "x.a.test", False),
    ("*.a.test", "x.a.test", True),
    ("*.a.test", "a.test", False),
    ("*.a.test", "y.x.a.test", False),
    ("*.", "a", False),
    ("*", "a", False),
    ("x*.a.test", "xy.a.test", False),
]


@pytest.mark.parametrize(("name", "host", "covered"), COVERED)
def test_a_star_is_one_part_of_a_name(name: str, host: str, covered: bool) -> None:
    assert certificate.covers(("other.test", name), host) is covered


def element(tag: int, *parts: bytes) -> bytes:
    """An element with these parts in it."""
    content = b"".join(parts)
    size = len(content)
    return bytes([tag, size] if size < 0x80 else [tag, 0x82, size >> 8, size & 0xFF]) + content


def in_pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----\n"


def small(*fields: bytes) -> bytes:
    """A certificate with these fields only."""
    return element(0x30, element(0x30, *fields))


def pair(identifier: bytes, *values: bytes) -> bytes:
    """An identifier with what it is for, in a sequence."""
    return element(0x30, element(0x06, identifier), *values)


BEGIN = element(0x17, b"200101000000Z")
# The serial number, the algorithm and the issuer, each as short as possible, and the validity.
BEFORE = element(0x02, b"\x01") + element(0x30) * 2
YEAR = element(0x30, BEGIN, element(0x17, b"210101000000Z"))
COMMON = pair(b"\x55\x04\x03", element(0x0C, b"ab"))
SUBJECT = element(0x30, element(0x31, COMMON))
ALTERNATIVE = element(0x04, element(0x30, element(0x81, b"m@x"), element(0x82, b"cd")))
BY_NAME, BY_OTHER = pair(b"\x55\x1d\x11", ALTERNATIVE), pair(b"\x55\x1d\x12", ALTERNATIVE)


def test_a_version_1_certificate_has_no_extensions() -> None:
    der = small(BEFORE, YEAR, SUBJECT)
    assert certificate.first(in_pem(der)) == certificate.Certificate(der, 1577836800, 1609459200, ("ab",))


def extended(*extensions: bytes) -> bytes:
    """What follows the validity, with extensions at its end."""
    return SUBJECT + element(0x30) + element(0xA3, element(0x30, *extensions))


# What follows the validity, and the names that the certificate is valid for.
SMALL: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "nothing": (b"", ()),
    "an alternative name": (extended(BY_NAME), ("cd",)),
    "another extension": (extended(BY_OTHER), ("ab",)),
    "both": (extended(BY_OTHER, BY_NAME), ("cd",)),
    "extensions with another tag": (extended(BY_NAME).replace(b"\xa3", b"\xa2"), ("ab",)),
    "a name that is no text": (extended(BY_NAME).replace(b"cd", b"c\xff"), ("c\ufffd",)),
    "another part of a subject": (element(0x30, element(0x31, pair(b"\x55\x04\x0a", element(0x0C, b"ab")))), ()),
    "a subject without a set": (element(0x30, element(0x30, COMMON)), ()),
    "a subject with another set in its set": (element(0x30, element(0x31, b"\x31" + COMMON[1:])), ()),
    "a subject without a value": (element(0x30, element(0x31, pair(b"\x55\x04\x03"))), ()),
}


@pytest.mark.parametrize(("after", "names"), SMALL.values(), ids=SMALL)
def test_names_are_looked_for_where_they_belong(after: bytes, names: tuple[str, ...]) -> None:
    assert certificate.first(in_pem(small(BEFORE, YEAR, after))).names == names


def test_the_first_20_certificates_are_read() -> None:
    late = in_pem(small(BEFORE, element(0x30, BEGIN, element(0x17, b"220101000000Z"))))
    early = in_pem(small(BEFORE, YEAR))
    assert [certificate.end(late * count + early) for count in (19, 20)] == [1609459200, 1640995200]


def test_many_names_are_read_in_linear_time() -> None:
    # 40,000 empty names: for each, the rest is viewed and not copied.
    names = b"\x82\x00" * 40_000
    element = certificate._element(memoryview(b"\x30\x83" + len(names).to_bytes(3, "big") + names))
    assert sum(1 for dummy in certificate._children(element.content)) == 40_000


# The beginning of an element that is complete, and how many bytes are in it.
SIZES = [
    (b"\x30\x7f", 0x7F),
    (b"\x30\x81\x80", 0x80),
    (b"\x30\x81\x81", 0x81),
    (b"\x30\x82\x01\x00", 0x100),
    (b"\x30\x84\x00\x00\x00\x81", 0x81),
]


@pytest.mark.parametrize(("head", "size"), SIZES)
def test_short_and_long_sizes_are_read(head: bytes, size: int) -> None:
    found = certificate._element(memoryview(head + b"a" * size + b"b"))
    assert (bytes(found.content), bytes(found.whole)) == (b"a" * size, head + b"a" * size)


NONE, EARLY, DAMAGED = "it has no certificate", "it has a certificate that ends too early", "it has a certificate that is damaged"
EMPTY = "it has a certificate with nothing in it, or with something else than a sequence"
ENDLESS, TIMELESS = "it has a certificate without a validity", "it has a certificate whose end is no time"
UNREAD: dict[str, tuple[str, str]] = {
    "empty": ("", NONE),
    "text": ("nothing", NONE),
    "cut off": (PEM[:200], NONE),
    "no base64": (PEM.replace("M", "!"), NONE),
    "base64 that ends too early": (in_pem(b"").replace("\n\n", "\nMAA\n"), DAMAGED),
    "base64 that goes on after its end": (in_pem(b"").replace("\n\n", "\nMAA=MAA=\n"), DAMAGED),
    "nothing in it": (in_pem(b"\x30\x00"), EMPTY),
    "an empty sequence in it": (in_pem(small()), EMPTY),
    "a set": (in_pem(b"\x31" + small(BEFORE, YEAR)[1:]), EMPTY),
    "one byte": (in_pem(b"\x30"), EARLY),
    "cut off by a byte": (in_pem(small(BEFORE, YEAR)[:-1]), EARLY),
    "a size of more than four bytes": (in_pem(b"\x30\x85\x00\x00\x00\x00" + small(BEFORE, YEAR)[1:]), EARLY),
    "no size": (in_pem(b"\x30\x80" + small(BEFORE, YEAR)[2:] + b"\x00" * 128), EARLY),
    "no validity": (in_pem(small(BEFORE)), ENDLESS),
    "one time": (in_pem(small(BEFORE, element(0x30, BEGIN))), ENDLESS),
    "three times": (in_pem(small(BEFORE, element(0x30, BEGIN * 3))), ENDLESS),
    **{
        f"the time {text!r} of type {tag:#x}": (in_pem(small(BEFORE, element(0x30, BEGIN, element(tag, text)))), TIMELESS)
        for tag, text in [
            (0x17, b"2101010000Z"),
            (0x17, b"210101000000\xff"),
            (0x17, b"211301000000Z"),
            (0x17, b"20210101000000Z"),
            (0x18, b"210101000000Z"),
            (0x18, b"20210101000000+"),
            (0x13, b"20210101000000Z"),
        ]
    },
}


@pytest.mark.parametrize(("text", "error"), UNREAD.values(), ids=UNREAD)
def test_what_is_no_certificate_is_an_error(text: str, error: str) -> None:
    for read in (certificate.end, certificate.first):
        with pytest.raises(ValueError, match="certificate") as caught:
            read(text)
        assert str(caught.value) == error


def is_read_or_refused(der: bytes) -> None:
    for read in (certificate.end, certificate.first):
        try:
            read(in_pem(der))
        except ValueError as exc:
            assert "certificate" in str(exc)


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_a_certificate_or_an_error(der: bytes) -> None:
    is_read_or_refused(der)


DER = base64.b64decode("".join(PEM.splitlines()[1:-1]))


@given(st.integers(0, len(DER) - 1), st.integers(0, 255), st.integers(0, len(DER)))
def test_a_damaged_certificate_is_read_or_refused(at: int, byte: int, size: int) -> None:
    is_read_or_refused((DER[:at] + bytes([byte]) + DER[at + 1 :])[: size or 1])
