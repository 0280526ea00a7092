# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routers of one host: what is wrong with them, and which files they read."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _router_checks
from support.stream import computed

SIGNED = {"digest_algo": "SHA256", "dir_cert": "/keys"}


def router(name: str, verification: Any = None, tolerance: Any = None, **options: Any) -> dict[str, Any]:
    """A router; underscores in the options' names become dashes."""
    params = {} if tolerance is None else {"server_params": {"tolerance": tolerance}}
    own = {option.replace("_", "-"): value for option, value in options.items()}
    return {"name": name, "options": own, "server_verification_params": verification, **params}


FEW_INTERVALS = "under three announce intervals a lost datagram drops a healthy node; raise it, or announce more often"
PROCESS = "more than one loses signed announcements, and with them requests; leave it at 1 and add routers instead"
TWO_ROUTERS = "two routers in one instance break its stats; give each a vassal of its own"
STATS_HTTP = "a silent client of the stats stops the router for four seconds; leave it out, uWSGI's clients need no http"
ONE_ADDRESS = "one address for two, so only one of them would start; give each its own"
ONE_SERVER = "one address for two, and only the last to start would receive the announcements; give each its own"
DEAF = (
    "is neither an IPv4 address with a port nor an absolute path, so uWSGI would receive nothing; give one, such as "
    "0.0.0.0:2626"
)
LOW_PORT = "a port below 1024 needs CAP_NET_BIND_SERVICE in emperor_capabilities"
# Routers, and a sentence for each flaw.
CASES: list[tuple[str, list[Any], list[str]]] = [
    ("none", [], []),
    (
        "a host full of good ones",
        [
            router("a", SIGNED, 17, fastrouter="0.0.0.0:1030", fastrouter_subscription_server=":1031", fastrouter_stats="/s"),
            router("b", SIGNED, 17, https="0.0.0.0:1032,/c,/k", http_to_https="0.0.0.0:1033", http_stats="127.0.0.1:1034"),
            router("c", SIGNED, 17, rawrouter=":1035", rawrouter_subscription_server=":1036", rawrouter_processes=1),
            # UDP and TCP have separate ports.
            router("d", SIGNED, 17, sslrouter="0.0.0.0:1031,/a.crt,/a.key", sslrouter_subscription_server="/run/d.sock"),
        ],
        [],
    ),
    ("processes", [router("a", SIGNED, rawrouter=":1030", rawrouter_processes=2)],
     ["a.options.rawrouter-processes: " + PROCESS]),
    ("by the other word", [router("a", SIGNED, http=":1030", http_workers="2")], ["a.options.http-workers: " + PROCESS]),
    ("credentials", [router("a", {"dir_credentials": ["/a"]}, http=":1030", http_workers=2)],
     ["a.options.http-workers: " + PROCESS]),
    ("unsigned", [router("a", {"digest_algo": None}, http=":1030", http_processes=2)], []),
    ("tolerance", [router("a", None, 5, http=":1030"), router("b", None, "5", http=":1031"), router("c", None, 6, http=":1032")],
     ["a.server_params.tolerance, b.server_params.tolerance: " + FEW_INTERVALS]),
    ("two routers", [router("a", http=":1030", fastrouter=":1031")], ["a.options.http, a.options.fastrouter: " + TWO_ROUTERS]),
    ("passed on to itself",
     [router("a", http=":1030", http_subscription_server="10.0.0.2:2610", http_resubscribe=["10.0.0.3:2610", "10.0.0.2:2610"])],
     ["a.options.http-resubscribe: is this router's own subscription server, so it would announce itself to itself; name another "
      "router's"]),
    ("passed on without a signature",
     [router("a", fastrouter=":1030", fastrouter_subscription_server="10.0.0.2:2610", fastrouter_resubscribe="10.0.0.2:2620"),
      router("b", SIGNED, fastrouter=":1031", fastrouter_subscription_server="10.0.0.2:2620")],
     ["a.options.fastrouter-resubscribe: is the server of a router that checks signatures, and what is passed on has none, so "
      "that router silently refuses it; let the nodes announce themselves to both"]),
    ("passed on to one that checks nothing, or that isn't known",
     [router("a", SIGNED, http=":1030", http_subscription_server="/a", http_resubscribe=["10.0.0.2:2620", "10.0.0.9:1"]),
      router("b", http=":1031", http_subscription_server="10.0.0.2:2620")],
     []),
    ("stats-http", [router("a", http=":1030", stats_http=True)], ["a.options.stats-http: " + STATS_HTTP]),
    ("arguments", [router("a", http=":1030", subscription_algo="lrc", set="subscription-tolerance=2")],
     ["a.options.subscription-algo: is not checked among the options; use server_params.balancing_algo",
      "a.options.set: is not checked among the options; use server_params.tolerance"]),
    ("literal values",
     [router("a", http={"literal": ":1030"}),
      router("b", http=[{"literal": ":1031"}], http_subscription_server={"literal": ":1032"})],
     []),
    ("one address", [router("a", http=":1030"), router("b", https="0.0.0.0:1030,/c,/k")],
     ["a.options.http, b.options.https: " + ONE_ADDRESS]),
    ("for all and for one", [router("a", http="0.0.0.0:1030"), router("b", http_stats="10.0.0.2:1030")],
     ["a.options.http, b.options.http-stats: " + ONE_ADDRESS]),
    ("for one and for all", [router("a", http="10.0.0.2:1030"), router("b", http_stats=":1030")],
     ["a.options.http, b.options.http-stats: " + ONE_ADDRESS]),
    ("two addresses", [router("a", http="10.0.0.2:1030"), router("b", http="10.0.0.3:1030")], []),
    ("one of a list", [router("a", http=["10.0.0.2:1030", ":1031"]), router("b", rawrouter=":1031")],
     ["a.options.http, b.options.rawrouter: " + ONE_ADDRESS]),
    ("in words", [router("a", https2="cert=/c,addr=:1030"), router("b", sslrouter2="addr=:1030,cert=/c")],
     ["a.options.https2, b.options.sslrouter2: " + ONE_ADDRESS]),
    ("one socket", [router("a", http_stats="/s"), router("b", http_stats="/s")],
     ["a.options.http-stats, b.options.http-stats: " + ONE_ADDRESS]),
    *[("one " + option, [router("a", **{option: ":1030"}), router("b", **{option: ":1030"})],
       [f"a.options.{option}, b.options.{option}: " + ONE_ADDRESS])
      for option in ("fastrouter", "http", "http-to-https", "rawrouter", "sslrouter", "fastrouter-stats", "fastrouter-ss")],
    ("sockets with commas", [router("a", http_stats="/s,1"), router("b", http_stats="/s,2")], []),
    ("one server of fastrouters",
     [router(name, fastrouter_subscription_server=":1030") for name in "ab"],
     ["a.options.fastrouter-subscription-server, b.options.fastrouter-subscription-server: " + ONE_SERVER]),
    ("one server", [router("a", http_subscription_server=":1030"), router("b", rawrouter_subscription_server="0.0.0.0:1030")],
     ["a.options.http-subscription-server, b.options.rawrouter-subscription-server: " + ONE_SERVER]),
    ("a name", [router("a", http_subscription_server="localhost:1030")], ["a.options.http-subscription-server: " + DEAF]),
    ("IPv6", [router("a", http_subscription_server="[::1]:1030")], ["a.options.http-subscription-server: " + DEAF]),
    ("low", [router("a", http=":80", http_stats=":1024"), router("b", https="10.0.0.2:443,/c,/k")],
     ["a.options.http, b.options.https: " + LOW_PORT]),
    ("by every word", [router("a", SIGNED, fastrouter=":1030", fastrouter_workers=2, sslrouter_processes="2", processes=2)],
     ["a.options.fastrouter-workers, a.options.sslrouter-processes: " + PROCESS]),
    ("one is enough", [router("a", SIGNED, http=":1030", http_processes="1")], []),
    ("two processes without a router's name", [router("a", SIGNED, http=":1030", xhttp_processes=2, http_processesx=2)], []),
    ("no tolerance", [router("a", None, "long", http=":1030"), router("b", None, 0, http=":1031")],
     ["b.server_params.tolerance: " + FEW_INTERVALS]),
    ("three routers", [router("a", http=":1030", fastrouter=":1031", https2="addr=:1032")],
     ["a.options.https2, a.options.fastrouter: " + TWO_ROUTERS]),
    ("http twice is one router", [router("a", http=":1030", https=":1031,/c,/k")], []),
    ("stats-http without a router", [router("a", stats_http=True)], []),
    ("stats by every name", [router("a", http=":1030", http_ss="/s"), router("b", rawrouter_stats_server="/s")],
     ["a.options.http-ss, b.options.rawrouter-stats-server: " + ONE_ADDRESS]),
    ("two ports of one host", [router("a", http="10.0.0.2:1030", http_stats="10.0.0.2:1031")], []),
    ("one host, one port", [router("a", http="10.0.0.2:1030", http_stats="10.0.0.2:1030")],
     ["a.options.http, a.options.http-stats: " + ONE_ADDRESS]),
    ("hosts that end alike", [router("a", http="10.0.0.0:1030"), router("b", http="110.0.0.0:1030")], []),
    ("a socket that ends like a port", [router("a", http="/a:1030"), router("b", http="/b:1030")], []),
    ("no address at all", [router("a", https2="cert=/c"), router("b", https2="cert=/d,addr=:1030")], []),
    ("no address twice", [router("a", https2="cert=/c"), router("b", https2="cert=/d", http="")], []),
    ("servers that hear", [router("a", http_subscription_server=["/run/a", "10.0.0.2:1030", ":1031", "0.0.0.0:1032"])], []),
    ("servers that do not", [router("a", http_subscription_server=["", ":", "1030", "run/a", ":1030x", "x:1031"])],
     ["a.options.http-subscription-server, " * 5 + "a.options.http-subscription-server: " + DEAF]),
    ("low servers", [router("a", http_subscription_server=[":1023", ":1024", "10.0.0.2:1"])],
     ["a.options.http-subscription-server, a.options.http-subscription-server: " + LOW_PORT]),
    ("what is none",
     ["a", None, {"name": "b"}, {"name": "c", "options": ["http"]}, {"name": "d", "options": {"http": None}},
      {"name": "e", "options": {"http-subscription-server": None}}], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "vassals", "expected"), CASES, ids=[case[0] for case in CASES])
