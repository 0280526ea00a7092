# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a signing key's PEM contains."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from typing import Any, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import pem
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys.pem import Pem
from hypothesis import given
from hypothesis import strategies as st
from support import keys
from support.stream import computed

EC, RSA = keys.private("ec"), keys.private("rsa")
LINES = EC.splitlines(True)
TRADITIONAL = "TraditionalOpenSSL"


def block(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def problem(content: Any, half: Optional[str] = None) -> str:
    with pytest.raises(ArgumentError) as caught:
        pem.inspect("keys[3].content", content, half)
    assert caught.value.path == "keys[3].content"
    if isinstance(content, str):
        assert keys.leaked(str(caught.value), content) == []
    return caught.value.problem


KEYS = [
    (keys.private(kind, form=form), "private") for kind in ("ec", "ec384", "rsa") for form in ("PKCS8", TRADITIONAL)
] + [(keys.public(kind), "public") for kind in ("ec", "ec384", "rsa")]


@pytest.mark.parametrize(("content", "half"), KEYS, ids=[half + content[10:17] for content, half in KEYS])
def test_keys_are_known_by_half_and_fingerprint(content: str, half: str) -> None:
    found = pem.inspect("key", content)
    der = base64.b64decode("".join(content.splitlines()[1:-1]))
    digest = base64.b64encode(hashlib.sha256(der).digest()).decode()
    assert found == Pem(half, "SHA256:" + digest.rstrip("="))
    assert found == pem.inspect("key", content, half)
    assert pem.HALVES == ("private", "public")
    other = "public" if half == "private" else "private"
    assert problem(content, other) == f"is a {half} key where a {other} one belongs"


# Text around a key that OpenSSL ignores.
AROUND = [
    EC.replace("\n", "\r\n"),
    "# a comment\nand words\n" + EC + "\nmore",
    "\n\n  " + EC.replace("-----\n", "----- \t\n", 1),
    EC.rstrip("\n"),
    "".join(LINES[:1] + [line[:20] + "\n" + line[20:] for line in LINES[1:-1]] + LINES[-1:]),
    block("EC PARAMETERS", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") + EC,
    EC + "x" * (65536 - len(EC)),
]


@pytest.mark.parametrize("content", AROUND, ids=range(len(AROUND)))
def test_what_stands_around_a_key_does_not_matter(content: str) -> None:
    assert pem.inspect("key", content) == pem.inspect("key", EC)


def test_a_key_with_parameters_is_what_openssl_writes() -> None:
    command = ["openssl", "ecparam", "-name", "prime256v1", "-genkey"]
    try:
        content = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout.decode()
    except FileNotFoundError:
        pytest.skip("the host has no openssl")
    assert content.startswith("-----BEGIN EC PARAMETERS-----")
    assert pem.inspect("key", content).half == "private"


UNREADABLE = "is PEM but not a key that uWSGI reads; give an RSA or an EC key"
NEITHER = "is neither an RSA nor an EC key, and uWSGI signs with no other; make one of those"
ENCRYPTED = "is encrypted, and uWSGI can't ask for a passphrase; decrypt it, and keep it in ansible-vault"
DAMAGED = "looks like PEM, but what is in it is damaged; give the key whole"
NO_PEM = "is not PEM ('-----BEGIN ... KEY-----' and its end); give the key in PEM"
NO_TEXT = "is not text; give the key in PEM"
OID = bytes.fromhex("06072a8648ce3d0201")
REFUSED: List[Tuple[str, Any, str]] = [
    ("none", None, NO_TEXT),
    ("empty", "", NO_TEXT),
    ("blank", " \n", NO_TEXT),
    ("bytes", EC.encode(), NO_TEXT),
    ("number", 5, NO_TEXT),
    ("too long", EC + "x" * (65537 - len(EC)), "has more than 65536 bytes, too many for a single key; give one key in PEM"),
    ("words", "hello", NO_PEM),
    ("base64 alone", "".join(LINES[1:-1]), NO_PEM),
    ("no end", "".join(LINES[:-1]), NO_PEM),
    ("another end", EC.replace("END PRIVATE", "END PUBLIC"), NO_PEM),
    ("a longer end", EC.replace("END PRIVATE KEY", "END PRIVATE KEYS"), NO_PEM),
    ("a beginning in a key",
     "-----BEGIN PRIVATE KEY-----\n-----BEGIN X-----\n-----END PRIVATE KEY-----\n-----END X-----\n", DAMAGED),
    ("parameters alone", block("EC PARAMETERS", b"\x06\x00"), NO_PEM),
    ("two", EC + RSA, "holds 2 PEM blocks; give the one key alone"),
    ("three", EC + keys.public() + RSA, "holds 3 PEM blocks; give the one key alone"),
    ("encrypted", keys.private(passphrase=b"secret"), ENCRYPTED),
    ("encrypted the old way", keys.private(form=TRADITIONAL, passphrase=b"secret"), ENCRYPTED),
    ("openssh", keys.private(form="OpenSSH"), "is in OpenSSH's own format, which uWSGI can't read; convert it with "
     "'ssh-keygen -p -m pem'"),
    ("rsa public", block("RSA PUBLIC KEY", b"\x30\x00"), "is an RSA PUBLIC KEY, which uWSGI can't read; convert it with "
     "'openssl rsa -RSAPublicKey_in -pubout'"),
    ("certificate", block("CERTIFICATE", b"\x30\x00"), "is a certificate; give the public key in it "
     "('openssl x509 -pubkey -noout')"),
    ("request", block("CERTIFICATE REQUEST", b"\x30\x00"), "is a certificate request; give the public key in it "
     "('openssl req -pubkey -noout')"),
    ("dsa the old way", keys.private("dsa", form=TRADITIONAL), UNREADABLE),
    ("dsa", keys.private("dsa"), NEITHER),
    ("dsa public", keys.public("dsa"), NEITHER),
    ("ed25519", keys.private("ed25519"), NEITHER),
    ("ed25519 public", keys.public("ed25519"), NEITHER),
    ("the algorithm too late", block("PUBLIC KEY", b"\x30\x2f" + b"\0" * 38 + OID), NEITHER),
    ("a missing line", "".join(LINES[:-2] + LINES[-1:]), DAMAGED),
    ("a missing character of base64", "".join([*LINES[:1], LINES[1][1:], *LINES[2:]]), DAMAGED),
    ("a character outside base64", "".join([LINES[0], "!", *LINES[1:]]), DAMAGED),
    ("a header", "".join([*LINES[:1], "Comment: x\n\n", *LINES[1:]]), DAMAGED),
    ("nothing in it", block("PRIVATE KEY", b""), DAMAGED),
    ("one byte", block("EC PRIVATE KEY", b"\x30"), DAMAGED),
    ("no sequence", block("EC PRIVATE KEY", b"\x31\x00"), DAMAGED),
    ("a length without its bytes", block("EC PRIVATE KEY", b"\x30\x80"), DAMAGED),
    ("an extra byte", block("EC PRIVATE KEY", b"\x30\x01ab"), DAMAGED),
    ("a missing byte", block("EC PRIVATE KEY", b"\x30\x82\x00\x03ab"), DAMAGED),
]


@pytest.mark.parametrize(("content", "expected"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_uwsgi_can_not_read_is_refused(content: Any, expected: str) -> None:
    assert problem(content) == expected
    assert problem(content, "public" if "PUBLIC" in str(content) else "private") == expected


# The smallest size in each notation (X.690, 8.1.3): in the byte itself, and in one or two bytes after it.
@pytest.mark.parametrize("der", [b"\x30\x00", b"\x30\x7f" + b"a" * 127, b"\x30\x81\x80" + b"a" * 128, b"\x30\x82\x00\x02ab"])
def test_a_whole_key_is_as_long_as_it_says(der: bytes) -> None:
    assert pem.inspect("key", block("RSA PRIVATE KEY", der)).half == "private"


def test_the_algorithm_stands_near_the_beginning() -> None:
    content = block("PUBLIC KEY", b"\x30\x31" + b"\0" * 37 + OID + b"\0" * 3)
    assert pem.inspect("key", content).half == "public"


@given(st.one_of(st.text(), st.builds(block, st.sampled_from(["PRIVATE KEY", "EC PRIVATE KEY", "PUBLIC KEY"]), st.binary())))
def test_any_text_is_a_key_or_an_error(content: str) -> None:
    try:
        found = pem.inspect("key", content)
    except ArgumentError as error:
        assert error.path == "key"
        return
    assert found.half in pem.HALVES


@given(st.integers(0, len(EC) - 1), st.characters(codec="ascii"))
def test_a_damaged_key_is_another_one_or_an_error_without_its_content(at: int, other: str) -> None:
    damaged = EC[:at] + other + EC[at + 1 :]
    try:
        found = pem.inspect("key", damaged)
    except ArgumentError as error:
        assert keys.leaked(str(error), EC) == []
        return
    same = "".join(damaged.splitlines()[1:-1]) == "".join(EC.splitlines()[1:-1])
    assert found.half == "private"
    assert (found == pem.inspect("key", EC)) or not same


ENDLESS = ["-----BEGIN A-----\n" * 3600, "-----BEGIN " * 5900, "-----BEGIN PRIVATE KEY-----" + " " * 60000]


@pytest.mark.parametrize("content", ENDLESS, ids=range(len(ENDLESS)))
def test_the_time_to_look_for_blocks_grows_with_the_length(content: str) -> None:
    with computed(1):
        assert problem(content) == NO_PEM
