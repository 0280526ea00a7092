# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses: what uWSGI, routers and stats servers can use, and how to connect to them."""

from __future__ import annotations

import socket
from typing import Any, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _addresses

INET, UNIX = socket.AF_INET, socket.AF_UNIX
PORTS = [
    ("1", True), ("80", True), ("65535", True), ("65536", False), ("0", False), ("", False), ("080", False), ("-1", False),
    (" 1", False), ("1 ", False), ("1\n", False), ("100000", False), ("\u0663", False), ("1.0", False),
]  # fmt: skip


@pytest.mark.parametrize(("value", "is_one"), PORTS)
def test_port(value: str, is_one: bool) -> None:
    assert _addresses.is_port(value) == is_one


IPV4_PORTS = [
    ("10.0.0.7:1", True), ("255.255.255.255:65535", True), ("0.0.0.0:1", True), ("256.0.0.1:1", False), ("10.0.0:1", False),
    ("010.0.0.1:1", False), ("10.0.0.\u0663:1", False), ("10.0.0.7", False), ("10.0.0.7:", False), ("10.0.0.7:0", False),
    ("localhost:1", False), ("[::1]:1", False), (":1", False), ("10.0.0.7.1:1", False), ("10.0.0.7\n:1", False), ("", False),
    ("1910.0.0.1:1", False), ("199.249.250.99:1", True), ("260.1.1.1:1", False),
]  # fmt: skip


@pytest.mark.parametrize(("value", "is_one"), IPV4_PORTS)
def test_ipv4_and_port(value: str, is_one: bool) -> None:
    assert _addresses.is_ipv4_port(value) == is_one


@pytest.mark.parametrize(
    ("value", "is_one"), [("http://a", True), ("https://a", True), ("ftp://a", False), ("http:/a", False), ("10.0.0.2:1", False)]
)
def test_url(value: str, is_one: bool) -> None:
    assert _addresses.is_url(value) == is_one


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("router1:2626", ("router1", "2626")),
        ("a_b.example.com:1", ("a_b.example.com", "1")),
        ("router1:65535", ("router1", "65535")),
        ("router1:65536", None),
        ("router1:0", None),
        ("router1", None),
        (":1", None),
        ("-a:1", None),
        ("[::1]:1", None),
        ("::1:1", None),
        ("/run/s:1", None),
        ("a b:1", None),
    ],
)
def test_host_and_port(value: str, result: Any) -> None:
    assert _addresses.host_port(value) == result


ENDPOINTS: List[Tuple[str, Any]] = [
    ("/run/a.sock", (UNIX, "/run/a.sock")),
    ("@a", (UNIX, "\0a")),
    ("10.0.0.7:3031", (INET, ("10.0.0.7", 3031))),
    ("127.1:1", (INET, ("127.1", 1))),
    (":1", (INET, ("127.0.0.1", 1))),
    ("*:1", (INET, ("127.0.0.1", 1))),
    ("0.0.0.0:1", (INET, ("127.0.0.1", 1))),
]


@pytest.mark.parametrize(("address", "expected"), ENDPOINTS)
def test_endpoint(address: str, expected: Any) -> None:
    assert _addresses.endpoint(address) == expected


@pytest.mark.parametrize("address", ["", "a.sock", "foo:bar", "10.0.0.7", "10.0.0.7:", "10.0.0.7:99999", "10.0.0.7:0"])
def test_what_is_no_address_has_no_endpoint(address: str) -> None:
    with pytest.raises(ValueError, match="has no port from 1 to 65535") as caught:
        _addresses.endpoint(address)
    assert str(caught.value) == f"{address!r} has no port from 1 to 65535"


NO_SOCKET = "names no socket; give the path of one"
COLON = "has a colon, so uWSGI takes it as an address and a port; give another path"
LONG = "has 103 bytes and uWSGI cuts a socket's path at 102; give a shorter one"
SOCKETS: List[Tuple[str, Optional[str]]] = [
    ("/run/a.sock", None),
    ("@a", None),
    ("@a/", None),
    ("@", NO_SOCKET),
    ("/", NO_SOCKET),
    ("/run/", NO_SOCKET),
    ("/run/a:1", COLON),
    ("/" + "s" * 101, None),
    ("/" + "s" * 102, LONG),
    ("/" + "\u00fc" * 51, LONG),
]


@pytest.mark.parametrize(("value", "flaw"), SOCKETS)
def test_a_unix_socket(value: str, flaw: Optional[str]) -> None:
    assert _addresses.socket_flaw(value) == flaw


RELATIVE = "is a relative path, which the router takes from its own folder"
WILDCARD = "is a wildcard, which for the router is its own host"
NAME = "is not an IPv4 address, and the router resolves no names and knows no IPv6"
PORT = "has no port from 1 to 65535"
NODES: List[Tuple[str, Optional[str]]] = [
    ("10.0.0.7:3031", None),
    ("/run/a.sock", None),
    ("@a", None),
    ("a.sock", RELATIVE),
    ("", RELATIVE),
    (":1", WILDCARD),
    ("*:1", WILDCARD),
    ("0:1", WILDCARD),
    ("0.0.0.0:1", WILDCARD),
    ("00.0:1", WILDCARD),
    ("0.1.2.3:1", None),
    ("localhost:1", NAME),
    ("[::1]:1", NAME),
    ("0.0.0.0.0:1", NAME),
    ("10.0.0.7:0", PORT),
    ("10.0.0.7:65536", PORT),
    ("10.0.0.7:a", PORT),
]


@pytest.mark.parametrize(("value", "flaw"), NODES)
def test_the_address_of_a_node(value: str, flaw: Optional[str]) -> None:
    assert _addresses.node_flaw(value) == flaw


NO_STATS = "is not a stats server; give IPV4:PORT, the absolute path of a unix socket, or an http URL"


@pytest.mark.parametrize("value", ["10.0.0.2:2627", "/run/stats.sock", "http://router.test/stats", "https://router.test"])
def test_a_stats_server(value: str) -> None:
    assert _addresses.stats_flaw(value) is None


@pytest.mark.parametrize("value", ["", "router:2627", "stats.sock", "[::1]:1", "ftp://a", "@stats"])
def test_what_is_no_stats_server(value: str) -> None:
    assert _addresses.stats_flaw(value) == NO_STATS


@pytest.mark.parametrize(
    ("value", "is_given"),
    [("10.0.0.7:0", True), ("0.0.0.0:0", False), (":0", False), ("10.0.0.7:1", False), ("10.0.0.7:00", False), ("a:0", False),
     ("10.0.0.7", False), ("/run/s:0", False)],
)  # fmt: skip
def test_ports_that_the_kernel_gives(value: str, is_given: bool) -> None:
    assert _addresses.is_given_port(value) is is_given
