# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module does in a folder of the user who will own its files: all as that user, or nothing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import identity
from support import modules
from support.files import NOBODY, belongs_to_nobody, mode, needs_root


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of another user, in a folder of root that everybody may enter."""
    with belongs_to_nobody() as found:
        yield found


# A module that writes a file and reports the user.
_WRITER = """
import os
from ansible_collections.emperor.uwsgi.plugins.module_utils import _module
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import spec
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.plan import Wanted


def run(module):
    with _module.directory(module) as folder:
        module.warn("a warning")
        plan = folder.compare([Wanted("a.ini", b"text", "files")])
        folder.apply(plan)
        if module.params["ends"] == "argument":
            raise ArgumentError("files[0]", "is bad", {"found": [1]})
        if module.params["ends"] == "host":
            raise HostError("/disk", "is full", found=[1])
        return {"changed": plan.changed, "path": module.params["path"] + "/a.ini", "user": os.geteuid(), "groups": os.getgroups()}


_module.finish(_module.DiscreetModule({**spec.directory(), "ends": {"type": "str"}}, supports_check_mode=True), run, "owner")
"""


def written(folder: Path, check: bool = False, **arguments: Any) -> modules.Result:
    """Run this module on a folder."""
    return modules.finish(modules.start([sys.executable, "-c", _WRITER], {"path": str(folder), **arguments}, check))


@needs_root
@pytest.mark.parametrize("owner", ["nobody", str(NOBODY)])
def test_in_a_folder_of_the_files_owner_all_is_done_as_that_one(theirs: Path, owner: str) -> None:
    found = written(theirs, check=True, owner=owner)
    assert (found.changed, found.data["user"], os.listdir(theirs)) == (True, NOBODY, [])
    for changed in (True, False):
        found = written(theirs, owner=owner)
        assert (found.failed, found.changed, found.warnings) == (False, changed, ["a warning"])
        assert (found.data["user"], found.data["groups"]) == (NOBODY, [])
    status = (theirs / "a.ini").stat()
    assert (status.st_uid, status.st_gid, (theirs / "a.ini").read_text()) == (NOBODY, identity(NOBODY).gid, "text")


# Owner, group and mode of a folder, the owner of the wanted files, and the error; "{}" is the folder.
STRANGE: List[Tuple[int, int, int, Optional[str], str]] = [
    (NOBODY, 0, 0o755, None, "{} belongs to nobody, who could put links there; give a folder of root's, or set owner to nobody"),
    (NOBODY, 0, 0o755, "root", "{} belongs to nobody, who could put links there"),
    (NOBODY, 0, 0o755, "daemon", "{} belongs to nobody, who could put links there"),
    (NOBODY, 0, 0o755, "0", "{} belongs to nobody, who could put links there"),
    # Only as nobody it turns out that others can change it too.
    (NOBODY, 54321, 0o775, "nobody", "{} can be written to by other users, who could put links there; give it to one user"),
    (0, 54321, 0o775, "nobody", "{} can be written to by other users, who could put links there; give it to one user"),
    (0, 0, 0o777, "root", "{} can be written to by other users, who could put links there"),
]


@needs_root
@pytest.mark.parametrize(("uid", "gid", "bits", "owner", "words"), STRANGE)
def test_in_a_folder_of_a_strangers_nothing_is_done(
    theirs: Path, uid: int, gid: int, bits: int, owner: Optional[str], words: str
) -> None:
    os.chown(theirs, uid, gid)
    theirs.chmod(bits)
    found = written(theirs, owner=owner)
    assert found.failed
    assert found.msg.startswith("path: " + words.format(theirs))
    assert (found.data["argument"], found.data["owner"]) == ("path", owner)
    assert os.listdir(theirs) == []


@needs_root
def test_ansible_looks_at_no_path_where_another_user_can_put_a_link(theirs: Path) -> None:
    assert "mode" not in written(theirs, owner="nobody").data
    found = written(theirs.parent, owner="root").data
    assert (found["user"], found["mode"], found["uid"]) == (0, "0644", 0)


@needs_root
def test_an_error_as_another_user_is_the_same(theirs: Path) -> None:
    found = written(theirs, owner="nobody", ends="argument")
    assert (found.failed, found.msg, found.data["argument"]) == (True, "files[0]: is bad", "files[0]")
    assert (found.data["found"], found.data["owner"]) == ([1], "nobody")
    found = written(theirs, owner="nobody", ends="host")
    assert (found.failed, found.msg, found.data["found"]) == (True, "/disk: is full", [1])


@needs_root
def test_a_folder_is_made_for_the_files_owner_or_not_at_all(theirs: Path) -> None:
    folder = theirs.parent / "a" / "b"
    for ends in ("argument", "host"):
        (theirs.parent / "room").mkdir()
        assert written(theirs.parent / "room" / "a" / "b", owner="nobody", directory_mode="0750", ends=ends).failed
        # By then it has a file, so it may be somebody else's.
        assert (theirs.parent / "room" / "a" / "b" / "a.ini").exists()
        shutil.rmtree(str(theirs.parent / "room"))
    assert written(folder, check=True, owner="nobody", directory_mode="0750").changed
    assert not folder.parent.exists()
    found = written(folder, owner="nobody", directory_mode="0750")
    assert (found.failed, found.changed, found.data["user"]) == (False, True, NOBODY)
    assert (mode(folder), folder.stat().st_uid, folder.parent.stat().st_uid) == ("0750", NOBODY, 0)
    assert not written(folder, owner="nobody", directory_mode="0700").changed


@needs_root
def test_a_folder_in_one_of_a_strangers_is_made_as_its_owner_alone(theirs: Path) -> None:
    refused = written(theirs / "a", owner="daemon", directory_mode="0755")
    assert refused.msg.startswith(f"path: {theirs} belongs to nobody, who could put links there")
    assert os.listdir(theirs) == []
    found = written(theirs / "a", owner="nobody", directory_mode="0755")
    assert (found.failed, found.changed, found.data["user"]) == (False, True, NOBODY)
    assert ((theirs / "a").stat().st_uid, (theirs / "a" / "a.ini").stat().st_uid) == (NOBODY, NOBODY)
