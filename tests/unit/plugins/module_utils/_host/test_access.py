# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a user can read a signing key."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import access
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.access import Readers, User, unreadable
from hypothesis import given
from hypothesis import strategies as st
from support.files import NOBODY, ordinary_user, passable, put

ROOT = User("root", 0, frozenset([0]))
# Neither the owner of the tests' files nor in their group.
STRANGER = User("stranger", 4_000_000, frozenset([4_000_001, 4_000_002]))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with passable() as found:
        yield found


def test_a_users_groups_are_its_own_and_those_that_name_it() -> None:
    entry = pwd.getpwnam("nobody")
    assert access.groups("nobody") == frozenset(os.getgrouplist("nobody", entry.pw_gid))
    assert access.groups("no-such-user") == frozenset()


def given_away(path: Path, bits: int) -> Path:
    if os.geteuid() == 0:
        os.chown(str(path), NOBODY, 6)
    path.chmod(bits)
    return path


def test_users_are_found_by_name_and_by_number() -> None:
    entry = next(entry for entry in pwd.getpwall() if entry.pw_uid)
    expected = User(entry.pw_name, entry.pw_uid, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)))
    assert access.user("user", entry.pw_name) == expected
    assert access.user("user", str(pwd.getpwnam(entry.pw_name).pw_uid)).uid == entry.pw_uid
    assert access.user("user", "0").name == "root"
    assert 0 in access.user("user", "root").gids


@pytest.mark.parametrize("number", ["3999999999", "99999999999999999999"])
def test_a_number_need_not_belong_to_a_user(number: str) -> None:
    assert access.user("user", number) == User(number, int(number), frozenset([int(number)]))


@pytest.mark.parametrize("name", ["no-such-user", "", "-1", "a\0b", "\u00b2"])
def test_a_user_that_the_host_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        access.user("vassals[3].options.uid", name)
    assert (caught.value.path, caught.value.problem) == (
        "vassals[3].options.uid", f"the host has no user {name!r}; create it first",
    )


UID_LINES = [
    ("", None),
    ("[uwsgi]\nuid = www-data\n", "www-data"),
    ("uid=33", "33"),
    ("\t uid \t= \ta \t\ngid = b\n", "a"),
    ("uid = a\nuid = b\n", "b"),
    ("; uid = a\n#uid = a\n", None),
    ("guid = a\nuids = a\nuid\nuid =\nuid = a b\n", None),
    ("env = uid = a\n", None),
]


@pytest.mark.parametrize(("text", "expected"), UID_LINES)
def test_the_last_uid_line_counts(text: str, expected: Optional[str]) -> None:
    assert access.uid_option(text) == expected


@given(st.lists(st.text("abuid=0 \t", max_size=8)))
def test_a_uid_is_a_word_of_the_text(lines: List[str]) -> None:
    found = access.uid_option("\n".join(lines))
    assert found is None or (found in "\n".join(lines) and found.split() == [found])


# The modes of the folder and of the file, and which of them stops each of the three readers.
MODES = [
    (0o755, 0o444, (None, None, None)),
    (0o755, 0o400, (None, "file", "file")),
    (0o755, 0o040, ("file", None, "file")),
    (0o755, 0o004, ("file", "file", None)),
    (0o755, 0o333, ("file", "file", "file")),
    (0o711, 0o444, (None, None, None)),
    (0o744, 0o444, (None, "folder", "folder")),
    (0o654, 0o444, ("folder", None, "folder")),
    (0o641, 0o444, ("folder", "folder", None)),
    (0o710, 0o440, (None, None, "folder")),
]


@pytest.mark.parametrize(("folder_bits", "file_bits", "expected"), MODES)
def test_a_reader_needs_to_enter_the_folders_and_to_read_the_file(
    folder: Path, folder_bits: int, file_bits: int, expected: Tuple[Optional[str], ...]
) -> None:
    if os.geteuid() != 0 and not folder_bits & 0o100:
        pytest.skip("only root can look into a folder that is closed to its owner")
    inner = folder / "inner"
    inner.mkdir()
    path = given_away(put(inner / "key.pem"), file_bits)
    status = given_away(inner, folder_bits).stat()
    three = (
        User("owner", status.st_uid, frozenset([status.st_gid])),
        User("member", STRANGER.uid, frozenset([*STRANGER.gids, status.st_gid])),
        STRANGER,
    )
    words = {"file": "{0} may not read it", "folder": "{0} may not enter " + str(inner), None: ""}
    problems = [words[one].format(reader.name) or None for one, reader in zip(expected, three)]
    assert [unreadable(str(path), reader) for reader in three] == problems
    assert [unreadable(str(path), reader) for reader in (None, ROOT)] == [None, None]
    inner.chmod(0o700)


# The folder that is closed to others, and the path through it that is checked.
CLOSED = [("a", "a/b/c"), ("a/b", "a/b/c"), ("a/b/c", "a/b/c"), ("a/b", "link/b/c"), ("a/b/c", "deep"), ("a/b", "a/../a/b/c")]


