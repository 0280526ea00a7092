# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory of signing keys, by the module as Ansible runs it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import pem
from support import keys, modules
from support.files import immutable, mode, needs_root, put, snapshot

NAMES = ("created", "updated", "removed", "unchanged")
MARKER = "# Managed by Ansible, emperor.uwsgi.uwsgi_signing_keys\n"
EC, RSA, PUBLIC = keys.private("ec"), keys.private("rsa"), keys.public("ec")
ALL = (EC, RSA, PUBLIC)


def key(file: str, content: Any = EC) -> dict[str, Any]:
    return {"file": file, "content": content}


def run(folder: Path, *signing_keys: Any, check: bool = False, **arguments: Any) -> modules.Result:
    found = modules.run("uwsgi_signing_keys", {"path": str(folder), "signing_keys": list(signing_keys), **arguments}, check)
    assert keys.leaked(found.output, *ALL) == []
    return found


def shown(content: str) -> str:
    half, fingerprint = pem.inspect("", content)
    return f"{half} key {fingerprint}\n"


def difference(folder: Path, name: str, before: str, after: str) -> dict[str, str]:
    header = str(folder / name)
    return {"before_header": header, "after_header": header, "before": before, "after": after}


def filled(folder: Path) -> None:
    """A folder with keys of this module, keys of another module, and files of others."""
    put(folder / "same.pem", MARKER + EC, 0o400)
    put(folder / "content.pem", MARKER + EC, 0o400)
    put(folder / "mode.pem", MARKER + RSA, 0o644)
    put(folder / "strange.pem", "words", 0o400)
    put(folder / "old.pem", MARKER + PUBLIC, 0o400)
    put(folder / "old.txt", MARKER + EC, 0o400)
    put(folder / "other.pem", MARKER.replace("uwsgi_signing_keys", "uwsgi_vassals") + EC, 0o400)
    put(folder / "theirs.pem", EC, 0o400)


WANTED = (key("same.pem"), key("content.pem", RSA), key("mode.pem", RSA), key("new.pem", PUBLIC), key("strange.pem"))
LEFT = {"created": ["new.pem"], "updated": ["content.pem", "mode.pem", "strange.pem"], "unchanged": ["same.pem"]}


@pytest.mark.parametrize("purge", [False, True])
def test_check_mode_says_what_is_done_and_then_nothing_is_left_to_do(tmp_path: Path, purge: bool) -> None:
    filled(tmp_path)
    before = snapshot(tmp_path)
    expected: dict[str, Any] = {**LEFT, "removed": ["old.pem"] if purge else [], "changed": True, "path": str(tmp_path)}
    removed = [difference(tmp_path, "old.pem", shown(PUBLIC), "")] if purge else []
    expected["diff"] = [
        *removed,
        difference(tmp_path, "new.pem", "", shown(PUBLIC)),
        difference(tmp_path, "content.pem", shown(EC), shown(RSA)),
        difference(tmp_path, "mode.pem", shown(RSA) + "mode: 0644\n", shown(RSA) + "mode: 0400\n"),
        difference(tmp_path, "strange.pem", "(no key)\n", shown(EC)),
    ]

    first = run(tmp_path, *WANTED, check=True, purge=purge)
    assert {name: first.data[name] for name in expected} == expected
    assert snapshot(tmp_path) == before

    second = run(tmp_path, *WANTED, purge=purge)
    assert second.data == first.data
    after = snapshot(tmp_path)
    assert {name: found[5] for name, found in after.items() if name in {one["file"] for one in WANTED}} == {
        one["file"]: (MARKER + one["content"]).encode() for one in WANTED
    }
    assert {found[0] for name, found in after.items() if name in {one["file"] for one in WANTED}} == {"0o100400"}
    for name in ("same.pem", "other.pem", "theirs.pem", "old.txt", *([] if purge else ["old.pem"])):
        assert after[name] == before[name]
    # Its mtime is kept, but it is a new file, since somebody may have the old one open.
    assert after["mode.pem"][4:] == before["mode.pem"][4:]
    assert after["mode.pem"][3] != before["mode.pem"][3]
    assert set(after) == set(before) - ({"old.pem"} if purge else set()) | {"new.pem"}

    nothing: dict[str, Any] = {"created": [], "updated": [], "removed": [], "changed": False, "diff": []}
    nothing["unchanged"] = [one["file"] for one in WANTED]
    for check in (True, False):
        again = run(tmp_path, *WANTED, check=check, purge=purge)
        assert {name: again.data[name] for name in nothing} == nothing
        assert snapshot(tmp_path) == after


