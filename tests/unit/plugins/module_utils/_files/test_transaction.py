# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory's files are written."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.directory import Directory, Plan, Wanted
from support.files import NOBODY, Watch, mode, needs_root, ordinary_user, put, snapshot

# ext4 allows this many hard links to a file.
MOST_LINKS = 65000


def bring(folder: Path, *wanted: Wanted, unwanted: Tuple[str, ...] = (), then: Callable[[], None] = lambda: None) -> Plan:
    with Directory(str(folder), "where") as tree:
        plan = tree.compare(wanted, unwanted)
        tree.apply(plan, then)
    return plan


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
        assert os.umask(mask) == mask
    finally:
        os.umask(before)


def test_files_are_created_updated_and_removed(tmp_path: Path) -> None:
    for name in ("update", "attributes", "remove", "same", "stranger"):
        put(tmp_path / name)
    before = snapshot(tmp_path)
    called = []
    bring(
        tmp_path,
        Wanted("create", b"new\0\xff", ""),
        Wanted("update", b"new", ""),
        Wanted("attributes", b"old", "", mode=0o600),
        Wanted("same", b"old", ""),
        unwanted=("remove", "gone"),
        then=lambda: called.append(sorted(path.name for path in tmp_path.iterdir() if path.suffix not in (".tmp", ".lock"))),
    )
    after = snapshot(tmp_path)
    assert called == [["attributes", "create", "same", "stranger", "update"]]
    assert list(after) == called[0]
    assert (after["same"], after["stranger"]) == (before["same"], before["stranger"])
    assert (after["create"][5], after["update"][5]) == (b"new\0\xff", b"new")
    # The Emperor reloads when the mtime changes, so a change of mode keeps the mtime.
    assert after["attributes"][4:] == before["attributes"][4:]
    # It is a new file, since somebody may have the old one open.
    assert (after["attributes"][0], after["attributes"][3] != before["attributes"][3]) == ("0o100600", True)
    assert after["update"][3] != before["update"][3]


@pytest.mark.parametrize(("mask", "wanted", "expected"), [(0o027, None, "0640"), (0, None, "0666"), (0o077, 0o644, "0644")])
def test_a_new_file_has_its_mode_or_that_of_the_umask(
    tmp_path: Path, mask: int, wanted: Optional[int], expected: str
) -> None:
    with umask(mask):
        bring(tmp_path, Wanted("a", b"new", "", mode=wanted))
    assert mode(tmp_path / "a") == expected


@pytest.mark.parametrize(("wanted", "expected"), [(None, "0604"), (0o440, "0440"), (0, "0000")])
def test_a_changed_file_keeps_its_mode(tmp_path: Path, wanted: Optional[int], expected: str) -> None:
    put(tmp_path / "a", bits=0o604)
    with umask(0o077):
        bring(tmp_path, Wanted("a", b"new", "", mode=wanted))
    assert mode(tmp_path / "a") == expected


@needs_root
@pytest.mark.parametrize("content", [b"old", b"new"])
@pytest.mark.parametrize(
    ("uid", "gid", "expected"), [(None, None, (5, 6)), (7, None, (7, 6)), (None, 8, (5, 8)), (7, 8, (7, 8)), (0, 0, (0, 0))]
)
def test_a_file_keeps_the_owner_and_the_group_that_nobody_speaks_of(
    tmp_path: Path, content: bytes, uid: Optional[int], gid: Optional[int], expected: Tuple[int, int]
) -> None:
    os.chown(str(put(tmp_path / "a")), 5, 6)
    bring(tmp_path, Wanted("a", content, "", uid, gid, 0o400))
    found = (tmp_path / "a").stat()
    assert (found.st_uid, found.st_gid) == expected
    assert ((tmp_path / "a").read_bytes(), mode(tmp_path / "a")) == (content, "0400")


@needs_root
def test_a_new_file_has_its_owner(tmp_path: Path) -> None:
    bring(tmp_path, Wanted("a", b"new", "", 7), Wanted("b", b"new", "", None, 8), Wanted("c", b"new", "", 7, 8, 0o4755))
    assert [found[:3] for found in snapshot(tmp_path).values()] == [
        ("0o100644", 7, os.getegid()), ("0o100644", 0, 8), ("0o104755", 7, 8),
    ]


