# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After an error a directory's files are as they were."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Callable, Tuple, Type

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.directory import Directory, Wanted
from support.files import immutable, needs_root, ordinary_user, put, snapshot


def bring(folder: Path, *wanted: Wanted, unwanted: Tuple[str, ...] = (), then: Callable[[], None] = lambda: None) -> None:
    with Directory(str(folder), "where") as tree:
        plan = tree.compare(wanted, unwanted)
        tree.apply(plan, then)


def filled(folder: Path) -> Tuple[Wanted, ...]:
    """A folder, and wanted files for it that need every kind of change."""
    put(folder / "update", bits=0o640)
    put(folder / "attributes", bits=0o4751)
    put(folder / "remove")
    (folder / "link").symlink_to("remove")
    return (
        Wanted("create", b"new", "items[0]"),
        Wanted("update", b"new", "items[1]", mode=0o600),
        Wanted("attributes", b"old", "items[2]", mode=0o600),
    )


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, ArgumentError])
def test_what_is_raised_at_the_end_takes_everything_back(tmp_path: Path, kind: Type[BaseException]) -> None:
    wanted = filled(tmp_path)
    before = snapshot(tmp_path)
    error = kind("a", "b")

    def then() -> None:
        assert sorted(set(os.listdir(str(tmp_path))) & set(before)) == ["attributes", "update"]
        raise error

    with pytest.raises(kind) as caught:
        bring(tmp_path, *wanted, unwanted=("remove", "link"), then=then)
    assert caught.value is error
    assert snapshot(tmp_path) == before


def test_an_error_of_the_system_at_the_end_is_told_of_the_directory(tmp_path: Path) -> None:
    wanted = filled(tmp_path)
    before = snapshot(tmp_path)
    with pytest.raises(HostError) as caught:
        bring(tmp_path, *wanted, unwanted=("remove", "link"), then=lambda: os.unlink("/nonexistent/file"))
    problem = "No such file or directory; nothing was changed"
    assert (caught.value.what, caught.value.problem) == ("/nonexistent/file", problem)
    assert snapshot(tmp_path) == before


@needs_root
def test_owners_are_taken_back(tmp_path: Path) -> None:
    os.chown(str(put(tmp_path / "a", bits=0o640)), 5, 6)
    os.chown(str(put(tmp_path / "b", bits=0o640)), 5, 6)
    before = snapshot(tmp_path)
    with pytest.raises(ZeroDivisionError):
        bring(tmp_path, Wanted("a", b"old", "", 7, 8), Wanted("b", b"new", "", 7, 8), then=lambda: 1 // 0)
    assert snapshot(tmp_path) == before


def test_of_two_errors_the_first_is_told_and_the_rest_is_taken_back(tmp_path: Path) -> None:
    wanted = filled(tmp_path)
    before = snapshot(tmp_path)

    def then() -> None:
        (tmp_path / "create").unlink()
        raise RuntimeError("the first")

    with pytest.raises(RuntimeError, match="the first"):
        bring(tmp_path, *wanted, unwanted=("remove", "link"), then=then)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("at", [0, 1])
def test_a_folder_that_comes_between_is_an_error(tmp_path: Path, at: int) -> None:
    wanted = [Wanted("new0", b"new", "items[0]"), Wanted("new1", b"new", "items[1]")]
    put(tmp_path / "remove")
    with Directory(str(tmp_path)) as tree:
        plan = tree.compare(wanted, ["remove"])
        (tmp_path / wanted[at].name).mkdir()
        before = snapshot(tmp_path)
        with pytest.raises(HostError) as caught:
            tree.apply(plan)
    assert str(caught.value) == f"{tmp_path / wanted[at].name}: Is a directory; nothing was changed"
    assert snapshot(tmp_path) == before


@needs_root
@pytest.mark.parametrize("name", ["update", "attributes", "remove"])
def test_an_immutable_file_is_an_error(tmp_path: Path, name: str) -> None:
    wanted = filled(tmp_path)
    before = snapshot(tmp_path)
    with immutable(tmp_path / name), pytest.raises(HostError) as caught:
        bring(tmp_path, *wanted, unwanted=("link", "remove"))
    assert str(caught.value) == f"{tmp_path / name}: Operation not permitted; nothing was changed"
    assert snapshot(tmp_path) == before


def test_a_file_that_can_not_be_written_to_its_end_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "b")
    before = snapshot(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(HostError) as caught:
            bring(tmp_path, Wanted("a", b"fits", "items[0]"), Wanted("b", b"x" * 5001, "items[1]"), unwanted=("c",))
        assert snapshot(tmp_path) == before
        bring(tmp_path, Wanted("b", b"x" * 5000, "items[1]"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == f"{tmp_path / 'b'}: File too large; nothing was changed"
    assert (tmp_path / "b").read_bytes() == b"x" * 5000


def test_an_owner_that_can_not_be_given_is_an_error() -> None:
    with ordinary_user() as folder:
        put(folder / "b")
        before = snapshot(folder)
        for wanted in (Wanted("a", b"new", "items[0]", 0), Wanted("b", b"old", "items[0]", None, 0)):
            with pytest.raises(HostError) as caught:
                bring(folder, wanted)
            assert str(caught.value) == f"{folder / wanted.name}: Operation not permitted; nothing was changed"
            assert snapshot(folder) == before
