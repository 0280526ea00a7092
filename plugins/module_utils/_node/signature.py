# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signs announcements with the host's OpenSSL library; no package and no program is needed.

uWSGI signs with ``EVP_SignFinal`` (``uwsgi_subscription_sign``, core/subscription.c): PKCS#1 v1.5 with an RSA key, ECDSA in DER
with an EC key. ``EVP_DigestSign`` of the same library produces the same.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import lru_cache
from typing import Any, Optional

_NAMES = ("libcrypto.so.3", "libcrypto.so.1.1")
# The longest signature, that of an RSA key of 16384 bits, and some reserve.
_MOST_BYTES = 4096


class SignatureError(Exception):
    """OpenSSL is missing, or rejects a key or digest. The text never contains any of the key."""


class PrivateKey:
    """A private key in OpenSSL, read once for many signatures and freed with this object.

    Args:
        pem: unencrypted, RSA or EC.

    Raises:
        SignatureError: if OpenSSL can't read it.
    """

    def __init__(self, pem: bytes) -> None:
        # Set first, since objects whose constructor fails are freed too.
        self._key: Optional[int] = None
        self._lib = lib = _library()
        source = lib.BIO_new_mem_buf(pem, len(pem))
        # An empty passphrase, or OpenSSL would prompt for one on the terminal.
        self._key = lib.PEM_read_bio_PrivateKey(source, None, None, b"")
        lib.BIO_free(source)
        if not self._key:
            lib.ERR_clear_error()
            raise SignatureError("OpenSSL can't read the private key")

    def __del__(self) -> None:
        if self._key:
            self._lib.EVP_PKEY_free(self._key)
            self._key = None

    def __reduce__(self) -> Any:
        # A copy would free the key a second time.
        raise TypeError("a private key is not copied")

    def sign(self, digest: str, content: bytes) -> bytes:
        """Sign.

        Args:
            digest: OpenSSL's name for it, such as ``SHA256``.

        Raises:
            SignatureError: naming what is invalid.
        """
        lib = self._lib
        kind = lib.EVP_get_digestbyname(digest.encode("ascii", "replace"))
        if not kind:
            raise SignatureError(f"OpenSSL knows no digest {digest!r}")
        context = lib.EVP_MD_CTX_new()
        try:
            size = ctypes.c_size_t(_MOST_BYTES)
            found = ctypes.create_string_buffer(_MOST_BYTES)
            if (
                lib.EVP_DigestSignInit(context, None, kind, None, self._key) == 1
                and lib.EVP_DigestSign(context, found, ctypes.byref(size), content, len(content)) == 1
            ):
                return found.raw[: size.value]
            lib.ERR_clear_error()
            raise SignatureError(f"OpenSSL can't sign with {digest} and this private key")
        finally:
            lib.EVP_MD_CTX_free(context)


@lru_cache(maxsize=None)
def _library() -> Any:
    for name in [*_NAMES, ctypes.util.find_library("crypto")]:
        lib = _loaded(name)
        if lib is not None:
            return _declared(lib)
    raise SignatureError("the host has no OpenSSL library (libcrypto), which uWSGI's signatures need")


def _loaded(name: Optional[str]) -> Any:
    try:
        return ctypes.CDLL(name) if name else None
    except OSError:
        return None


def _declared(lib: Any) -> Any:
    """Declare the types of the functions: by default ctypes truncates pointers to 32 bits."""
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    for name, result, arguments in (
        ("EVP_get_digestbyname", pointer, [text]),
        ("BIO_new_mem_buf", pointer, [text, ctypes.c_int]),
        ("BIO_free", ctypes.c_int, [pointer]),
        ("PEM_read_bio_PrivateKey", pointer, [pointer, pointer, pointer, text]),
        ("EVP_MD_CTX_new", pointer, []),
        ("EVP_MD_CTX_free", None, [pointer]),
        ("EVP_PKEY_free", None, [pointer]),
        ("EVP_DigestSignInit", ctypes.c_int, [pointer, pointer, pointer, pointer, pointer]),
        ("EVP_DigestSign", ctypes.c_int, [pointer, text, ctypes.POINTER(size), text, size]),
        ("ERR_clear_error", None, []),
    ):
        function = getattr(lib, name)
        function.restype = result
        function.argtypes = arguments
    return lib
