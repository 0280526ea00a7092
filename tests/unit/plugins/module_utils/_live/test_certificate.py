# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When certificates end, and what is none."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import certificate
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from support import keys

PEM = keys.certificate("shop")


def end_of(pem: str) -> float:
    """The same by an independent reader, on any of its releases."""
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


@pytest.mark.parametrize(
    "text",
    ["", "nothing", PEM[:200], PEM.replace("M", "!"), "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"],
    # The certificate is another one in each process.
    ids=["empty", "text", "cut off", "no base64", "no certificate in it"],
)
def test_what_is_no_certificate_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="certificate"):
        certificate.end(text)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_time_or_an_error(der: bytes) -> None:
    import base64  # noqa: PLC0415

    try:
        assert isinstance(certificate._end(base64.b64encode(der).decode()), float)
    except ValueError as exc:
        assert "certificate" in str(exc)
