# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From task arguments to ordered options, and arguments that don't go together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import subscription
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.values import Signing
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from hypothesis import given
from support import ini
from support.text import TEXT

S = "10.0.0.2:2626"
T = "10.0.0.3:2626"
NAMES = {"router1": "10.0.0.2", "router2": "10.0.0.3"}


def resolve(name: str) -> str:
    try:
        return NAMES[name]
    except KeyError as exc:
        raise OSError("no such name") from exc


def lines(arguments: dict[str, Any], release: _dialect.Release = _dialect.V2_1) -> list[str]:
    found = subscription.fragment(arguments, release, resolve)
    return [f"{line.name} = {line.value}" for line in found.lines]


def one(**fields: Any) -> dict[str, Any]:
    return {"subscriptions": [{"server": S, "key": "a", **fields}]}


WRITTEN: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    (one(), ["subscribe2 = server=10.0.0.2:2626,key=a,proto=uwsgi"]),
    # In the order of the table, whatever the order of the arguments.
    (
        {
            "subscriptions": [
                {
                    "sni_key": "/k",
                    "sni_cert": "/c",
                    "inactive": True,
                    "protocol": "http",
                    "suspend_file": "/s,1",
                    "key": "a\x80,b=c",
                    "signing": "SHA1:/p",
                    "modifier": {"modifier1": 5, "modifier2": 0},
                    "backup_level": 0,
                    "balancing_algo": "wrr",
                    "balancing_weight": 2,
                    "address_vassal": "v",
                    "address": "@a\\b",
                    "server": "/s,1",
                    "sni_client_ca": "/a",
                }
            ],
            "client_params": {
                "announce_interval": 3,
                "unsubscribe_on_reload": False,
                "clear_on_exit": True,
                "start_unsubscribed": 1,
            },
            "server_verification_params": {
                "pass_unix_credentials": True,
                "dir_credentials": ["/b", "/a"],
                "no_check_uid": [33, 5],
                "tolerance": 300,
                "dir_cert": "/d/",
                "digest_algo": "SHA512",
            },
            "server_params": {
                "balancing_algo": "ip_hash",
                "key_dot_split": True,
                "tolerance_inactive": 5,
                "tolerance": 4,
                "require_vassal": True,
                "mountpoints_depth": 1,
                "client_notify_address": "/n",
            },
        },
        [
            "subscription-notify-socket = /n",
            "subscription-mountpoint = 1",
            "subscription-vassal-required = true",
            "subscription-tolerance = 4",
            "subscription-tolerance-inactive = 5",
            "subscription-dotsplit = true",
            "subscription-algo = iphash",
            "subscriptions-sign-check = SHA512:/d",
            "subscriptions-sign-check-tolerance = 300",
            "subscriptions-sign-skip-uid = 33",
            "subscriptions-sign-skip-uid = 5",
            "subscriptions-credentials-check = /b/",
            "subscriptions-credentials-check = /a/",
            "subscriptions-use-credentials = true",
            "start-unsubscribed = true",
            "subscription-clear-on-shutdown = true",
            "unsubscribe-on-graceful-reload = false",
            "subscribe-freq = 3",
            "subscribe2 = server=/s\\,1,key=a\x80\\,b=c,addr=@a\\\\b,vassal=v,weight=2,algo=wrr,backup=0,modifier1=5,modifier2=0,"
            "sign=SHA1:/p,check=/s\\,1,proto=http,sni_crt=/c,sni_key=/k,sni_ca=/a,inactive=1",
        ],
    ),
    # Every pair once, servers first.
    (
        {"subscriptions": [{"server": [S, T, S], "key": ["a", "b"], "address": 1}]},
        [f"subscribe2 = server={server},key={key},socket=1,proto=uwsgi" for server in (S, T) for key in ("a", "b")],
    ),
    (
        one(inactive=False, signing=False, resolve_server=None, address=None),
        ["subscribe2 = server=10.0.0.2:2626,key=a,proto=uwsgi"],
    ),
    (one(check_file="/c", protocol="http"), ["subscribe2 = server=10.0.0.2:2626,key=a,check=/c,proto=http"]),
    (one(modifier="php"), ["subscribe2 = server=10.0.0.2:2626,key=a,modifier1=14,proto=uwsgi"]),
    (one(server="router1:1", resolve_server=True), ["subscribe2 = server=10.0.0.2:1,key=a,proto=uwsgi"]),
    (
        {"subscriptions": [{"server": ["router1:1", S, "/s"], "key": "a"}], "resolve_server": True},
        [f"subscribe2 = server={server},key=a,proto=uwsgi" for server in ("10.0.0.2:1", S, "/s")],
    ),
    ({"server_params": {"tolerance": 5}, "client_params": None, "subscriptions": None}, ["subscription-tolerance = 5"]),
]


