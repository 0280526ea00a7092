# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of values in the table: how Ansible, the checks and uWSGI see each, in both directions. Pure."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from .._dialect import ALGORITHM_CHOICES, ALGORITHMS, V2_0, Release
from . import values

# uWSGI's names and values, for options or fields of ``subscribe2``.
Pairs = List[Tuple[str, str]]

# uwsgi_opt_true (core/uwsgi.c).
_FALSE = ("false", "off", "no", "0")
_MOST_DIGITS = 20
_ALGORITHMS = {algo.name: algo.argument for algo in ALGORITHMS}


class Unreadable(ValueError):
    """Says why uWSGI's text is not a valid value of an argument."""


class Kind(NamedTuple):
    """One kind of value.

    Attributes:
        name: for the documentation and the tests.
        ansible: the suboption's spec. Paths are plain text and keys are raw: the type ``path`` would expand the dollar signs
            and ``list`` would split literal values at their commas.
        check: from the argument's path and the user's value to a normal form; raises ArgumentError. If the argument
            accepts one value or a list, it checks one of them.
        write: from uWSGI's name and a checked value to what uWSGI reads; empty to leave it out.
        read: from uWSGI's text to what a user would write; raises ``Unreadable``. Invalid values may pass, because
            arguments are checked later.
        since: the first release that knows a checked value, if it differs from the row's.
        repeats: whether each line adds to the value, so that it is a list.
    """

    name: str
    ansible: Dict[str, Any]
    check: Callable[[str, Any], Any]
    write: Callable[[str, Any], Pairs]
    read: Callable[[str], Any] = str
    since: Callable[[Any], Release] = lambda dummy: V2_0
    repeats: bool = False


def _text(name: str, value: Any) -> Pairs:
    return [(name, str(value))]


def _texts(name: str, value: List[Any]) -> Pairs:
    return [(name, str(one)) for one in value]


def _flag(name: str, value: bool) -> Pairs:
    return [(name, "true" if value else "false")]


def _mark(name: str, value: bool) -> Pairs:
    # uWSGI treats the field as set, whatever value follows the name.
    return [(name, "1")] if value else []


def _address(name: str, value: Any) -> Pairs:
    return [("socket", str(value))] if isinstance(value, int) else [(name, value)]


def _modifier(name: str, value: values.Modifier) -> Pairs:
    return [(name, str(value.first))] + ([] if value.second is None else [("modifier2", str(value.second))])


def _signing(name: str, value: Any) -> Pairs:
    return [] if value is None else [(name, f"{value.digest}:{value.file}")]


def _algorithm(name: str, value: Any) -> Pairs:
    return [(name, value.name)]


def is_number(value: str) -> bool:
    """Whether a text is a number in ASCII digits, no longer than numbers in ini files are."""
    return value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS


def read_number(value: str) -> int:
    """A number in ASCII digits. ``atoi`` accepts more, but that is unlikely to be intended."""
    if not is_number(value):
        raise Unreadable(f"has {value!r} where a number belongs")
    return int(value)


def read_flag(value: str) -> bool:
    """How uWSGI reads a text as yes or no."""
    return value.lower() not in _FALSE


def _read_count(value: str) -> Any:
    return int(value) if is_number(value) else value


def _read_folder(value: str) -> List[str]:
    if not value.endswith("/"):
        raise Unreadable("is a prefix of file names to uWSGI, not a folder; add a slash at the end")
    return [value]


def _read_signing(value: str) -> List[str]:
    digest, colon, file = value.partition(":")
    if not colon:
        raise Unreadable(f"has the signature {value!r}, which is not a digest and a key file")
    return [digest, file]


def _read_protocol(value: str) -> str:
    # A router looks only at the first letter, and knows only one.
    return "http" if value.startswith("h") else "uwsgi"


_STR = {"type": "str"}
_INT = {"type": "int"}
_BOOL = {"type": "bool"}
_RAW = {"type": "raw"}

ALGORITHM = Kind(
    "algorithm",
    {**_STR, "choices": ALGORITHM_CHOICES},
    values.algorithm,
    _algorithm,
    lambda value: _ALGORITHMS.get(value, value),
    lambda value: value.since,
)
ADDRESS = Kind("address", _RAW, values.address, _address)
CLIENT_CA = Kind("client_ca", _STR, values.client_ca, _text)
DIGEST = Kind("digest", _STR, values.digest, _text)
DIRECTORY = Kind("directory", _STR, values.directory, _text)
DIRECTORIES = Kind("directories", {"type": "list", "elements": "str"}, values.directories, _texts, _read_folder, repeats=True)
FILE = Kind("file", _STR, values.file, _text)
FLAG = Kind("flag", _BOOL, values.flag, _flag, read_flag)
KEYS = Kind("keys", _RAW, values.key, _text)
LEVEL = Kind("level", _INT, values.level, _text, _read_count)
MARK = Kind("mark", _BOOL, values.flag, _mark, lambda dummy: True)
MODIFIER = Kind("modifier", _RAW, values.modifier, _modifier, read_number)
PROTOCOL = Kind("protocol", {**_STR, "choices": list(values.PROTOCOLS)}, values.protocol, _text, _read_protocol)
POSITIVE = Kind("positive", _INT, values.positive, _text, _read_count)
SERVERS = Kind("servers", _RAW, values.server, _text)
SIGNING = Kind("signing", _RAW, values.signing, _signing, _read_signing)
SOCKET_PATH = Kind("socket_path", _STR, values.socket_path, _text)
UIDS = Kind(
    "uids", {"type": "list", "elements": "int"}, values.uids, _texts, lambda value: [_read_count(value)], repeats=True
)
VASSAL = Kind("vassal", _STR, values.vassal_name, _text)
