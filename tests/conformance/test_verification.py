# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which announcements a router accepts, depending on signature, age, and the sender on a unix socket."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from support import keys, modules
from support.fleet import Router, running_node
from support.loopback import send, wait_for

KEY = "a.test:8080"
FRIEND = "10.0.0.9:9"
NODE = "10.0.0.7:3031"


def signer(kind: str, name: str = "", digest: str = "SHA256") -> Callable[[bytes], bytes]:
    private = serialization.load_pem_private_key(keys.private(kind, name).encode(), None)
    algorithm = getattr(hashes, digest)()
    if isinstance(private, rsa.RSAPrivateKey):
        return lambda body: private.sign(body, padding.PKCS1v15(), algorithm)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return lambda body: private.sign(body, ec.ECDSA(algorithm))


class Announcement(NamedTuple):
    """A datagram for KEY, and whether a router with the EC key and SHA256 accepts the node.

    Attributes:
        age: its age in seconds.
        key: the name of the private key; None for no signature.
        after: a function that changes the signed bytes.
    """

    accepted: bool
    age: int = 0
    key: str | None = ""
    kind: str = "ec"
    digest: str = "SHA256"
    after: Callable[[bytes], bytes] = bytes
    command: int = datagram.SUBSCRIBE

    def packet(self, address: str = NODE, key: str = KEY) -> bytes:
        pairs = [("key", key), ("address", address), ("unix", str(int(time.time()) - self.age))]
        sign = None if self.key is None else signer(self.kind, self.key, self.digest)
        return self.after(datagram.encode(self.command, pairs, sign))


ANNOUNCEMENTS = {
    "signed": Announcement(True),
    "signed and as old as is allowed": Announcement(True, age=290),
    "signed by a clock that is fast": Announcement(True, age=-3600),
    "unsigned": Announcement(False, key=None),
    "signed and stale": Announcement(False, age=310),
    "signed with a stranger's key": Announcement(False, key="stranger"),
    "signed with a key of another type": Announcement(False, kind="rsa"),
    "signed with another digest": Announcement(False, digest="SHA512"),
    "changed after it was signed": Announcement(False, after=lambda packet: packet.replace(b"10.0.0.7", b"10.0.0.8")),
}


def public_keys(folder: Path, kind: str = "ec") -> str:
    """A folder with the public key of KEY, written by the module."""
    path = folder / "public keys, all"
    content = keys.public(kind)
    result = modules.run(
        "uwsgi_signing_keys",
        {
            "path": str(path),
            "directory_mode": "0755",
            "mode": "0444",
            "signing_keys": [{"file": file_names.key_file(KEY), "content": content}],
        },
    )
    assert not result.failed, result.msg
    return str(path)


def checked(folder: Path, kind: str = "ec", digest: str = "SHA256", tolerance: int | None = 300) -> Router:
    params: dict[str, Any] = {"digest_algo": digest, "dir_cert": public_keys(folder, kind)}
    if tolerance:
        params["tolerance"] = tolerance
    return Router(folder, server_verification_params=params)


@pytest.mark.proves("server_verification_params.digest_algo", "server_verification_params.dir_cert")
@pytest.mark.parametrize("case", ANNOUNCEMENTS.values(), ids=ANNOUNCEMENTS.keys())
def test_a_new_pool_needs_a_good_signature(case: Announcement, tmp_path: Path) -> None:
    with checked(tmp_path) as router:
        send(router.subscriptions, case.packet())
        # Datagrams on loopback keep their order: once the friend is listed, the router has judged the other.
        send(router.subscriptions, Announcement(True).packet(FRIEND))
        router.wait_for_nodes(KEY, *([NODE, FRIEND] if case.accepted else [FRIEND]))


@pytest.mark.proves("server_verification_params.digest_algo", "server_verification_params.dir_cert")
@pytest.mark.parametrize("case", ANNOUNCEMENTS.values(), ids=ANNOUNCEMENTS.keys())
def test_an_old_pool_needs_it_as_well(case: Announcement, tmp_path: Path) -> None:
    with checked(tmp_path) as router:
        send(router.subscriptions, Announcement(True).packet(FRIEND))
        router.wait_for_nodes(KEY, FRIEND)
        send(router.subscriptions, case.packet())
        send(router.subscriptions, Announcement(True).packet("10.0.0.10:9"))
        router.wait_for_nodes(KEY, *([NODE] if case.accepted else []), FRIEND, "10.0.0.10:9")


@pytest.mark.parametrize("key", ["", "stranger", None])
def test_only_the_key_takes_a_node_out(key: str | None, tmp_path: Path) -> None:
    with checked(tmp_path) as router:
        send(router.subscriptions, Announcement(True).packet())
        send(router.subscriptions, Announcement(True, key=key, command=datagram.UNSUBSCRIBE).packet())
        send(router.subscriptions, Announcement(True).packet(FRIEND))
        router.wait_for_nodes(KEY, *([FRIEND] if key == "" else [NODE, FRIEND]))


