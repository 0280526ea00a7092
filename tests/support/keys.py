# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real signing keys, each generated once, and certificates for them."""

from __future__ import annotations

import datetime
import functools
import textwrap
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

_HOUR = 3600
_MAKERS = {
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ec384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "dsa": lambda: dsa.generate_private_key(2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


@functools.lru_cache(maxsize=None)
def _made(kind: str, name: str) -> object:
    return _MAKERS[kind]()


def private(kind: str = "ec", name: str = "", form: str = "PKCS8", passphrase: bytes = b"") -> str:
    """A private key in PEM.

    Args:
        name: the same name returns the same key.
        form: ``PKCS8``, ``TraditionalOpenSSL`` or ``OpenSSH``.
    """
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return _made(kind, name).private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), encryption
    ).decode()


def public(kind: str = "ec", name: str = "") -> str:
    """The public half of ``private``, SubjectPublicKeyInfo in PEM."""
    return _made(kind, name).public_key().public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def certificate(
    name: str, begin: float = -_HOUR, end: float = 24 * _HOUR, names: Sequence[str] | None = None, key_of: str = ""
) -> str:
    """A certificate in PEM for a host's name, signed by its own EC key, which is ``private("ec", name)``.

    Args:
        begin: seconds from now, and ``end``, between which it is valid.
        names: its alternative names, in place of the one.
        key_of: the name of the key, in place of its own.
    """
    names = [name] if names is None else names
    key = _made("ec", key_of or name)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(seconds=begin))
        .not_valid_after(now + datetime.timedelta(seconds=end))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def leaked(output: str, *pems: str) -> list[str]:
    """The pieces of keys in ``output``: every run of 16 characters of their base64 is searched."""
    pieces = set()
    for pem in pems:
        body = "".join(line for line in pem.splitlines() if line and "-----" not in line and ":" not in line)
        pieces.update(textwrap.wrap(body, 16)[:-1])
    return sorted(piece for piece in pieces if piece in output)
