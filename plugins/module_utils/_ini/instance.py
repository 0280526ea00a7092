# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance announces, read from its ini files. Free of Ansible, so that it also runs on a host's own."""

from __future__ import annotations

import os
import re
import socket
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .._addresses import is_port
from .._dialect import SOCKETS, SUBSCRIBE2, SUBSCRIBE_TO
from .._errors import ArgumentError
from .._files import opened
from .._files.chain import Chain
from .._files.identity import Identity
from . import kvlist, parser

# Options that bring others from a file that isn't ini, or from a program.
FOREIGN = re.compile(r"(config|config-py|ini-paste.*|js|json|ldap.*|sqlite.*|xml|xmlconfig|yaml|yml|zeromq)\Z")
_TLS = ("https-socket", "ssl-socket", "suwsgi-socket")
# What C's isspace and isdigit know.
_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?)0*([0-9]*)")
# What can be read of a vassal, whose owner may be a stranger to whoever reads it: far more than anybody writes.
_MOST_BYTES = 2**20
_MOST_TOTAL = 2 * 2**20
_MOST_LINES = 2**16
_MOST_FILES = 256
_MOST_DEPTH = 16

# The path of a file to its content; raises OSError.
Read = Callable[[str], bytes]


class Announcement(NamedTuple):
    """One pair of server and key.

    Attributes:
        place: the argument that it comes from, for errors.
        server: ``IPV4:PORT``, or the path of a unix socket.
        address: what routers know the node by.
        signing: digest and private key file, None when unsigned.
        suspend_file: the path whose existence silences it, None where it has none.
        modifiers: the kind of request that the node takes, ``modifier1`` and ``modifier2``.
        vassal: the name by which 2.1 knows the node besides, empty where it has none.
    """

    place: str
    server: str
    key: str
    address: str
    signing: Optional[Tuple[str, str]]
    suspend_file: Optional[str]
    modifiers: Tuple[int, int] = (0, 0)
    vassal: str = ""


class Instance(NamedTuple):
    """What an instance is started with, read once.

    Attributes:
        place: the argument that names its file, for errors.
        options: those of the file and of the files that it includes, in uWSGI's order.
        user: who has a say in them, and as whom what they ask for is done; None where that is nobody but root and the caller.
    """

    place: str
    path: str
    options: List[parser.Option]
    user: Optional[Identity] = None

    @property
    def announces(self) -> bool:
        """Whether it announces itself at all in a way that can be silenced."""
        return any(option.name == SUBSCRIBE2 for option in self.options)

    @property
    def subscribes(self) -> bool:
        """Whether it announces itself in any way."""
        return any(option.name == SUBSCRIBE2 or option.name in SUBSCRIBE_TO for option in self.options)

    def announcements(self) -> List[Announcement]:
        """What it announces.

        Raises:
            ArgumentError: when it announces nothing, or says something that depends on more than the files.
        """
        for option in self.options:
            if option.name in SUBSCRIBE_TO:
                raise ArgumentError(
                    self.place, f"{self.path} has {option.name}, which knows no suspend file; write it as {SUBSCRIBE2}"
                )
        if not self.announces:
            raise ArgumentError(self.place, f"{self.path} has no {SUBSCRIBE2}, so it announces nothing")
        sockets = [option for option in self.options if option.name in SOCKETS]
        return [_announcement(self.place, option, sockets) for option in self.options if option.name == SUBSCRIBE2]


def read(place: str, path: str, content: Optional[Read] = None) -> Instance:
    """Read the file of an instance and those that it includes.

    Args:
        place: the argument that names the file.
        content: reads a file; by default it is done as the file's owner.

    Raises:
        ArgumentError: when a file can't be read, it isn't known which one is included, or they are too many or too large.
    """
    folder, base = os.path.split(os.path.abspath(path))
    chain = Chain()
    files = _Files(place, opened.real(folder), content or chain.read)
    own = list(files.lines(base, "uwsgi"))
    # A template's options come last, and uWSGI expands nothing in them (uwsgi_configure, core/config.c).
    inherited: List[parser.Line] = []
    for name in files.templates:
        inherited += [line._replace(fixed=True) for line in files.lines(name, "uwsgi")]
    return Instance(place, path, parser.expanded(own) + parser.expanded(inherited), chain.user)