def test_the_arguments_come_back_without_the_keys(tmp_path: Path) -> None:
    assert run(tmp_path, key("a.pem"), owner=str(os.geteuid())).data["invocation"] == {
        "module_args": {
            "path": str(tmp_path), "signing_keys": ["a.pem"], "purge": False, "mode": "0400", "directory_mode": None,
            "allow_empty": True, "purge_limit": 100,
            "directory_owner": None, "directory_group": None,
            "owner": str(os.geteuid()), "group": None, "tyrant": False,
        }
    }


# The same key, written in other ways.
FORMS = [EC.replace("\n", "\r\n"), "\n\n" + EC + "\n\n", EC.replace("\n", "  \n"), EC.rstrip("\n"), MARKER + EC,
         "# Managed by Ansible, by an older release\n" + EC]


@pytest.mark.parametrize("content", FORMS, ids=range(len(FORMS)))
def test_line_ends_and_blanks_make_no_change(tmp_path: Path, content: str) -> None:
    assert run(tmp_path, key("a.pem", content)).data["created"] == ["a.pem"]
    assert (tmp_path / "a.pem").read_text() == MARKER + EC
    assert not run(tmp_path, key("a.pem", EC)).changed


def test_a_comment_of_the_user_s_stays(tmp_path: Path) -> None:
    run(tmp_path, key("a.pem", "# of the shop\n" + EC))
    assert (tmp_path / "a.pem").read_text() == MARKER + "# of the shop\n" + EC


@pytest.mark.parametrize(("given", "expected"), [({}, "0400"), ({"mode": "0440"}, "0440"), ({"mode": "644"}, "0644")])
@pytest.mark.parametrize("mask", [0, 0o777])
def test_files_have_their_mode_whatever_the_umask(tmp_path: Path, given: dict[str, Any], expected: str, mask: int) -> None:
    before = os.umask(mask)
    try:
        found = run(tmp_path, key("a.pem"), **given)
    finally:
        os.umask(before)
    assert not found.failed, found.msg
    assert mode(tmp_path / "a.pem") == expected


@needs_root
def test_files_and_the_directory_have_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    owned = {"owner": "nobody", "group": "5", "directory_mode": "0711", "directory_owner": "root", "directory_group": "6"}
    for check, there in ((True, False), (False, True)):
        found = run(folder, key("a.pem"), check=check, **owned)
        assert (found.changed, found.data["created"], folder.exists()) == (True, ["a.pem"], there)
    assert [(path.stat().st_uid, path.stat().st_gid, mode(path)) for path in (folder, folder / "a.pem")] == [
        (0, 6, "0711"), (65534, 5, "0400"),
    ]
    assert not run(folder, key("a.pem"), **owned).changed
    found = run(folder, key("a.pem"), owner="root")
    assert found.data["diff"] == [difference(folder, "a.pem", shown(EC) + "owner: 65534\n", shown(EC) + "owner: 0\n")]
    assert (folder / "a.pem").stat().st_gid == 5


@needs_root
def test_in_a_users_folder_root_works_as_that_user_or_not_at_all() -> None:
    with tempfile.TemporaryDirectory(prefix="emperor-uwsgi-tests-") as above:
        os.chmod(above, 0o755)
        folder = Path(above) / "keys"
        owned = {"owner": "nobody", "directory_mode": "0700"}
        assert run(folder, key("a.pem"), check=True, **owned).changed
        assert not folder.exists()
        found = run(folder, key("a.pem"), **owned)
        assert (found.changed, found.data["created"]) == (True, ["a.pem"])
        assert [(path.stat().st_uid, mode(path)) for path in (folder, folder / "a.pem")] == [(65534, "0700"), (65534, "0400")]
        assert not run(folder, key("a.pem"), **owned).changed
        for other in ({}, {"owner": "root"}, {"owner": "daemon"}):
            found = run(folder, key("b.pem"), **other)
            assert (found.failed, found.data["argument"]) == (True, "path")
            assert f"{folder} belongs to nobody, who could put links there" in found.msg
        assert os.listdir(folder) == ["a.pem"]
        # The folder now belongs to root, and the files in it are kept.
        found = run(folder, key("a.pem"), owner="nobody", directory_owner="root", directory_mode="0711")
        assert (found.changed, found.data["unchanged"], mode(folder), folder.stat().st_uid) == (True, ["a.pem"], "0711", 0)


