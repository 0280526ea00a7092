# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol of a node's socket compared with that of its routers."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import protocols
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.protocols import ANNOUNCED, ANY, HTTP, UWSGI
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import SOCKETS, V2_0, V2_1, Release

A, B, S, T = "10.0.0.7:3031", "10.0.0.7:3032", "10.0.0.2:2626", "10.0.0.3:2626"
# A vassal's options, its subscription besides the key, what the router speaks, and whether they fit.
FITS: List[Tuple[Dict[str, Any], Dict[str, Any], str, bool]] = [
    ({"socket": A}, {}, UWSGI, True),
    ({"uwsgi-socket": A}, {}, UWSGI, True),
    ({"puwsgi-socket": A}, {}, UWSGI, True),
    *[({kind + "-socket": A}, {}, UWSGI, False) for kind in
      ("http", "http11", "https", "fastcgi", "fastcgi-nph", "scgi", "scgi-nph", "raw", "suwsgi", "ssl")],
    *[({kind + "-socket": A}, {}, ANY, True) for kind in ("http", "raw", "ssl", "uwsgi")],
    ({"http-socket": A}, {}, HTTP, True),
    ({"http11-socket": A}, {}, HTTP, True),
    ({"socket": A}, {}, HTTP, False),
    ({"https-socket": A + ",/c,/k"}, {}, HTTP, False),
    ({"https-socket": A + ",/c,/k"}, {"address": A}, HTTP, False),
    # The protocol of sockets whose option names none.
    ({"socket": A, "protocol": "http"}, {}, UWSGI, False),
    ({"protocol": "http", "socket": A}, {}, HTTP, True),
    ({"socket": A, "socket-protocol": "http"}, {}, UWSGI, False),
    ({"uwsgi-socket": A, "protocol": "http"}, {}, UWSGI, True),
    ({"socket": A, "protocol": ["http", "uwsgi"]}, {}, UWSGI, True),
    # What the node announces about itself; only the http router of 2.1 uses it.
    ({"socket": A}, {}, ANNOUNCED, True),
    ({"socket": A}, {"protocol": "uwsgi"}, ANNOUNCED, True),
    ({"socket": A}, {"protocol": "http"}, ANNOUNCED, False),
    ({"http-socket": A}, {"protocol": "http"}, ANNOUNCED, True),
    ({"http-socket": A}, {}, ANNOUNCED, False),
    ({"http-socket": A}, {"protocol": "http"}, UWSGI, False),
    ({"fastcgi-socket": A}, {}, ANNOUNCED, False),
    # Which of several sockets is announced.
    ({"http-socket": A, "socket": B}, {}, UWSGI, False),
    ({"http-socket": A, "socket": B}, {"address": 0}, UWSGI, False),
    ({"http-socket": A, "socket": B}, {"address": 1}, UWSGI, True),
    ({"http-socket": A, "socket": B}, {"address": "1"}, UWSGI, True),
    ({"socket": [A, B], "http-socket": "10.0.0.7:80"}, {"address": 2}, UWSGI, False),
    ({"http-socket": A, "socket": B}, {"address": B}, UWSGI, True),
    ({"socket": B, "http-socket": A}, {"address": A}, UWSGI, False),
    ({"http-socket": {"literal": A}}, {"address": A}, UWSGI, False),
    ({"http-socket": "%d/s"}, {}, UWSGI, False),
    # What can't be known is not judged: another vassal's address, a number that is too large, and sockets from elsewhere.
    ({"http-socket": A}, {"address": B}, UWSGI, True),
    ({"http-socket": A}, {"address": 1}, UWSGI, True),
    ({"http-socket": A}, {"address": 10**9}, UWSGI, True),
    ({"include": "more.ini", "http-socket": A}, {}, UWSGI, True),
    ({"include": "more.ini", "http-socket": A}, {"address": A}, UWSGI, False),
    ({"master": True}, {}, UWSGI, True),
    ({"http-socket": None}, {}, UWSGI, True),
]  # fmt: skip


