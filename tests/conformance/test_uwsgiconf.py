# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An independent library, uwsgiconf, writes the same options and fields for the same arguments.

The names of the arguments come from uwsgiconf. Where the collection differs, DIFFERENT says why, and which test shows it.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import subscription, table
from support import ini
from uwsgiconf.config import Section
from uwsgiconf.options.routing import Routing
from uwsgiconf.options.subscriptions import Subscriptions

SERVER = "10.0.0.2:2626"

# Groups of arguments, and uwsgiconf's method for each.
METHODS = {
    "server_params": "set_server_params",
    "server_verification_params": "set_server_verification_params",
    "client_params": "set_client_params",
}
SAME: list[tuple[str, dict[str, Any]]] = [
    ("server_params", {"client_notify_address": "/run/notify"}),
    ("server_params", {"mountpoints_depth": 2}),
    ("server_params", {"require_vassal": True}),
    ("server_params", {"tolerance": 20}),
    ("server_params", {"tolerance_inactive": 30}),
    ("server_params", {"key_dot_split": True}),
    ("server_verification_params", {"digest_algo": "SHA256", "dir_cert": "/etc/keys"}),
    ("server_verification_params", {"tolerance": 300}),
    ("server_verification_params", {"no_check_uid": [33, 1000]}),
    ("server_verification_params", {"pass_unix_credentials": True}),
    ("client_params", {"start_unsubscribed": True}),
    ("client_params", {"clear_on_exit": True}),
    ("client_params", {"unsubscribe_on_reload": True}),
    ("client_params", {"announce_interval": 3}),
    ("subscriptions", {}),
    ("subscriptions", {"key": "a.test:8080/mount"}),
    ("subscriptions", {"server": "/run/subscriptions"}),
    ("subscriptions", {"address": "10.0.0.7:3031"}),
    ("subscriptions", {"address": 0}),
    ("subscriptions", {"address": 2}),
    ("subscriptions", {"address_vassal": "shop.ini"}),
    ("subscriptions", {"balancing_weight": 3}),
    ("subscriptions", {"balancing_algo": "ip_hash"}),
    ("subscriptions", {"balancing_algo": "least_reference_count"}),
    ("subscriptions", {"balancing_algo": "weighted_least_reference_count"}),
    ("subscriptions", {"balancing_algo": "weighted_round_robin"}),
    ("subscriptions", {"balancing_algo": "weighted_round_robin", "backup_level": 2}),
    ("subscriptions", {"signing": ["SHA256", "/etc/keys/a.pem"]}),
    ("subscriptions", {"check_file": "/run/silent"}),
    ("subscriptions", {"protocol": "http"}),
    ("subscriptions", {"sni_cert": "/c.pem", "sni_key": "/k.pem"}),
    ("subscriptions", {"sni_cert": "/c.pem", "sni_key": "/k.pem", "sni_client_ca": "/a.pem"}),
    ("subscriptions", {"address": "10.0.0.7:3031", "signing": ["SHA1", "/k"], "check_file": "/c", "balancing_weight": 2}),
]
# Group, arguments, what uwsgiconf writes, what the collection writes, and the reason.
DIFFERENT: list[tuple[str, dict[str, Any], list[Any], list[Any], str]] = [
    (
        "server_verification_params",
        {"dir_credentials": ["/etc/credentials"]},
        [("subscriptions-credentials-check", "/etc/credentials")],
        [("subscriptions-credentials-check", "/etc/credentials/")],
        "uWSGI puts the key right behind the value, so without a slash no file is ever found: test_verification.py",
    ),
    (
        "subscriptions",
        {"sni_cert": "/c,1", "sni_key": "/k"},
        [("server", SERVER), ("key", "a.test"), ("sni_crt", "/c"), ("1", ""), ("sni_key", "/k")],
        [("server", SERVER), ("key", "a.test"), ("sni_crt", "/c,1"), ("sni_key", "/k")],
        "a comma parts fields unless a backslash stands before it: test_round_trip.py",
    ),
]
# Arguments that uwsgiconf lacks or mishandles, and the test that shows what they do.
ONLY_HERE = {
    "server_params.balancing_algo": "an option since 2.0: test_routers.py",
    "subscriptions.modifier": "uwsgiconf takes objects and drops them again: test_announcements.py",
    "subscriptions.suspend_file": "check_file under an honest name: test_nodes.py",
    "subscriptions.inactive": "a field of 2.1: test_options.py",
}


def theirs(group: str, arguments: dict[str, Any]) -> list[Any]:
    """The options that uwsgiconf writes, or the fields of the subscription."""
    section = Section(embedded_plugins=False)
    if group != "subscriptions":
        getattr(section.subscriptions, METHODS[group])(**arguments)
        return _lines(section)
    given = dict(arguments)
    if "balancing_algo" in given:
        algorithm = getattr(Subscriptions.algorithms, given.pop("balancing_algo"))
        level = given.pop("backup_level", None)
        given["balancing_algo"] = algorithm() if level is None else algorithm(level)
    section.subscriptions.subscribe(**{"server": SERVER, "key": "a.test", **given})
    (line,) = _lines(section)
    assert line[0] == "subscribe2"
    return ini.fields(line[1])


def _lines(section: Section) -> list[tuple[str, str]]:
    """The options, without the lines that uwsgiconf prints about itself."""
    return [pair for pair in ini.read(section.as_configuration().format()) if pair[0] != "print"]


def ours(group: str, arguments: dict[str, Any]) -> list[Any]:
    if group != "subscriptions":
        return [(line.name, line.value) for line in subscription.fragment({group: arguments}, _dialect.V2_1).lines]
    entry = {"server": SERVER, "key": "a.test", **arguments}
    (line,) = subscription.fragment({"subscriptions": [entry]}, _dialect.V2_1).lines
    # The collection always writes it, since 2.1 would otherwise use a leftover value: test_newer.py.
    said = [] if "protocol" in arguments else [("proto", "uwsgi")]
    return [field for field in ini.fields(line.value) if field not in said]


@pytest.mark.parametrize(("group", "arguments"), SAME, ids=str)
def test_both_write_the_same(group: str, arguments: dict[str, Any]) -> None:
    # The order of fields and options doesn't matter to uWSGI.
    assert sorted(ours(group, arguments)) == sorted(theirs(group, arguments))


@pytest.mark.parametrize("case", DIFFERENT, ids=lambda case: case[4].partition(":")[0])
def test_the_differences_are_these(case: tuple[str, dict[str, Any], list[Any], list[Any], str]) -> None:
    group, arguments, expected_theirs, expected_ours, reason = case
    assert reason
    assert sorted(theirs(group, arguments)) == sorted(expected_theirs)
    assert sorted(ours(group, arguments)) == sorted(expected_ours)


def test_modifiers_have_the_same_names_and_numbers() -> None:
    theirs_by_name = {name: one.code for name, one in vars(Routing.modifiers).items() if hasattr(one, "code")}
    assert theirs_by_name == _dialect.MODIFIERS


def test_every_argument_is_compared_or_is_only_here() -> None:
    compared = {f"{group}.{name}" for group, arguments, *dummy in [*SAME, *DIFFERENT] for name in arguments}
    rows = {f"{group}.{row.argument}" for group, rows in table.GROUPS.items() for row in rows}
    assert rows - compared - {"subscriptions.key", "subscriptions.server"} == set(ONLY_HERE)