@pytest.mark.parametrize(("arguments", "expected"), WRITTEN)
def test_arguments_become_lines(arguments: dict[str, Any], expected: list[str]) -> None:
    assert lines(arguments) == expected


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (one(server=None), "subscriptions[0].server", "is missing; without a subscription server uWSGI sends nothing"),
    (one(server=[]), "subscriptions[0].server", "is missing"),
    (one(key=None), "subscriptions[0].key", "is missing; without a key uWSGI sends nothing and says nothing"),
    (one(key=["a", ""]), "subscriptions[0].key[1]", "is empty"),
    (one(server=[S, "x:1"]), "subscriptions[0].server[1]", "set resolve_server to true"),
    (one(server="router1:1", resolve_server=False), "subscriptions[0].server", "set resolve_server to true"),
    (
        one(server="router9:1", resolve_server=True),
        "subscriptions[0].server",
        "does not resolve to an IPv4 address: no such name",
    ),
    (one(server="[::1]:1", resolve_server=True), "subscriptions[0].server", "is neither an IPv4 address"),
    (one(resolve_server="perhaps"), "subscriptions[0].resolve_server", "is not a boolean"),
    (one(adress=0), "subscriptions[0].adress", "did you mean 'address'?"),
    ({"subscriptions": ["a"]}, "subscriptions[0]", "must be a mapping of arguments"),
    ({"subscriptions": {"server": S}}, "subscriptions", "must be a value or a list of values, not a mapping"),
    ({"server_params": {"algo": 1}}, "server_params.algo", "unknown argument"),
    ({"server_params": {"tolerance": 0}}, "server_params.tolerance", "0 is not between 1"),
    ({"client_params": {"announce_interval": 0}}, "client_params.announce_interval", "0 is not between 1 and 2147483647"),
    (
        {"server_verification_params": {"digest_algo": "SHA1"}},
        "server_verification_params.digest_algo",
        "needs dir_cert as well",
    ),
    ({"server_verification_params": {"dir_cert": "/a"}}, "server_verification_params.dir_cert", "needs digest_algo as well"),
    (one(check_file="/a", suspend_file="/b"), "subscriptions[0].check_file", "is the same field as suspend_file"),
    (one(sni_cert="/a"), "subscriptions[0].sni_cert", "needs sni_key as well"),
    (one(sni_key="/a"), "subscriptions[0].sni_key", "needs sni_cert as well"),
    (one(sni_client_ca="/a"), "subscriptions[0].sni_client_ca", "needs sni_cert as well"),
    (one(protocol="fastcgi"), "subscriptions[0].protocol", "is not a protocol that a router knows; give http or uwsgi"),
    (one(address_vassal="v" * 256), "subscriptions[0].address_vassal", "has 256 bytes; more than 255 crash the router"),
    (one(address_vassal='a"b'), "subscriptions[0].address_vassal", "has a quote or a backslash, which breaks the router's stats"),
    (one(address_vassal="a\\b"), "subscriptions[0].address_vassal", "has a quote or a backslash"),
    (one(address_vassal="a b"), "subscriptions[0].address_vassal", "has a blank"),
    (
        {"client_params": {"clear_on_exit": "yes"}, **one()},
        "client_params.clear_on_exit",
        "needs address_vassal in subscriptions[0]: a router clears the address of a vassal that it knows by name",
    ),
    (
        {"subscriptions": [{"server": [T, S], "key": "a.test/b"}, {"server": S, "key": ["b.test", "a.test"]}]},
        "subscriptions[1].key",
        "'a.test' is announced to 10.0.0.2:2626 beside 'a.test/b' of subscriptions[0], and uWSGI 2.1 mixes the nodes",
    ),
    (
        one(sni_cert="/" + "c" * 2100, sni_key="/" + "k" * 2101, signing=["SHA256", "/p"]),
        "subscriptions[0].sni_key",
        "of which a router reads 4096; its signature is behind that, so the node would never register; give shorter paths",
    ),
]


def test_the_address_that_a_router_notifies_counts_among_what_it_reads() -> None:
    arguments = one(sni_cert="/" + "c" * 1975, sni_key="/" + "k" * 1976)
    assert lines(arguments)
    with pytest.raises(ArgumentError) as caught:
        lines({"server_params": {"client_notify_address": "/n"}, **arguments})
    assert caught.value.path == "subscriptions[0].sni_key"
    assert caught.value.problem.startswith("makes an announcement of 4106 bytes, of which a router reads 4096; ")


def test_what_counts_is_the_bytes_of_an_announcement() -> None:
    with pytest.raises(ArgumentError, match=r"^subscriptions\[0\]\.sni_cert: makes an announcement of 46[0-9]{2} bytes, "):
        lines(one(sni_cert="/" + "\u00fc" * 900, sni_key="/" + "\u20ac" * 900))


def test_a_signature_that_could_make_it_too_long_is_warned_of() -> None:
    arguments = one(sni_cert="/" + "c" * 1500, sni_key="/" + "k" * 1960, signing=["SHA256", "/p"])
    [warning] = subscription.fragment(arguments, _dialect.V2_0).warnings
    assert warning.startswith("subscriptions[0].signing: a signature with an RSA key of 4096 bits would make the announcement")


