# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses as uWSGI writes them: ``IPV4:PORT``, the path of a unix socket, or ``@`` and an abstract name. Pure, without Ansible.

A flaw says what is wrong with an address and what to do instead. It completes a sentence that begins with the address.
"""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from typing import Any, Optional, Tuple

# core/socket.c and core/subscription.c cut longer socket paths, on both sides.
MAX_SOCKET_PATH = 102

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}\Z")
_LAST_PORT = "65535"
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_WILDCARD = re.compile(r"0+(\.0+){0,3}\Z")
_LOOPBACK = "127.0.0.1"
_URLS = ("http://", "https://")


# The same few servers and sockets are checked many times.
@lru_cache(maxsize=4096)
def is_ipv4_port(value: str) -> bool:
    """Say whether ``value`` is a dotted quad and a port from 1 to 65535."""
    host, colon, port = value.rpartition(":")
    return bool(colon and _IPV4.match(host) and is_port(port))


def is_given_port(value: str) -> bool:
    """Say whether ``value`` is a dotted quad that is no wildcard, with port 0, which lets the kernel choose a port."""
    if not value.endswith(":0"):
        return False
    host = value[:-2]
    return bool(_IPV4.match(host) and not _WILDCARD.match(host))


def is_port(value: str) -> bool:
    """Say whether ``value`` is a port from 1 to 65535, in ASCII digits."""
    # Without leading zeros, the longer number is the larger one.
    is_number = value.isascii() and value.isdigit() and value[0] != "0"
    return is_number and (len(value), value) <= (len(_LAST_PORT), _LAST_PORT)


def is_url(value: str) -> bool:
    """Say whether ``value`` is an http or https URL."""
    return value.startswith(_URLS)


def host_port(value: str) -> Optional[Tuple[str, str]]:
    """Split a host name and a port; None where ``value`` is something else, such as IPv6 or a path."""
    host, colon, port = value.rpartition(":")
    return (host, port) if colon and is_port(port) and _HOST.match(host) else None


def endpoint(address: str) -> Tuple[int, Any]:
    """The family and address with which Python's sockets connect or send.

    Args:
        address: ``IPV4:PORT`` (a wildcard means this host), the path of a unix socket, or
            ``@NAME`` for an abstract one (core/socket.c).

    Raises:
        ValueError: for anything else.
    """
    if address.startswith("@"):
        return socket.AF_UNIX, "\0" + address[1:]
    if address.startswith("/"):
        return socket.AF_UNIX, address
    host, colon, port = address.rpartition(":")
    if not colon or not is_port(port):
        raise ValueError(f"{address!r} has no port from 1 to 65535")
    return socket.AF_INET, (_LOOPBACK if host in ("", "*", "0.0.0.0") else host, int(port))


def socket_flaw(value: str) -> Optional[str]:
    """Say why uWSGI can't use ``value`` as the path of a unix socket; None if it can."""
    if value == "@" or (value.startswith("/") and value.endswith("/")):
        return "names no socket; give the path of one"
    if ":" in value:
        return "has a colon, so uWSGI takes it as an address and a port; give another path"
    size = len(value.encode("utf-8"))
    if size > MAX_SOCKET_PATH:
        return f"has {size} bytes and uWSGI cuts a socket's path at {MAX_SOCKET_PATH}; give a shorter one"
    return None


def node_flaw(value: str) -> Optional[str]:
    """Say why a router can't connect to ``value``, an address as uWSGI announces it; None if it can."""
    if value.startswith(("/", "@")):
        return None
    host, colon, port = value.rpartition(":")
    if not colon:
        return "is a relative path, which the router takes from its own folder"
    flaw = _host_flaw(host)
    if flaw:
        return flaw
    if not is_port(port):
        return "has no port from 1 to 65535"
    return None


@lru_cache(maxsize=256)
def _host_flaw(host: str) -> Optional[str]:
    if host in ("", "*") or _WILDCARD.match(host):
        return "is a wildcard, which for the router is its own host"
    if not _IPV4.match(host):
        return "is not an IPv4 address, and the router resolves no names and knows no IPv6"
    return None


def stats_flaw(value: str) -> Optional[str]:
    """Say why ``value`` can't be a stats server; None if it can."""
    if is_url(value) or value.startswith("/") or is_ipv4_port(value):
        return None
    return "is not a stats server; give IPV4:PORT, the absolute path of a unix socket, or an http URL"
