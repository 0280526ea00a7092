# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing keys are made and split."""

from __future__ import annotations

import base64
import datetime
import subprocess
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing import crypto
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from support import keys

EC, RSA = keys.private("ec"), keys.private("rsa")
OLD_FORM = "TraditionalOpenSSL"


@pytest.mark.parametrize("form", ["PKCS8", OLD_FORM])
@pytest.mark.parametrize("kind", ["ec", "ec384", "rsa"])
def test_the_public_half_is_that_of_the_key(kind: str, form: str) -> None:
    assert crypto.public_half("key", keys.private(kind, form=form)) == keys.public(kind)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_openssl_agrees(kind: str) -> None:
    content = keys.private(kind)
    command = ["openssl", "pkey", "-pubout"]
    try:
        found = subprocess.run(command, input=content.encode(), capture_output=True, check=True, timeout=30).stdout.decode()
    except FileNotFoundError:
        pytest.skip("the host has no openssl")
    assert crypto.public_half("key", "# a comment\n" + content) == found


def block(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def altered(content: str, old: str, new: str) -> str:
    """A key with another object identifier in it."""
    der = base64.b64decode("".join(content.splitlines()[1:-1]))
    assert bytes.fromhex(old) in der
    return block("PRIVATE KEY", der.replace(bytes.fromhex(old), bytes.fromhex(new)))


def certificate() -> str:
    key: Any = serialization.load_pem_private_key(EC.encode(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.test")])
    begin = datetime.datetime(2026, 1, 1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + datetime.timedelta(1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


NEITHER = "is neither an RSA nor an EC key, and uWSGI signs with no other; make one of those"
ENCRYPTED = "is encrypted, and uWSGI can't ask for a passphrase; decrypt it, and keep it in ansible-vault"
UNREAD = "is not a readable private key; give an RSA or an EC key in PEM"
REFUSED = [
    ("encrypted", keys.private(passphrase=b"secret"), ENCRYPTED),
    ("encrypted the old way", keys.private("rsa", form=OLD_FORM, passphrase=b"secret"), ENCRYPTED),
    ("ed25519", keys.private("ed25519"), NEITHER),
    ("dsa", keys.private("dsa"), NEITHER),
    ("rsa-pss", altered(RSA, "2a864886f70d010101", "2a864886f70d01010a"), NEITHER),
    ("dsa the old way", keys.private("dsa", form=OLD_FORM), "is PEM but not a key that uWSGI reads; give an RSA or an EC key"),
    ("openssh", keys.private(form="OpenSSH"), "is in OpenSSH's own format, which uWSGI can't read; convert it with "
     "'ssh-keygen -p -m pem'"),
    ("a certificate", certificate(), "is a certificate; give the public key in it ('openssl x509 -pubkey -noout')"),
    ("a public key", keys.public(), "is a public key where a private one belongs"),
    ("an unknown curve", altered(EC, "2a8648ce3d030107", "2a8648ce3d03017f"), UNREAD),
    ("an empty key", block("RSA PRIVATE KEY", b"\x30\x00"), UNREAD),
    ("garbage", "garbage", "is not PEM ('-----BEGIN ... KEY-----' and its end); give the key in PEM"),
    ("half of one", EC[: len(EC) // 2], "is not PEM ('-----BEGIN ... KEY-----' and its end); give the key in PEM"),
    ("not text", None, "is not text; give the key in PEM"),
]


@pytest.mark.parametrize(("content", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_no_private_key_for_uwsgi_is_refused(content: Any, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        crypto.public_half("private_keys['a.pem']", content)
    assert (caught.value.path, caught.value.problem) == ("private_keys['a.pem']", problem)
    # Neither in this error nor in the one that a traceback would show as its cause.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    if content:
        assert keys.leaked(str(caught.value), content) == []


@given(st.data())
def test_a_damaged_key_is_never_quoted(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from([EC, RSA, keys.private("ec", form=OLD_FORM)]))
    at = data.draw(st.integers(28, len(content) - 28))
    damaged = content[:at] + data.draw(st.characters(codec="ascii")) + content[at + 1 :]
    try:
        assert crypto.public_half("key", damaged).startswith("-----BEGIN PUBLIC KEY-----\n")
    except ArgumentError as error:
        assert keys.leaked(str(error), content) == []


def made(*given_: Any) -> Any:
    content = crypto.generate(*given_)
    assert content.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert content.endswith("\n-----END PRIVATE KEY-----\n")
    return serialization.load_pem_private_key(content.encode(), None)


def test_keys_are_made() -> None:
    for key in (made(), made("ec"), made("ec", 5)):
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert key.curve.name == "secp256r1"
    key = made("rsa", 2048)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert (key.key_size, key.public_key().public_numbers().e) == (2048, 65537)
    assert made("rsa").key_size == crypto.RSA_SIZE == 3072
    assert crypto.generate() != crypto.generate()


NOT_MADE = [
    ("dsa", 2048, "type", "'dsa' is not a type of key; give one of ec, rsa"),
    ("", 2048, "type", "'' is not a type of key; give one of ec, rsa"),
    ("rsa", 2047, "size", "2047 is not between 2048 and 16384 bits"),
    ("rsa", 16385, "size", "16385 is not between 2048 and 16384 bits"),
    ("rsa", 0, "size", "0 is not between 2048 and 16384 bits"),
]


@pytest.mark.parametrize(("kind", "size", "path", "problem"), NOT_MADE)
def test_keys_that_are_not_safe_are_not_made(kind: str, size: int, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        crypto.generate(kind, size)
    assert (caught.value.path, caught.value.problem) == (path, problem)


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    crypto.need("anything")
    monkeypatch.setattr(crypto, "MISSING", ImportError("No module named 'cryptography'"))
    problem = (
        "needs the Python package cryptography on the controller, beside ansible-core; install it "
        "(No module named 'cryptography')"
    )
    with pytest.raises(ArgumentError) as caught:
        crypto.public_half("key", EC)
    assert (caught.value.path, caught.value.problem) == ("key", problem)
    with pytest.raises(ArgumentError) as caught:
        crypto.generate()
    assert (caught.value.path, caught.value.problem) == ("type", problem)
