# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role ``fastrouter`` makes of its variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import fastrouter
from support.records import EMPEROR, FASTROUTER
from support.text import is_said

SIGNED = {"digest_algo": "SHA256", "dir_cert": "/etc/uwsgi/keys/public", "tolerance": 300}
POOLS = {
    "server_params": {"tolerance": 17, "balancing_algo": "weighted_least_reference_count"},
    "server_verification_params": SIGNED,
}
MAIN = {
    "name": "fastrouter",
    "options": {
        "need-plugins": "fastrouter", "fastrouter-timeout": 70, "fastrouter": "127.0.0.1:3030",
        "fastrouter-subscription-server": "0.0.0.0:2626", "fastrouter-stats": "127.0.0.1:2627", "fastrouter-processes": 1,
    },
    **POOLS,
}  # fmt: skip
HTTP = {"need-plugins": "http", "http-timeout": 70, "http-headers-timeout": 10}
FRONT = {"name": "http", "options": {**HTTP, "http": "0.0.0.0:80", "http-to": "127.0.0.1:3030", "http-stats": "127.0.0.1:2628"}}
TLS = {"https": "0.0.0.0:443", "https_certificate": "/c", "https_key": "/k"}
HTTPS = {**HTTP, "https": "0.0.0.0:443,/c,/k", "http-stats": "127.0.0.1:2638"}
RAW = {"name": "raw", "options": {"rawrouter": "127.0.0.1:2020", "rawrouter-subscription-server": "127.0.0.1:2021"}}
# Variables, and the routers besides the fastrouter.
FURTHER: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({}, []),
    ({"http": "0.0.0.0:80"}, [FRONT]),
    ({"http": "0.0.0.0:80", "http_options": {"http-keepalive": True}},
     [{**FRONT, "options": {**FRONT["options"], "http-keepalive": True}}]),
    (TLS, [{"name": "https", "options": {**HTTPS, "http-to": "127.0.0.1:3030"}}]),
    ({**TLS, "https_subscription_server": "0.0.0.0:2636"},
     [{"name": "https", "options": {**HTTPS, "http-subscription-server": "0.0.0.0:2636"}, **POOLS}]),
    ({"vassals": [RAW]}, [{**RAW, "options": {"need-plugins": "rawrouter", "rawrouter-timeout": 70, **RAW["options"]}, **POOLS}]),
    ({"vassals": [{**RAW, "server_params": {"tolerance": 40}}]},
     [{**RAW, "options": {"need-plugins": "rawrouter", "rawrouter-timeout": 70, **RAW["options"]}, **POOLS,
       "server_params": {**POOLS["server_params"], "tolerance": 40}}]),
    ({"vassals": [{"name": "none", "options": {"master": True}}]}, [{"name": "none", "options": {"master": True}, **POOLS}]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "further"), FURTHER)
def test_each_router_is_an_instance_of_its_own(given: dict[str, Any], further: list[dict[str, Any]]) -> None:
    found = fastrouter.routers(FASTROUTER._replace(**given), EMPEROR)
    assert found == ([MAIN, *further], [])


def test_the_fastrouter_has_what_the_user_adds() -> None:
    given = FASTROUTER._replace(
        server_params={"key_dot_split": True}, server_verification_params={"tolerance": 5}, options={"fastrouter-quiet": True}
    )
    [main] = fastrouter.routers(given, EMPEROR).vassals
    assert main == {
        "name": "fastrouter",
        "options": {**MAIN["options"], "fastrouter-quiet": True},
        "server_params": {**POOLS["server_params"], "key_dot_split": True},
        "server_verification_params": {**SIGNED, "tolerance": 5},
    }


def test_without_signing_nothing_is_checked_and_without_packages_no_plugin_is_needed() -> None:
    [main] = fastrouter.routers(FASTROUTER, EMPEROR._replace(signing=False, install="pip")).vassals
    assert (main["server_verification_params"], "need-plugins" in main["options"]) == ({}, False)


def test_options_of_what_is_off_are_refused_as_well() -> None:
    given = FASTROUTER._replace(http_options={"http-to": "x"}, https_options={"https": "x"})
    found = fastrouter.routers(given, EMPEROR)
    assert [one["name"] for one in found.vassals] == ["fastrouter"]
    refused = [flaw.partition(":")[0] for flaw in found.flaws]
    assert refused == ["fastrouter_http_options.http-to", "fastrouter_https_options.https"]


