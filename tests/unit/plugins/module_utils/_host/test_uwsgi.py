# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's own uWSGI: its release, its path, and the user that runs it. The real one, and programs in its place."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Tuple, Union

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity, identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.command import Ended, start
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.uwsgi import Uwsgi, find
from support.files import NOBODY, needs_root, ordinary_user, passable, program, put
from support.uwsgi import BINARY

OTHER, THIRD = Identity(NOBODY, NOBODY), Identity(1, 1)


def never(argv: List[str], cwd: Optional[str], user: Optional[Identity]) -> Callable[[], Ended]:
    raise AssertionError(argv)


def test_the_binary_is_asked_for_its_version() -> None:
    real = subprocess.run([BINARY, "--version"], capture_output=True, check=True, timeout=60).stdout.decode().strip()
    assert re.match(r"2\.\d", real)
    assert Uwsgi(BINARY, start).version(None)() == Uwsgi(BINARY, start).version("")() == real


# Given version, whether there is a binary, and the version.
UNASKED: List[Tuple[Optional[str], Optional[str], str]] = [
    ("2.1", BINARY, "2.1"),
    ("2.0.31", None, "2.0.31"),
    (None, None, "2.0"),
    ("", None, "2.0"),
]


# What the user says, what the binary says, and whether both are the same release.
AGREED = [
    ("2.0", "2.0.31", True),
    ("2.0.21", "2.0.31-debian", True),
    ("2.1", "2.1-dev+6cbb2177", True),
    ("2.1", "2.0.31", False),
    ("2.0.31", "2.1-dev", False),
]


@pytest.mark.parametrize(("given", "said", "agrees"), AGREED)
def test_a_given_version_is_that_of_the_binary_which_reads_the_files(
    given: str, said: str, agrees: bool, tmp_path: Path
) -> None:
    binary = str(tmp_path / "uwsgi")
    told = Uwsgi(binary, lambda *dummy: lambda: (0, said + "\n", "")).version(given, is_read=True)
    if agrees:
        assert told() == given
        return
    with pytest.raises(ArgumentError) as caught:
        told()
    assert str(caught.value) == (
        f"uwsgi_version: {given} is another release than that of {binary}, which is {said}; leave uwsgi_version out, set "
        "uwsgi_binary to the uWSGI that will read the files, or set validate to false where that is not on this host"
    )
    assert Uwsgi(binary, never).version(given)() == given


def test_a_given_version_counts_where_the_binary_tells_none(tmp_path: Path) -> None:
    assert Uwsgi(str(tmp_path / "uwsgi"), lambda *dummy: lambda: (1, "", "no")).version("2.1", is_read=True)() == "2.1"


@pytest.mark.parametrize(("given", "binary", "version"), UNASKED)
def test_a_given_version_and_a_missing_binary_ask_nobody(given: Optional[str], binary: Optional[str], version: str) -> None:
    assert Uwsgi(binary, never).version(given)() == version


def test_the_binary_is_asked_at_once_and_waited_for_later() -> None:
    did: List[str] = []

    def begin(argv: List[str], cwd: Optional[str], user: Optional[Identity]) -> Callable[[], Ended]:
        did.append(f"begun {argv[1:]} in {cwd} as {user}")

        def end() -> Ended:
            did.append("waited")
            return Ended(0, " 2.0.28\n", "words")

        return end

    told = Uwsgi("/bin/uwsgi", begin).version(None)
    assert did == ["begun ['--version'] in None as None"]
    assert told() == "2.0.28"
    assert did[1:] == ["waited"]


FAILING = [
    ("echo 2.0; echo words >&2; exit 3", "words"),
    ("echo 2.0; exit 3", "2.0"),
    ("echo; echo words >&2", "words"),
    ("exit 0", ""),
]


@pytest.mark.parametrize(("text", "words"), FAILING)
def test_a_binary_without_a_version_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    binary = program(tmp_path, text)
    told = Uwsgi(binary, start).version(None)
    with pytest.raises(ArgumentError) as caught:
        told()
    assert str(caught.value) == f"uwsgi_binary: {binary} --version failed: {words}; give uwsgi_version"


def test_a_binary_that_can_not_be_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="can't be run: "):
        Uwsgi(str(tmp_path), start).version(None)