def test_a_missing_directory_is_made_on_demand(tmp_path: Path) -> None:
    folder = tmp_path / "parent" / "keys"
    for check in (True, False):
        found = run(folder, directory_mode="0750", check=check)
        assert (found.failed, found.changed, folder.exists()) == (False, True, not check)
    assert mode(folder) == "0750"
    found = run(folder, directory_mode="0700")
    assert (found.changed, mode(folder)) == (False, "0750")


def test_in_check_mode_a_missing_directory_counts_as_empty(tmp_path: Path) -> None:
    found = run(tmp_path / "gone", key("a.pem"), check=True, purge=True, owner="no-such-user")
    assert [found.data[name] for name in NAMES] == [["a.pem"], [], [], []]
    assert list(tmp_path.iterdir()) == []


NAME = "can't name a signing key's file; give at most 255 of letters, digits, '.', '_' and '-', with .pem at the end"
REFUSED: list[tuple[str, list[Any], dict[str, Any], str, str]] = [
    ("a name", [key("a.pem"), key("../b.pem")], {}, "signing_keys[1].file", "'../b.pem' " + NAME),
    ("a name twice", [key("a.pem"), key("b.pem"), key("a.pem", RSA)], {}, "signing_keys[2].file",
     "'a.pem' is the file of signing_keys[0] too; give each key its own"),
    ("no key", [key("a.pem"), key("b.pem", "words")], {}, "signing_keys[1].content", "is not PEM"),
    ("nothing", [key("a.pem", "")], {}, "signing_keys[0].content", "is not text; give the key in PEM"),
    ("half a key", [key("a.pem", EC[:100])], {}, "signing_keys[0].content", "is not PEM"),
    ("two keys", [key("a.pem", EC + RSA)], {}, "signing_keys[0].content", "holds 2 PEM blocks; give the one key alone"),
    ("an encrypted key", [key("a.pem", keys.private(passphrase=b"x"))], {}, "signing_keys[0].content", "is encrypted"),
    ("another kind", [key("a.pem", keys.private("ed25519"))], {}, "signing_keys[0].content", "is neither an RSA nor an EC key"),
    ("a list", [key("a.pem", [EC])], {}, "signing_keys[0].content", "is not PEM"),
    ("a folder in its place", [key("new.pem"), key("folder.pem")], {}, "signing_keys[1].file",
     "is a directory and not a regular file"),
    ("a link in its place", [key("link.pem")], {}, "signing_keys[0].file", "is a symbolic link and not a regular file"),
    ("an owner", [key("a.pem")], {"owner": "no-such-user"}, "owner", "the host has no user 'no-such-user'; create it first"),
    ("a group", [key("a.pem")], {"group": "no-such-group"}, "group", "the host has no group 'no-such-group'; create it first"),
    ("a mode", [key("a.pem")], {"mode": "u=rw"}, "mode", "'u=rw' is not an octal mode; give one in quotes, such as '0640'"),
    ("a mode without quotes", [key("a.pem")], {"mode": 0o400}, "mode", "256 is not an octal mode"),
    ("a directory's mode", [key("a.pem")], {"directory_mode": "x"}, "directory_mode", "'x' is not an octal mode"),
    ("a path", [key("a.pem")], {"path": "/nonexistent"}, "path", "the directory /nonexistent is not there; create it first"),
    ("a file for a path", [key("a.pem")], {"path": "/etc/passwd"}, "path",
     "/etc/passwd can't be used as a directory: Not a directory"),
]