@pytest.mark.parametrize(("options", "more", "router", "fits"), FITS)
def test_a_socket_fits_its_router(options: Dict[str, Any], more: Dict[str, Any], router: str, fits: bool) -> None:
    entry = {"server": [T, S], "key": "a.test", **more}
    found = protocols.flaws("vassals[3]", options, [{}, entry], {S: router})
    assert [one.path for one in found] == ([] if fits else ["vassals[3].subscriptions[1].server"])


WORDS = [
    ({"http-socket": A}, UWSGI, f"the vassal's http-socket {A} speaks http, and the router at {S} speaks uwsgi to its nodes, "
     "so every answer would be empty and nothing logged; announce a socket of the option socket"),
    ({"socket": A}, HTTP, f"the vassal's socket {A} speaks uwsgi, and the router at {S} speaks http to its nodes, so every "
     "answer would be empty and nothing logged; announce a socket of the option http-socket"),
    ({"suwsgi-socket": A}, UWSGI, f"the vassal's suwsgi-socket {A} speaks uwsgi with TLS, and the router at {S} speaks uwsgi to "
     "its nodes, so every answer would be empty and nothing logged; announce a socket of the option socket"),
    ({"http-socket": A}, ANNOUNCED, f"the vassal's http-socket {A} speaks http, and {S} is told that it speaks uwsgi, so every "
     "answer would be empty; set protocol to http"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "router", "problem"), WORDS)
def test_what_does_not_fit_says_what_to_do(options: Dict[str, Any], router: str, problem: str) -> None:
    assert protocols.flaws("v", options, [{"server": S}], {S: router}) == [("v.subscriptions[0].server", problem)]


def test_servers_that_are_not_known_and_what_is_no_subscription_are_not_judged() -> None:
    assert protocols.flaws("v", {"http-socket": A}, [{"server": S}, "junk", {"server": None}, {}], {T: UWSGI}) == []


def test_every_socket_speaks_something() -> None:
    assert {one.option for name in SOCKETS for one in protocols._sockets({name: A}) if one.speaks} == SOCKETS


HOSTS = ["10.0.0.2", "192.0.2.2"]
# A router's options, its release, and its servers.
ROUTERS: List[Tuple[Dict[str, Any], Release, Dict[str, str]]] = [
    ({"fastrouter": ":80", "fastrouter-subscription-server": S}, V2_0, {S: UWSGI}),
    ({"fastrouter": ":80", "fastrouter-subscription-server": S}, V2_1, {S: UWSGI}),
    ({"http": ":80", "http-subscription-server": S}, V2_0, {S: UWSGI}),
    ({"http": ":80", "http-subscription-server": S, "http-backend-http": True}, V2_0, {S: UWSGI}),
    ({"http": ":80", "http-subscription-server": S}, V2_1, {S: ANNOUNCED}),
    ({"https2": "addr=:443", "http-subscription-server": [S, T]}, V2_1, {S: ANNOUNCED, T: ANNOUNCED}),
    ({"http": ":80", "http-subscription-server": S, "http-backend-http": True}, V2_1, {S: HTTP}),
    ({"http": ":80", "http-subscription-server": S, "http-backend-http": "false"}, V2_1, {S: ANNOUNCED}),
    ({"rawrouter": ":80", "rawrouter-subscription-server": S}, V2_0, {S: ANY}),
    ({"sslrouter": ":443", "sslrouter-subscription-server": S}, V2_1, {S: ANY}),
    ({"fastrouter": ":80", "fastrouter-subscription-server": "/run/s"}, V2_0, {"/run/s": UWSGI}),
    ({"fastrouter": ":80", "fastrouter-subscription-server": {"literal": S}}, V2_0, {S: UWSGI}),
    *[({"fastrouter": ":80", "fastrouter-subscription-server": host + ":2626"}, V2_0,
       {"10.0.0.2:2626": UWSGI, "192.0.2.2:2626": UWSGI}) for host in ("", "0.0.0.0", "*")],
    ({"fastrouter": ":80"}, V2_0, {}),
    ({"socket": A, "fastrouter-subscription-server": S}, V2_0, {}),
]  # fmt: skip


@pytest.mark.parametrize(("options", "release", "servers"), ROUTERS)
def test_what_routers_speak(options: Dict[str, Any], release: Release, servers: Dict[str, str]) -> None:
    assert protocols.by_server(options, release, HOSTS) == servers