# The user that runs it


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, with a program."""
    with passable() as found:
        program(found, "id -u")
        yield found


# The user that runs it; or who can change it, if that is why it isn't run.
Run = Union[None, Identity, str]
THEIRS: Tuple[Run, Run, Run] = (identity(NOBODY), OTHER, "nobody")
SEVERAL: Tuple[Run, Run, Run] = ("several users", "several users", "several users")
# Owner and mode of the folder and of the program, which of them others can change, and who runs it when no user is given,
# the user "nobody", or a third user.
RUNNERS: List[Tuple[Tuple[int, int], Tuple[int, int], str, Tuple[Run, Run, Run]]] = [
    ((0, 0o755), (0, 0o755), "", (None, OTHER, THIRD)),
    ((NOBODY, 0o755), (0, 0o755), "folder", THEIRS),
    ((0, 0o755), (NOBODY, 0o755), "program", THEIRS),
    ((NOBODY, 0o755), (1, 0o755), "folder", THEIRS),
    ((0, 0o775), (0, 0o755), "folder", SEVERAL),
    ((0, 0o757), (0, 0o755), "folder", SEVERAL),
    ((0, 0o755), (0, 0o775), "program", SEVERAL),
    ((0, 0o755), (0, 0o757), "program", SEVERAL),
    # In such a folder nobody can replace another user's files.
    ((0, 0o1777), (0, 0o755), "", (None, OTHER, THIRD)),
    ((0, 0o1777), (NOBODY, 0o755), "program", THEIRS),
]


@needs_root
@pytest.mark.parametrize("above", ["", "below"])
@pytest.mark.parametrize(("of_folder", "of_program", "changed", "expected"), RUNNERS)
def test_root_runs_what_another_user_can_change_as_that_one(
    folder: Path, of_folder: Tuple[int, int], of_program: Tuple[int, int], changed: str, expected: Tuple[Run, ...], above: str
) -> None:
    (folder / "below").mkdir()
    path = (folder / "program").rename(folder / above / "a-program")
    for one, (uid, mode) in ((path, of_program), (folder, of_folder)):
        # A group that is not a user's own.
        os.chown(one, uid, 54321)
        one.chmod(mode)
    asked = Uwsgi(str(path), never)
    where = {"folder": folder, "program": path, "": None}[changed]
    for user, found in zip((None, OTHER, THIRD), expected):
        if not isinstance(found, str):
            assert asked.runner(user) == found
            continue
        with pytest.raises(ArgumentError) as caught:
            asked.runner(user)
        wish = f" as {user.name}" if user else ""
        problem = f"{where} can be changed by {found}, so it is not run{wish}; give one of root's"
        assert (caught.value.path, caught.value.problem) == ("uwsgi_binary", problem)


@needs_root
def test_a_link_of_another_users_is_followed_as_that_one(folder: Path) -> None:
    (folder / "link").symlink_to("program")
    assert Uwsgi(str(folder / "link"), never).runner(None) is None
    os.chown(folder / "link", NOBODY, NOBODY, follow_symlinks=False)
    assert Uwsgi(str(folder / "link"), never).runner(None) == identity(NOBODY)
    with pytest.raises(ArgumentError, match="so it is not run as daemon; give one of root's"):
        Uwsgi(str(folder / "link"), never).runner(THIRD)


def test_who_is_not_root_runs_what_is_its_own_or_roots() -> None:
    with ordinary_user() as own:
        for path in (program(own, ""), "/bin/sh"):
            assert [Uwsgi(path, never).runner(user) for user in (None, THIRD)] == [None, THIRD]


@needs_root
def test_who_is_not_root_runs_nothing_of_another_users(folder: Path) -> None:
    os.chown(folder / "program", 1, 1)
    with ordinary_user(), pytest.raises(ArgumentError) as caught:
        Uwsgi(str(folder / "program"), never).runner(None)
    assert caught.value.problem == f"{folder}/program can be changed by daemon, so it is not run; give one of root's"


@needs_root
def test_the_version_is_asked_as_whoever_can_change_the_binary(folder: Path) -> None:
    asked = Uwsgi(str(folder / "program"), start)
    assert asked.version(None)() == "0"
    os.chown(folder / "program", NOBODY, NOBODY)
    assert asked.version(None)() == str(NOBODY)
    os.chown(folder / "program", 0, 0)
    (folder / "program").chmod(0o757)
    with pytest.raises(ArgumentError, match=r"can be changed by several users, so it is not run; give one of root's"):
        asked.version(None)
    # With a given version the binary is not asked.
    assert asked.version("2.0.31")() == "2.0.31"


# Where it is


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Folders with programs, and with things that are not programs."""
    for name in ("a/folder", "b", "c"):
        (tmp_path / name).mkdir(parents=True)
    put(tmp_path / "a" / "plain")
    os.mkfifo(str(tmp_path / "a" / "pipe"), 0o755)
    (tmp_path / "a" / "dangling").symlink_to("none")
    (tmp_path / "a" / "loop").symlink_to("loop")
    (tmp_path / "a" / "link").symlink_to("../b/other")
    for path in ("b/folder", "b/plain", "b/pipe", "b/dangling", "b/loop", "b/other", "b/both", "c/both"):
        put(tmp_path / path, bits=0o755)
    put(tmp_path / "c" / "last", bits=0o001)
    return tmp_path


# The name to find, and where it is; "{}" is the folder of all these.
FOUND: List[Tuple[str, Optional[str]]] = [
    ("folder", "b/folder"),
    ("plain", "b/plain"),
    ("pipe", "b/pipe"),
    ("dangling", "b/dangling"),
    ("loop", "b/loop"),
    ("link", "a/link"),
    ("both", "b/both"),
    ("last", "c/last"),
    ("none", None),
    ("{}/a/plain", None),
    ("{}/a/folder", None),
    ("{}/a/none", None),
    ("{}/none/none", None),
    ("{}/a/plain/none", None),
    ("{}/a/../b/plain", "b/plain"),
    ("b/plain", "b/plain"),
    ("./b/plain", "b/plain"),
]


@pytest.mark.parametrize(("name", "expected"), FOUND)
def test_a_program_is_found_as_a_shell_finds_it(
    programs: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: Optional[str]
) -> None:
    monkeypatch.chdir(programs)
    folders = ["", str(programs / "none"), str(programs / "a"), str(programs / "a" / "plain"), "b", str(programs / "c")]
    path = expected and str(programs / expected)
    assert find(name.format(programs), folders) == path
    # Folders are searched for plain names only.
    assert find(name.format(programs), []) == (path if "/" in name else None)


def test_in_no_folder_no_name_is_a_program(monkeypatch: pytest.MonkeyPatch, programs: Path) -> None:
    monkeypatch.chdir(programs / "b")
    assert find("plain", ["", "."]) == str(programs / "b" / "plain")
    assert find("plain", [""]) is None


def test_what_can_not_be_looked_into_has_no_program() -> None:
    with ordinary_user() as folder:
        program(folder, "")
        (folder / "closed").mkdir(mode=0)
        assert find("program", [str(folder / "closed"), str(folder)]) == str(folder / "program")
        assert find(str(folder / "closed" / "program"), [str(folder)]) is None
        (folder / "closed").chmod(0o700)
