# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance announces, read from its ini files. Free of Ansible, so that it also runs on a host's own."""

from __future__ import annotations

import os
import re
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ansible_collections.emperor.uwsgi.plugins.module_utils import _reader
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import SOCKETS, SUBSCRIBE2
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

_INCLUDES = ("include", "ini")

# The path of a file to its content; raises OSError.
Read = Callable[[str], bytes]


class Announcement(NamedTuple):
    """One pair of server and key.

    :ivar place: the argument that it comes from, for errors.
    :ivar server: C(IPV4:PORT), or the path of a unix socket.
    :ivar address: what routers know the node by.
    :ivar signing: digest and private key file, None when unsigned.
    :ivar suspend_file: the path whose existence silences it, None where it has none.
    :ivar modifiers: the kind of request that the node takes, C(modifier1) and C(modifier2).
    """

    place: str
    server: str
    key: str
    address: str
    signing: Optional[Tuple[str, str]]
    suspend_file: Optional[str]
    modifiers: Tuple[int, int] = (0, 0)


def read_file(path: str) -> bytes:
    """The content of a file; raises OSError."""
    with open(path, "rb") as stream:
        return stream.read()


def of_file(place: str, path: str, read: Read = read_file) -> List[Announcement]:
    """What the instance on a file announces, by the file and those that it includes.

    :param place: the argument that names the file.
    :raises ArgumentError: when a file can't be read, announces nothing, or says something that depends on more than it.
    """
    options = options_of(place, path, read)
    sockets = [option for option in options if SOCKETS.match(option.name)]
    values = [option for option in options if option.name == SUBSCRIBE2]
    if not values:
        raise ArgumentError(place, "{0} has no subscribe2, so it announces nothing".format(path))
    return [_announcement(place, option, sockets) for option in values]


def of_lines(places: Iterable[Tuple[str, str]]) -> List[Announcement]:
    """What values of C(subscribe2) announce, each with the argument that it comes from."""
    return [_announcement(place, _reader.Option(SUBSCRIBE2, value), []) for place, value in places]


def options_of(place: str, path: str, read: Read = read_file) -> List[_reader.Option]:
    """The options of a file and of those that it includes, in uWSGI's order.

    :raises ArgumentError: when one can't be read, or is included by a name that depends on more than the files.
    """
    path = os.path.abspath(path)
    seen: Dict[str, None] = {}

    def options(current: str, section: str) -> Iterator[_reader.Option]:
        if current in seen:
            return
        seen[current] = None
        try:
            text = read(current).decode("utf-8", "surrogateescape")
        except OSError as exc:
            raise ArgumentError(place, "{0} can't be read: {1}".format(current, exc.strerror)) from exc
        for option in _reader.read(text, current, section):
            yield option
            if option.name in _INCLUDES:
                if option.flaw:
                    raise ArgumentError(place, "{0}: {1} {2}".format(current, option.name, option.flaw))
                name, dummy, inner = option.value.partition(":")
                # The Emperor starts a vassal in the folder of its file. What is included takes the place of the line.
                yield from options(os.path.join(os.path.dirname(path), name), inner or section)

    return list(options(path, "uwsgi"))


def _announcement(place: str, option: _reader.Option, sockets: List[_reader.Option]) -> Announcement:
    if option.flaw:
        raise ArgumentError(
            place, "a subscribe2 line {0}, so nobody else knows what it announces; give subscriptions".format(option.flaw)
        )
    fields = _reader.fields(option.value)
    missing = [name for name in ("server", "key") if not fields.get(name)]
    if missing:
        raise ArgumentError(place, "a subscribe2 line has no {0}, so uWSGI announces nothing".format(" and no ".join(missing)))
    digest, colon, file = fields.get("sign", "").partition(":")
    return Announcement(
        place,
        fields["server"],
        fields["key"],
        _address(place, fields, sockets),
        (digest, file) if colon else None,
        fields.get("check") or None,
        (_byte(fields.get("modifier1", "")), _byte(fields.get("modifier2", ""))),
    )


def _byte(value: str) -> int:
    """As C(atoi) and the cast to eight bits behind it have it."""
    number = re.match(r"\s*[+-]?\d+", value)
    return int(number.group()) & 0xFF if number else 0


def _address(place: str, fields: Dict[str, str], sockets: List[_reader.Option]) -> str:
    """That of the socket with the number, else the given one, else the first's (C(uwsgi_subscribe2), core/subscription.c)."""
    number = fields.get("socket", "")
    given = fields.get("addr") or fields.get("address")
    if number.isdigit() and int(number) < len(sockets):
        socket = sockets[int(number)]
    elif given:
        return given
    elif (number.isdigit() and int(number) > 0) or not sockets:
        raise ArgumentError(
            place,
            "the key {0!r} is announced with socket {1} of an instance that isn't known here; give the vassal, or "
            "subscriptions with an address".format(fields["key"], number or 0),
        )
    else:
        socket = sockets[0]
    # "=N" names a shared socket, and port 0 one that only the kernel knows.
    if socket.flaw or socket.value.startswith("=") or socket.value.endswith(":0"):
        raise ArgumentError(
            place,
            "the instance's socket {0!r} {1}; give subscriptions with an address".format(
                socket.value.replace("\0", "%?"), socket.flaw or "is known to the running instance only"
            ),
        )
    return socket.value