# Arguments that pass 2.1's checks, and some that only 2.1 refuses, for 2.0.
FITTING: list[tuple[dict[str, Any], _dialect.Release]] = [
    ({"client_params": {"clear_on_exit": False}, **one()}, _dialect.V2_1),
    ({"client_params": {"clear_on_exit": True}, **one(address_vassal="v")}, _dialect.V2_1),
    ({"client_params": {"clear_on_exit": True}}, _dialect.V2_1),
    ({"subscriptions": [{"server": S, "key": "a.test/b"}, {"server": T, "key": "a.test"}]}, _dialect.V2_1),
    ({"subscriptions": [{"server": S, "key": ["a.test/b", "a.test/c", "b.test"]}]}, _dialect.V2_1),
    ({"subscriptions": [{"server": S, "key": ["a.test/b", "a.test"]}]}, _dialect.V2_0),
]


@pytest.mark.parametrize(("arguments", "release"), FITTING)
def test_what_goes_together_is_written(arguments: dict[str, Any], release: _dialect.Release) -> None:
    assert lines(arguments, release)


@pytest.mark.parametrize(("arguments", "path", "problem"), REFUSED)
def test_arguments_that_do_not_work_are_refused(arguments: dict[str, Any], path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        lines(arguments)
    assert caught.value.path == path
    assert problem in caught.value.problem


@pytest.mark.parametrize(("items", "path"), [
    ([{"key": "a", "server": S}, {"key": "a"}], "subscriptions[1].server"),
    ([{"key": "a", "server": S}, "server"], "subscriptions[1]"),
])  # fmt: skip
def test_what_is_compared_with_the_one_before_is_checked_itself(items: list[Any], path: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        subscription.fragment({"subscriptions": items}, _dialect.V2_0)
    assert caught.value.path == path


def test_places_begin_with_the_path() -> None:
    with pytest.raises(ArgumentError) as caught:
        subscription.fragment(one(key=""), _dialect.V2_0, path="vassals[3]")
    assert caught.value.path == "vassals[3].subscriptions[0].key"
    with pytest.raises(ArgumentError) as caught:
        subscription.fragment({"client_params": 5}, _dialect.V2_0, path="vassals[3]")
    assert caught.value.path == "vassals[3].client_params"


WEIGHTS = [
    ([2, 2], None),
    ([None, None], None),
    ([2, 3], None),
    ([2, None], "is not given and that of subscriptions[0] is 2"),
    ([None, 3], "is 3 and that of subscriptions[0] is not given"),
]


@pytest.mark.parametrize(("weights", "problem"), WEIGHTS)
def test_2_0_needs_the_weight_of_all_or_of_none(weights: list[Any], problem: str | None) -> None:
    arguments = {"subscriptions": [{"server": S, "key": "a", "balancing_weight": weight} for weight in weights]}
    assert len(lines(arguments, _dialect.V2_1)) >= 1
    if problem is None:
        assert lines(arguments, _dialect.V2_0)
        return
    with pytest.raises(ArgumentError) as caught:
        lines(arguments, _dialect.V2_0)
    assert caught.value.path == "subscriptions[1].balancing_weight"
    assert problem in caught.value.problem


def test_the_entries_behind_the_lines_are_told() -> None:
    found = subscription.fragment(one(address=2, signing=["SHA1", "/p"], balancing_weight=4), _dialect.V2_0).subscriptions
    line = "server=10.0.0.2:2626,key=a,socket=2,weight=4,sign=SHA1:/p"
    assert found == [subscription.Subscription([line], [S], ["a"], 2, Signing("SHA1", "/p"), 4, None, None)]
    newer = subscription.fragment(one(address_vassal="v", protocol="http"), _dialect.V2_1).subscriptions[0]
    assert (newer.vassal, newer.protocol) == ("v", "http")
    assert subscription.fragment(one(), _dialect.V2_1).subscriptions[0].protocol == "uwsgi"


def test_the_node_of_an_instance_is_its_first_socket_unless_another_is_named() -> None:
    addresses: list[Any] = [None, 0, 1, "10.0.0.7:1"]
    given = [one(**({} if at is None else {"address": at})) for at in addresses]
    found = [subscription.fragment(each, _dialect.V2_1).subscriptions for each in given]
    nodes = [entry.node for (entry,) in (subscription.newer_entries("s", entries, "shop") for entries in found)]
    assert nodes == [("shop", 0), ("shop", 0), ("shop", 1), "10.0.0.7:1"]


def test_2_0_is_told_no_protocol() -> None:
    assert lines(one(), _dialect.V2_0) == ["subscribe2 = server=10.0.0.2:2626,key=a"]


@given(TEXT, TEXT, TEXT)
def test_every_field_is_refused_or_read_back(key: str, path: str, file: str) -> None:
    entry = {"server": S, "key": key, "address": "/" + path, "suspend_file": "/" + file}
    try:
        found = subscription.fragment({"subscriptions": [entry]}, _dialect.V2_0).lines
    except ArgumentError:
        return
    expected = [("server", S), ("key", key), ("addr", "/" + path), ("check", "/" + file)]
    assert [ini.fields(line.value) for line in found] == [expected]
