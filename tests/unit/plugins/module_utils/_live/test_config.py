# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of the live page: what is read, and errors that name the place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import config

ROUTER = {"name": "router1", "stats": "127.0.0.1:2627"}
VASSAL = {"name": "shop", "file": "/v/shop.ini"}
NODE = {"key": "shop.test", "address": "10.0.0.7:3031", "host": "node1"}
PEER = {"host": "node1", "address": "10.0.0.7:9717"}


def test_all_of_it_is_read(tmp_path: Path) -> None:
    given = {
        **{"host": "router1", "title": "Shop", "emperor": "/run/e.sock", "timeout": 3, "max_age": 9, "signing_tolerance": 30},
        "routers": [ROUTER],
        "vassals": [{**VASSAL, "suspend": ["/s/shop"], "stats": "127.0.0.1:9", "accepts": False}],
        "gates": ["/r.json", "/r.json"],
        "certificates": ["/c.pem"],
        "expected": [{**NODE, "vassal": "shop", "capacity": 8}],
        "ask": [PEER],
    }
    path = tmp_path / "live.json"
    path.write_text(json.dumps(given))
    assert config.read(str(path)) == config.Config(
        **{"host": "router1", "title": "Shop", "emperor": "/run/e.sock", "timeout": 3, "max_age": 9, "signing_tolerance": 30},
        routers=(config.Router("router1", "127.0.0.1:2627"),),
        vassals=(config.Vassal("shop", "/v/shop.ini", ("/s/shop",), "127.0.0.1:9", False),),
        gates=("/r.json",),
        certificates=("/c.pem",),
        expected=(config.Expected("shop.test", "10.0.0.7:3031", "node1", "shop", 8),),
        ask=(config.Peer("node1", "10.0.0.7:9717"),),
    )
    assert config.parse({"host": "a", "emperor": None}) == config.Config("a")


NO_TEXT = "is not text; give text"
NO_PATH = "is not an absolute path; give one"
NO_STATS = "is not a stats server; give IPV4:PORT, or the absolute path of a unix socket"
TWICE = "is what {} is already; name each once"
SECOND = {"name": "b", "file": "/v/b.ini"}
REFUSED: list[tuple[Any, str]] = [
    ([], "config: is not an object"),
    ({}, f"host: {NO_TEXT}"),
    ({"host": ""}, f"host: {NO_TEXT}"),
    ({"host": "\ud800"}, f"host: {NO_TEXT}"),
    ({"host": 5}, f"host: {NO_TEXT}"),
    ({"host": "a" * 4097}, f"host: {NO_TEXT}"),
    ({"hots": "a"}, f"config.hots: is unknown; known are {', '.join(config.Config._fields)}"),
    ({"title": ""}, f"title: {NO_TEXT}"),
    ({"emperor": "e.sock"}, f"emperor: 'e.sock' {NO_STATS}"),
    ({"gates": ["r.json"]}, f"gates[0]: 'r.json' {NO_PATH}"),
    ({"certificates": [5]}, f"certificates[0]: {NO_TEXT}"),
    ({"routers": {}}, "routers: is not a list of up to 50 entries"),
    ({"routers": [5]}, "routers[0]: is not an object"),
    ({"routers": [{**ROUTER, "x": 1}]}, "routers[0].x: is unknown; known are name, stats"),
    ({"routers": [{**ROUTER, "name": None}]}, f"routers[0].name: {NO_TEXT}"),
    ({"routers": [{**ROUTER, "stats": 5}]}, f"routers[0].stats: {NO_TEXT}"),
    ({"routers": [{**ROUTER, "stats": "http://127.0.0.1:1"}]}, f"routers[0].stats: 'http://127.0.0.1:1' {NO_STATS}"),
    ({"routers": [{**ROUTER, "stats": "localhost:1"}]}, f"routers[0].stats: 'localhost:1' {NO_STATS}"),
    ({"routers": [ROUTER, {**ROUTER, "stats": "127.0.0.1:9"}]}, f"routers[1]: {TWICE.format('routers[0]')}"),
    ({"routers": [ROUTER, {**ROUTER, "name": "b"}]}, f"routers[1]: {TWICE.format('routers[0]')}"),
    ({"vassals": [5]}, "vassals[0]: is not an object"),
    ({"vassals": [{**VASSAL, "name": ""}]}, f"vassals[0].name: {NO_TEXT}"),
    ({"vassals": [{**VASSAL, "file": "shop.ini"}]}, f"vassals[0].file: 'shop.ini' {NO_PATH}"),
    ({"vassals": [{**VASSAL, "suspend": "/s"}]}, "vassals[0].suspend: is not a list of up to 1000 entries"),
    ({"vassals": [{**VASSAL, "suspend": ["/s", "s"]}]}, f"vassals[0].suspend[1]: 's' {NO_PATH}"),
    ({"vassals": [{**VASSAL, "stats": "s"}]}, f"vassals[0].stats: 's' {NO_STATS}"),
    ({"vassals": [{**VASSAL, "accepts": "no"}]}, "vassals[0].accepts: is not a boolean; give true or false"),
    ({"vassals": [VASSAL, {**VASSAL, "name": "b"}]}, f"vassals[1]: {TWICE.format('vassals[0]')}"),
    ({"vassals": [SECOND, VASSAL, {**SECOND, "file": "/c"}]}, f"vassals[2]: {TWICE.format('vassals[0]')}"),
    ({"vassals": [{**VASSAL, "stats": "/s"}, {**SECOND, "stats": "/s"}]}, f"vassals[1]: {TWICE.format('vassals[0]')}"),
    ({"expected": [5]}, "expected[0]: is not an object"),
    ({"expected": [{**NODE, "key": ""}]}, f"expected[0].key: {NO_TEXT}"),
    ({"expected": [{**NODE, "address": ""}]}, f"expected[0].address: {NO_TEXT}"),
    ({"expected": [{**NODE, "host": ""}]}, f"expected[0].host: {NO_TEXT}"),
    ({"expected": [{**NODE, "vassal": 5}]}, f"expected[0].vassal: {NO_TEXT}"),
    ({"expected": [NODE, NODE]}, f"expected[1]: {TWICE.format('expected[0]')}"),
    ({"expected": [{**NODE, "capacity": -1}]}, "expected[0].capacity: is not a whole number from 0 to 86400"),
    ({"ask": [5]}, "ask[0]: is not an object"),
    ({"ask": [{**PEER, "host": ""}]}, f"ask[0].host: {NO_TEXT}"),
    ({"ask": [{**PEER, "address": ""}]}, f"ask[0].address: {NO_TEXT}"),
    ({"ask": [{**PEER, "address": "node1:1"}]}, "ask[0].address: 'node1:1' is not the address of a live page; give IPV4:PORT"),
    ({"ask": [PEER, PEER]}, f"ask[1]: {TWICE.format('ask[0]')}"),
    ({"timeout": 0}, "timeout: is not a whole number from 1 to 5"),
    ({"timeout": 6}, "timeout: is not a whole number from 1 to 5"),
    ({"timeout": True}, "timeout: is not a whole number from 1 to 5"),
    ({"timeout": "2"}, "timeout: is not a whole number from 1 to 5"),
    ({"max_age": 0}, "max_age: is not a whole number from 1 to 86400"),
    ({"signing_tolerance": -1}, "signing_tolerance: is not a whole number from 0 to 86400"),
    ({"signing_tolerance": 86401}, "signing_tolerance: is not a whole number from 0 to 86400"),
]


