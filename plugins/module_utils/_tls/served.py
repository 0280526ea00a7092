# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server sends to a client: the certificate of a name, by a TLS handshake."""

from __future__ import annotations

import socket
import ssl

from .._addresses import endpoint
from .._files import opened


def certificate(address: str, name: str, timeout: float) -> bytes:
    """The certificate that clients see, in DER, whoever it is of and whether it is valid.

    Args:
        address: as uWSGI listens on it.
        name: what the client asks for (SNI); nothing when empty.
        timeout: seconds, each for the connection and for the handshake.

    Raises:
        UnsafePath: for the path of a socket where somebody else can put another one.
        OSError: when there is no handshake.
        ValueError: for an address or a name that can't be asked for.
    """
    family, where = endpoint(address)
    if address.startswith("/"):
        opened.secure(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Also what clients would refuse by now.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.socket(family, socket.SOCK_STREAM) as stream:
        stream.settimeout(timeout)
        stream.connect(where)
        with context.wrap_socket(stream, server_hostname=name or None) as tls:
            found = tls.getpeercert(binary_form=True)
    if not found:
        raise OSError("it sent no certificate")
    return found
