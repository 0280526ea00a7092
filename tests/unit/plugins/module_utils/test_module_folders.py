# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folders that modules write to: created for an owner, refused, or used as their owner."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _module
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes
from support.files import NOBODY, belongs_to_nobody, mode, needs_root, ordinary_user, put


class Host:
    """The part of a module that the functions below need."""

    def __init__(self, check_mode: bool = False, **params: Any) -> None:
        self.params = params
        self.check_mode = check_mode


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of another user, in a folder of root that everybody may enter."""
    with belongs_to_nobody() as found:
        yield found


# Owner, group and mode of a folder, and who else can put a link there.
FOLDERS: List[Tuple[int, int, int, Optional[str]]] = [
    (0, 0, 0o755, None),
    (0, 0, 0o1777, None),
    (0, NOBODY, 0o775, "several users"),
    (0, 0, 0o757, "several users"),
    (NOBODY, NOBODY, 0o755, "nobody"),
]


@needs_root
@pytest.mark.parametrize(("uid", "gid", "bits", "who"), FOLDERS)
def test_a_path_of_roots_is_where_only_root_puts_something(tmp_path: Path, uid: int, gid: int, bits: int, who: Any) -> None:
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    put(folder / "file")
    os.chown(folder, uid, gid)
    folder.chmod(bits)
    for path in (folder / "none", folder / "below", folder / "below" / "none", folder / "file"):
        if who is None:
            _module.secure("log", str(path))
            continue
        with pytest.raises(ArgumentError) as caught:
            _module.secure("log", str(path))
        problem = f"{folder} can be changed by {who}, who could put a link there; give one in a folder of root's"
        assert (caught.value.path, caught.value.problem) == ("log", problem)
    # The folder itself lies in a folder of root.
    _module.secure("log", str(folder))


def test_what_is_not_there_is_said_where_it_is_used(tmp_path: Path) -> None:
    put(tmp_path / "file")
    for path in ("none/none", "file/none"):
        _module.secure("log", str(tmp_path / path))


@needs_root
def test_in_a_strangers_folder_nothing_is_made_later(theirs: Path) -> None:
    with pytest.raises(ArgumentError, match=f"{theirs} can be changed by nobody"):
        _module.secure("log", str(theirs / "none" / "log"))


def made(folder: Path, check_mode: bool = False, tyrant: bool = False, **params: Any) -> Tuple[bool, bool]:
    """Whether a directory was made, and whether its attributes were changed."""
    names = ("directory_mode", "directory_owner", "directory_group", "owner", "group")
    given = {"path": str(folder), **dict.fromkeys(names), **params}
    with _module.directory(Host(check_mode, **given), tyrant) as found:  # type: ignore[arg-type]
        return bool(found.created), bool(found.amended)


def test_a_directory_is_made_where_it_has_a_mode(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with pytest.raises(ArgumentError, match=r"path: .* is not there; create it first"):
        made(folder)
    assert made(folder, check_mode=True, directory_mode="0750") == (True, False)
    assert not folder.exists()
    assert made(folder, directory_mode="0750") == (True, False)
    assert mode(folder) == "0750"
    # An existing folder stays as it is.
    assert made(folder, directory_mode="0700") == (False, False)
    assert mode(folder) == "0750"
    with pytest.raises(ArgumentError, match="directory_mode: "):
        made(folder, directory_mode="rwx")


def test_a_directory_that_is_given_to_somebody_needs_a_mode(tmp_path: Path) -> None:
    for name in ("directory_owner", "directory_group"):
        with pytest.raises(ArgumentError) as caught:
            made(tmp_path, **{name: "root"})
        assert str(caught.value) == "directory_owner: is for a directory that is made or amended; give directory_mode too"
        with pytest.raises(ArgumentError) as caught:
            made(tmp_path, directory_mode="0755", **{name: "no-such-one"})
        what = name.partition("_")[2].replace("owner", "user")
        assert str(caught.value) == f"{name}: the host has no {what} 'no-such-one'; create it first"


def test_a_directory_with_attributes_of_its_own_gets_them_if_it_is_there_too(tmp_path: Path) -> None:
    own: Dict[str, Any] = {"directory_owner": str(os.geteuid()), "directory_mode": "0751"}
    assert made(tmp_path / "a", **own) == (True, False)
    assert made(tmp_path / "a", **own) == (False, False)
    own["directory_mode"] = "0710"
    assert made(tmp_path / "a", check_mode=True, **own) == (False, True)
    assert mode(tmp_path / "a") == "0751"
    assert made(tmp_path / "a", **own) == (False, True)
    assert mode(tmp_path / "a") == "0710"


# Arguments, and the owner and the group of the directory that is made.
OWNERS: List[Tuple[Dict[str, str], int, int]] = [
    ({}, 0, 0),
    ({"owner": "root", "group": "4"}, 0, 4),
    # A directory's own owner or group replaces both of its files', so the two are never mixed.
    ({"owner": "nobody", "group": "4", "directory_owner": "0"}, 0, 0),
    ({"owner": "nobody", "group": "4", "directory_group": "5"}, 0, 5),
    ({"owner": "nobody", "group": "4", "directory_owner": "0", "directory_group": "5"}, 0, 5),
]


@needs_root
@pytest.mark.parametrize(("arguments", "uid", "gid"), OWNERS)
def test_a_directory_is_whose_its_files_are_unless_told_otherwise(
    tmp_path: Path, arguments: Dict[str, Any], uid: int, gid: int
) -> None:
    assert made(tmp_path / "a", directory_mode="0755", **arguments) == (True, False)
    status = (tmp_path / "a").stat()
    assert (status.st_uid, status.st_gid) == (uid, gid)


@needs_root
def test_a_directory_of_another_users_can_be_taken(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(ArgumentError, match="belongs to nobody, who could put links there"):
        made(folder, directory_mode="0755", owner="root")
    own: Dict[str, Any] = {"directory_owner": "root", "directory_group": "root", "directory_mode": "0755"}
    assert made(folder, check_mode=True, **own) == (False, True)
    assert folder.stat().st_uid == NOBODY
    assert made(folder, **own) == (False, True)
    assert (folder.stat().st_uid, folder.stat().st_gid) == (0, 0)


@needs_root
def test_a_directory_that_tenants_share_is_root_s_and_gets_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    os.chown(str(folder), 5, 5)
    assert made(folder, tyrant=True, directory_mode="0751", owner="nobody") == (False, True)
    assert (mode(folder), folder.stat().st_uid, folder.stat().st_gid) == ("0751", 0, 0)
    assert made(folder, tyrant=True, directory_mode="0751") == (False, False)


def test_what_tenants_share_is_root_s_as_far_as_it_can_be() -> None:
    owner = 0 if os.geteuid() == 0 else None
    assert _module.shared(0o711) == Attributes(owner, owner, 0o711)
    with ordinary_user():
        assert _module.shared() == Attributes(None, None, None)