@pytest.mark.parametrize(("items", "given", "path", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_an_error_names_its_argument_and_leaves_everything_as_it_was(
    tmp_path: Path, items: list[Any], given: dict[str, Any], path: str, problem: str
) -> None:
    filled(tmp_path)
    (tmp_path / "folder.pem").mkdir()
    (tmp_path / "link.pem").symlink_to("same.pem")
    before = snapshot(tmp_path)
    found = run(tmp_path, *items, **{"purge": True, **given})
    assert (found.failed, found.code, found.data["argument"]) == (True, 1, path)
    assert found.msg.startswith(path + ": ")
    assert problem in found.msg
    assert "changed" not in found.data
    assert snapshot(tmp_path) == before


# What Ansible's own check of arguments refuses.
UNTYPED: list[tuple[Any, str]] = [
    ([EC], "dictionary requested, could not parse JSON or key=value"),
    # Ansible says that its type is "dict", and up to ansible-core 2.18 "<class 'dict'>".
    (key("a.pem"), "unable to convert to list"),
    ([{"content": EC}], "missing required arguments: file found in signing_keys"),
    ([{"file": "a.pem", "contents": EC}], "missing required arguments: content found in signing_keys"),
    ([dict(key("a.pem"), mode="0400")], "signing_keys.mode"),
]


@pytest.mark.parametrize(("items", "problem"), UNTYPED)
def test_arguments_of_another_form_are_refused_without_their_content(tmp_path: Path, items: Any, problem: str) -> None:
    found = run(tmp_path, signing_keys=items)
    assert found.failed
    assert problem in found.msg
    assert list(tmp_path.iterdir()) == []


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """The last file that would be written can't be written."""
    if os.geteuid() == 0:
        with immutable(folder / "mode.pem"):
            yield
        return
    folder.chmod(0o500)
    yield
    folder.chmod(0o700)


def test_a_file_that_can_not_be_written_leaves_everything_as_it_was(tmp_path: Path) -> None:
    filled(tmp_path)
    with unwritable(tmp_path):
        before = snapshot(tmp_path)
        found = run(tmp_path, *WANTED, purge=True)
        assert snapshot(tmp_path) == before
    assert found.failed
    assert "argument" not in found.data
    assert found.msg.endswith("; nothing was changed")


@needs_root
def test_each_tenants_key_is_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    folder.chmod(0o700)
    items = [dict(key("a.pem"), owner="nobody"), dict(key("b.pem", RSA), owner=6)]
    given = {"tyrant": True, "directory_mode": "0711"}
    assert run(folder, *items, check=True, **given).changed
    assert mode(folder) == "0700"
    assert run(folder, *items, **given).data["created"] == ["a.pem", "b.pem"]
    assert [((folder / name).stat().st_uid, mode(folder / name)) for name in ("a.pem", "b.pem")] == [(65534, "0400"), (6, "0400")]
    assert (folder.stat().st_uid, mode(folder)) == (0, "0711")
    assert not run(folder, *items, **given).changed
    # Without a tyrant keys have the module's owner, unless they name another.
    assert run(folder, key("a.pem"), items[1], owner="7").data["updated"] == ["a.pem"]


def test_a_tenants_key_needs_an_owner(tmp_path: Path) -> None:
    found = run(tmp_path, key("a.pem"), tyrant=True)
    assert (found.failed, found.data["argument"]) == (True, "signing_keys[0].owner")
    assert "only the vassals of one user may read the key 'a.pem'" in found.msg


REFUSED_LOSSES: list[tuple[dict[str, Any], list[str], str]] = [
    ({"allow_empty": False}, [], "allow_empty: nothing would be left in "),
    ({"purge_limit": 50}, ["a.pem"], "purge_limit: 2 of the 3 files in "),
    ({"purge_limit": 101}, ["a.pem"], "purge_limit: 101 is not a percentage; give a number from 0 to 100"),
    ({"purge_limit": -1}, ["a.pem"], "purge_limit: -1 is not a percentage; give a number from 0 to 100"),
]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(("given", "left", "words"), REFUSED_LOSSES)
def test_more_is_not_removed_than_is_allowed(
    tmp_path: Path, given: dict[str, Any], left: list[str], words: str, check: bool
) -> None:
    assert run(tmp_path, *map(key, ("a.pem", "b.pem", "c.pem"))).changed
    before = snapshot(tmp_path)
    found = run(tmp_path, *map(key, left), check=check, purge=True, **given)
    assert (found.failed, found.data["argument"], snapshot(tmp_path)) == (True, words.partition(":")[0], before)
    assert found.msg.startswith(words)
    assert run(tmp_path, *map(key, left), purge=True).data["unchanged"] == left
