# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs of subscriptions, built from the table in ``table``."""

from __future__ import annotations

from typing import Any, Dict

from .table import GROUPS

# Options whose names look like secrets but hold domains or file names.
_NOT_SECRET = ("key", "signing", "sni_key", "key_dot_split")
_PURGE = (("purge", False), ("allow_empty", True))
_REQUIRED = ("server", "key")


def group(name: str) -> Dict[str, Any]:
    """The suboptions of a group in ``table.GROUPS``."""
    spec = {}
    for row in GROUPS[name]:
        spec[row.argument] = dict(row.kind.ansible)
        if row.argument in _NOT_SECRET:
            spec[row.argument]["no_log"] = False
    return spec


def subscriptions() -> Dict[str, Any]:
    """The arguments that make a fragment, each with its suboptions."""
    entry = group("subscriptions")
    for name in _REQUIRED:
        entry[name]["required"] = True
    entry["resolve_server"] = {"type": "bool"}
    spec: Dict[str, Any] = {"subscriptions": {"type": "list", "elements": "dict", "options": entry}}
    for name in ("server_params", "server_verification_params", "client_params"):
        spec[name] = {"type": "dict", "options": group(name)}
    spec["resolve_server"] = {"type": "bool", "default": False}
    return spec


def host_uwsgi() -> Dict[str, Any]:
    """The arguments about the host's own uWSGI."""
    return {
        "uwsgi_version": {"type": "str"},
        "uwsgi_binary": {"type": "str", "default": "uwsgi"},
        "validate": {"type": "bool"},
        "user": {"type": "str"},
    }


def directory(purges: bool = True) -> Dict[str, Any]:
    """The arguments about a directory with managed files.

    Args:
        purges: whether the module can remove files that are no longer described.
    """
    purge: Dict[str, Any] = {name: {"type": "bool", "default": default} for name, default in _PURGE} if purges else {}
    return {
        "path": {"type": "path", "required": True},
        "directory_mode": {"type": "raw"},
        "directory_owner": {"type": "str"},
        "directory_group": {"type": "str"},
        **purge,
        "owner": {"type": "str"},
        "group": {"type": "str"},
        "mode": {"type": "raw"},
    }


def vassals() -> Dict[str, Any]:
    """The arguments of the module ``uwsgi_vassals``."""
    return {
        **host_uwsgi(),
        **directory(),
        # The module checks them itself with the same table: Ansible's check of suboptions costs more than all other work.
        "vassals": {"type": "list", "elements": "dict", "required": True},
        "default_options": {"type": "dict"},
        "default_client_params": {"type": "dict"},
        "default_signing": {
            "type": "dict",
            "options": {
                "directory": {"type": "str", "required": True},
                "digest": {"type": "str", "default": "SHA256"},
                "succeeding": {"type": "list", "elements": "str", "default": []},
                "router_version": {"type": "str"},
            },
        },
        "resolve_server": {"type": "bool", "default": False},
        "suspend_dir": {"type": "path"},
        "tyrant": {"type": "bool", "default": False},
        "emperor_stats": {
            "type": "str",
            "aliases": ["stats"],
            "deprecated_aliases": [{"name": "stats", "version": "3.0.0", "collection_name": "emperor.uwsgi"}],
        },
    }


def daemon() -> Dict[str, Any]:
    """The arguments of the module ``uwsgi_daemon``."""
    return {
        "ini": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["started", "stopped", "restarted"], "default": "started"},
        "pidfile": {"type": "path", "required": True},
        "log": {"type": "path"},
        "uwsgi_binary": {"type": "str", "default": "uwsgi"},
        "timeout": {"type": "int", "default": 90},
    }


def signing_keys() -> Dict[str, Any]:
    """The arguments of the module ``uwsgi_signing_keys``."""
    found = directory()
    found["mode"]["default"] = "0400"
    return {
        **found,
        "tyrant": {"type": "bool", "default": False},
        "signing_keys": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "no_log": False,
            "options": {
                "file": {"type": "str", "required": True},
                "content": {"type": "str", "required": True, "no_log": True},
                "owner": {"type": "str"},
            },
        },
        "purge_limit": {"type": "int", "default": 100},
    }


def health() -> Dict[str, Any]:
    """The arguments of the module ``uwsgi_health``."""
    return {
        **directory(purges=False),
        "vassals": {"type": "list", "elements": "dict", "required": True},
        "vassals_path": {"type": "path", "required": True},
    }
