# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of groups of arguments. What each argument writes is tried in the tests of whole fragments."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import groups
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1, Release
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini.writer import Line

GIVEN: list[tuple[str, dict[str, Any], list[tuple[str, str]], int]] = [
    ("client_params", {}, [], 0),
    ("client_params", {"announce_interval": 5, "start_unsubscribed": None}, [("subscribe-freq", "5")], 0),
    (
        "server_verification_params",
        {"dir_cert": "/c", "digest_algo": "SHA256", "tolerance": "7"},
        [("subscriptions-sign-check", "SHA256:/c"), ("subscriptions-sign-check-tolerance", "7")],
        0,
    ),
    ("server_verification_params", {"dir_credentials": ["/c"]}, [("subscriptions-credentials-check", "/c/")], 1),
    (
        "server_verification_params",
        {"dir_credentials": ["/c"], "pass_unix_credentials": True},
        [("subscriptions-credentials-check", "/c/"), ("subscriptions-use-credentials", "true")],
        0,
    ),
]


@pytest.mark.parametrize(("name", "value", "lines", "warned"), GIVEN)
def test_a_group_is_written_in_the_order_of_the_table(
    name: str, value: dict[str, Any], lines: list[tuple[str, str]], warned: int
) -> None:
    found, warnings = groups.written("v." + name, name, value, V2_0)
    assert found == [Line(*one) for one in lines]
    assert len(warnings) == warned
    assert all(one.startswith(f"v.{name}.dir_credentials: without pass_unix_credentials") for one in warnings)


REFUSED: list[tuple[str, Any, Release, str]] = [
    ("client_params", {"interval": 1}, V2_0, "v.client_params.interval"),
    ("client_params", [1], V2_0, "v.client_params"),
    ("client_params", {"clear_on_exit": True}, V2_0, "v.client_params.clear_on_exit"),
    ("server_verification_params", {"dir_cert": "/c"}, V2_0, "v.server_verification_params.dir_cert"),
    ("server_verification_params", {"digest_algo": "SHA1"}, V2_1, "v.server_verification_params.digest_algo"),
]


@pytest.mark.parametrize(("name", "value", "release", "path"), REFUSED)
def test_what_does_not_work_is_refused(name: str, value: Any, release: Release, path: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        groups.written("v." + name, name, value, release)
    assert caught.value.path == path
