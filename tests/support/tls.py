# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS servers on loopback, with a certificate for each name, like an https router."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support import keys


def pair(folder: Path, name: str, stem: str = "", **more: object) -> tuple[str, str]:
    """Write a certificate, as ``keys.certificate`` makes it, and its key; the files' paths."""
    paths = folder / f"{stem or name}.crt", folder / f"{stem or name}.key"
    paths[0].write_text(keys.certificate(name, **more), encoding="ascii")  # type: ignore[arg-type]
    paths[1].write_text(keys.private("ec", str(more.get("key_of") or name)), encoding="ascii")
    return str(paths[0]), str(paths[1])


def _context(files: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


@contextmanager
def serving(
    own: tuple[str, str],
    names: Mapping[str, tuple[str, str]] | None = None,
    sni_callback: Callable[[Any, str | None, ssl.SSLContext], None] | None = None,
) -> Iterator[str]:
    """A server that shows its own certificate, and to who asks for one of some names that name's; its address.

    It reads the files now, and never again.

    Args:
        sni_callback: what is done in place of that with a name that is asked for.
    """
    context, others = _context(own), {name: _context(files) for name, files in (names or {}).items()}

    def chosen(tls: ssl.SSLObject | ssl.SSLSocket, name: str | None, dummy: ssl.SSLContext) -> None:
        tls.context = others.get(name or "", context)

    context.sni_callback = sni_callback or chosen
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                stream = listening.accept()[0]
            except OSError:
                return
            stream.settimeout(20)
            try:
                with context.wrap_socket(stream, server_side=True) as tls:
                    tls.recv(1)
            except OSError:
                # Who comes without TLS, or goes early.
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        # A close alone doesn't wake who accepts.
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