@pytest.mark.parametrize(("given", "problem"), REFUSED)
def test_what_cannot_be_used_is_refused_by_its_place(given: Any, problem: str) -> None:
    if isinstance(given, dict) and given and "host" not in given and "hots" not in given:
        given = {"host": "a", **given}
    with pytest.raises(ArgumentError) as caught:
        config.parse(given)
    assert str(caught.value) == problem


MOST = [("routers", 50), ("vassals", 1000), ("gates", 1000), ("certificates", 1000), ("expected", 20000), ("ask", 500)]


@pytest.mark.parametrize(("name", "most"), MOST)
def test_what_is_shown_and_asked_has_a_bound(name: str, most: int) -> None:
    for count, place in ((most, f"{name}[0]: "), (most + 1, f"{name}: is not a list of up to {most} entries")):
        with pytest.raises(ArgumentError) as caught:
            config.parse({"host": "a", name: [5] * count})
        assert str(caught.value).startswith(place)


def test_what_is_just_within_bounds_is_read() -> None:
    given = {"host": "a" * 4096, "timeout": 1, "max_age": 1, "signing_tolerance": 86400, "vassals": [VASSAL, SECOND]}
    found = config.parse(given)
    assert (found.host, found.timeout, found.max_age, found.signing_tolerance) == ("a" * 4096, 1, 1, 86400)
    assert found.vassals == (config.Vassal("shop", "/v/shop.ini"), config.Vassal("b", "/v/b.ini"))
    assert config.parse({"host": "a", "timeout": 5, "expected": [NODE]}) == config.Config(
        "a", timeout=5, expected=(config.Expected("shop.test", "10.0.0.7:3031", "node1"),)
    )


@pytest.mark.parametrize("content", [None, b"{", b"\xff", b"[" * 9999])
def test_a_file_that_is_none_is_refused(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "live.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArgumentError, match=r"^config: .*live\.json can't be read: [^Z].*; write it again$"):
        config.read(str(path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change a file's owner")
def test_the_file_may_be_another_user_s(tmp_path: Path) -> None:
    path = tmp_path / "live.json"
    path.write_text(json.dumps({"host": "a"}))
    os.chown(path, 65534, 65534)
    tmp_path.chmod(0o755)
    assert config.read(str(path)) == config.Config("a")


def test_names_stay_which_the_vassals_of_hosts_have() -> None:
    names = (config.ARCHIVE, config.FILE, config.MODULE, config.VARIABLE)
    assert names == ("live.zip", "live.json", "emperor_uwsgi_live", "EMPEROR_UWSGI_LIVE")
