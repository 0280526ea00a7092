# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The size of an announcement. Routers read 4096 bytes (``uwsgi_corerouter_manage_subscription``, cr_common.c). Pure.

The signature comes last. A longer announcement never registers when signed, and loses its last fields when not. Nothing is
logged.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, List, Mapping, Optional

from .._dialect import V2_1, Release
from .._errors import ArgumentError

MOST = 4096
_HEADER = 4
# Two bytes each for the sizes of a field's name and value.
_SIZES = 4
# The length of a signature with the collection's keys (EC, 256 bits), and with the longest common ones (RSA, 4096 bits).
_SIGNATURE, _LONGEST = 72, 512
_TIME = "1700000000"
# If uWSGI inserts the address of a socket.
_ADDRESS = "10.0.0.7:3031"
# Fields in every announcement besides key and address, at their shortest.
_PLAIN = [(name, "0") for name in ("modifier1", "modifier2", "cores", "load", "weight")]
_NEWER = [("backup", "0")]
# Fields of subscribe2 that are announced under the same name, and those that are announced under another.
_ANNOUNCED = ("sni_key", "sni_crt", "sni_ca", "vassal", "proto", "algo", "inactive")


def check(path: str, key: str, fields: Mapping[str, str], notify: Any, release: Release) -> List[str]:
    """Reject announcements that are too long for a router.

    Args:
        path: the subscription's.
        fields: those of ``subscribe2``, without server and key.
        notify: the socket that receives the router's answers; None if there is none.

    Returns:
        warnings.

    Raises:
        ArgumentError: naming the longest argument.
    """
    is_signed = "sign" in fields
    size = _common(release, None if notify is None else str(notify), is_signed)
    size += len(key.encode("utf-8")) + len(fields.get("addr", _ADDRESS).encode("utf-8"))
    for name, value in fields.items():
        if name in _ANNOUNCED:
            size += _size(name, value)
    if size > MOST:
        what = "its signature is behind that, so the node would never register" if is_signed else "what is behind that is lost"
        raise ArgumentError(
            f"{path}.{_longest(key, fields)}",
            f"makes an announcement of {size} bytes, of which a router reads {MOST}; {what}; give shorter paths",
        )
    if is_signed and size - _SIGNATURE + _LONGEST > MOST:
        return [
            f"{path}.signing: a signature with an RSA key of 4096 bits would make the announcement longer than the {MOST} "
            "bytes that a router reads, and the node would never register; give shorter paths, or use an EC key"
        ]
    return []


@lru_cache(maxsize=64)
def _common(release: Release, notify: Optional[str], is_signed: bool) -> int:
    """The size of all that doesn't depend on the fields; key and address are empty. The same for nearly all announcements."""
    told = [("key", ""), ("address", ""), *_PLAIN, *(_NEWER if release >= V2_1 else [])]
    if notify is not None:
        told.append(("notify", notify))
    if is_signed:
        told += [("unix", _TIME), ("sign", "")]
    return _HEADER + sum(_size(name, value) for name, value in told) + (_SIGNATURE if is_signed else 0)


def _size(name: str, value: str) -> int:
    return _SIZES + len(name) + len(value.encode("utf-8"))


def _longest(key: str, fields: Mapping[str, str]) -> str:
    """The argument with the longest value."""
    arguments = {
        "addr": "address", "vassal": "address_vassal", "sni_crt": "sni_cert", "sni_key": "sni_key", "sni_ca": "sni_client_ca"
    }  # fmt: skip
    lengths = {"key": len(key), **{arguments[name]: len(value) for name, value in fields.items() if name in arguments}}
    return max(lengths, key=lambda name: lengths[name])
