# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that are being rotated: what the controller's folder says of them, and what the nodes announce meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import default_signing
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.store import Store
from support import keys
from support.files import put

OLD, NEW = keys.private("ec", "old"), keys.private("ec", "new")
# The files of the folder, and what a rotation still has to do.
STATES: list[tuple[dict[str, str], dict[str, str]]] = [
    ({}, {}),
    ({"a.pem": OLD}, {}),
    ({"a.pem": OLD, "next/a.pem": NEW}, {"a.pem": NEW}),
    ({"a.pem": OLD, "b.pem": OLD, "next/a.pem": NEW}, {"a.pem": NEW}),
    # It is the key already: only the folder is left to be removed.
    ({"a.pem": NEW, "next/a.pem": NEW}, {}),
    ({"a.pem": "# a comment\n" + NEW, "next/a.pem": NEW}, {}),
    ({"next/a.pem": NEW}, {"a.pem": NEW}),
    ({"a.pem": OLD, "next/notes.txt": "no key"}, {}),
]


@pytest.mark.parametrize(("files", "successors"), STATES)
def test_successors_are_not_yet_the_keys(files: dict[str, str], successors: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "next").mkdir()
    for name, content in files.items():
        put(tmp_path / name, content)
    assert Store(str(tmp_path), DataLoader()).successors() == successors


def test_without_a_rotation_there_are_none(tmp_path: Path) -> None:
    assert Store(str(tmp_path), DataLoader()).successors() == {}
    assert Store(str(tmp_path / "nowhere"), DataLoader()).successors() == {}


def test_a_successor_must_be_a_key(tmp_path: Path) -> None:
    (tmp_path / "next").mkdir()
    put(tmp_path / "next" / "a.pem", keys.public("ec", "new"))
    with pytest.raises(ArgumentError) as found:
        Store(str(tmp_path), DataLoader()).successors()
    assert keys.leaked(str(found.value), OLD, NEW) == []


ENTRY = {"server": "10.0.0.2:2626", "key": "a.test"}
# A subscription, the names that have successors, and how it's announced.
ANNOUNCED: list[tuple[dict[str, Any], list[str], list[Any]]] = [
    (ENTRY, [], [["SHA256", "/keys/a.test.pem"]]),
    (ENTRY, ["b.test.pem"], [["SHA256", "/keys/a.test.pem"]]),
    (ENTRY, ["a.test.pem"], [["SHA256", "/keys/a.test.pem"], ["SHA256", "/keys/next/a.test.pem"]]),
    ({**ENTRY, "signing": "SHA512:/keys/any.pem"}, ["any.pem"], ["SHA512:/keys/any.pem", ["SHA512", "/keys/next/any.pem"]]),
    ({**ENTRY, "signing": "SHA512:/other/any.pem"}, ["any.pem"], ["SHA512:/other/any.pem"]),
    ({**ENTRY, "signing": False}, ["a.test.pem"], [None]),
]


@pytest.mark.parametrize(("entry", "succeeding", "signings"), ANNOUNCED)
def test_what_has_a_successor_is_announced_with_either(entry: dict[str, Any], succeeding: list[str], signings: list[Any]) -> None:
    vassals = [{"name": "a", "subscriptions": [entry]}]
    found = default_signing.signed_vassals(vassals, "/keys", "SHA256", succeeding)[0]["subscriptions"]
    assert [one.get("signing") for one in found] == signings
    assert {(one["server"], one["key"]) for one in found} == {("10.0.0.2:2626", "a.test")}
