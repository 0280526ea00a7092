# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a router could serve a certificate with its key: they belong together, it is valid now, and it is for the name."""

from __future__ import annotations

import os
import ssl
import time
from contextlib import contextmanager
from typing import Iterator, NamedTuple

from .._files import opened
from .._files.scratch import scratch
from . import certificate as certificates
from .certificate import Certificate

_MOST_NAMES = 5
# What OpenSSL says of the key of another certificate: of one of the same kind, and of one of another kind.
_OTHERS_KEY = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")


class Unusable(Exception):
    """A pair with which a router that starts serves another certificate, or nothing at all."""


class _Passphrase(Exception):
    """A key that has one."""


class Pair(NamedTuple):
    """A certificate whose key belongs to it.

    Attributes:
        path: of the certificate.
    """

    path: str
    certificate: Certificate

    def flaw(self, name: str, now: float) -> str:
        """What clients refuse it for, and what to do; empty where that is nothing.

        Args:
            name: of the host that they ask for; empty where nobody knows.
            now: Unix time.
        """
        one = self.certificate
        if now >= one.end:
            return f"{self.path}: expired at {stamp(one.end)}; renew it"
        if now < one.begin:
            return f"{self.path}: is not valid before {stamp(one.begin)}; wait until then, or set this host's clock"
        if name and not certificates.covers(one.names, name):
            names = ", ".join(one.names[:_MOST_NAMES]) + (", ..." if len(one.names) > _MOST_NAMES else "")
            return f"{self.path}: is not for {name}, only for {names or 'no host'}; put the certificate of {name} there"
        return ""


def stamp(seconds: float) -> str:
    """A Unix time as people read it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def read(certificate: str, key: str) -> Pair:
    """Read the files of a certificate and its key, as the caller.

    Raises:
        Unusable: when one can't be read, or they don't belong together; with what to do.
    """
    content, secret = _content(certificate), _content(key)
    try:
        found = certificates.first(content.decode("ascii", "replace"))
    except ValueError as exc:
        raise Unusable(f"{certificate}: {exc}; put the certificate there, in PEM") from exc
    try:
        with _in_memory(content) as one, _in_memory(secret) as other:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(one, other, _refuse)
    except _Passphrase as exc:
        raise Unusable(f"{key}: has a passphrase, which a router cannot enter; put the key there without one") from exc
    except ssl.SSLError as exc:
        if exc.reason in _OTHERS_KEY:
            raise Unusable(
                f"{certificate}: {key} is the key of another certificate; put a certificate and a key there that belong together"
            ) from exc
        why = exc.reason or "no PEM"
        raise Unusable(f"{certificate} and {key}: OpenSSL cannot load them ({why}); put them there again, in PEM") from exc
    return Pair(certificate, found)


def _content(path: str) -> bytes:
    try:
        return opened.read(path, anybodys=True)
    except OSError as exc:
        raise Unusable(f"{path}: cannot be read ({exc.strerror}); put it there, readable for the user of the routers") from exc


def _refuse() -> str:
    raise _Passphrase


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """A path of what was read, since OpenSSL takes nothing else, and the files may be other ones by now."""
    make = getattr(os, "memfd_create", None)
    if make is None:
        with scratch() as folder:
            yield folder.put("pem", content)
        return
    handle: int = make("pem", os.MFD_CLOEXEC)
    try:
        opened.write(handle, content)
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
