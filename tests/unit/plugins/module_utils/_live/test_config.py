# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of the live page: what is read, and what is refused by its place."""

from __future__ import annotations

import json
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


REFUSED: list[tuple[Any, str]] = [
    ([], "config: is not an object"),
    ({}, "host: is no text"),
    ({"host": ""}, "host: is no text"),
    ({"host": "\ud800"}, "host: is no text"),
    ({"host": 5}, "host: is no text"),
    ({"hots": "a"}, "config.hots: is unknown"),
    ({"routers": {}}, "routers: is not a list"),
    ({"routers": [ROUTER] * 51}, "routers: is not a list of up to 50"),
    ({"routers": [5]}, "routers[0]: is not an object"),
    ({"routers": [{**ROUTER, "stats": "http://127.0.0.1:1"}]}, "routers[0].stats: 'http://127.0.0.1:1' is not a stats server"),
    ({"routers": [{**ROUTER, "stats": "localhost:1"}]}, "routers[0].stats: 'localhost:1' is not a stats server"),
    ({"routers": [ROUTER, {**ROUTER, "stats": "127.0.0.1:9"}]}, "routers[1]: is what routers[0] is already"),
    ({"routers": [ROUTER, {**ROUTER, "name": "b"}]}, "routers[1]: is what routers[0] is already"),
    ({"vassals": [{**VASSAL, "file": "shop.ini"}]}, "vassals[0].file: 'shop.ini' is not an absolute path"),
    ({"vassals": [{**VASSAL, "suspend": "/s"}]}, "vassals[0].suspend: is not a list"),
    ({"vassals": [{**VASSAL, "accepts": "no"}]}, "vassals[0].accepts: is not a boolean"),
    ({"vassals": [VASSAL, {**VASSAL, "name": "b"}]}, "vassals[1]: is what vassals[0] is already"),
    ({"expected": [NODE, NODE]}, "expected[1]: is what expected[0] is already"),
    ({"expected": [{**NODE, "capacity": -1}]}, "expected[0].capacity: is not a whole number from 0"),
    ({"ask": [{**PEER, "address": "node1:9717"}]}, "ask[0].address: 'node1:9717' is not the address"),
    ({"timeout": 6}, "timeout: is not a whole number from 1 to 5"),
    ({"timeout": True}, "timeout: is not a whole number from 1 to 5"),
    ({"max_age": 0}, "max_age: is not a whole number from 1"),
]


@pytest.mark.parametrize(("given", "problem"), REFUSED)
def test_what_cannot_be_used_is_refused_by_its_place(given: Any, problem: str) -> None:
    if isinstance(given, dict) and given and "host" not in given and "hots" not in given:
        given = {"host": "a", **given}
    with pytest.raises(ArgumentError) as caught:
        config.parse(given)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("content", [None, b"{", b"\xff", b"[" * 9999])
def test_a_file_that_is_none_is_refused(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "live.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArgumentError, match=r"^.*can't be read"):
        config.read(str(path))
