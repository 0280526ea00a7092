# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders: made completely or not at all, and never where another user could put a link."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import folders
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import UnsafePath
from support.files import NOBODY, mode, needs_root, ordinary_user, put


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


STRAY = ".emperor-uwsgi-0123abcd-17.tmp"


@pytest.mark.parametrize("there", [True, False])
def test_what_a_killed_run_left_beside_it_goes(tmp_path: Path, there: bool) -> None:
    for name in (STRAY, "folder", *(["a"] if there else [])):
        (tmp_path / name).mkdir()
    (tmp_path / STRAY.replace("17", "18")).mkdir()
    # A file, and a folder that another run is working in.
    kept = [put(tmp_path / STRAY.replace("17", "19")), tmp_path / STRAY.replace("17", "20")]
    kept[1].mkdir()
    put(kept[1] / "file")
    assert folders.make(str(tmp_path / "a"), Attributes(None, None, 0o700)) == ([] if there else [str(tmp_path / "a")])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a", "folder", *(path.name for path in kept)])


def test_a_run_whose_folder_is_swept_away_makes_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename
    swept = []

    def late(name: str, *args: Any, **kwargs: Any) -> None:
        if len(swept) < 2:
            swept.append(name)
            with folders.Place(str(tmp_path / "other")) as place:
                folders._sweep(place)
        rename(name, *args, **kwargs)

    monkeypatch.setattr(os, "rename", late)
    assert folders.make(str(tmp_path / "a"), Attributes(None, None, 0o711)) == [str(tmp_path / "a")]
    assert (len(swept), mode(tmp_path / "a"), os.listdir(tmp_path)) == (2, "0711", ["a"])
    monkeypatch.setattr(folders, "_MOST_TRIES", 1)
    swept.clear()
    with pytest.raises(OSError, match="other runs remove it again and again"):
        folders.make(str(tmp_path / "b"), Attributes(None, None, 0o711))
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_that_another_run_made_meanwhile_is_left(tmp_path: Path) -> None:
    with folders.Place(str(tmp_path / "a")) as place:
        (tmp_path / "a").mkdir(mode=0o755)
        put(tmp_path / "a" / "file")
        assert not folders._make(place, Attributes(None, None, 0o700))
    assert (mode(tmp_path / "a"), os.listdir(tmp_path)) == ("0755", ["a"])


@needs_root
def test_who_can_not_list_a_folder_sweeps_nothing(tmp_path: Path) -> None:
    with ordinary_user() as folder:
        (folder / STRAY).mkdir()
        folder.chmod(0o300)
        folders.make(str(folder / "a"), Attributes(None, None, 0o700))
        folder.chmod(0o700)
        assert sorted(os.listdir(folder)) == [STRAY, "a"]
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
