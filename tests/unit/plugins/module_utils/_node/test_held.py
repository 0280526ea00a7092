# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The suspend files of many vassals: all of them get a reason, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import held as module
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import suspend
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.held import Held
from support.files import NOBODY, needs_root


def reasons(folder: Path) -> dict[str, list[str]]:
    return {name: sorted(os.listdir(folder / name)) for name in sorted(os.listdir(folder))}


def names(held: Held) -> dict[str, list[str]]:
    return {path: list(found) for path, found in held.reasons().items()}


def test_all_are_held_and_let_go(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in "abc"]
    suspend.hold(paths[1], "deploy")
    held = Held([(paths[:2], None), (paths[2:], identity(os.getuid()))], "operator")
    assert names(held) == {paths[0]: [], paths[1]: ["deploy"], paths[2]: []}
    for dummy in range(2):
        held.hold()
        assert names(held) == {paths[0]: ["operator"], paths[1]: ["deploy", "operator"], paths[2]: ["operator"]}
    for dummy in range(2):
        held.release()
        assert reasons(tmp_path) == {"b": ["deploy"]}


@pytest.mark.parametrize("together", [False, True])
def test_where_one_cannot_be_held_all_are_as_before(tmp_path: Path, together: bool) -> None:
    paths = [str(tmp_path / name) for name in "abc"]
    suspend.hold(paths[1], "operator")
    suspend.hold(paths[1], "deploy")
    (tmp_path / "c").touch()
    vassals = [(paths, None)] if together else [([path], None) for path in paths]
    with pytest.raises(HostError) as found:
        Held(vassals, "health").hold()
    assert (found.value.what, found.value.problem) == (
        paths[2],
        "File exists; nothing was changed. Make its folder, or remove what is there",
    )
    (tmp_path / "c").unlink()
    assert reasons(tmp_path) == {"b": ["deploy", "operator"]}


def test_what_cannot_be_read_or_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "a")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "Not A Reason").touch()
    with pytest.raises(HostError, match="can't be used: it is a folder with something else in it"):
        Held([([path], None)], "operator").reasons()

    def fails(path: str, reason: str) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(suspend, "release", fails)
    with pytest.raises(HostError, match=f"{path}: can't be removed: No space left on device"):
        Held([([path], None)], "operator").release()


def test_a_users_files_are_changed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def on_behalf_of(user: Any, work: Any) -> Any:
        seen.append(user)
        return work()

    monkeypatch.setattr(module, "on_behalf_of", on_behalf_of)
    one, two = identity(os.getuid()), identity(NOBODY)
    paths = [str(tmp_path / str(at)) for at in range(6)]
    users = [one, None, two, one, None, two]
    Held([([path], user) for path, user in zip(paths, users)], "operator").hold()
    assert seen == [None, None, one, two]
    assert list(reasons(tmp_path)) == [str(at) for at in range(6)]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter."""
    folder = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@needs_root
def test_another_users_files_are_changed_as_that_user(open_folder: Path) -> None:
    theirs = open_folder / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    own = open_folder / "c"
    held = Held([([str(theirs / "a")], None), ([str(theirs / "b")], identity(NOBODY)), ([str(own)], None)], "operator")
    held.hold()
    assert [path.stat().st_uid for path in (theirs / "a", theirs / "b", own)] == [NOBODY, NOBODY, 0]
    held.release()
    assert (list(theirs.iterdir()), own.exists()) == ([], False)
