# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unexpected files, folders and disks: each causes an error that names the argument, and nothing changes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest
from support import keys, modules
from support.files import DRY_RUN, NOBODY, immutable, needs_root, put, snapshot
from support.uwsgi import BINARY

SECRET = keys.private("ec", "hostile")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def fragment(folder: Path) -> tuple[str, dict[str, Any], str]:
    entry = {"server": "10.0.0.2:2626", "key": "k" * 200}
    return "uwsgi_subscription", {"path": str(folder / "a.ini"), "subscriptions": [entry] * 9, "validate": False}, "path"


def vassals(folder: Path) -> tuple[str, dict[str, Any], str]:
    items = [{"name": name, "options": {"env": "A=" + "x" * 3000}} for name in ("0", "a", "z")]
    return "uwsgi_vassals", {"path": str(folder), "vassals": items, "validate": False}, "vassals[1]"


def signing_keys(folder: Path) -> tuple[str, dict[str, Any], str]:
    items = [{"file": name, "content": SECRET} for name in ("0.pem", "a.pem", "z.pem")]
    return "uwsgi_signing_keys", {"path": str(folder), "signing_keys": items}, "signing_keys[1].file"


KINDS = {"a.ini": [fragment, vassals], "a.pem": [signing_keys]}
ALL = [(kind, name) for name, kinds in KINDS.items() for kind in kinds]
Kind = Callable[[Path], Any]


def refused(kind: Kind, folder: Path, words: str, place: str = "", prefix: tuple[str, ...] = ()) -> None:
    """Run, and check that it ends with an error that names the argument, or only the host's file, and leaves the folder alone."""
    module, arguments, dummy = kind(folder)
    before = snapshot(folder) if folder.is_dir() else None
    result = modules.run(module, arguments, prefix=prefix)
    assert result.failed
    assert result.data.get("argument", "") == place
    assert words in result.msg
    assert str(folder) in result.msg
    assert "\n" not in result.msg
    assert keys.leaked(result.output, SECRET) == []
    assert (snapshot(folder) if folder.is_dir() else None) == before


def link(path: Path) -> None:
    path.symlink_to(put(path.parent.parent / "outside", "precious"))


def dangling(path: Path) -> None:
    path.symlink_to(path.parent.parent / "not-there")


OBSTACLES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a symbolic link": (link, "is a symbolic link and not a regular file; remove it first"),
    "a dangling link": (dangling, "is a symbolic link and not a regular file"),
    "a folder": (Path.mkdir, "is a directory and not a regular file"),
    "a pipe": (os.mkfifo, "is a pipe and not a regular file"),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.parametrize(("kind", "name"), ALL, ids=lambda one: getattr(one, "__name__", ""))
def test_what_stands_in_a_files_place_stays(kind: Kind, name: str, obstacle: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    make, words = OBSTACLES[obstacle]
    make(folder / name)
    refused(kind, folder, words, kind(folder)[2])
    if obstacle == "a symbolic link":
        assert (tmp_path / "outside").read_text() == "precious"


@pytest.mark.parametrize(("kind", "name"), ALL, ids=lambda one: getattr(one, "__name__", ""))
def test_an_immutable_file_takes_its_neighbours_back(kind: Kind, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    put(folder / ("z" + name[1:]))
    with immutable(put(folder / name)):
        refused(kind, folder, f"{folder / name}: Operation not permitted; nothing was changed")


@pytest.mark.parametrize(("kind", "name"), ALL, ids=lambda one: getattr(one, "__name__", ""))
def test_an_immutable_folder(kind: Kind, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with immutable(folder):
        refused(kind, folder, "nothing was changed")
    assert name


@pytest.mark.parametrize(("kind", "name"), ALL, ids=lambda one: getattr(one, "__name__", ""))
def test_folders_that_are_none(kind: Kind, name: str, tmp_path: Path) -> None:
    refused(kind, tmp_path / "missing", "is not there; create it first, for example with ansible.builtin.file", "path")
    refused(kind, put(tmp_path / "file"), "can't be used as a directory: Not a directory", "path")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    refused(kind, tmp_path / "loop", "can't be used as a directory: ", "path")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]
    assert name


@needs_root
@pytest.mark.parametrize(("kind", "name"), ALL, ids=lambda one: getattr(one, "__name__", ""))
def test_what_an_ordinary_user_may_not_do(kind: Kind, name: str, tmp_path: Path) -> None:
    if subprocess.run([*AS_NOBODY, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"the user nobody can't run {sys.executable}")
    for parent in (tmp_path, *tmp_path.parents):
        if parent != Path("/tmp") and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    os.chmod(folder, 0o755)
    refused(kind, folder, "Permission denied", prefix=AS_NOBODY)
    put(folder / name, bits=0o600)
    refused(kind, folder, f"{folder / name}: can't be read: Permission denied", prefix=AS_NOBODY)


@contextmanager
def disk(folder: Path, options: str) -> Iterator[None]:
    """A small file system in a folder."""
    argv = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(argv, capture_output=True, check=False, timeout=30).returncode != 0:
        pytest.skip("may not mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True, timeout=30)


@needs_root
@pytest.mark.parametrize(("kind", "name"), ALL, ids=lambda one: getattr(one, "__name__", ""))
def test_a_full_disk_and_one_that_is_read_only(kind: Kind, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with disk(folder, "size=32k,mode=0755"):
        put(folder / name)
        with (folder / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
            while True:
                filler.write(b"x" * 512)
        refused(kind, folder, "No space left on device; nothing was changed")
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True, timeout=30)
        refused(kind, folder, "Read-only file system; nothing was changed")


@pytest.mark.parametrize("path", ["/", "/no/such/folder/", "", "."])
def test_paths_that_name_no_file(path: str, tmp_path: Path) -> None:
    result = modules.run("uwsgi_subscription", {"path": path, "subscriptions": [{"server": "10.0.0.2:1", "key": "a"}]})
    assert result.failed
    assert "path" in result.msg
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_made_goes_again_after_an_error(tmp_path: Path) -> None:
    arguments = {"path": str(tmp_path / "new"), "directory_mode": "0755"}
    items = [{"name": "a", "options": {"no-such-option": 1}}]
    validated = {"vassals": items, "validate": True, "uwsgi_binary": BINARY, **DRY_RUN}
    assert modules.run("uwsgi_vassals", {**arguments, **validated}).failed
    assert modules.run("uwsgi_signing_keys", {**arguments, "signing_keys": [{"file": "a.pem", "content": "x"}]}).failed
    assert list(tmp_path.iterdir()) == []
