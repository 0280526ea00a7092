# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures by the host's OpenSSL, verified by another library; the conformance tests show that a router accepts them."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import signature as openssl
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.signature import PrivateKey, SignatureError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from support import keys
from support.modules import COLLECTIONS, PYTHONS

BODY = b"\x03\x00key\x06\x00a.test\xff\x00\n"
DIGESTS = {"SHA1": hashes.SHA1(), "SHA256": hashes.SHA256(), "SHA512": hashes.SHA512()}


def sign(private: bytes, digest: str, body: bytes) -> bytes:
    """Sign with a key that is read for this signature only."""
    return PrivateKey(private).sign(digest, body)


def verify(kind: str, digest: str, signature: bytes, body: bytes = BODY) -> None:
    """Raise InvalidSignature if it doesn't match."""
    public = serialization.load_pem_public_key(keys.public(kind).encode())
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, body, padding.PKCS1v15(), DIGESTS[digest])
    else:
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signature, body, ec.ECDSA(DIGESTS[digest]))


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("kind", ["ec", "ec384", "rsa"])
def test_a_signature_is_the_keys_and_the_contents(kind: str, form: str, digest: str) -> None:
    signature = sign(keys.private(kind, form=form).encode(), digest, BODY)
    verify(kind, digest, signature)
    with pytest.raises(InvalidSignature):
        verify(kind, digest, signature, BODY + b"\0")
    with pytest.raises(InvalidSignature):
        verify(kind, "SHA1" if digest == "SHA512" else "SHA512", signature)


def test_nothing_and_much_can_be_signed() -> None:
    for body in (b"", b"\0" * 5000):
        verify("ec", "SHA256", sign(keys.private().encode(), "SHA256", body), body)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_key_is_read_once_and_freed_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Counted:
        """OpenSSL, with a count of the keys that it reads and frees."""

        def __init__(self, lib: Any) -> None:
            self._lib = lib
            self.calls: list[str] = []

        def __getattr__(self, name: str) -> Any:
            if name in ("PEM_read_bio_PrivateKey", "EVP_PKEY_free"):
                self.calls.append(name)
            return getattr(self._lib, name)

    lib = Counted(openssl._library())
    monkeypatch.setattr(openssl, "_library", lambda: lib)
    key = PrivateKey(keys.private(kind).encode())
    for digest in ("SHA256", "SHA512", "SHA256"):
        verify(kind, digest, key.sign(digest, BODY))
    with pytest.raises(SignatureError):
        key.sign("SHA257", BODY)
    assert lib.calls == ["PEM_read_bio_PrivateKey"]
    del key
    assert lib.calls == ["PEM_read_bio_PrivateKey", "EVP_PKEY_free"]
    # A key that can't be read needs no freeing.
    with pytest.raises(SignatureError):
        PrivateKey(b"")
    assert lib.calls[2:] == ["PEM_read_bio_PrivateKey"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_key_is_neither_copied_nor_shown(copied: Callable[[Any], Any]) -> None:
    key = PrivateKey(PRIVATE.encode())
    with pytest.raises(TypeError, match="a private key is not copied"):
        copied(key)
    assert keys.leaked(repr(key) + repr(vars(key)), PRIVATE) == []


def test_a_digest_has_any_case() -> None:
    verify("rsa", "SHA256", sign(keys.private("rsa").encode(), "sha256", BODY))


PRIVATE = keys.private()
REFUSED = [
    ("nothing", b"", "SHA256", "OpenSSL can't read the private key"),
    ("no PEM", b"secret " * 99, "SHA256", "OpenSSL can't read the private key"),
    ("NUL", b"\0" * 99, "SHA256", "OpenSSL can't read the private key"),
    ("cut PEM", PRIVATE.rpartition("-----END")[0].encode(), "SHA256", "OpenSSL can't read the private key"),
    ("damaged PEM", PRIVATE.replace("MIG", "AAA").encode(), "SHA256", "OpenSSL can't read the private key"),
    ("a public key", keys.public().encode(), "SHA256", "OpenSSL can't read the private key"),
    ("encrypted", keys.private(passphrase=b"p").encode(), "SHA256", "OpenSSL can't read the private key"),
    (
        "encrypted the old way",
        keys.private("rsa", "", "TraditionalOpenSSL", b"p").encode(),
        "SHA256",
        "OpenSSL can't read the private key",
    ),
    ("OpenSSH's own", keys.private(form="OpenSSH").encode(), "SHA256", "OpenSSL can't read the private key"),
    ("Ed25519", keys.private("ed25519").encode(), "SHA256", "OpenSSL can't sign with SHA256 and this private key"),
    ("no digest", PRIVATE.encode(), "", "OpenSSL knows no digest ''"),
    ("an unknown digest", PRIVATE.encode(), "SHA257", "OpenSSL knows no digest 'SHA257'"),
    ("no ASCII", PRIVATE.encode(), "SHAé", "OpenSSL knows no digest 'SHAé'"),
]


@pytest.mark.parametrize(("private", "digest", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_sign_is_named_and_never_shown(
    private: bytes, digest: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SignatureError) as found:
        sign(private, digest, BODY)
    assert str(found.value) == words
    # OpenSSL neither prints anything nor asks for a passphrase.
    assert capfd.readouterr() == ("", "")
    # The failure doesn't stay in OpenSSL's queue of errors.
    verify("ec", "SHA256", sign(PRIVATE.encode(), "SHA256", BODY))


def test_a_host_without_openssl_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openssl, "_loaded", lambda name: None)
    openssl._library.cache_clear()
    try:
        with pytest.raises(SignatureError, match="the host has no OpenSSL library"):
            sign(PRIVATE.encode(), "SHA256", BODY)
    finally:
        openssl._library.cache_clear()


def test_a_library_that_is_not_there_is_none() -> None:
    assert openssl._loaded(None) is None
    assert openssl._loaded("libno-such.so.0") is None


@pytest.mark.parametrize("python", PYTHONS)
def test_it_runs_on_the_oldest_and_this_python(python: str) -> None:
    script = (
        "import sys; from ansible_collections.emperor.uwsgi.plugins.module_utils._node.signature import PrivateKey; "
        "sys.stdout.buffer.write(PrivateKey(sys.stdin.buffer.read()).sign('SHA256', b'body'))"
    )
    found = subprocess.run(
        [python, "-c", script],
        input=keys.private().encode(),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(COLLECTIONS)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert found.stderr == b""
    verify("ec", "SHA256", found.stdout, b"body")