def of_lines(places: Iterable[Tuple[str, str]]) -> List[Announcement]:
    """What values of ``subscribe2`` announce, each with the argument that it comes from."""
    return [_announcement(place, parser.Option(SUBSCRIBE2, value), []) for place, value in places]


def vassals(announcements: Iterable[Announcement]) -> Dict[Tuple[str, str], str]:
    """The names by which 2.1 knows some nodes besides, by their keys and addresses."""
    return {(one.key, one.address): one.vassal for one in announcements if one.vassal}


def suspend_files(announcements: Iterable[Announcement]) -> List[str]:
    """The paths whose existence silences some announcements, each once."""
    return list(dict.fromkeys(one.suspend_file for one in announcements if one.suspend_file is not None))


class _Files:
    """The files of one instance, read in the order in which uWSGI reads them.

    Attributes:
        templates: what is inherited, found so far.

    Args:
        folder: where the instance is started, for a vassal that of its file.
    """

    def __init__(self, place: str, folder: str, read: Read) -> None:
        self.templates: List[str] = []
        self._place = place
        self._folder = folder
        self._read = read
        self._last = ""
        self._open: List[Tuple[str, str]] = []
        # What has been read, each file once.
        self._sections: Dict[str, Dict[str, List[parser.Line]]] = {}
        self._files = self._size = self._lines = 0

    def lines(self, name: str, section: str) -> Iterator[parser.Line]:
        """The lines of a section, with those of an included file behind the one that includes it."""
        path = self._path(name)
        if (path, section) in self._open:
            raise ArgumentError(self._place, f"{path} includes itself")
        if len(self._open) >= _MOST_DEPTH:
            raise ArgumentError(self._place, f"{path} is included more than {_MOST_DEPTH} files deep; include fewer")
        self._files += 1
        if self._files > _MOST_FILES:
            raise ArgumentError(self._place, f"{path} is included after {_MOST_FILES} others; include fewer files")
        if path not in self._sections:
            self._sections[path] = self._parsed(path)
        self._last = name
        self._open.append((path, section))
        for line in self._sections[path].get(section, ()):
            self._lines += 1
            if self._lines > _MOST_LINES:
                raise ArgumentError(self._place, f"{path} has the line {_MOST_LINES + 1} of its vassal; write fewer lines")
            yield line
            if line.name in parser.INCLUDES:
                yield from self.lines(*self._included(path, line))
            elif line.name == "inherit":
                self.templates.append(self._included(path, line)[0])
            elif FOREIGN.match(line.name):
                raise self._unknown(path, line, "brings options that aren't read here")
        self._open.pop()

    def _parsed(self, path: str) -> Dict[str, List[parser.Line]]:
        """The sections of a file, as long as it isn't too large."""
        try:
            content = self._read(path)
        except OSError as exc:
            raise ArgumentError(self._place, f"{path} can't be read: {exc.strerror}") from exc
        self._size += len(content)
        if len(content) > _MOST_BYTES or self._size > _MOST_TOTAL:
            raise ArgumentError(
                self._place,
                f"{path} is too large: a file of a vassal may have {_MOST_BYTES} bytes, and all of them {_MOST_TOTAL}; remove "
                "what uWSGI doesn't need",
            )
        try:
            return parser.sections(content.decode("utf-8", "surrogateescape"), path)
        except parser.TooMuchError as error:
            raise ArgumentError(self._place, f"{path} {error}") from error

    def _path(self, name: str) -> str:
        path = os.path.join(self._folder, name)
        folder, base = os.path.split(path)
        followed = os.path.join(opened.real(folder), base)
        # uWSGI follows links, but not where the file itself is one (config_magic_table_fill, core/config.c).
        return followed if followed == opened.real(path) else path

    def _included(self, path: str, line: parser.Line) -> Tuple[str, str]:
        """The file and the section that a line names (``uwsgi_opt_load``, core/uwsgi.c, and ``uwsgi_ini_config``)."""
        if not line.certain:
            raise self._unknown(path, line, "is inside a condition or a loop")
        if "\0" in line.value:
            raise self._unknown(path, line, "has a magic variable that depends on the host")
        if line.name != "ini":
            if not line.value.endswith(".ini"):
                raise self._unknown(path, line, "does not end in .ini")
            return line.value, "uwsgi"
        name, colon, section = line.value.rpartition(":")
        if not colon:
            return line.value, "uwsgi"
        # Without a name it's the file that was read last.
        return name or self._last, section or "uwsgi"

    def _unknown(self, path: str, line: parser.Line, why: str) -> ArgumentError:
        return ArgumentError(
            self._place,
            f"{path}: {line.name} = {_shown(line.value)} {why}, so the file does not say what is announced; pass subscriptions",
        )


