# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Creates and splits signing keys on the controller, with ``cryptography``."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.values import shown
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys.pem import inspect

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
except ImportError as exc:
    MISSING: ImportError | None = exc
else:
    MISSING = None

TYPES = ("ec", "rsa")
RSA_SIZE = 3072
_LEAST_RSA_SIZE = 2048
_MOST_RSA_SIZE = 16384


def need(path: str) -> None:
    """Check that ``cryptography`` is installed; raises ``ArgumentError``."""
    if MISSING is not None:
        raise ArgumentError(
            path, f"needs the Python package cryptography on the controller, beside ansible-core; install it ({MISSING})"
        )


def public_half(path: str, content: str) -> str:
    """The public key of a private key.

    Args:
        content: the private key in PEM, RSA or EC.

    Returns:
        ``SubjectPublicKeyInfo`` in PEM (RFC 7468, section 13).

    Raises:
        ArgumentError: if it isn't a private key; the text contains nothing of the content.
    """
    need(path)
    inspect(path, content, "private")
    try:
        # uWSGI would also sign with an inconsistent RSA key, and checking for one takes a hundred times as long as the rest.
        key = serialization.load_pem_private_key(content.encode("utf-8"), None, unsafe_skip_rsa_key_validation=True)
        found = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without the cause, whose text might quote the key.
        raise ArgumentError(path, "is not a readable private key; give an RSA or an EC key in PEM") from None
    return found.decode("ascii")


def generate(kind: str = "ec", size: int = RSA_SIZE) -> str:
    """Create a private key.

    Args:
        kind: ``ec``, which is P-256, or ``rsa``.
        size: bits of an RSA key.

    Returns:
        PKCS#8 in PEM (RFC 7468, section 10), unencrypted.

    Raises:
        ArgumentError: for another kind, or a size that is unsafe or takes too long.
    """
    need("type")
    if kind not in TYPES:
        raise ArgumentError("type", f"{shown(kind)} is not a type of key; give one of {', '.join(TYPES)}")
    if kind == "rsa" and not _LEAST_RSA_SIZE <= size <= _MOST_RSA_SIZE:
        raise ArgumentError("size", f"{size} is not between {_LEAST_RSA_SIZE} and {_MOST_RSA_SIZE} bits")
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, size)
    found = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return found.decode("ascii")
