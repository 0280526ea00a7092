# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks an instance once whether it is healthy. Free of Ansible, so that it also runs without it on a host.

The request is in the uwsgi protocol (``proto/uwsgi.c``), or in HTTP/1.0 (RFC 1945) if the instance speaks HTTP.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import time
from typing import List, NamedTuple, Optional, Tuple

from .._addresses import endpoint
from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.child import as_user, on_behalf_of
from .._ini.instance import Instance

_UWSGI = ("socket", "uwsgi-socket")
_HTTP = ("http-socket", "http11-socket")
# Extra seconds for a child beyond those of its request.
_MARGIN = 2
# Limit of a request in the uwsgi protocol, whose header has two bytes for its size.
_MOST_BYTES = 0xFFFF
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class Check(NamedTuple):
    """One vassal's check, as in the argument ``health`` and in the gate's file.

    Attributes:
        vassal: the path of its ini file.
        path: requested from the vassal's own socket; None for a command.
        command: for the shell; exit code 0 is healthy.
        host: the Host header of the request; None for the first key.
        interval: seconds between two checks; ``timeout`` limits one check.
        fall: failures in a row that take the node out; ``rise``: successes in a row that bring it back.
    """

    vassal: str = ""
    path: Optional[str] = None
    command: Optional[str] = None
    host: Optional[str] = None
    interval: int = 5
    timeout: int = 1
    fall: int = 3
    rise: int = 2


class Target(NamedTuple):
    """Where and how to ask an instance.

    Attributes:
        http: whether it speaks HTTP; otherwise the uwsgi protocol.
        host: the Host header.
    """

    address: str
    http: bool
    modifiers: Tuple[int, int]
    host: str


def target(instance: Instance, host: Optional[str] = None) -> Target:
    """The first socket of an instance that can be asked.

    Args:
        host: by default the instance's first key.

    Raises:
        ArgumentError: if it has none.
    """
    first = next(iter(instance.announcements()), None) if instance.announces else None
    for option in instance.options:
        if option.name in _UWSGI + _HTTP and not option.flaw and not option.value.startswith("="):
            modifiers = first.modifiers if first else (0, 0)
            return Target(option.value, option.name in _HTTP, modifiers, host or (first.key if first else "localhost"))
    raise ArgumentError(instance.place, f"{instance.path} has no socket that can be asked; check it with a command")


def flaw(instance: Instance, check: Check) -> str:
    """Ask an instance by its check, as the user who controls its socket or command.

    Returns:
        what is wrong; empty if it is healthy.

    Raises:
        ArgumentError: if it can't be asked.
    """
    if check.command:
        command = check.command
        return as_user(instance.user, lambda: succeeds(command, check.timeout), check.timeout + _MARGIN)
    where = target(instance, check.host)

    def asked() -> str:
        if where.address.startswith("/"):
            opened.secure(where.address)
        return answers(where, check.path or "/", check.timeout)

    try:
        return on_behalf_of(instance.user, asked, check.timeout + _MARGIN)
    except (HostError, OSError) as exc:
        return str(exc)


def answers(where: Target, path: str, timeout: float) -> str:
    """Ask for ``path``.

    Args:
        timeout: seconds in total.

    Returns:
        what is wrong with the response; empty if its status is 2xx or 3xx.
    """
    deadline = time.monotonic() + timeout
    try:
        with _connected(where.address, timeout) as stream:
            stream.sendall(_request(where, path))
            head = b""
            while len(head) < 12:
                left = deadline - time.monotonic()
                if left <= 0:
                    return f"no answer within {timeout:g} s"
                stream.settimeout(left)
                part = stream.recv(4096)
                if not part:
                    break
                head += part
    except socket.timeout:
        return f"no answer within {timeout:g} s"
    except OSError as exc:
        return exc.strerror or str(exc)
    except ValueError as exc:
        # An invalid address.
        return str(exc)
    except struct.error:
        return f"the request has more than {_MOST_BYTES} bytes; give a shorter path or host"
    status = _STATUS.match(head)
    if not status:
        return "an answer without a status"
    return "" if status.group(1)[:1] in (b"2", b"3") else f"status {status.group(1).decode('ascii')}"


def _connected(address: str, timeout: float) -> socket.socket:
    family, to = endpoint(address)
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
        return f"GET {path} HTTP/1.0\r\nHost: {where.host}\r\n\r\n".encode("utf-8", "surrogateescape")
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
    """Run a command in the shell.

    Args:
        timeout: seconds, after which it and its children are killed.

    Returns:
        what is wrong; empty if it exits with 0.
    """
    argv: List[str] = ["/bin/sh", "-c", command]
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return f"no end within {timeout:g} s"
    return f"exit code {code}" if code else ""