def _shown(value: str) -> str:
    """A value for an error, with a sign for what depends on the host."""
    return value.replace("\0", "%?")


def _announcement(place: str, option: parser.Option, sockets: List[parser.Option]) -> Announcement:
    if option.flaw:
        raise ArgumentError(
            place, f"a subscribe2 line {option.flaw}, so the file does not say what it announces; pass subscriptions"
        )
    fields = kvlist.parse(option.value)
    missing = [name for name in ("server", "key") if not fields.get(name)]
    if missing:
        raise ArgumentError(place, f"a subscribe2 line has no {' and no '.join(missing)}, so uWSGI announces nothing")
    if not _is_server(fields["server"]):
        raise ArgumentError(
            place,
            f"a subscribe2 line has the server {fields['server']!r}, which is neither an IPv4 address and a port nor the "
            "absolute path of a unix socket; give one that is",
        )
    digest, colon, file = fields.get("sign", "").partition(":")
    suspend_file = fields.get("check") or None
    for name, one in (("check", suspend_file), ("sign", file)):
        if one and not one.startswith("/"):
            raise ArgumentError(
                place,
                f"a subscribe2 line has {name}={fields[name]}, which uWSGI takes from whatever folder it runs in; give an "
                "absolute path",
            )
    return Announcement(
        place=place,
        server=fields["server"],
        key=fields["key"],
        address=_address(place, fields, sockets),
        signing=(digest, file) if colon else None,
        suspend_file=suspend_file,
        modifiers=(_number(fields.get("modifier1", "")) & 0xFF, _number(fields.get("modifier2", "")) & 0xFF),
        vassal=fields.get("vassal", ""),
    )


def _is_server(value: str) -> bool:
    """Whether uWSGI sends to it: what ``inet_addr`` takes, or a unix socket (``uwsgi_send_subscription``)."""
    host, colon, port = value.rpartition(":")
    if not colon:
        return value.startswith("/")
    try:
        socket.inet_aton(host)
    except (OSError, ValueError):
        # The latter for what is no text at all.
        return False
    return is_port(port)


def _number(value: str) -> int:
    """As ``atoi`` has it: what doesn't fit in 64 bits is the last that does, and of those 32 are left."""
    # It finds something in any text, be it nothing.
    sign, digits = next(_NUMBER.finditer(value)).groups()
    number = int(digits[:20] or "0") * (-1 if sign == "-" else 1)
    number = max(-(2**63), min(2**63 - 1, number))
    return (number + 2**31) % 2**32 - 2**31


def _address(place: str, fields: Dict[str, str], sockets: List[parser.Option]) -> str:
    """That of the socket with the number, else the given one, else the first's (``uwsgi_subscribe2``, core/subscription.c)."""
    if "address" in fields:
        raise ArgumentError(place, "a subscribe2 line has address=, which uWSGI 2.0 ignores and 2.1 doesn't; write addr=")
    number = _number(fields.get("socket", ""))
    if "socket" in fields and 0 <= number < len(sockets):
        return _socket(place, sockets, number)
    if "addr" in fields and ("socket" not in fields or sockets):
        return fields["addr"]
    if not sockets:
        raise ArgumentError(
            place,
            f"the key {fields['key']!r} is announced with socket {number} of an instance that isn't known here; give the vassal, "
            "or subscriptions with an address",
        )
    return _socket(place, sockets, 0)


def _socket(place: str, sockets: List[parser.Option], number: int) -> str:
    one = sockets[number]
    flaw = one.flaw
    if not all(option.certain for option in sockets[:number]):
        flaw = "comes after one that is inside a condition or a loop"
    # "=N" names a shared socket, port 0 one that only the kernel knows, and uWSGI looks for an address that fits an asterisk.
    if not flaw and (one.value.startswith("=") or one.value.endswith(":0") or "*" in one.value):
        flaw = "is known to the running instance only"
    if flaw:
        raise ArgumentError(place, f"the instance's socket {_shown(one.value)!r} {flaw}; give subscriptions with an address")
    # With TLS, its certificate and its key are behind it.
    return one.value.partition(",")[0] if one.name in _TLS else one.value
