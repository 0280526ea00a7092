# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wording of errors about invalid arguments, and of warnings about arguments that are probably mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import subscription
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

S = "10.0.0.2:2626"
NEEDS_2_1 = (
    "needs uWSGI 2.1 and the target has 2.0, which would ignore it silently; leave it out, or set uwsgi_version if the target "
    "is newer"
)


def one(**fields: Any) -> dict[str, Any]:
    return {"subscriptions": [{"server": S, "key": "a", **fields}]}


def resolve(name: str) -> str:
    raise OSError("no such name")


WHOLE: list[tuple[dict[str, Any], str]] = [
    (
        one(key=None),
        "subscriptions[0].key: is missing; without a key uWSGI sends nothing and says nothing",
    ),
    (
        one(server="router9:1", resolve_server=True),
        "subscriptions[0].server: 'router9:1' does not resolve to an IPv4 address: no such name",
    ),
    (
        {"server_verification_params": {"dir_cert": "/a"}},
        "server_verification_params.dir_cert: needs digest_algo as well; uWSGI reads both from one option and verifies no "
        "signature with one alone",
    ),
    (
        one(check_file="/a", suspend_file="/b"),
        "subscriptions[0].check_file: is the same field as suspend_file; give suspend_file alone",
    ),
    (
        one(sni_cert="/a"),
        "subscriptions[0].sni_cert: needs sni_key as well; the router loads no certificate otherwise",
    ),
    (
        {"server_params": {"require_vassal": True}},
        "server_params.require_vassal: the option subscription-vassal-required " + NEEDS_2_1,
    ),
    (
        {"server_params": {"balancing_algo": "ip_hash"}},
        "server_params.balancing_algo: the algorithm iphash " + NEEDS_2_1,
    ),
    (
        one(backup_level=1),
        "subscriptions[0].backup_level: the field backup " + NEEDS_2_1,
    ),
    (
        {"subscriptions": [{"server": S, "key": "a", "balancing_weight": weight} for weight in (2, None)]},
        "subscriptions[1].balancing_weight: is not given and that of subscriptions[0] is 2, but uWSGI 2.0 sends the weight of "
        "one subscription for all that have none; give every subscription a weight",
    ),
]


