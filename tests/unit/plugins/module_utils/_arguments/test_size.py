# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The size of an announcement compared with what a router reads, checked with the encoder of datagrams."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import size
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1, Release
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram

ADDRESS = "10.0.0.7:3031"
SIGN = {"sign": "SHA256:/k.pem"}


def packet(fields: Dict[str, str], release: Release, notify: str, signature: int) -> int:
    """The size of the datagram that a node sends."""
    pairs = [("key", "a.test"), ("address", ADDRESS), ("modifier1", "0"), ("modifier2", "0"), ("cores", "1"), ("load", "0")]
    pairs.append(("weight", "1"))
    if release >= V2_1:
        pairs.append(("backup", "0"))
    pairs += [(name, value) for name, value in fields.items() if name not in ("sign", "check")]
    if notify:
        pairs.append(("notify", notify))
    if signature:
        pairs += [("unix", "1700000000"), ("sign", "s" * signature)]
    return len(datagram.encode(datagram.SUBSCRIBE, pairs))


def longest(release: Release, notify: str, signature: int) -> Dict[str, str]:
    """Fields that make a datagram exactly as long as a router can read."""
    fields = {"algo": "wrr", "proto": "http", "inactive": "1", "sni_crt": "/c", "sni_key": "/"}
    return {**fields, "sni_key": "/" + "k" * (size.MOST - packet(fields, release, notify, signature))}


CASES: List[Tuple[Release, str]] = [(V2_0, ""), (V2_0, "/run/notify"), (V2_1, ""), (V2_1, "/run/notify")]


@pytest.mark.parametrize(("release", "notify"), CASES)
@pytest.mark.parametrize("signature", [0, 72])
def test_what_a_router_reads_to_its_end_is_accepted_and_a_byte_more_is_not(release: Release, notify: str, signature: int) -> None:
    fields = longest(release, notify, signature)
    assert packet(fields, release, notify, signature) == size.MOST
    more: Dict[str, str] = SIGN if signature else {}
    size.check("subscriptions[0]", "a.test", {**fields, **more, "check": "/s" * 999}, notify or None, release)
    with pytest.raises(ArgumentError) as caught:
        size.check("subscriptions[0]", "a.test", {**fields, **more, "sni_crt": "/cc"}, notify or None, release)
    lost = "its signature is behind that, so the node would never register" if signature else "what is behind that is lost"
    assert str(caught.value) == (
        f"subscriptions[0].sni_key: makes an announcement of 4097 bytes, of which a router reads 4096; {lost}; give shorter paths"
    )


def test_a_longer_signature_than_the_collection_makes_is_warned_of() -> None:
    fields = {**longest(V2_0, "", 512), **SIGN}
    assert size.check("s", "a.test", fields, None, V2_0) == []
    [warning] = size.check("s", "a.test", {**fields, "sni_crt": "/cc"}, None, V2_0)
    assert warning == (
        "s.signing: a signature with an RSA key of 4096 bits would make the announcement longer than the 4096 bytes that a "
        "router reads, and the node would never register; give shorter paths, or use an EC key"
    )
    unsigned = {name: value for name, value in fields.items() if name != "sign"}
    assert size.check("s", "a.test", {**unsigned, "sni_crt": "/cc"}, None, V2_0) == []


LONGEST: List[Tuple[Dict[str, str], Any]] = [
    ({"addr": "/" + "a" * 4096}, "address"),
    ({"vassal": "a" * 4096}, "address_vassal"),
    ({"sni_crt": "/" + "a" * 4096, "sni_key": "/k"}, "sni_cert"),
    ({"sni_ca": "/" + "a" * 4096}, "sni_client_ca"),
    ({"sni_ca": "/" + "\u00e4" * 2048}, "sni_client_ca"),
    ({"notify": ""}, "key"),
]


@pytest.mark.parametrize(("fields", "argument"), LONGEST)
def test_the_longest_argument_is_named(fields: Dict[str, str], argument: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        size.check("s", "a.test", fields, "/" + "n" * 4096 if "notify" in fields else None, V2_0)
    assert caught.value.path == "s." + argument