def test_a_first_announcement_that_is_sent_again_is_refused(tmp_path: Path) -> None:
    with checked(tmp_path) as router:
        packet = Announcement(True).packet()
        send(router.subscriptions, packet)
        router.wait_for_nodes(KEY, NODE)
        send(router.subscriptions, packet)
        router.instance.wait_for_words(f"invalid (sniffed ?) packet sent for slot: {KEY} node: {NODE}")


@pytest.mark.proves("server_verification_params.tolerance")
@pytest.mark.parametrize(("tolerance", "accepted"), [(None, True), (7200, True), (3000, False)])
def test_tolerance_is_the_age_that_an_announcement_may_have(tolerance: int | None, accepted: bool, tmp_path: Path) -> None:
    with checked(tmp_path, tolerance=tolerance) as router:
        send(router.subscriptions, Announcement(accepted, age=3600).packet())
        send(router.subscriptions, Announcement(True).packet(FRIEND))
        router.wait_for_nodes(KEY, *([NODE, FRIEND] if accepted else [FRIEND]))


@pytest.mark.proves("subscriptions.signing", "server_verification_params.digest_algo")
@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("digest", ["SHA256", "SHA512", "SHA1"])
def test_a_real_node_signs_and_a_real_router_accepts(kind: str, digest: str, tmp_path: Path) -> None:
    private = tmp_path / "private, of the node"
    content = keys.private(kind)
    arguments = {"path": str(private), "directory_mode": "0700", "signing_keys": [{"file": "any.pem", "content": content}]}
    result = modules.run("uwsgi_signing_keys", arguments)
    assert not result.failed, result.msg
    with checked(tmp_path, kind, digest) as router:
        signing = [digest, str(private / "any.pem")]
        with running_node(tmp_path, "node", {"server": router.subscriptions, "key": KEY, "signing": signing}) as address:
            router.wait_for_nodes(KEY, address)
            assert router.ask(KEY) == "node"


# Some user other than root, who need not exist.
UID = os.getuid() or 65534


def send_as_user(path: str, packet: bytes) -> None:
    """Send a datagram to a unix socket as UID."""
    script = "import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.stdin.buffer.read(), sys.argv[1])"
    prefix = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"] if os.getuid() == 0 else []
    subprocess.run([*prefix, sys.executable, "-S", "-c", script, path], input=packet, check=True, timeout=30)


@pytest.fixture()
def socket_path() -> Iterator[str]:
    """The path of a router's unix socket for subscriptions, in a folder that everybody may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield folder + "/s"


# Otherwise only the router's user could use the socket.
OPEN = ("umask = 000",)


@pytest.mark.proves("server_verification_params.no_check_uid")
@pytest.mark.parametrize("skipped", [True, False])
def test_no_check_uid_accepts_a_user_without_a_signature(skipped: bool, socket_path: str, tmp_path: Path) -> None:
    params = {
        "digest_algo": "SHA256",
        "dir_cert": public_keys(tmp_path),
        "no_check_uid": [UID + 1, UID] if skipped else [UID + 1],
        "pass_unix_credentials": True,
    }
    with Router(tmp_path, socket_path, OPEN, server_verification_params=params) as router:
        wait_for("the socket", lambda: os.path.exists(socket_path))
        send_as_user(socket_path, Announcement(False, key=None).packet())
        send_as_user(socket_path, Announcement(True).packet(FRIEND))
        router.wait_for_nodes(KEY, *([NODE, FRIEND] if skipped else [FRIEND]))


@pytest.mark.proves("server_verification_params.dir_credentials", "server_verification_params.pass_unix_credentials")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can make files of others")
@pytest.mark.parametrize(("passed", "accepted"), [(True, "mine.test"), (False, "root.test")])
def test_dir_credentials_accepts_the_owner_of_the_file_with_the_key(
    passed: bool, accepted: str, socket_path: str, tmp_path: Path
) -> None:
    folders = [tmp_path / "empty", tmp_path / "credentials, of users"]
    for folder in folders:
        folder.mkdir()
    owners = {"mine.test": UID, "others.test": UID + 1, "root.test": 0}
    for name, uid in owners.items():
        path = folders[1] / name
        path.touch()
        os.chown(path, uid, uid)
    params = {"dir_credentials": [str(folder) for folder in folders], "pass_unix_credentials": passed}
    with Router(tmp_path, socket_path, OPEN, server_verification_params=params) as router:
        wait_for("the socket", lambda: os.path.exists(socket_path))
        # The accepted one is sent last: by then the router has judged the others. Without the argument every sender is root.
        for name in sorted([*owners, "absent.test"], key=lambda name: name == accepted):
            send_as_user(socket_path, Announcement(False, key=None).packet(key=name))
        router.wait_for_nodes(accepted, NODE)
        assert [key for key, nodes in router.pools().items() if nodes] == [accepted]
