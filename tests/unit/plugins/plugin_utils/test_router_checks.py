# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routers of one host: what is wrong with them, and which files they read."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _router_checks

SIGNED = {"digest_algo": "SHA256", "dir_cert": "/keys"}


def router(name: str, verification: Any = None, tolerance: Any = None, **options: Any) -> dict[str, Any]:
    """A vassal; underscores in the options' names are dashes."""
    params = {} if tolerance is None else {"server_params": {"tolerance": tolerance}}
    own = {option.replace("_", "-"): value for option, value in options.items()}
    return {"name": name, "options": own, "server_verification_params": verification, **params}


# Routers, and for each flaw how its sentence begins.
CASES: list[tuple[str, list[Any], list[str]]] = [
    ("none", [], []),
    (
        "a host full of good ones",
        [
            router("a", SIGNED, 17, fastrouter="0.0.0.0:1030", fastrouter_subscription_server=":1031", fastrouter_stats="/s"),
            router("b", SIGNED, 17, https="0.0.0.0:1032,/c,/k", http_to_https="0.0.0.0:1033", http_stats="127.0.0.1:1034"),
            router("c", SIGNED, 17, rawrouter=":1035", rawrouter_subscription_server=":1036", rawrouter_processes=1),
            # UDP and TCP have ports of their own.
            router("d", SIGNED, 17, sslrouter="0.0.0.0:1031,/a.crt,/a.key", sslrouter_subscription_server="/run/d.sock"),
        ],
        [],
    ),
    ("processes", [router("a", SIGNED, rawrouter=":1030", rawrouter_processes=2)],
     ["a.options.rawrouter-processes: more than one"]),
    ("by the other word", [router("a", SIGNED, http=":1030", http_workers="2")], ["a.options.http-workers: more than one"]),
    ("credentials", [router("a", {"dir_credentials": ["/a"]}, http=":1030", http_workers=2)], ["a.options.http-workers: more"]),
    ("unsigned", [router("a", {"digest_algo": None}, http=":1030", http_processes=2)], []),
    ("tolerance", [router("a", None, 5, http=":1030"), router("b", None, "5", http=":1031"), router("c", None, 6, http=":1032")],
     ["a.server_params.tolerance, b.server_params.tolerance: under three"]),
    ("two routers", [router("a", http=":1030", fastrouter=":1031")], ["a.options.http, a.options.fastrouter: two routers"]),
    ("stats-http", [router("a", http=":1030", stats_http=True)], ["a.options.stats-http: a silent client"]),
    ("one address", [router("a", http=":1030"), router("b", https="0.0.0.0:1030,/c,/k")],
     ["a.options.http, b.options.https: one address"]),
    ("for all and for one", [router("a", http="0.0.0.0:1030"), router("b", http_stats="10.0.0.2:1030")],
     ["a.options.http, b.options.http-stats: one address"]),
    ("two addresses", [router("a", http="10.0.0.2:1030"), router("b", http="10.0.0.3:1030")], []),
    ("one of a list", [router("a", http=["10.0.0.2:1030", ":1031"]), router("b", rawrouter=":1031")],
     ["a.options.http, b.options.rawrouter: one address"]),
    ("in words", [router("a", https2="cert=/c,addr=:1030"), router("b", sslrouter2="addr=:1030,cert=/c")],
     ["a.options.https2, b.options.sslrouter2: one address"]),
    ("one socket", [router("a", http_stats="/s"), router("b", http_stats="/s")],
     ["a.options.http-stats, b.options.http-stats: one"]),
    ("one server", [router("a", http_subscription_server=":1030"), router("b", rawrouter_subscription_server="0.0.0.0:1030")],
     ["a.options.http-subscription-server, b.options.rawrouter-subscription-server: one address for two, and only the last"]),
    ("a name", [router("a", http_subscription_server="localhost:1030")], ["a.options.http-subscription-server: is no IPv4"]),
    ("IPv6", [router("a", http_subscription_server="[::1]:1030")], ["a.options.http-subscription-server: is no IPv4"]),
    ("low", [router("a", http=":80", http_stats=":1024"), router("b", https="10.0.0.2:443,/c,/k")],
     ["a.options.http, b.options.https: a port below 1024"]),
    ("what is none",
     ["a", None, {"name": "b"}, {"name": "c", "options": ["http"]}, {"name": "d", "options": {"http": None}}], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "vassals", "expected"), CASES, ids=[case[0] for case in CASES])
def test_flaws(name: str, vassals: list[Any], expected: list[str]) -> None:
    found = _router_checks.flaws(vassals, 2, low_ports=False)
    assert len(found) == len(expected), found
    assert [text for text, begin in zip(found, expected) if not text.startswith(begin)] == []


def test_what_is_not_known_is_no_flaw() -> None:
    assert _router_checks.flaws([router("a", None, 1, http=":80")]) == []


SNI = {"key": "a.test", "sni_cert": "/a.crt", "sni_key": "/a.key"}
FILES: list[tuple[str, list[Any], list[Any], list[str]]] = [
    ("none", [router("a", http=":1030")], [], []),
    ("its own", [router("a", https=":1030,/r.crt,/r.key"), router("b", sslrouter=":1031,/r.crt,/s.key")], [],
     ["/r.crt", "/r.key", "/s.key"]),
    ("and its clients'", [router("a", https=":1030,/r.crt,/r.key,HIGH,!/ca.crt")], [], ["/ca.crt", "/r.crt", "/r.key"]),
    ("in words", [router("a", https2="addr=:1030,cert=/r\\,1.crt,key=/r.key,client_ca=/ca.crt")], [],
     ["/ca.crt", "/r,1.crt", "/r.key"]),
    ("announced", [router("a", http_subscription_server=":1031")], [{**SNI, "server": ["10.0.0.2:1031"]}], ["/a.crt", "/a.key"]),
    ("by a name", [router("a", sslrouter_subscription_server=":1031")], [{**SNI, "server": "a.test:1031"}], ["/a.crt", "/a.key"]),
    ("with its clients'", [router("a", http_subscription_server=":1031")],
     [{**SNI, "server": "10.0.0.2:1031", "sni_client_ca": "!/ca.crt"}], ["/a.crt", "/a.key", "/ca.crt"]),
    ("to another", [router("a", http_subscription_server=":1031")], [{**SNI, "server": "10.0.0.2:1032"}], []),
    ("to one that reads none", [router("a", fastrouter_subscription_server=":1031")], [{**SNI, "server": "10.0.0.2:1031"}], []),
    ("what is none", [router("a", http_subscription_server=":1031")], ["a", {"server": None}, {}], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "vassals", "subscriptions", "expected"), FILES, ids=[case[0] for case in FILES])
def test_certificates(name: str, vassals: list[Any], subscriptions: list[Any], expected: list[str]) -> None:
    assert _router_checks.certificates(vassals, subscriptions) == expected


def test_nothing_is_read_of_nodes_whose_certificates_nobody_takes() -> None:
    unread = iter([{"server": "10.0.0.2:2626", "sni_cert": "/a"}])
    router = {"name": "f", "options": {"fastrouter-subscription-server": "0.0.0.0:2626"}}
    assert _router_checks.certificates([router], unread) == []
    assert list(unread) != []