@needs_root
def test_a_user_who_may_not_give_a_file_away_may_still_replace_it() -> None:
    with ordinary_user() as folder:
        path = put(folder / "a", bits=0o666)
        os.seteuid(0)
        os.chown(str(path), 0, 0)
        os.seteuid(NOBODY)
        bring(folder, Wanted("a", b"new", ""))
        assert snapshot(folder)["a"][:3] == ("0o100666", NOBODY, NOBODY)
        assert path.read_bytes() == b"new"


@pytest.mark.parametrize("ahead", [0.0, 0.7, 1000.0, 1000.7])
def test_a_changed_file_has_a_later_whole_second(tmp_path: Path, ahead: float) -> None:
    mtime = int(time.time()) + ahead
    put(tmp_path / "a", mtime=mtime)
    bring(tmp_path, Wanted("a", b"new", ""))
    found = (tmp_path / "a").stat().st_mtime
    assert int(found) > int(mtime)
    if ahead > 1:
        assert found == int(mtime) + 1


def test_a_file_that_is_older_or_new_has_the_time_of_now(tmp_path: Path) -> None:
    marker = put(tmp_path / "marker")
    os.utime(str(marker))
    put(tmp_path / "a")
    bring(tmp_path, Wanted("a", b"new", ""), Wanted("b", b"new", ""))
    assert (tmp_path / "a").stat().st_mtime >= marker.stat().st_mtime
    assert (tmp_path / "b").stat().st_mtime >= marker.stat().st_mtime


def test_a_watcher_never_sees_a_file_in_parts(tmp_path: Path) -> None:
    put(tmp_path / "update")
    put(tmp_path / "remove")
    put(tmp_path / "attributes")
    with Directory(str(tmp_path)) as tree, Watch(tmp_path) as watch:
        plan = tree.compare(
            [
                Wanted("create", b"new", "", mode=0o600),
                Wanted("update", b"new", "", mode=0o600),
                Wanted("attributes", b"old", "", mode=0o600),
            ],
            ["remove"],
        )
        tree.apply(plan)
        seen = watch.events()
    # Making a link also changes the linked file: its count of links.
    changed = {("attrib", name) for name in ("remove", "update", "attributes")}
    assert [event for event in seen if event not in changed] == [
        ("create", "tmp0"), ("attrib", "tmp0"), ("modify", "tmp0"),
        ("create", "tmp1"), ("attrib", "tmp1"), ("modify", "tmp1"),
        ("create", "tmp2"), ("attrib", "tmp2"), ("modify", "tmp2"), ("attrib", "tmp2"),
        ("create", "tmp3"),
        ("create", "tmp4"),
        ("create", "tmp5"),
        ("delete", "remove"),
        ("moved from", "tmp0"), ("moved to", "create"),
        ("moved from", "tmp1"), ("moved to", "update"),
        ("moved from", "tmp2"), ("moved to", "attributes"),
        ("delete", "tmp3"),
        ("delete", "tmp4"),
        ("delete", "tmp5"),
    ]


def test_in_check_mode_nothing_is_written(tmp_path: Path) -> None:
    put(tmp_path / "a")
    put(tmp_path / "b")
    before = snapshot(tmp_path)
    called = []
    with Directory(str(tmp_path), check_mode=True) as tree:
        plan = tree.compare([Wanted("a", b"new", ""), Wanted("c", b"new", "")], ["b"])
        tree.apply(plan, lambda: called.append(True))
    assert plan.changed
    assert (snapshot(tmp_path), called) == (before, [])


def test_a_file_that_has_all_the_names_it_can_have_is_written_without_a_second_one(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    links = tmp_path / "links"
    links.mkdir()
    try:
        for number in range(MOST_LINKS):
            os.link(str(path), str(links / str(number)))
    except OSError:
        pass
    else:
        pytest.skip("the file system allows more hard links")
    bring(tmp_path, Wanted("a", b"new", ""))
    assert path.read_bytes() == b"new"
    assert sorted(os.listdir(str(tmp_path))) == ["a", "links"]
