# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients of an https router see the certificate of a subscription (SNI)."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import keys, modules
from support.fleet import running_node
from support.loopback import free_address
from support.uwsgi import Instance

HOST = "a.test"


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """Make a self-signed certificate and its key; their file names contain characters that a field must escape."""
    paths = folder / (name + ", cert\\.pem"), folder / (name + ", key\\.pem")
    paths[0].write_text(keys.certificate(name), encoding="ascii")
    paths[1].write_text(keys.private("ec", name), encoding="ascii")
    return str(paths[0]), str(paths[1])


@contextmanager
def https_router(folder: Path, arguments: dict[str, Any]) -> Iterator[str]:
    """Run an https router with its own certificate and a node behind it; yields the router's address."""
    # The router's option splits its value at commas, which can't be escaped.
    own = folder / "own.crt", folder / "own.key"
    for path, made in zip(own, certificate(folder, "own.test")):
        shutil.copy(made, path)
    address, subscriptions = free_address(), free_address()
    lines = ["https = {},{},{}".format(address, *own), "http-subscription-server = " + subscriptions]
    with Instance(folder, *lines, name="router", plugin="http") as router:
        router.wait_for_words("spawned uWSGI http")
        # For an https router the key is the Host header, including the port.
        subscription = {"server": subscriptions, "key": f"{HOST}:{address.rpartition(':')[2]}", **arguments}
        with running_node(folder, "node", subscription):
            router.wait_for_words("=> new node")
            yield address


def get(address: str, context: ssl.SSLContext) -> str:
    """The answer to a request to HOST; raises ssl.SSLError if the certificate is another."""
    ip, dummy, port = address.rpartition(":")
    with socket.create_connection((ip, int(port)), 20) as stream, context.wrap_socket(stream, server_hostname=HOST) as tls:
        connection = http.client.HTTPConnection(HOST, int(port))
        connection.sock = tls
        connection.request("GET", "/")
        return connection.getresponse().read().decode()


def trusting(cert: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=cert)


@pytest.mark.proves("subscriptions.sni_cert", "subscriptions.sni_key")
def test_clients_see_the_certificate_of_the_subscription(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, HOST)
    with https_router(tmp_path, {"sni_cert": cert, "sni_key": key}) as address:
        assert get(address, trusting(cert)) == "node"


def test_clients_see_the_routers_own_certificate_without_it(tmp_path: Path) -> None:
    cert, dummy = certificate(tmp_path, HOST)
    with https_router(tmp_path, {}) as address, pytest.raises(ssl.SSLCertVerificationError):
        get(address, trusting(cert))


@pytest.mark.proves("subscriptions.sni_client_ca")
@pytest.mark.parametrize(
    ("prefix", "answers"),
    [
        # The router asks for a certificate, and verifies it if the client sends one.
        ("", {"known": "node", "stranger": "refused", "none": "node"}),
        ("!", {"known": "node", "stranger": "refused", "none": "refused"}),
    ],
    ids=["asked", "required"],
)
def test_sni_client_ca_verifies_the_certificates_of_clients(prefix: str, answers: dict[str, str], tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, HOST)
    clients = {"known": certificate(tmp_path, "client.test"), "stranger": certificate(tmp_path, "stranger.test"), "none": None}
    authority = prefix + clients["known"][0]
    found = {}
    with https_router(tmp_path, {"sni_cert": cert, "sni_key": key, "sni_client_ca": authority}) as address:
        for name, pair in clients.items():
            context = trusting(cert)
            if pair:
                context.load_cert_chain(*pair)
            try:
                found[name] = get(address, context)
            except (ssl.SSLError, ConnectionError, http.client.HTTPException):
                found[name] = "refused"
    assert found == answers


@pytest.mark.parametrize("authority", [None, "!"], ids=["", "a client's is required"])
def test_a_renewed_one_is_not_served_and_the_module_says_so(authority: str | None, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, HOST)
    clients = {"sni_client_ca": "!" + certificate(tmp_path, "client.test")[0]} if authority else {}

    def states() -> list[str]:
        own = {"router": "https", "address": address, "certificate": str(tmp_path / "own.crt"), "key": str(tmp_path / "own.key")}
        shop = {**own, "name": HOST, "certificate": cert, "key": key}
        found = modules.run("uwsgi_certificate_info", {"certificates": [own, shop, {**shop, "name": "b.test"}]})
        assert [one["certificate"] for one in found.data["certificates"]] == [own["certificate"], cert, cert], found.output
        return [one["state"] for one in found.data["certificates"]]

    with https_router(tmp_path, {"sni_cert": cert, "sni_key": key, **clients}) as address:
        assert states() == ["current", "current", "unannounced"]
        Path(cert).write_text(keys.certificate(HOST), encoding="ascii")
        assert states() == ["current", "stale", "unannounced"]


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_sees_it_too(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, HOST)
    with https_router(tmp_path, {"sni_cert": cert, "sni_key": key}) as address:
        ip, dummy, port = address.rpartition(":")
        where = f"{HOST}:{port}"
        argv = ["curl", "-sS", "--max-time", "20", "--cacert", cert, "--resolve", f"{where}:{ip}", "https://" + where]
        found = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert (found.returncode, found.stdout) == (0, "node"), found.stderr
