# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that are being rotated: what the controller's folder says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
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
