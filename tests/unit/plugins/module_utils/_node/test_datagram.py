# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From announcements to bytes and back."""

from __future__ import annotations

from typing import Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from hypothesis import given
from hypothesis import strategies as st

PAIRS = [("key", "a.test"), ("address", b"10.0.0.7:3031")]
BODY = b"\x03\x00key\x06\x00a.test\x07\x00address\x0d\x0010.0.0.7:3031"
PACKET = b"\xe0\x25\x00\x00" + BODY


def test_an_unsigned_announcement() -> None:
    assert datagram.encode(datagram.SUBSCRIBE, PAIRS) == PACKET
    assert datagram.decode(PACKET) == datagram.Packet(0, [("key", b"a.test"), ("address", b"10.0.0.7:3031")], None, b"")


def test_a_signature_is_the_last_pair_and_is_for_what_stands_before_it() -> None:
    seen: list[bytes] = []

    def sign(body: bytes) -> bytes:
        seen.append(body)
        return b"\x00\xff\n"

    packet = datagram.encode(datagram.UNSUBSCRIBE, PAIRS, sign)
    assert packet == b"\xe0\x30\x00\x01" + BODY + b"\x04\x00sign\x03\x00\x00\xff\n"
    assert seen == [BODY]
    assert datagram.decode(packet) == datagram.Packet(
        1, [("key", b"a.test"), ("address", b"10.0.0.7:3031")], b"\x00\xff\n", BODY
    )


def test_of_a_field_that_stands_there_twice_the_last_counts() -> None:
    assert datagram.decode(datagram.encode(0, [("key", "a"), ("key", "b")])).fields == {"key": "b"}


def test_what_is_no_text_survives() -> None:
    assert datagram.decode(datagram.encode(0, [("key", b"\xff")])).fields == {"key": "\udcff"}
    assert datagram.encode(0, [("key", "\udcff")]) == datagram.encode(0, [("key", b"\xff")])
    assert datagram.decode(b"\xe0\x05\x00\x00\x01\x00\xff\x00\x00").pairs == [("\udcff", b"")]


DAMAGED = [
    (b"", "0 bytes are less than a header"),
    (b"\xe0\x00\x00", "3 bytes are less than a header"),
    (b"\xdf\x00\x00\x00", "modifier1 is 223 and that of an announcement is 224"),
    (PACKET[:-1], "the body has 36 bytes and its header says 37"),
    (PACKET + b"x", "the body has 38 bytes and its header says 37"),
    (b"\xe0\x01\x00\x00\x00", "the body is cut at byte 0"),
    (b"\xe0\x03\x00\x00\x02\x00k", "a field at byte 0 is longer than what is left of the body"),
    (b"\xe0\x03\x00\x00\x01\x00k", "the body is cut at byte 3"),
    (b"\xe0\x0e\x00\x00\x04\x00sign\x00\x00\x01\x00k\x01\x00v", "there is data after the signature"),
]


@pytest.mark.parametrize(("packet", "problem"), DAMAGED)
def test_damaged_packets_are_refused(packet: bytes, problem: str) -> None:
    with pytest.raises(datagram.WireError) as caught:
        datagram.decode(packet)
    assert str(caught.value) == problem


def test_a_packet_is_as_long_as_what_a_router_reads() -> None:
    most = "v" * (4096 - 4 - 2 - 1 - 2)
    assert len(datagram.encode(0, [("k", most)])) == 4096
    too_long = "the announcement has {0} bytes and a router reads 4096 of it"
    refused: list[tuple[list[tuple[str, str]], int, str]] = [
        ([("k", most + "v")], 0, too_long.format(4097)),
        ([], 4097 - 4 - 2 - 4 - 2, too_long.format(4097)),
        ([("k", "v" * 65535)], 0, too_long.format(4 + 2 + 1 + 2 + 65535)),
        ([("k", "v" * 65536)], 0, "the field k has 65536 bytes and a field holds 65535"),
        ([("k" * 81, "v" * 65536)], 0, f"the field {'k' * 80} has 65536 bytes and a field holds 65535"),
    ]
    for pairs, signature, problem in refused:
        with pytest.raises(datagram.WireError) as caught:
            datagram.encode(0, pairs, (lambda body, size=signature: b"s" * size) if signature else None)
        assert str(caught.value) == problem


HALVES = st.text(st.characters(codec="utf-8"), max_size=60)


@given(st.sampled_from([0, 1]), st.lists(st.tuples(HALVES.filter(lambda name: name != "sign"), HALVES), max_size=12))
def test_every_announcement_comes_back(command: int, pairs: list[tuple[str, str]]) -> None:
    packet = datagram.decode(datagram.encode(command, pairs))
    assert (packet.command, [(name, value.decode()) for name, value in packet.pairs]) == (command, pairs)


@given(st.binary(max_size=80))
def test_any_bytes_are_an_announcement_or_an_error(body: bytes) -> None:
    packet = b"\xe0" + len(body).to_bytes(2, "little") + b"\x00" + body
    try:
        found = datagram.decode(packet)
    except datagram.WireError:
        return
    sign = None if found.signature is None else lambda dummy: found.signature
    assert datagram.encode(found.command, found.pairs, sign) == packet


def test_names_of_any_bytes_are_written_as_they_were_read() -> None:
    packet = datagram.decode(b"\xe0\x05\x00\x00\x01\x00\xff\x00\x00")
    assert datagram.encode(packet.command, packet.pairs) == b"\xe0\x05\x00\x00\x01\x00\xff\x00\x00"


@pytest.mark.parametrize("pair", [("\ud800", "a"), ("a", "\ud800")])
def test_what_is_no_text_is_an_error(pair: Tuple[str, str]) -> None:
    with pytest.raises(datagram.WireError) as caught:
        datagram.encode(datagram.SUBSCRIBE, [pair])
    assert str(caught.value) == f"the field {pair[0]!r} is not valid Unicode text"
