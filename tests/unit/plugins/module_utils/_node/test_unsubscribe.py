# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datagrams that take announcements back, and what is checked before the first one is sent."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram, unsubscribe
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support import keys
from support.loopback import Listener, free_address

PLACE = "vassal"
NODE = "10.0.0.7:3031"


def announcement(server: str, key: str = "a.test", signing: tuple[str, str] | None = None) -> instance.Announcement:
    return instance.Announcement(PLACE, server, key, NODE, signing, None)


def test_an_unsigned_one() -> None:
    with Listener() as listener:
        assert unsubscribe.Farewell([announcement(listener.address)]).send() is None
        packet = listener.wait()[0]
    assert packet == datagram.Packet(datagram.UNSUBSCRIBE, [("key", b"a.test"), ("address", NODE.encode())])


def test_a_signed_one_has_the_time_and_a_signature_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text(keys.private())
    with Listener() as listener:
        farewell = unsubscribe.Farewell([announcement(listener.address, signing=("SHA256", str(tmp_path / "a.pem")))])
        # The key was read when the farewell was made.
        (tmp_path / "a.pem").unlink()
        before = int(time.time())
        farewell.send()
        packet = listener.wait()[0]
    assert (packet.command, [name for name, dummy in packet.pairs]) == (datagram.UNSUBSCRIBE, ["key", "address", "unix"])
    assert before <= int(packet.fields["unix"]) <= time.time()
    public = serialization.load_pem_public_key(keys.public().encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(packet.signature or b"", packet.signed, ec.ECDSA(hashes.SHA256()))


def test_every_server_is_told_of_every_key_once(tmp_path: Path) -> None:
    with Listener() as one, Listener(tmp_path / "router") as two:
        given = [announcement(server, key) for server in (one.address, two.address) for key in ("a", "b", "a")]
        farewell = unsubscribe.Farewell(iter(given))
        for count in (2, 4):
            farewell.send()
            for listener in (one, two):
                assert [packet.fields["key"] for packet in listener.wait(count)] == ["a", "b"] * (count // 2)


def test_a_datagram_is_signed_once_for_all_routers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsubscribe.time, "time", lambda: 1000.5)
    (tmp_path / "a.pem").write_text(keys.private())
    signing = ("SHA256", str(tmp_path / "a.pem"))
    with Listener() as one, Listener() as two:
        given = [announcement(router.address, key, signing) for router in (one, two) for key in ("a", "b")]
        farewell = unsubscribe.Farewell(given)
        farewell.send()
        farewell.send()
        # A signature contains a random number, so equal ones were made only once.
        heard = list(one.wait(4))
        assert two.wait(4) == heard
        assert heard[:2] == heard[2:]
        assert {packet.fields["unix"] for packet in heard} == {"1000"}
        monkeypatch.setattr(unsubscribe.time, "time", lambda: 1001.5)
        farewell.send()
        later = one.wait(6)[4:]
    assert {packet.fields["unix"] for packet in later} == {"1001"}
    assert {packet.signature for packet in later}.isdisjoint({packet.signature for packet in heard})


def test_only_what_is_wanted_is_sent() -> None:
    with Listener() as one, Listener() as two:
        farewell = unsubscribe.Farewell([announcement(router.address, key) for router in (one, two) for key in ("a", "b")])
        farewell.send(lambda given: given.server == two.address and given.key == "b")
        assert farewell.told == 1
        farewell.send(lambda dummy: False)
        assert farewell.told == 0
        farewell.send()
        assert farewell.told == 2
        assert [packet.fields["key"] for packet in two.wait(3)] == ["b", "a", "b"]
        assert [packet.fields["key"] for packet in one.wait(2)] == ["a", "b"]


def test_keys_of_several_folders_are_read_each_as_whose_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    real = unsubscribe.opened.read

    def noted(path: str, **more: bool) -> bytes:
        read.append(path)
        return real(path, **more)

    monkeypatch.setattr(unsubscribe.opened, "read", noted)
    files = [tmp_path / folder / name for folder in ("one", "two") for name in ("a.pem", "b.pem")]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text(keys.private())
    given = [announcement("10.0.0.2:1", str(at), ("SHA256", str(file))) for at, file in enumerate([*files, *files])]
    unsubscribe.Farewell(given)
    assert sorted(read) == [str(file) for file in files]
    files[-1].unlink()
    with pytest.raises(ArgumentError, match=r"two/b\.pem, the key that signs the announcements, can't be read: No such file"):
        unsubscribe.Farewell(given)


def test_several_users_vassals_are_one_farewell(tmp_path: Path) -> None:
    with Listener() as router:
        given = [(announcement(router.address, "a"), None), (announcement(router.address, "b"), identity(os.getuid()))]
        farewells = unsubscribe.Farewells([*given, given[0]])
        assert farewells.send() is None
        assert sorted(packet.fields["key"] for packet in router.wait(2)) == ["a", "b"]
        farewells.send(lambda one: one.key == "b")
        assert router.wait(3)[2].fields["key"] == "b"
        gone = announcement(str(tmp_path / "nobody"))
        assert isinstance(unsubscribe.Farewells([(gone, None), *given]).send(), FileNotFoundError)


def test_the_pace_is_that_of_all_users_together(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(unsubscribe, "time", SimpleNamespace(time=time.time, sleep=slept.append))
    with Listener() as router:
        given = [(announcement(router.address, str(at)), None if at < 3 else identity(os.getuid())) for at in range(5)]
        unsubscribe.Farewells(given).send()
        router.wait(5)
    assert slept == [0, unsubscribe.paced.seconds(3)]


def test_a_server_that_is_not_there_does_not_keep_it_from_the_others(tmp_path: Path) -> None:
    with Listener() as listener:
        given = [announcement(str(tmp_path / "nobody")), announcement(free_address()), announcement(listener.address)]
        found = unsubscribe.Farewell(given).send()
        assert isinstance(found, FileNotFoundError)
        listener.wait()


def test_what_is_no_text_goes_out_as_it_came() -> None:
    with Listener() as listener:
        unsubscribe.Farewell([announcement(listener.address, "\udcff")]).send()
        assert listener.wait()[0].pairs[0] == ("key", b"\xff")


@pytest.mark.parametrize(
    ("content", "digest", "problem"),
    [
        (None, "SHA256", "{file}, the key that signs the announcements, can't be read: No such file or directory"),
        ("secret " * 99, "SHA256", "{file}, which signs for 'a.test': OpenSSL can't read the private key"),
        (keys.private(passphrase=b"p"), "SHA256", "{file}, which signs for 'a.test': OpenSSL can't read the private key"),
        (keys.private(), "SHA257", "{file}, which signs for 'a.test': OpenSSL knows no digest 'SHA257'"),
    ],
    ids=["no file", "no key", "a key with a passphrase", "no digest"],
)
def test_what_cannot_be_signed_is_said_before_anything_is_sent(
    content: str | None, digest: str, problem: str, tmp_path: Path
) -> None:
    file = tmp_path / "b.pem"
    if content is not None:
        file.write_text(content)
    (tmp_path / "a.pem").write_text(keys.private())
    with Listener() as listener:
        good = announcement(listener.address, signing=("SHA256", str(tmp_path / "a.pem")))
        with pytest.raises(ArgumentError) as found:
            unsubscribe.Farewell([good, announcement(listener.address, signing=(digest, str(file)))])
        assert (found.value.path, found.value.problem) == (PLACE, problem.format(file=file))
        assert keys.leaked(str(found.value), content or "") == []
        # Nothing else was sent.
        unsubscribe.Farewell([announcement(listener.address, "last")]).send()
        assert [packet.fields["key"] for packet in listener.wait()] == ["last"]


def test_one_that_no_router_reads_is_refused() -> None:
    with pytest.raises(ArgumentError) as found:
        unsubscribe.Farewell([announcement("10.0.0.2:2626", "k" * 4096)])
    assert found.value.path == PLACE
    assert found.value.problem == (
        f"the key {'k' * 80!r} can't be unsubscribed: the announcement has 4131 bytes and a router reads 4096 of it"
    )
