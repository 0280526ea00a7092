# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs that are made from the table, and those that modules share."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import spec
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.table import GROUPS


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_the_arguments_of_its_rows(group: str) -> None:
    found = spec.group(group)
    assert list(found) == [row.argument for row in GROUPS[group]]
    for row in GROUPS[group]:
        assert {name: value for name, value in found[row.argument].items() if name != "no_log"} == row.kind.ansible


def test_domains_and_file_names_are_no_secrets() -> None:
    """Ansible would mask them in all its output, because of their names."""
    shown = [name for group in GROUPS for name, one in spec.group(group).items() if one.get("no_log") is False]
    assert sorted(shown) == ["key", "key_dot_split", "signing", "sni_key"]


def test_a_fragment_has_its_subscriptions_and_the_three_groups() -> None:
    found = spec.subscriptions()
    assert list(found) == ["subscriptions", *list(GROUPS)[:-1], "resolve_server"]
    for name in list(GROUPS)[:-1]:
        assert found[name] == {"type": "dict", "options": spec.group(name)}
    assert found["resolve_server"] == {"type": "bool", "default": False}
    assert {name: value for name, value in found["subscriptions"].items() if name != "options"} == {
        "type": "list",
        "elements": "dict",
    }
    entry = found["subscriptions"]["options"]
    assert sorted(name for name, one in entry.items() if one.get("required")) == ["key", "server"]
    # Without a default, so that the fragment's holds where a subscription doesn't say.
    assert entry["resolve_server"] == {"type": "bool"}
    assert [*spec.group("subscriptions"), "resolve_server"] == list(entry)


SHARED: Dict[str, Any] = {
    "uwsgi_version": {"type": "str"},
    "uwsgi_binary": {"type": "str", "default": "uwsgi"},
    "validate": {"type": "bool"},
    "user": {"type": "str"},
}
FOLDER: Dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "directory_mode": {"type": "raw"},
    "directory_owner": {"type": "str"},
    "directory_group": {"type": "str"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
}


def test_what_modules_share() -> None:
    assert spec.host_uwsgi() == SHARED
    assert spec.directory(purges=False) == FOLDER
    assert spec.directory() == {
        **FOLDER,
        "purge": {"type": "bool", "default": False},
        "allow_empty": {"type": "bool", "default": True},
    }