def test_a_router_has_its_user_s_options() -> None:
    given = FASTROUTER._replace(**TLS, https_options={"http-keepalive": True})
    dummy, front = fastrouter.routers(given, EMPEROR).vassals
    assert front["options"] == {**HTTPS, "http-to": "127.0.0.1:3030", "http-keepalive": True}


STATS = [
    ("127.0.0.1:1", "127.0.0.1:1"),
    ("0.0.0.0:1", "127.0.0.1:1"),
    (":1", "127.0.0.1:1"),
    ("10.0.0.2:1", "10.0.0.2:1"),
    ("10.0.0.0:1", "10.0.0.0:1"),
    ("/run/s", "/run/s"),
]


@pytest.mark.parametrize(("given", "reached"), STATS)
def test_the_host_itself_reaches_its_stats(given: str, reached: str) -> None:
    assert fastrouter.own_stats(FASTROUTER._replace(stats=given)) == reached


def test_routers_with_pools_are_known() -> None:
    given = FASTROUTER._replace(http="0.0.0.0:80", vassals=[RAW, {"name": "none"}])
    assert fastrouter.with_pools(fastrouter.routers(given, EMPEROR).vassals) == ["fastrouter", "raw"]
    assert fastrouter.with_pools([{"name": "a"}, {"name": "b", "options": None}]) == []
    assert {
        **dict.fromkeys(("strict", "master", "vacuum", "die-on-term", "auto-procname"), True),
        "procname-prefix-spaced": "%n",
    } == fastrouter.DEFAULT_OPTIONS


def test_the_stats_of_routers_are_known_by_their_names() -> None:
    own = fastrouter.routers(FASTROUTER._replace(stats=":1", vassals=[RAW]), EMPEROR).vassals
    assert fastrouter.with_stats([*own, {"options": {"http-ss": "/s"}}]) == {"fastrouter": "127.0.0.1:1", "": "/s"}


ROOTLESS = EMPEROR._replace(user="app")
HALF = "fastrouter_https: needs fastrouter_https_certificate and fastrouter_https_key"
LOW = "http.options.http: a port below 1024 needs CAP_NET_BIND_SERVICE in emperor_capabilities"
FLAWS: list[tuple[dict[str, Any], Any, list[str]]] = [
    ({}, EMPEROR, []),
    *(({"https": "0.0.0.0:8443", **half}, EMPEROR, [HALF]) for half in ({}, {"https_certificate": "/c"}, {"https_key": "/k"})),
    ({"https_certificate": "/c", "https_key": "/k"}, EMPEROR, []),
    (
        {**TLS, "https": "0.0.0.0:8443", "https_key": "/k,"},
        EMPEROR,
        ["fastrouter_https_certificate, fastrouter_https_key: uWSGI splits at commas; give paths without one"],
    ),
    ({"http": "0.0.0.0:80"}, EMPEROR, [LOW]),
    ({"http": "0.0.0.0:80"}, EMPEROR._replace(user="root"), []),
    ({"http": "0.0.0.0:80"}, EMPEROR._replace(user=""), []),
    ({"http": "0.0.0.0:80"}, EMPEROR._replace(supervisor="daemon"), []),
    ({"http": "0.0.0.0:80"}, EMPEROR._replace(capabilities=["CAP_NET_BIND_SERVICE"]), []),
    ({"options": {"fastrouter-timeout": 5}}, EMPEROR, ["fastrouter_options.fastrouter-timeout: is set by fastrouter_timeout..."]),
    ({"tolerance": 14}, EMPEROR, ["fastrouter.server_params.tolerance: under three announce intervals..."]),
]


@pytest.mark.parametrize(("given", "emperor", "words"), FLAWS)
def test_what_goes_wrong_in_silence_is_found(given: dict[str, Any], emperor: Any, words: list[str]) -> None:
    variables = FASTROUTER._replace(**given)
    found = fastrouter.flaws(variables, emperor, fastrouter.routers(variables, emperor), emperor.announce_interval)
    assert len(found) == len(words), found
    assert [one for one, said in zip(found, words) if not is_said(said, one)] == []
