# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs made from the table, and those that modules share."""

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
    # It has no default, so that a subscription that doesn't set it gets the fragment's value.
    assert entry["resolve_server"] == {"type": "bool"}
    assert [*spec.group("subscriptions"), "resolve_server"] == list(entry)


def test_a_daemon_is_its_files_and_what_to_do() -> None:
    assert spec.daemon() == {
        "ini": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["started", "stopped", "restarted"], "default": "started"},
        "pidfile": {"type": "path", "required": True},
        "log": {"type": "path"},
        "uwsgi_binary": {"type": "str", "default": "uwsgi"},
        "timeout": {"type": "int", "default": 90},
    }


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


DIRECTORY = {
    "path": "path", "directory_mode": "raw", "directory_owner": "str", "directory_group": "str", "owner": "str", "group": "str",
    "mode": "raw",
}  # fmt: skip
PURGE = {"purge": "bool", "allow_empty": "bool"}
UWSGI = {"uwsgi_version": "str", "uwsgi_binary": "str", "validate": "bool", "user": "str"}
# Modules that are part of another one: their types and defaults.
PARTS: Any = [
    (spec.health(), {**DIRECTORY, "vassals": "list", "vassals_path": "path"}, {}),
    (
        spec.signing_keys(),
        {**DIRECTORY, **PURGE, "tyrant": "bool", "signing_keys": "list", "purge_limit": "int"},
        {"mode": "0400", "purge": False, "allow_empty": True, "tyrant": False, "purge_limit": 100},
    ),
    (
        spec.vassals(),
        {**DIRECTORY, **PURGE, **UWSGI, "vassals": "list", "default_options": "dict", "default_client_params": "dict",
         "default_signing": "dict", "resolve_server": "bool", "suspend_dir": "path", "tyrant": "bool", "emperor_stats": "str"},
        {"uwsgi_binary": "uwsgi", "purge": False, "allow_empty": True, "resolve_server": False, "tyrant": False},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "types", "defaults"), PARTS, ids=["health", "signing_keys", "vassals"])
def test_a_part_has_the_arguments_of_its_module(found: Dict[str, Any], types: Dict[str, str], defaults: Dict[str, Any]) -> None:
    assert {name: one["type"] for name, one in found.items()} == types
    assert {name: one["default"] for name, one in found.items() if "default" in one} == defaults
    needed = {name for name, one in found.items() if one.get("required")}
    assert needed == {"path", *({"vassals", "vassals_path", "signing_keys"} & set(types))}
    assert {one["elements"] for one in found.values() if one["type"] == "list"} == {"dict"}


def test_a_daemon_starts_stops_and_restarts() -> None:
    assert spec.daemon()["state"] == {"type": "str", "choices": ["started", "stopped", "restarted"], "default": "started"}


def test_what_signs_and_what_is_secret_has_suboptions() -> None:
    signing = spec.vassals()["default_signing"]["options"]
    assert signing == {
        "directory": {"type": "str", "required": True},
        "digest": {"type": "str", "default": "SHA256"},
        "succeeding": {"type": "list", "elements": "str", "default": []},
        "router_version": {"type": "str"},
    }
    keys = spec.signing_keys()["signing_keys"]
    assert (keys["no_log"], keys["options"]) == (False, {
        "file": {"type": "str", "required": True},
        "content": {"type": "str", "required": True, "no_log": True},
        "owner": {"type": "str"},
    })  # fmt: skip
    assert spec.vassals()["emperor_stats"]["aliases"] == ["stats"]
    [old] = spec.vassals()["emperor_stats"]["deprecated_aliases"]
    assert old == {"name": "stats", "version": "3.0.0", "collection_name": "emperor.uwsgi"}