@pytest.mark.parametrize(("arguments", "words"), WHOLE)
def test_errors_say_what_to_do(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        subscription.fragment(arguments, _dialect.V2_0, resolve)
    assert str(caught.value) == words


NO_FAILOVER = (
    "subscriptions[0].address: the node is on a unix socket; it has no failover: when it dies, its share of the requests is lost "
    "until the router's tolerance ends; use an IPv4 address and a port where that matters"
)
WARNED: list[tuple[dict[str, Any], str]] = [
    (
        one(check_file="/a"),
        "subscriptions[0].check_file: uWSGI announces while this file is ABSENT and is silent while it exists, whatever its "
        "documentation says; suspend_file is the same field with a clearer name",
    ),
    (one(address="/run/a"), NO_FAILOVER),
    (one(address="@a"), NO_FAILOVER),
    (
        {"server_verification_params": {"dir_credentials": ["/a"]}},
        "server_verification_params.dir_credentials: without pass_unix_credentials the router treats every sender as root",
    ),
]


@pytest.mark.parametrize(("arguments", "words"), WARNED)
def test_what_is_likely_not_meant_is_warned_of(arguments: dict[str, Any], words: str) -> None:
    assert subscription.fragment(arguments, _dialect.V2_0).warnings == [words]


@pytest.mark.parametrize(
    "arguments",
    [
        one(suspend_file="/a"),
        one(address="10.0.0.7:1"),
        one(address=0),
        {"server_verification_params": {"dir_credentials": ["/a"], "pass_unix_credentials": True}},
        {"server_verification_params": {"digest_algo": "SHA1", "dir_cert": "/a"}},
    ],
)
def test_nothing_else_is_warned_of(arguments: dict[str, Any]) -> None:
    assert subscription.fragment(arguments, _dialect.V2_0).warnings == []


# A key, and what would match instead.
UNMATCHED = [
    ("https://shop.example.com", "'shop.example.com' would match"),
    ("https://shop.example.com:8443/blog", "'shop.example.com:8443' would match"),
    ("Shop.example.com", "'shop.example.com' would match"),
    ("shop.example.com.", "'shop.example.com' would match"),
    ("shop.example.com.:80", "'shop.example.com:80' would match"),
    ("shop.example.com/blog", "'shop.example.com' would match"),
    ("*.shop.example.com", "'.shop.example.com' would match every name below 'shop.example.com'"),
    ("*", "give each name, or with key_dot_split on the router one that begins with a dot"),
]
MATCHED = ["shop.example.com", "shop.example.com:8080", ".example.com", "10.0.0.7", "shop", "Shop", "shop/blog", "_"]


@pytest.mark.parametrize(("key", "words"), UNMATCHED)
def test_a_key_that_no_request_has_is_warned_of_once(key: str, words: str) -> None:
    both = [{"server": f"10.0.0.{at}:2626", "key": ["a.test", key]} for at in (1, 2)]
    [warning] = subscription.fragment({"subscriptions": both}, _dialect.V2_0).warnings
    assert warning.startswith("subscriptions[0].key[1]: no ") and warning.endswith(words)


@pytest.mark.parametrize("key", MATCHED)
def test_a_key_that_a_request_may_have_is_not_warned_of(key: str) -> None:
    entry = {"server": "10.0.0.1:2626", "key": key}
    assert subscription.fragment({"subscriptions": [entry]}, _dialect.V2_0).warnings == []


def test_2_1_has_mountpoints_in_keys() -> None:
    entry = {"server": "10.0.0.1:2626", "key": "shop.example.com/blog"}
    assert subscription.fragment({"subscriptions": [entry]}, _dialect.V2_1).warnings == []


def named(keys: list[list[str]]) -> dict[str, Any]:
    """Two nodes with one name."""
    entry = {"server": S, "address_vassal": "v"}
    return {"subscriptions": [{**entry, "key": keys[at], "address": f"10.0.0.{at}:1"} for at in (0, 1)]}


NEWER: list[tuple[dict[str, Any], str]] = [
    (
        one(inactive=True),
        "subscriptions[0].inactive: no router reads this, so the node gets its full share of the requests; to take it out, "
        "give it a suspend_file and drain it with emperor.uwsgi.uwsgi_drain",
    ),
    (
        one(balancing_algo="iphash", backup_level=1),
        "subscriptions[0].backup_level: ip_hash ignores it, so the node gets requests beside those of lower levels; use another "
        "algorithm",
    ),
    (
        named([["b", "a"], ["b", "a"]]),
        "subscriptions[1].address_vassal: 'v' is that of subscriptions[0] too, for the key 'b', so a router takes both for one "
        "node, whose address changes with each announcement; give each its own",
    ),
]


@pytest.mark.parametrize(("arguments", "words"), NEWER)
def test_what_2_1_takes_and_is_likely_not_meant_is_warned_of(arguments: dict[str, Any], words: str) -> None:
    assert subscription.fragment(arguments, _dialect.V2_1).warnings == [words]


@pytest.mark.parametrize(
    "arguments",
    [
        one(inactive=False),
        one(balancing_algo="iphash", backup_level=0),
        one(balancing_algo="wrr", backup_level=1),
        named([["b"], ["a"]]),
        {"subscriptions": [{"server": S, "key": "a", "address": at, "address_vassal": "v"} for at in (0, None)]},
    ],
)
def test_of_2_1_nothing_else_is_warned_of(arguments: dict[str, Any]) -> None:
    assert subscription.fragment(arguments, _dialect.V2_1).warnings == []
