# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node announces on the wire what the task's arguments say."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import MODIFIERS, V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.datagram import SUBSCRIBE, Packet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from support import keys, playbook
from support.loopback import Listener, free_address
from support.uwsgi import RELEASE, VERSION, Instance

NODE = "10.0.0.7:3031"


class Case(NamedTuple):
    """Arguments of one subscription to the key "a.test", and the fields that differ from those of a plain subscription.

    Attributes:
        expected: the differing fields; None means that the field is absent.
        newer: further fields that only 2.1 announces.
    """

    name: str
    arguments: dict[str, Any]
    expected: Mapping[str, str | None] = MappingProxyType({})
    newer: Mapping[str, str] = MappingProxyType({})


# Words in angle brackets are filled in when the test runs.
PLAIN = {"key": "a.test", "address": "<socket0>", "modifier1": "0", "modifier2": "0", "cores": "2", "load": "0", "weight": "0"}
if RELEASE >= V2_1:
    PLAIN.update(weight="1", backup="0", proto="uwsgi")
CASES = [
    Case("nothing but server and key", {}),
    Case("key with a port", {"key": "a.test:8080"}, {"key": "a.test:8080"}),
    Case("key with a comma", {"key": "a,b=c"}, {"key": "a,b=c"}),
    Case("key with uWSGI's specials", {"key": "%d$(HOME)@(x)%%n"}, {"key": "%d$(HOME)@(x)%%n"}),
    Case("key with blanks at its ends", {"key": " a  "}, {"key": " a  "}),
    Case("key that is not ASCII", {"key": "käse.example"}, {"key": "käse.example"}),
    Case("key of 255 bytes", {"key": "k" * 255}, {"key": "k" * 255}),
    Case("key that looks like a comment", {"key": ";#[a]"}, {"key": ";#[a]"}),
    Case("address", {"address": NODE}, {"address": NODE}),
    Case("address on a unix socket", {"address": "/run/my,shop/50%.sock"}, {"address": "/run/my,shop/50%.sock"}),
    Case("address in the abstract namespace", {"address": "@shop"}, {"address": "@shop"}),
    Case("address by the socket's number 0", {"address": 0}, {"address": "<socket0>"}),
    Case("address by the socket's number 1", {"address": 1}, {"address": "<socket1>"}),
    Case("balancing_weight", {"balancing_weight": 7}, {"weight": "7"}),
    Case("modifier by number", {"modifier": 5}, {"modifier1": "5"}),
    Case("modifier in two parts", {"modifier": {"modifier1": "psgi", "modifier2": 3}}, {"modifier1": "5", "modifier2": "3"}),
    Case("suspend_file that is absent", {"suspend_file": "<folder>/absent, really"}),
    Case("check_file that is absent", {"check_file": "<folder>/absent"}),
    Case("sni_cert and sni_key", {"sni_cert": "/c,1", "sni_key": "/k\\1"}, {"sni_crt": "/c,1", "sni_key": "/k\\1"}),
    Case(
        "sni_client_ca",
        {"sni_cert": "/c", "sni_key": "/k", "sni_client_ca": "/a"},
        {"sni_crt": "/c", "sni_key": "/k", "sni_ca": "/a"},
    ),
    Case("signing false", {"signing": False}, {"unix": None}),
    Case("address_vassal", {"address_vassal": "shop.ini"}, newer={"vassal": "shop.ini"}),
    Case("balancing_algo", {"balancing_algo": "least_reference_count"}, newer={"algo": "lrc"}),
    Case("backup_level", {"backup_level": 2}, newer={"backup": "2"}),
    Case("protocol", {"protocol": "http"}, newer={"proto": "http"}),
    Case("inactive", {"inactive": True}, newer={"inactive": "1"}),
]
SIGNED = [
    (kind, digest, form) for kind in ("ec", "rsa") for digest in ("SHA256", "SHA512", "SHA1") for form in ("a list", "text")
]


@pytest.fixture(scope="module")
def server() -> Iterator[Listener]:
    """One listener for all cases: they run one after the other."""
    with Listener() as listener:
        yield listener


def arguments(case: Case, server: str, folder: Path) -> dict[str, Any]:
    filled = {}
    for name, value in case.arguments.items():
        filled[name] = value.replace("<folder>", str(folder)) if isinstance(value, str) else value
    return {"server": server, "key": "a.test", **filled}


