# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inspects a signing key's PEM. Pure, with only the standard library.

The format is that of RFC 7468, or of RFC 1421 for keys encrypted the old way.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any, List, NamedTuple, Optional, Tuple

from .._errors import ArgumentError

HALVES = ("private", "public")

_MAX_PEM = 64 * 1024
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n")
_HALF_OF = {"PRIVATE KEY": "private", "RSA PRIVATE KEY": "private", "EC PRIVATE KEY": "private", "PUBLIC KEY": "public"}
# "openssl ecparam -genkey" writes this before the key; OpenSSL's readers skip it.
_SKIPPED = "EC PARAMETERS"
_HINTS = {
    "ENCRYPTED PRIVATE KEY": "is encrypted, and uWSGI can't ask for a passphrase; decrypt it, and keep it in ansible-vault",
    "OPENSSH PRIVATE KEY": "is in OpenSSH's own format, which uWSGI can't read; convert it with 'ssh-keygen -p -m pem'",
    "RSA PUBLIC KEY": "is an RSA PUBLIC KEY, which uWSGI can't read; convert it with 'openssl rsa -RSAPublicKey_in -pubout'",
    "CERTIFICATE": "is a certificate; give the public key in it ('openssl x509 -pubkey -noout')",
    "CERTIFICATE REQUEST": "is a certificate request; give the public key in it ('openssl req -pubkey -noout')",
}
# The object identifiers of RFC 8017 and RFC 5480. They are near the start of PKCS#8 and SubjectPublicKeyInfo.
_ALGORITHMS = (bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06072a8648ce3d0201"))
_HEAD = 48


class Pem(NamedTuple):
    """What is known about a key without its content.

    Attributes:
        half: ``private`` or ``public``.
        fingerprint: of its DER, in the form of ``ssh-keygen -l``: ``SHA256:`` and base64 without padding.
    """

    half: str
    fingerprint: str


def inspect(path: str, content: Any, half: Optional[str] = None) -> Pem:
    """Check that ``content`` is one key in a form that uWSGI reads.

    Args:
        half: the half that it must be; None accepts either.

    Raises:
        ArgumentError: whose text contains nothing of the content.
    """
    label, der = _only_block(path, content)
    found = _HALF_OF[label]
    if half and found != half:
        raise ArgumentError(path, f"is a {found} key where a {half} one belongs")
    if label in ("PRIVATE KEY", "PUBLIC KEY") and not any(one in der[:_HEAD] for one in _ALGORITHMS):
        raise ArgumentError(path, "is neither an RSA nor an EC key, and uWSGI signs with no other; make one of those")
    digest = base64.b64encode(hashlib.sha256(der).digest()).decode("ascii").rstrip("=")
    return Pem(found, "SHA256:" + digest)


def _only_block(path: str, content: Any) -> Tuple[str, bytes]:
    """The label and the DER of the one key in a PEM."""
    if not isinstance(content, str) or not content.strip():
        raise ArgumentError(path, "is not text; give the key in PEM")
    if len(content) > _MAX_PEM:
        raise ArgumentError(path, f"has more than {_MAX_PEM} bytes, too many for a single key; give one key in PEM")
    blocks = [block for block in _blocks(content) if block[0] != _SKIPPED]
    if not blocks:
        raise ArgumentError(path, "is not PEM ('-----BEGIN ... KEY-----' and its end); give the key in PEM")
    if len(blocks) > 1:
        raise ArgumentError(path, f"holds {len(blocks)} PEM blocks; give the one key alone")
    label, body = blocks[0]
    if "Proc-Type:" in body:
        label = "ENCRYPTED PRIVATE KEY"
    if label not in _HALF_OF:
        raise ArgumentError(path, _HINTS.get(label, "is PEM but not a key that uWSGI reads; give an RSA or an EC key"))
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if not _is_whole(der):
        raise ArgumentError(path, "looks like PEM, but what is in it is damaged; give the key whole")
    return label, der


def _blocks(content: str) -> List[Tuple[str, str]]:
    """The labels and bodies of the blocks in a text; a block without an end is skipped."""
    found: List[Tuple[str, str]] = []
    done = 0
    # If the end of a label isn't found, don't search for it again: the time would be quadratic.
    endless = set()
    for begin in _BEGIN.finditer(content):
        label = begin.group(1)
        if begin.start() < done or label in endless:
            continue
        end = f"-----END {label}-----"
        at = content.find(end, begin.end())
        if at == -1:
            endless.add(label)
        else:
            found.append((label, content[begin.end() : at]))
            done = at + len(end)
    return found


def _is_whole(der: bytes) -> bool:
    """Say whether ``der`` is one complete SEQUENCE with nothing after it (X.690, 8.1.3)."""
    if len(der) < 2 or der[0] != 0x30:
        return False
    size, head = der[1], 2
    if size > 0x80:
        head += size & 0x7F
        size = int.from_bytes(der[2:head], "big")
    return len(der) == head + size