@pytest.mark.parametrize(("closed", "path"), CLOSED)
def test_who_may_not_enter_a_folder_is_told_which(folder: Path, closed: str, path: str) -> None:
    (folder / "a" / "b" / "c").mkdir(parents=True)
    (folder / "link").symlink_to("a")
    (folder / "deep").symlink_to(folder / "a" / "b" / "c")
    assert access.barred(str(folder / path), STRANGER) is None
    (folder / closed).chmod(0o700)
    # The last folder is named by the path that was given.
    step = folder / (path if closed == "a/b/c" else closed)
    assert access.barred(str(folder / path), STRANGER) == f"stranger may not enter {step}"
    assert [access.barred(str(folder / path), reader) for reader in (ROOT, None)] == [None, None]
    # Its owner may enter.
    assert access.barred(str(folder / path), User("me", os.geteuid(), frozenset())) is None


def test_a_folder_that_is_not_there_bars_nobody(folder: Path) -> None:
    for path in ("gone", "gone/below"):
        with pytest.raises(FileNotFoundError):
            access.barred(str(folder / path), STRANGER)


def test_a_folder_can_be_looked_at_by_other_means(folder: Path) -> None:
    path = put(folder / "key.pem", bits=0o400)
    asked = []

    def enter(above: str, reader: Optional[User]) -> Optional[str]:
        asked.append((above, reader))
        return "no" if reader else None

    assert unreadable(str(path), STRANGER, enter) == "no"
    assert unreadable(str(path), None, enter) is None
    assert asked == [(str(folder), STRANGER), (str(folder), None)]


def test_the_folder_of_many_keys_is_looked_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(access, "barred", lambda above, reader: asked.append((above, reader and reader.name)))
    found = Readers()
    for user in ("daemon", "root", None):
        for name in ("a.pem", "b.pem"):
            assert found.flaw(str(put(folder / name)), user, "user") is None
    assert asked == [(str(folder), "daemon"), (str(folder), "root"), (str(folder), None)]


def test_whoever_may_not_look_has_nothing_to_say() -> None:
    with ordinary_user() as folder:
        (folder / "inner").mkdir(mode=0)
        assert unreadable(str(folder / "inner" / "key.pem"), ROOT) is None
        assert unreadable(str(folder / "inner" / "key.pem"), None) is None
        (folder / "inner").chmod(0o700)


def test_what_is_not_there_or_no_file_can_not_be_read(folder: Path) -> None:
    (folder / "pipe").mkdir()
    for reader in (None, ROOT, STRANGER):
        assert unreadable(str(folder / "gone.pem"), reader) == "it is not there"
        assert unreadable(str(folder / "gone" / "key.pem"), reader) == "it is not there"
        assert unreadable(str(folder / "pipe"), reader) == "it is not a regular file"


def test_a_key_behind_a_link_is_judged_by_the_file(folder: Path) -> None:
    put(folder / "key.pem", bits=0o400)
    (folder / "link.pem").symlink_to("key.pem")
    assert unreadable(str(folder / "link.pem"), STRANGER) == "stranger may not read it"
    (folder / "dangling.pem").symlink_to("gone.pem")
    assert unreadable(str(folder / "dangling.pem"), STRANGER) == "it is not there"


WORDS = "; uWSGI will announce unsigned until it can read this key"


def test_a_flaw_names_the_file(folder: Path) -> None:
    path = str(put(folder / "key.pem", bits=0o400))
    found = Readers()
    assert found.flaw(path, "daemon", "user") == path + ": daemon may not read it" + WORDS
    assert found.flaw(path, "root", "user") is None
    assert found.flaw(path, None, "user") is None
    assert found.flaw(path + "x", None, "") == f"{path}x: it is not there" + WORDS


def test_what_was_found_is_remembered(folder: Path) -> None:
    path = put(folder / "key.pem", bits=0o444)
    found = Readers()
    assert found.flaw(str(path), "daemon", "user") is None
    path.unlink()
    assert found.flaw(str(path), "daemon", "user") is None
    assert Readers().flaw(str(path), "daemon", "user") == f"{path}: it is not there" + WORDS


def test_in_check_mode_users_and_keys_that_are_not_there_yet_are_let_pass(folder: Path) -> None:
    path = str(put(folder / "key.pem", bits=0o400))
    gone = str(folder / "gone.pem")
    found = Readers(check_mode=True)
    assert found.flaw(gone, "daemon", "user") is None
    assert found.flaw(gone, "no-such-user", "user") is None
    assert found.flaw(path, "no-such-user", "user") is None
    assert found.flaw(path, "daemon", "user") == f"{path}: daemon may not read it" + WORDS
    with pytest.raises(ArgumentError) as caught:
        Readers().flaw(gone, "no-such-user", "vassals[3].owner")
    assert caught.value.path == "vassals[3].owner"
