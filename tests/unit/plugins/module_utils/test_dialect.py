# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""uWSGI's own words, and the releases that know them."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

RELEASES = [
    ("2.0", (2, 0)),
    ("2.0.31", (2, 0)),
    ("2.0.21-debian", (2, 0)),
    ("2.1-dev", (2, 1)),
    (" 2.1\n", (2, 1)),
    ("2.10.1", (2, 10)),
    ("3.0", (3, 0)),
]


@pytest.mark.parametrize(("text", "release"), RELEASES)
def test_a_version_is_read_to_its_minor_number(text: str, release: _dialect.Release) -> None:
    assert _dialect.parse_release("uwsgi_version", text) == release


def test_two_releases_differ() -> None:
    assert (_dialect.V2_0, _dialect.V2_1) == ((2, 0), (2, 1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2", "'2' is not a uWSGI version; give one such as 2.0 or 2.0.31"),
        ("", "'' is not a uWSGI version; give one such as 2.0 or 2.0.31"),
        ("latest", "'latest' is not a uWSGI version; give one such as 2.0 or 2.0.31"),
        ("v2.0", "'v2.0' is not a uWSGI version; give one such as 2.0 or 2.0.31"),
        ("1.9.21", "uWSGI 1.9.21 is not supported; the oldest release that is, is 2.0"),
        ("20000.1", "'20000.1' is not a uWSGI version; give one such as 2.0 or 2.0.31"),
        ("2.00000", "'2.00000' is not a uWSGI version; give one such as 2.0 or 2.0.31"),
    ],
)
def test_what_is_no_version_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        _dialect.parse_release("uwsgi_version", text)
    assert (caught.value.path, caught.value.problem) == ("uwsgi_version", problem)


def test_what_the_target_lacks_is_refused() -> None:
    for since, release in (((2, 0), (2, 0)), ((2, 0), (2, 1)), ((2, 1), (2, 1)), ((2, 1), (3, 0))):
        _dialect.require("arg", "the option x", since, release)
    with pytest.raises(ArgumentError) as caught:
        _dialect.require("arg", "the option x", (2, 1), (2, 0))
    assert str(caught.value) == (
        "arg: the option x needs uWSGI 2.1 and the target has 2.0, which would ignore it silently; "
        "leave it out, or set uwsgi_version if the target is newer"
    )


def test_modifiers_have_numbers_of_8_bits_and_their_own_each() -> None:
    assert all(0 <= number <= 255 for number in _dialect.MODIFIERS.values())
    assert len(set(_dialect.MODIFIERS.values())) == len(_dialect.MODIFIERS)


SOCKETS = [
    "socket", "uwsgi-socket", "suwsgi-socket", "puwsgi-socket", "ssl-socket", "http-socket", "http11-socket", "https-socket",
    "fastcgi-socket", "fastcgi-nph-socket", "scgi-socket", "scgi-nph-socket", "raw-socket",
]  # fmt: skip


@pytest.mark.parametrize("name", SOCKETS)
def test_these_give_an_instance_a_socket_of_its_own(name: str) -> None:
    assert name in _dialect.SOCKETS


@pytest.mark.parametrize("name", ["", "s", "socket-timeout", "zerg-socket", "map-socket", "http", "-socket", "socket\n"])
def test_these_do_not(name: str) -> None:
    assert name not in _dialect.SOCKETS


# For each plugin that makes routers, the options that start one.
ROUTERS = {
    "fastrouter": {"fastrouter"},
    "http": {"http", "https", "https2", "http-to-https"},
    "rawrouter": {"rawrouter"},
    "sslrouter": {"sslrouter", "sslrouter2"},
}


def test_every_router_belongs_to_a_plugin() -> None:
    found = {plugin: {option for option, one in _dialect.ROUTERS.items() if one == plugin} for plugin in ROUTERS}
    assert found == ROUTERS
    assert set(_dialect.ROUTERS.values()) == set(ROUTERS)


def test_an_algorithm_has_the_name_of_a_task_and_that_of_uwsgi() -> None:
    assert [(algo.argument, algo.name) for algo in _dialect.ALGORITHMS] == [
        ("ip_hash", "iphash"),
        ("least_reference_count", "lrc"),
        ("weighted_least_reference_count", "wlrc"),
        ("weighted_round_robin", "wrr"),
    ]
    assert {algo.name for algo in _dialect.ALGORITHMS if algo.since > _dialect.V2_0} == {"iphash"}
    assert sorted(_dialect.ALGORITHM_CHOICES) == sorted(
        name for algo in _dialect.ALGORITHMS for name in (algo.argument, algo.name)
    )


@pytest.mark.parametrize("text", ["٢.٤", "2.٤", "2.²"])
def test_a_release_has_ascii_digits(text: str) -> None:
    with pytest.raises(ArgumentError, match="is not a uWSGI version"):
        _dialect.parse_release("uwsgi_version", text)


# The options in 2.0.31's --help that belong to a bound socket; tests/conformance changes one.
BOUND = (
    "abstract-socket chmod-socket chown-socket freebind listen protocol reuse-port so-keepalive so-send-timeout so-write-timeout "
    "socket-protocol socket-rcvbuf socket-send-timeout socket-sndbuf socket-write-timeout tcp-fast-open tcp-fastopen"
)


def test_what_is_fixed_when_a_socket_is_bound_is_known() -> None:
    assert sorted(_dialect.BOUND) == BOUND.split()