def test_flaws(name: str, vassals: list[Any], expected: list[str]) -> None:
    assert _router_checks.flaws(vassals, 2, low_ports=False) == expected


def test_what_is_not_known_is_no_flaw() -> None:
    assert _router_checks.flaws([router("a", None, 1, http=":80")]) == []


PLUGINS: list[tuple[Any, str]] = [
    (router("a", http=":1030"), "http"),
    (router("a", https2="addr=:1030"), "http"),
    (router("a", socket="/s", fastrouter=":1030"), "fastrouter"),
    (router("a", rawrouter=None), "rawrouter"),
    (router("a", sslrouter2="addr=:1030"), "sslrouter"),
    (router("a", http_stats="/s"), ""),
    (router("a"), ""),
    ({"name": "a", "options": None}, ""),
    ({"name": "a"}, ""),
    ("a", ""),
]


@pytest.mark.parametrize(("vassal", "plugin"), PLUGINS)
def test_a_vassal_is_the_router_that_its_options_make_it(vassal: Any, plugin: str) -> None:
    assert _router_checks.plugins([vassal, router("z", http=":1031")]) == [plugin, "http"]


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
    ("to a plain router", [router("a", fastrouter_subscription_server=":1031")], [{**SNI, "server": "10.0.0.2:1031"}], []),
    ("by every word", [router("a", https2="crt=/1.crt,key=!/1.key,clientca=!/1.ca"), router("b", sslrouter2="cert=/2,x=/3")], [],
     ["/1.ca", "/1.crt", "/1.key", "/2"]),
    ("ciphers and what comes last",
     [router("a", sslrouter=":1030,/a.crt,/a.key,HIGH,/ca.crt,/x"), router("b", https=":1031,,,,")], [],
     ["/a.crt", "/a.key", "/ca.crt"]),
    ("a relative path", [router("a", https=":1030,Z.crt,Z.key"), router("b", https2="addr=:1031,cert=Z.2")],
     [{**SNI, "server": "10.0.0.2:1031"}], ["Z.2", "Z.crt", "Z.key"]),
    ("other options with commas", [router("a", http=":1030", env="PATHS=/a,/b")], [], []),
    ("a key in memory", [router("a", https=":1030,!/a.crt,!/a.key")], [], ["/a.crt", "/a.key"]),
    ("of one of its servers", [router("a", http_subscription_server=[":1031", ":1032"])],
     [{**SNI, "server": ("10.0.0.2:1030", "10.0.0.2:1032"), "sni_key": ""}], ["/a.crt"]),
    ("what is none", [router("a", http_subscription_server=":1031")], ["a", {"server": None}, {}], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "vassals", "subscriptions", "expected"), FILES, ids=[case[0] for case in FILES])
