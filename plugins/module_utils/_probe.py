# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One question to an instance: does it answer well? Free of Ansible, so that it also runs on a host's own.

The request is one of the uwsgi protocol (C(proto/uwsgi.c)), or of HTTP/1.0 (RFC 1945) for an instance that speaks that itself.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import time
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.emperor.uwsgi.plugins.module_utils import _announced
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

_UWSGI = ("socket", "uwsgi-socket")
_HTTP = ("http-socket", "http11-socket")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class Target(NamedTuple):
    """Where and how to ask an instance.

    :ivar http: whether it speaks HTTP, else the uwsgi protocol.
    :ivar host: the Host header.
    """

    address: str
    http: bool
    modifiers: Tuple[int, int]
    host: str


def target(place: str, path: str, host: Optional[str] = None) -> Target:
    """The first socket of the instance on an ini file that can be asked.

    :param place: the argument that names the file.
    :param host: by default its first key.
    :raises ArgumentError: when it has none.
    """
    options = _announced.options_of(place, path)
    first = next(iter(_announced.of_file(place, path)), None) if any(one.name == "subscribe2" for one in options) else None
    for option in options:
        if option.name in _UWSGI + _HTTP and not option.flaw and not option.value.startswith("="):
            modifiers = first.modifiers if first else (0, 0)
            return Target(option.value, option.name in _HTTP, modifiers, host or (first.key if first else "localhost"))
    raise ArgumentError(place, "{0} has no socket that can be asked; check it with a command".format(path))


def flaw(vassal: str, check: Mapping[str, Any]) -> str:
    """Ask a vassal, by one of its checks.

    :param vassal: its ini file.
    :param check: C(command), or C(path) and C(host); C(timeout) in seconds.
    :returns: what is wrong, empty where it is well.
    :raises ArgumentError: when it can't be asked.
    """
    if check["command"]:
        return succeeds(check["command"], check["timeout"])
    return answers(target("vassal", vassal, check["host"]), check["path"], check["timeout"])


def answers(where: Target, path: str, timeout: float) -> str:
    """Ask for C(path).

    :param timeout: seconds for all of it.
    :returns: what is wrong with the answer, empty where it's one of 2xx or 3xx.
    """
    deadline = time.monotonic() + timeout
    try:
        with _connected(where.address, timeout) as stream:
            stream.sendall(_request(where, path))
            head = b""
            while len(head) < 12:
                left = deadline - time.monotonic()
                if left <= 0:
                    return "no answer within {0:g} s".format(timeout)
                stream.settimeout(left)
                part = stream.recv(4096)
                if not part:
                    break
                head += part
    except socket.timeout:
        return "no answer within {0:g} s".format(timeout)
    except OSError as exc:
        return exc.strerror or str(exc)
    status = _STATUS.match(head)
    if not status:
        return "an answer without a status"
    return "" if status.group(1)[:1] in (b"2", b"3") else "status {0}".format(status.group(1).decode("ascii"))


def _connected(address: str, timeout: float) -> socket.socket:
    if address.startswith(("/", "@")):
        family: int = socket.AF_UNIX
        to: Any = "\0" + address[1:] if address.startswith("@") else address
    else:
        host, dummy, port = address.rpartition(":")
        family, to = socket.AF_INET, (host if host not in ("", "*", "0.0.0.0") else "127.0.0.1", int(port))
    stream = socket.socket(family, socket.SOCK_STREAM)
    try:
        stream.settimeout(timeout)
        stream.connect(to)
    except BaseException:
        stream.close()
        raise
    return stream


def _request(where: Target, path: str) -> bytes:
    if where.http:
        return "GET {0} HTTP/1.0\r\nHost: {1}\r\n\r\n".format(path, where.host).encode("utf-8", "surrogateescape")
    name, dummy, query = path.partition("?")
    body = b""
    for pair in (
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", path),
        ("PATH_INFO", name),
        ("QUERY_STRING", query),
        ("SERVER_PROTOCOL", "HTTP/1.0"),
        ("HTTP_HOST", where.host),
        ("SERVER_NAME", where.host),
        ("REMOTE_ADDR", "127.0.0.1"),
    ):
        for half in pair:
            raw = half.encode("utf-8", "surrogateescape")
            body += struct.pack("<H", len(raw)) + raw
    return struct.pack("<BHB", where.modifiers[0], len(body), where.modifiers[1]) + body


def succeeds(command: str, timeout: float) -> str:
    """Run a command by the shell.

    :param timeout: seconds, after which it and what it started are killed.
    :returns: what is wrong, empty where it ends with 0.
    """
    argv: List[str] = ["/bin/sh", "-c", command]
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return "no end within {0:g} s".format(timeout)
    return "exit code {0}".format(code) if code else ""