@pytest.fixture(scope="module")
def rendered(server: Listener, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The fragments of all cases, each written by its own task."""
    folder = tmp_path_factory.mktemp("fragments")
    tasks, fragments = [], {}
    for at, case in enumerate(CASES):
        fragments[case.name] = folder / f"{at}.ini"
        tasks.append(_task(fragments[case.name], [arguments(case, server.address, folder)], newer=bool(case.newer)))
    for kind, digest, form in SIGNED:
        name = f"{kind} {digest} {form}"
        key = folder / (kind + ",key.pem")
        key.write_text(keys.private(kind), encoding="ascii")
        signing = [digest, str(key)] if form == "a list" else f"{digest}:{key}"
        fragments[name] = folder / (name.replace(" ", "-") + ".ini")
        tasks.append(_task(fragments[name], [{"server": server.address, "key": "a.test", "signing": signing}]))
    fragments["modifiers"] = folder / "modifiers.ini"
    tasks.append(
        _task(
            fragments["modifiers"],
            [{"server": server.address, "key": name + ".modifier", "modifier": name} for name in sorted(MODIFIERS)],
        )
    )
    run = playbook.tasks(folder, tasks)
    assert [result.get("msg") for result in run.results if result.get("failed")] == []
    return fragments


def _task(path: Path, subscriptions: list[dict[str, Any]], newer: bool = False) -> dict[str, Any]:
    # "validate" would start a process for each. The nodes started below show more.
    given = {"path": str(path), "subscriptions": subscriptions, "validate": False, "uwsgi_version": "2.1" if newer else VERSION}
    return {"emperor.uwsgi.uwsgi_subscription": given}


def announced(folder: Path, fragment: Path, server: Listener, *lines: str, count: int = 1) -> tuple[list[Packet], list[str]]:
    """Start a node on a fragment; return what it announces, and the addresses of its sockets."""
    sockets = [free_address(), free_address()]
    before = len(server.poll())
    with Instance(folder, *("socket = " + socket for socket in sockets), "workers = 2", *lines, f"include = {fragment}"):
        server.wait(before + count)
    return server.poll()[before : before + count], sockets


def test_the_cases_are_for_every_field_of_the_table() -> None:
    fields = {field for case in CASES for field in (*case.expected, *case.newer)} | {"sign", "notify", "clear"}
    assert fields == {field for rows in table.GROUPS.values() for row in rows for field in row.wire}


@pytest.mark.proves(
    "subscriptions.key",
    "subscriptions.address",
    "subscriptions.balancing_weight",
    "subscriptions.modifier",
    "subscriptions.sni_cert",
    "subscriptions.sni_key",
    "subscriptions.sni_client_ca",
    "subscriptions.address_vassal",
    "subscriptions.balancing_algo",
    "subscriptions.backup_level",
    "subscriptions.protocol",
    "subscriptions.inactive",
)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_subscription_says_its_arguments_and_nothing_else(
    case: Case, rendered: dict[str, Path], server: Listener, tmp_path: Path
) -> None:
    packets, sockets = announced(tmp_path, rendered[case.name], server)
    told = {**PLAIN, **case.expected, **(case.newer if RELEASE >= V2_1 else {})}
    expected = {name: value for name, value in told.items() if value is not None}
    expected["address"] = expected["address"].replace("<socket0>", sockets[0]).replace("<socket1>", sockets[1])
    assert (packets[0].fields, packets[0].command, packets[0].signature) == (expected, SUBSCRIBE, None)


@pytest.mark.proves("subscriptions.signing")
@pytest.mark.parametrize("signed", SIGNED, ids=" ".join)
def test_a_signature_is_for_all_fields_with_the_digest_and_the_key(
    signed: tuple[str, str, str], rendered: dict[str, Path], server: Listener, tmp_path: Path
) -> None:
    kind, digest, form = signed
    packets, sockets = announced(tmp_path, rendered[f"{kind} {digest} {form}"], server)
    packet = packets[0]
    fields = packet.fields
    assert abs(time.time() - int(fields.pop("unix"))) < 60
    assert fields == {**PLAIN, "address": sockets[0]}
    assert packet.signature is not None
    public = serialization.load_pem_public_key(keys.public(kind).encode())
    algorithm = getattr(hashes, digest)()
    # Both raise InvalidSignature for another key, another digest or other bytes.
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(packet.signature, packet.signed, padding.PKCS1v15(), algorithm)
    else:
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(packet.signature, packet.signed, ec.ECDSA(algorithm))


@pytest.mark.proves("subscriptions.modifier")
def test_every_modifier_name_is_announced_as_its_number(rendered: dict[str, Path], server: Listener, tmp_path: Path) -> None:
    packets, dummy = announced(tmp_path, rendered["modifiers"], server, count=len(MODIFIERS))
    found = {packet.fields["key"]: (packet.fields["modifier1"], packet.fields["modifier2"]) for packet in packets}
    assert found == {name + ".modifier": (str(number), "0") for name, number in MODIFIERS.items()}


@pytest.mark.proves("subscriptions.server", "subscriptions.key")
def test_every_server_hears_every_key(tmp_path: Path) -> None:
    with Listener() as first, Listener() as second, Listener(tmp_path / "third") as third:
        servers = [first, second, third]
        fragment = tmp_path / "fragment.ini"
        names = ["a.test", "b.test", "c.test:8080"]
        entry = {"server": [one.address for one in servers], "key": names, "address": NODE}
        run = playbook.tasks(tmp_path, [_task(fragment, [entry])])
        assert not run.results[0]["failed"], run.output
        with Instance(tmp_path, "socket = " + free_address(), f"include = {fragment}"):
            heard = [{packet.fields["key"] for packet in one.wait(len(names))[: len(names)]} for one in servers]
    assert heard == [set(names)] * len(servers)
    assert {packet.fields["address"] for one in servers for packet in one.packets} == {NODE}
    assert os.path.exists(third.address)
