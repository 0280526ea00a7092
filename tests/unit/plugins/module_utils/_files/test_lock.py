# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a folder: one run at a time, a deadline, and nothing left behind."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import lock, opened
from support.files import NOBODY, needs_root, ordinary_user, put


def test_who_waits_too_long_is_told_who_holds_it(tmp_path: Path) -> None:
    with opened.folder(str(tmp_path)) as folder, lock.held(folder, "/a", 60):
        assert oct(os.stat(tmp_path / lock.NAME).st_mode & 0o777) == "0o600"
        with pytest.raises(HostError) as caught, lock.held(folder, "/a", timeout=0.1):
            pass
    assert str(caught.value) == f"/a: is locked by process {os.getpid()}; wait for it, or stop it"
    assert list(tmp_path.iterdir()) == []


def test_one_of_a_run_that_was_killed_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / lock.NAME).write_text("123456789012")
    with opened.folder(str(tmp_path)) as folder, lock.held(folder, "/a", timeout=0):
        assert (tmp_path / lock.NAME).read_text() == str(os.getpid())
    assert list(tmp_path.iterdir()) == []


@needs_root
@pytest.mark.parametrize("kind", ["file", "open to others", "link", "folder", "pipe", "hard link"])
def test_what_another_user_left_in_its_place_keeps_nobody_waiting(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "folder" / lock.NAME, put(tmp_path / "other", "precious", 0o600)
    path.parent.mkdir()
    if kind == "link":
        path.symlink_to(other)
    elif kind == "hard link":
        os.link(other, path)
    elif kind == "folder":
        (path / "below").mkdir(parents=True)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        put(path, bits=0o600 if kind == "file" else 0o644)
    if kind != "open to others":
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    if kind == "hard link":
        os.chown(path, 0, 0)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with opened.folder(str(path.parent)) as folder, lock.held(folder, "/a", timeout=0):
            assert path.read_text() == str(os.getpid())
    finally:
        os.close(handle)
    assert not path.exists()
    assert other.read_text() == "precious"


def test_only_one_has_it_at_a_time(tmp_path: Path) -> None:
    inside: List[int] = []
    most: List[int] = []

    def work() -> None:
        for at in range(20):
            with opened.folder(str(tmp_path)) as folder, lock.held(folder, "/a", 60):
                inside.append(at)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for dummy in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (80, 1)
    assert list(tmp_path.iterdir()) == []


@needs_root
def test_a_folder_that_can_not_be_written_needs_none() -> None:
    with ordinary_user() as folder:
        with opened.folder("/etc") as handle, lock.held(handle, "/etc", timeout=0):
            pass
        assert not (folder / lock.NAME).exists()
    assert not os.path.exists("/etc/" + lock.NAME)
