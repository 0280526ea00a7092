# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders: made whole or not at all, never where a stranger could put a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import folders
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import UnsafePath
from support.files import NOBODY, mode, needs_root, put


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c"
    assert folders.make(str(path), Attributes(None, None, 0o711)) == [str(one) for one in (path.parent.parent, path.parent, path)]
    assert mode(path) == "0711"
    assert folders.make(str(path), Attributes(None, None, 0o700)) == []
    assert mode(path) == "0711"
    folders.unmake([str(path.parent), str(path)])
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
    assert list((tmp_path / "a").iterdir()) == []


def test_what_is_in_use_is_not_unmade(tmp_path: Path) -> None:
    made = folders.make(str(tmp_path / "a" / "b"), Attributes(None, None, None))
    put(tmp_path / "a" / "b" / "file")
    folders.unmake(made)
    assert (tmp_path / "a" / "b" / "file").exists()


def test_of_one_that_can_not_be_made_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*dummy: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", fails)
    with pytest.raises(OSError, match="No space left"):
        folders.make(str(tmp_path / "a" / "b"), Attributes(None, None, 0o700))
    assert list(tmp_path.iterdir()) == []


@needs_root
def test_none_is_made_or_amended_in_a_strangers_folder(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "below").mkdir(parents=True)
    os.chown(tmp_path / "theirs", NOBODY, NOBODY)
    with pytest.raises(UnsafePath):
        folders.make(str(tmp_path / "theirs" / "new" / "one"), Attributes(0, 0, 0o700))
    with pytest.raises(UnsafePath):
        folders.amend(str(tmp_path / "theirs" / "below"), Attributes(0, 0, 0o700))
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["below"]
    assert folders.amend(str(tmp_path / "theirs"), Attributes(0, 0, 0o711), check_mode=True)
    assert (tmp_path / "theirs").stat().st_uid == NOBODY
    assert folders.amend(str(tmp_path / "theirs"), Attributes(0, 0, 0o711))
    assert ((tmp_path / "theirs").stat().st_uid, mode(tmp_path / "theirs")) == (0, "0711")
    assert not folders.amend(str(tmp_path / "theirs"), Attributes(0, 0, 0o711))
