# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Converts the values of role variables, given as data, or as text from ini inventories, ``-e NAME=VALUE``
and surveys. Pure.

Each function gets a variable's name and value, and raises ``ArgumentError`` with the name, the value and the expected form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

Convert = Callable[[str, Any], Any]

boolean = values.flag
# "auto" as a whole number: no other text or number means it.
AUTO = -(2**63) - 1


def integer(name: str, value: Any) -> int:
    """A whole number of 64 bits, in ASCII digits if it is text."""
    return values.whole(name, value, -(2**63), 2**63 - 1)


def interval(name: str, value: Any) -> int:
    """A whole number, or the word "auto"."""
    if isinstance(value, str) and value.strip() == "auto":
        return AUTO
    try:
        return integer(name, value)
    except ArgumentError as error:
        raise ArgumentError(name, f"{error.problem}; give seconds, or auto") from None


def text(name: str, value: Any) -> str:
    """Text; a number counts as text, and null as empty text."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ArgumentError(name, f"{values.shown(value)} is not text; give text, in quotes where YAML reads something else")
    return str(value)


def choice(*known: str) -> Convert:
    """One of several words."""

    def convert(name: str, value: Any) -> str:
        found = text(name, value)
        if found not in known:
            raise ArgumentError(name, f"{values.shown(found)} is not known; give one of {', '.join(known)}")
        return found

    return convert


def sequence(member: Convert) -> Convert:
    """A list. Text is read as JSON if it looks like JSON, and otherwise split at commas."""

    def convert(name: str, value: Any) -> list[Any]:
        found = _split(name, value) if isinstance(value, str) else value
        if found is None:
            return []
        if not isinstance(found, (list, tuple)):
            # A single value or mapping, as Ansible accepts them.
            found = [found]
        return [member(f"{name}[{at}]", one) for at, one in enumerate(found)]

    return convert


def maybe(member: Convert) -> Convert:
    """What another conversion accepts, or null for nothing."""

    def convert(name: str, value: Any) -> Any:
        return None if value is None else member(name, value)

    return convert


def mapping(name: str, value: Any) -> dict[str, Any]:
    """A mapping, or its text in JSON or YAML."""
    found = _loaded(name, value, "a mapping") if isinstance(value, str) else value
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise ArgumentError(name, f"{values.shown(value)} is not a mapping; give one, as text in JSON or YAML")
    return dict(found)


def mappings(name: str, value: Any) -> list[dict[str, Any]]:
    """A list of mappings, such as vassals, or its text in JSON or YAML."""
    found = _loaded(name, value, "a list of mappings") if isinstance(value, str) else value
    if found is None:
        return []
    if not isinstance(found, (list, tuple)) or not all(isinstance(one, Mapping) for one in found):
        raise ArgumentError(name, f"{values.shown(value)} is not a list of mappings; give one, as text in JSON or YAML")
    # Unchanged: there may be thousands.
    return list(found)


def _split(name: str, value: str) -> Any:
    stripped = value.strip()
    if not stripped.startswith(("[", "{")):
        return [part.strip() for part in stripped.split(",") if part.strip()]
    try:
        return json.loads(stripped)
    except (ValueError, RecursionError) as exc:
        raise ArgumentError(name, f"{values.shown(value)} begins as JSON but is invalid ({exc}); give JSON, or commas") from exc


def _loaded(name: str, value: str, wanted: str) -> Any:
    try:
        return yaml.safe_load(value)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise ArgumentError(name, f"{values.shown(value)} is neither JSON nor YAML; give {wanted} as one of them") from exc
