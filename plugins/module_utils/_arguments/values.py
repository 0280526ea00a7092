# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the values of arguments: one small function for each type, for ``kinds``.

Each gets the argument's path and the user's value. It returns the value in a normal form, or raises ``ArgumentError``.
They accept what Ansible converts (``"5"`` is 5, ``"yes"`` is true), so modules may pass data of any depth unconverted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Collection, Dict, List, NamedTuple, Optional

from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE, BOOLEANS_TRUE

from .._addresses import is_ipv4_port, node_flaw, socket_flaw
from .._dialect import ALGORITHMS, MODIFIERS, Algorithm
from .._errors import ArgumentError
from .._ini.writer import literal_flaw
from .._masking import mask

# core/subscription.c and plugins/corerouter/cr.h: the router's slot has 0xff bytes for the key.
MAX_KEY = 255
# A node's slot has the same room for the name of its vassal, in 2.1.
MAX_VASSAL = 255
PROTOCOLS = ("http", "uwsgi")
MAX_PATH = 4095

_DIGEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\Z")
_MEMBER = re.compile(r"[A-Za-z0-9_.-]+\Z")
# As Ansible converts them, but in ASCII digits: Python's character classes and int() accept the digits of every script.
_WHOLE = re.compile(r"[ \t\r\n]*[+-]?[0-9]{1,20}[ \t\r\n]*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Ansible's own types are subclasses of str; checking for the abstract type takes much longer.
MAPPINGS = (dict, Mapping)
_ALGORITHMS: Dict[str, Algorithm] = {name: algo for algo in ALGORITHMS for name in (algo.argument, algo.name)}


class Modifier(NamedTuple):
    """The modifier bytes of a uwsgi packet; ``second`` is None if it isn't given."""

    first: int
    second: Optional[int]


class Signing(NamedTuple):
    """The digest and the private key file that sign announcements."""

    digest: str
    file: str


def child(path: str, name: Any) -> str:
    """The path of a member of ``path``; a name that isn't valid is shown quoted, on one line."""
    if not isinstance(name, str) or not _MEMBER.match(name):
        return f"{path}[{shown(name)}]"
    return path + "." + name if path else name


def mapping(path: str, value: Any, known: Mapping[str, Any]) -> Dict[str, Any]:
    """A mapping of known arguments, without members that are null.

    Args:
        known: a mapping whose keys are their names; its values are not used.

    Raises:
        ArgumentError: if it isn't a mapping, or has an unknown argument.
    """
    if value is None:
        return {}
    if not isinstance(value, MAPPINGS):
        raise ArgumentError(path, f"must be a mapping of arguments, not {_type_name(value)}")
    if not known.keys() >= value.keys():
        name = next(name for name in value if name not in known)
        raise ArgumentError(child(path, name), "unknown argument; " + _hint(name, known))
    return {name: member for name, member in value.items() if member is not None}


def sequence(path: str, value: Any) -> List[Any]:
    """A list unchanged, or a single value as a list of one."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return list(value)
    if not isinstance(value, str) and isinstance(value, MAPPINGS):
        raise ArgumentError(path, "must be a value or a list of values, not a mapping")
    return [value]


def text(path: str, value: Any) -> str:
    """Text that an ini line can hold literally."""
    result = value if isinstance(value, str) else _number(path, value)
    if not result:
        raise ArgumentError(path, "is empty; give a value or leave the argument out")
    flaw = literal_flaw(result)
    if flaw:
        raise ArgumentError(path, f"{shown(result)} {flaw}; give a value without it")
    return result


def _number(path: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ArgumentError(path, f"must be text, not {_type_name(value)}")
    if not is_sane(value):
        raise ArgumentError(path, f"{shown(value)} is not a finite number of 64 bits; give one, or text")
    return str(value)


def is_sane(number: float) -> bool:
    """Whether a number is finite and fits 64 bits, as uWSGI's numbers do. Others would be read differently."""
    return -(2**63) <= number < 2**64 and math.isfinite(number)


def word(path: str, value: Any) -> str:
    """A name without blanks."""
    result = text(path, value)
    if _CONTROL.search(result) or " " in result:
        raise ArgumentError(path, f"{shown(result)} has a blank or a control character; give a plain name")
    return result


def flag(path: str, value: Any) -> bool:
    """A boolean, in any of Ansible's spellings."""
    lowered = value.lower() if isinstance(value, str) else value
    if isinstance(lowered, (str, bool, int, float)):
        if lowered in BOOLEANS_TRUE:
            return True
        if lowered in BOOLEANS_FALSE:
            return False
    raise ArgumentError(path, f"{shown(value)} is not a boolean; give true or false")


def whole(path: str, value: Any, least: int, most: int = 2**31 - 1, why: str = "") -> int:
    """A whole number from ``least`` to ``most``."""
    if isinstance(value, str) and _WHOLE.match(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentError(path, f"{shown(value)} is not a whole number")
    if not least <= value <= most:
        raise ArgumentError(path, f"{shown(value)} is not between {least} and {most}{why}")
    return int(value)


def positive(path: str, value: Any) -> int:
    """A whole number of at least 1."""
    return whole(path, value, 1)


def level(path: str, value: Any) -> int:
    """A whole number of at least 0."""
    return whole(path, value, 0)


def file(path: str, value: Any) -> str:
    """An absolute path."""
    if isinstance(value, str) and "-----BEGIN " in value:
        raise ArgumentError(path, "is a key or a certificate itself; give the path of its file")
    result = text(path, value)
    if not result.startswith("/"):
        raise ArgumentError(
            path, f"{shown(result)} is not an absolute path; uWSGI would look from whatever folder it runs in"
        )
    if len(result.encode("utf-8")) > MAX_PATH:
        raise ArgumentError(path, f"is longer than the {MAX_PATH} bytes of a path")
    return result


def client_ca(path: str, value: Any) -> str:
    """A certificate file; a leading ``!`` requires certificates of clients (``uwsgi_ssl_new_server_context``, core/ssl.c)."""
    result = text(path, value)
    return "!" + file(path, result[1:]) if result.startswith("!") else file(path, result)


def directory(path: str, value: Any) -> str:
    """The absolute path of a folder, without a trailing slash."""
    return file(path, value).rstrip("/") or "/"


def directories(path: str, value: Any) -> List[str]:
    """Folders, with the trailing slash that uWSGI needs: it appends the key directly (uwsgi_subscription_credentials_check)."""
    found = [directory(f"{path}[{at}]", item) for at, item in enumerate(sequence(path, value))]
    return [item.rstrip("/") + "/" for item in found]


def socket_path(path: str, value: Any) -> str:
    """The absolute path of a unix socket, short enough that uWSGI doesn't cut it."""
    result = file(path, value)
    _refuse(path, result, socket_flaw(result))
    return result


def _refuse(path: str, value: str, flaw: Optional[str]) -> None:
    if flaw:
        raise ArgumentError(path, f"{shown(value)} {flaw}")


def server(path: str, value: Any) -> str:
    """A subscription server: IPv4 and port (``inet_addr``, core/subscription.c), or a unix socket's absolute path."""
    result = text(path, value)
    if result.startswith("/"):
        return socket_path(path, result)
    if not is_ipv4_port(result):
        raise ArgumentError(
            path,
            f"{shown(result)} is neither an IPv4 address and a port (10.0.0.2:2626) nor the absolute path of a unix socket; "
            "with a host name or IPv6 uWSGI never registers; set resolve_server to true to have a name resolved to IPv4 on "
            "the host",
        )
    return result


def key(path: str, value: Any) -> str:
    """A subscription's key, usually a domain."""
    result = text(path, value)
    size = len(result.encode("utf-8"))
    if size > MAX_KEY:
        raise ArgumentError(path, f"has {size} bytes; more than {MAX_KEY} crash the router")
    if '"' in result or "\\" in result or _CONTROL.search(result):
        raise ArgumentError(
            path,
            f"{shown(result)} has a quote, a backslash or a control character, which breaks the router's stats; "
            "give the domain as clients send it",
        )
    if ".." in result.split("/"):
        raise ArgumentError(path, f"{shown(result)} leads out of the folder of credentials; give it without '..'")
    return result


def vassal_name(path: str, value: Any) -> str:
    """The name by which a router of 2.1 knows a node in addition to its address."""
    result = word(path, value)
    size = len(result.encode("utf-8"))
    if size > MAX_VASSAL:
        raise ArgumentError(path, f"has {size} bytes; more than {MAX_VASSAL} crash the router")
    if '"' in result or "\\" in result:
        raise ArgumentError(
            path, f"{shown(result)} has a quote or a backslash, which breaks the router's stats; give the vassal's file name"
        )
    return result


def protocol(path: str, value: Any) -> str:
    """The protocol that a node speaks; the http router of 2.1 reads it."""
    result = text(path, value)
    if result not in PROTOCOLS:
        raise ArgumentError(path, f"{shown(result)} is not a protocol that a router knows; give {' or '.join(PROTOCOLS)}")
    return result


def address(path: str, value: Any) -> Any:
    """The address that a router connects to: text, or the index of one of the instance's sockets."""
    if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
        return whole(path, value, 0, 255)
    result = text(path, value)
    if result.startswith(("/", "@")):
        _refuse(path, result, socket_flaw(result))
        return result
    flaw = node_flaw(result)
    if flaw:
        raise ArgumentError(
            path,
            f"{shown(result)} {flaw}; give an IPv4 address and a port (10.0.0.7:3031), the absolute path of a unix socket, or "
            "the number of the socket",
        )
    return result


def modifier(path: str, value: Any) -> Modifier:
    """A name, a number from 0 to 255, or ``{modifier1, modifier2}``."""
    if isinstance(value, Mapping):
        found = mapping(path, value, dict.fromkeys(["modifier1", "modifier2"]))
        if "modifier1" not in found:
            raise ArgumentError(child(path, "modifier1"), "is missing; modifier2 only refines it")
        first = modifier(child(path, "modifier1"), found["modifier1"]).first
        second = whole(child(path, "modifier2"), found["modifier2"], 0, 255) if "modifier2" in found else None
        return Modifier(first, second)
    if isinstance(value, str) and not _WHOLE.match(value):
        if value not in MODIFIERS:
            raise ArgumentError(path, f"{shown(value)} is not the name of a modifier; {_hint(value, sorted(MODIFIERS))}")
        return Modifier(MODIFIERS[value], None)
    return Modifier(whole(path, value, 0, 255, "; a modifier has 8 bits"), None)


def algorithm(path: str, value: Any) -> Algorithm:
    """A balancing algorithm, by its long name or uWSGI's."""
    name = text(path, value)
    if name not in _ALGORITHMS:
        raise ArgumentError(
            path,
            f"{shown(name)} is not a balancing algorithm, and uWSGI would silently use wrr; give one of {', '.join(_ALGORITHMS)}",
        )
    return _ALGORITHMS[name]


def digest(path: str, value: Any) -> str:
    """The name of an OpenSSL digest."""
    result = text(path, value)
    if not _DIGEST.match(result):
        raise ArgumentError(path, f"{shown(result)} is not the name of a digest; give one such as SHA256")
    return result


def signing(path: str, value: Any) -> Optional[Signing]:
    """``[algorithm, file]`` or ``"ALGO:file"``; None for false, which means unsigned."""
    if value is False:
        return None
    if isinstance(value, str):
        name, colon, where = value.partition(":")
        parts: List[Any] = [name, where] if colon else []
    else:
        parts = list(value) if isinstance(value, (list, tuple)) else []
    if len(parts) != 2:
        raise ArgumentError(
            path, "must be [algorithm, key file], such as [SHA256, /etc/uwsgi/keys/private/shop.pem], or 'SHA256:/etc/...'"
        )
    return Signing(digest(path + "[0]", parts[0]), file(path + "[1]", parts[1]))


def uids(path: str, value: Any) -> List[int]:
    """Numeric user ids, without root's."""
    found = []
    for at, item in enumerate(sequence(path, value)):
        place = f"{path}[{at}]"
        if item == 0 or (isinstance(item, str) and item.strip() == "0"):
            raise ArgumentError(place, "uWSGI never skips the check for uid 0; give the uid of an unprivileged user")
        found.append(whole(place, item, 1, 2**32 - 2))
    return found


def _hint(name: Any, known: Collection[str]) -> str:
    """The known name that was probably intended, or a list of all."""
    # Imported only for errors: importing it takes longer than checking a hundred arguments.
    import difflib  # noqa: PLC0415

    near = difflib.get_close_matches(name, known) if isinstance(name, str) else []
    return f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(known)


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "a boolean"), (Mapping, "a mapping"), ((list, tuple), "a list")):
        if isinstance(value, kind):
            return name
    return "a value of type " + type(value).__name__


def shown(value: Any) -> str:
    """A value for an error message: quoted, on one line and not too long."""
    try:
        # Masked before it is cut: a PEM without its END line would hide the rest of the error.
        quoted: str = mask(repr(value))
    except (ValueError, RecursionError):
        # Newer Pythons refuse to print numbers with thousands of digits, and lists may be nested endlessly.
        return _type_name(value)
    return quoted if len(quoted) <= 80 else quoted[:60] + f"... ({len(quoted)} characters)"
