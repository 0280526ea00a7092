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


def test_a_version_1_certificate_has_no_extensions() -> None:
    # Serial number, algorithm, issuer, validity and subject, each as short as possible.
    times = b"\x30\x1e" + b"\x17\x0d200101000000Z" + b"\x17\x0d210101000000Z"
    common = b"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02ab"
    inside = b"\x02\x01\x01" + b"\x30\x00" + b"\x30\x00" + times + common
    der = b"\x30" + bytes([len(inside) + 2]) + b"\x30" + bytes([len(inside)]) + inside
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----"
    assert certificate.first(pem) == certificate.Certificate(der, 1577836800, 1609459200, ("ab",))


def test_many_names_are_read_in_linear_time() -> None:
    # 40,000 empty names: for each, the rest is viewed and not copied.
    names = b"\x82\x00" * 40_000
    element = certificate._element(memoryview(b"\x30\x83" + len(names).to_bytes(3, "big") + names))
    assert sum(1 for dummy in certificate._children(element.content)) == 40_000


@pytest.mark.parametrize(
    "text",
    ["", "nothing", PEM[:200], PEM.replace("M", "!"), "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"],
    # Named, since the certificate differs in each process.
    ids=["empty", "text", "cut off", "no base64", "no certificate in it"],
)
def test_what_is_no_certificate_is_an_error(text: str) -> None:
    for read in (certificate.end, certificate.first):
        with pytest.raises(ValueError, match="certificate"):
            read(text)


def is_read_or_refused(der: bytes) -> None:
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----"
    for read in (certificate.end, certificate.first):
        try:
            read(pem)
        except ValueError as exc:
            assert "certificate" in str(exc)


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_a_certificate_or_an_error(der: bytes) -> None:
    is_read_or_refused(der)


DER = base64.b64decode("".join(PEM.splitlines()[1:-1]))


@given(st.integers(0, len(DER) - 1), st.integers(0, 255), st.integers(0, len(DER)))
def test_a_damaged_certificate_is_read_or_refused(at: int, byte: int, size: int) -> None:
    is_read_or_refused((DER[:at] + bytes([byte]) + DER[at + 1 :])[: size or 1])