def test_certificates(name: str, vassals: list[Any], subscriptions: list[Any], expected: list[str]) -> None:
    assert _router_checks.certificates(vassals, subscriptions) == expected
    without = [path for path in expected if "key" not in path and "ca" not in path]
    assert _router_checks.certificates(vassals, subscriptions, keys=False) == without


def one(router: str, address: str, name: str = "", stem: str = "own") -> dict[str, str]:
    """An endpoint, with files that begin with this name."""
    return {"router": router, "address": address, "name": name, "certificate": f"/{stem}.crt", "key": f"/{stem}.key"}


SNI = {"sni_cert": "/a.crt", "sni_key": "/a.key"}
FRONT = router("a", https=":443,/own.crt,/own.key", **{"http-subscription-server": ":2636"})
ENDPOINTS: list[tuple[str, list[Any], list[Any], list[dict[str, str]]]] = [
    ("no TLS", [router("a", http=":80", **{"http-subscription-server": ":2636"})], [{"server": "h:2636", "key": "a", **SNI}], []),
    ("no names", [router("a", https=":443,/own.crt,/own.key,HIGH,!/ca.crt")], [{"server": "h:2636", "key": "a", **SNI}],
     [one("a", ":443")]),
    ("values with names", [router("a", https2="addr=:443,cert=/own.crt,key=/own.key,client_ca=/ca.crt")], [], [one("a", ":443")]),
    ("without a key", [router("a", https=":443,/own.crt")], [], []),
    ("several addresses", [router("a", https=[":443,/own.crt,/own.key", ":444,/b.crt,/b.key"])], [],
     [one("a", ":443"), one("a", ":444", stem="b")]),
    ("names", [FRONT], [{"server": ["h:2636", "i:2636"], "key": ["a.test", "a.test:8443", "b.test"], **SNI}] * 2,
     [one("a", ":443"), one("a", ":443", "a.test", "a"), one("a", ":443", "b.test", "a")]),
    ("names of others", [FRONT], [{"server": "h:2637", "key": "a.test", **SNI}, {"server": "h:2636", "key": "a.test"}, None],
     [one("a", ":443")]),
    ("an address for a key", [router("a", sslrouter=":443,/own.crt,/own.key", **{"sslrouter-subscription-server": ":2636"})],
     [{"server": "h:2636", "key": "0.0.0.0:443", **SNI}], [one("a", ":443")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "vassals", "subscriptions", "expected"), ENDPOINTS, ids=[case[0] for case in ENDPOINTS])
def test_endpoints(name: str, vassals: list[Any], subscriptions: list[Any], expected: list[dict[str, str]]) -> None:
    assert _router_checks.endpoints(vassals, subscriptions) == expected


@pytest.mark.parametrize(
    ("vassal", "stats"),
    [
        (router("a", http=":80", **{"http-stats": "127.0.0.1:1"}), "127.0.0.1:1"),
        (router("a", http=":80", **{"http-ss": ":1", "http-stats": ":2"}), ":1"),
        (router("a", fastrouter=":80", **{"fastrouter-stats": ":1"}), ":1"),
        (router("a", http=":80", stats=":1"), ""),
        (None, ""),
    ],
)
def test_the_stats_of_a_router_are_those_of_its_plugin(vassal: Any, stats: str) -> None:
    assert _router_checks.stats(vassal) == stats


def test_nothing_is_read_of_nodes_whose_certificates_nobody_takes() -> None:
    unread = iter([{"server": "10.0.0.2:2626", "sni_cert": "/a"}])
    router = {"name": "f", "options": {"fastrouter-subscription-server": "0.0.0.0:2626"}}
    assert _router_checks.certificates([router], unread) == []
    assert list(unread) != []


def test_many_routers_are_checked_in_time() -> None:
    with computed(3):
        found = _router_checks.flaws([router(str(at), http=":1030", http_stats="/s") for at in range(3000)])
    assert found == [", ".join(f"0.options.{one}, {at}.options.{one}" for at in range(1, 3000) for one in ("http", "http-stats"))
                     + ": " + ONE_ADDRESS]  # fmt: skip


def test_digits_of_other_scripts_are_none() -> None:
    servers = [router("a", http_subscription_server=":٢")]
    assert _router_checks.flaws(servers) == ["a.options.http-subscription-server: " + DEAF]
    assert _router_checks.flaws([router("a", None, "٢", http=":٨٠"), router("b", http="10.0.0.2:٨٠")], 5, low_ports=False) == []


@pytest.mark.parametrize("value", [{}, b"a", 16**5000, float("nan")], ids=range(4))
def test_what_is_no_value_is_for_the_check_of_the_arguments(value: Any) -> None:
    assert _router_checks.flaws([router(name, None, value, http=value) for name in "ab"], 5) == []
    assert _router_checks.certificates([router("a", https=value)]) == []
