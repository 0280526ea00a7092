# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of options and fields."""

from __future__ import annotations

from typing import Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import kinds
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.table import ARGUMENTS, GROUPS
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1


def test_every_row_is_written_in_one_way() -> None:
    for rows in GROUPS.values():
        assert len({row.argument for row in rows}) == len(rows)


def test_every_kind_is_used() -> None:
    every = {name for name, one in vars(kinds).items() if isinstance(one, kinds.Kind)}
    assert every == {row.kind.name.upper() for rows in GROUPS.values() for row in rows}


def test_two_arguments_of_one_option_are_one_line_or_exclude_each_other() -> None:
    found: Dict[Tuple[str, str], List[str]] = {}
    for group, rows in GROUPS.items():
        for row in rows:
            found.setdefault((group, row.name), []).append(row.argument)
    assert [names for names in found.values() if len(names) > 1] == [["digest_algo", "dir_cert"], ["check_file", "suspend_file"]]


# What uWSGI 2.0 would ignore silently.
NEW = {
    "server_params": {"mountpoints_depth", "require_vassal", "tolerance_inactive"},
    "server_verification_params": set(),
    "client_params": {"clear_on_exit"},
    "subscriptions": {"address_vassal", "balancing_algo", "backup_level", "protocol", "inactive"},
}


def test_only_these_need_2_1() -> None:
    assert {group: {row.argument for row in rows if row.since == V2_1} for group, rows in GROUPS.items()} == NEW
    assert {row.since for rows in GROUPS.values() for row in rows} == {V2_0, V2_1}


def test_what_an_argument_says_besides_names_one_that_there_is() -> None:
    known = {f"{group}.{row.argument}" for group, rows in GROUPS.items() for row in rows}
    lists = {name.replace("subscriptions.", "subscriptions[].") for name in known}
    named = {part for name in ARGUMENTS.values() for part in name.split(" and ")}
    assert named <= known | lists | set(GROUPS)


# An option, and the arguments that write it.
WRITTEN = [
    ("subscribe2", "subscriptions"),
    ("subscribe-to", "subscriptions"),
    ("subscribe", "subscriptions"),
    ("st", "subscriptions"),
    ("weight", "subscriptions[].balancing_weight"),
    ("auto-weight", "subscriptions[].balancing_weight"),
    ("subscribe-with-modifier1", "subscriptions[].modifier"),
    ("subscription-mountpoint", "server_params.mountpoints_depth"),
    ("subscription-mountpoints", "server_params.mountpoints_depth"),
    (
        "subscriptions-sign-check",
        "server_verification_params.digest_algo and server_verification_params.dir_cert",
    ),
]


@pytest.mark.parametrize(("option", "arguments"), WRITTEN)
def test_the_arguments_of_an_option_are_named(option: str, arguments: str) -> None:
    assert ARGUMENTS[option] == arguments
