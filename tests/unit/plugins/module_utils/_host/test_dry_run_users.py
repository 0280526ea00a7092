# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As whom the dry run reads a file, and what it skips: never as root, and in check mode nothing that loads other files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.command import Ended, start
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.dry_run import Candidate, DryRun, Report
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.uwsgi import Uwsgi
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini.writer import Line
from support.files import NOBODY, needs_root, ordinary_user, passable, program, put
from support.uwsgi import BINARY

OTHER, THIRD = Identity(NOBODY, NOBODY), Identity(1, 1)
# The user that vassals run as.
RUNNER = OTHER if os.geteuid() == 0 else None


def candidate(name: str, *lines: Any, user: Optional[Identity] = RUNNER, folder: str = "/vassals") -> Candidate:
    """A candidate of lines in uWSGI's own language, or of ``Line``s."""
    made = [one if isinstance(one, Line) else Line(*one.split(" = ", 1), False) for one in lines]
    return Candidate(f"{folder}/{name}.ini", "place." + name, "uwsgi", made, user)


class Reader:
    """A uWSGI that accepts everything, with what it was told to read, and as whom."""

    def __init__(self, binary: str = "/bin/true") -> None:
        self.users: List[Optional[Identity]] = []
        self.texts: List[str] = []
        self._uwsgi = Uwsgi(binary, self._start)

    def _start(self, argv: List[str], dummy: Optional[str], user: Optional[Identity]) -> Callable[[], Ended]:
        self.users.append(user)
        self.texts.append(Path(argv[argv.index("--ini") + 1].rpartition(":")[0]).read_text(encoding="utf-8"))
        return lambda: Ended(0, "", "")

    def check(self, *candidates: Candidate, check_mode: bool = False) -> Report:
        """Let it read candidates."""
        return DryRun(self._uwsgi, check_mode).check(candidates)


@pytest.fixture
def reader() -> Reader:
    """A reader that belongs to root."""
    return Reader()


def real(*candidates: Candidate, check_mode: bool = False) -> Report:
    """Let the real uWSGI read candidates."""
    return DryRun(Uwsgi(BINARY, start), check_mode).check(candidates)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter; skips the test where a vassal's user can't run the real uWSGI."""
    try:
        ended = start([BINARY, "--version"], None, RUNNER)()
    except HostError as exc:
        pytest.skip(str(exc))
    if ended.code:
        pytest.skip(f"{RUNNER} can't run {BINARY}: {ended.err}")
    with passable() as found:
        yield found


UNKNOWN = "since the dry run never runs as root, and the vassal's user is not known; set user"


@needs_root
@pytest.mark.parametrize("user", [None, Identity(0, 0), Identity(0, NOBODY)], ids=str)
@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_is_read_as_root(reader: Reader, user: Optional[Identity], check_mode: bool) -> None:
    candidates = [candidate(name, "nosuch = 1", user=user) for name in ("a", "b")]
    warnings = [f"place.{name}: not validated, {UNKNOWN}" for name in ("a", "b")]
    assert reader.check(*candidates, check_mode=check_mode) == Report(warnings, [])
    assert reader.users == []
    # The others are read.
    others = [candidate("c", "master = true", user=OTHER)]
    assert reader.check(*candidates, *others, check_mode=check_mode) == Report(warnings, [])
    assert reader.users == [OTHER]


@needs_root
def test_candidates_of_different_users_are_read_apart(reader: Reader) -> None:
    users = (OTHER, THIRD)
    found = reader.check(*(candidate(f"v{at}", f"socket = 127.0.0.1:{3000 + at}", user=users[at % 2]) for at in range(4)))
    assert found == Report([], [])
    assert reader.users == [OTHER, THIRD]
    assert [re.findall("3[0-9]+", text) for text in reader.texts] == [["3000", "3002"], ["3001", "3003"]]


def test_who_is_not_root_reads_as_itself(reader: Reader) -> None:
    with ordinary_user():
        assert reader.check(candidate("a", "master = true", user=None)) == Report([], [])
    assert reader.users == [None]


@needs_root
def test_a_uwsgi_that_another_user_can_change_reads_that_ones_alone() -> None:
    with passable() as found:
        reader = Reader(program(found, ""))
        os.chown(found / "program", NOBODY, NOBODY)
        assert reader.check(candidate("a", "master = true", user=OTHER)) == Report([], [])
        with pytest.raises(ArgumentError) as caught:
            reader.check(candidate("a", "master = true", user=OTHER), candidate("b", "master = true", user=THIRD))
        problem = f"{found}/program can be changed by nobody, so it is not run as daemon; give one of root's"
        assert (caught.value.path, caught.value.problem) == ("uwsgi_binary", problem)
        assert reader.users == [OTHER, OTHER]


@needs_root
def test_what_is_included_acts_as_the_vassals_user_and_never_as_root(folder: Path) -> None:
    theirs, read = folder / "theirs", folder / "theirs" / "read"
    theirs.mkdir()
    put(folder / "secret", "a secret", bits=0o600)
    put(theirs / "included.ini", f"[uwsgi]\nexec-asap = id >>{read}; cat {folder}/secret >>{read}\n")
    for path in (theirs, theirs / "included.ini"):
        os.chown(path, NOBODY, NOBODY)
    include = f"include = {theirs}/included.ini"
    for user in (None, Identity(0, 0)):
        assert real(candidate("a", include, user=user)) == Report(["place.a: not validated, " + UNKNOWN], [])
    warning = "place.a: not validated, since check mode loads nothing, and include would"
    assert real(candidate("a", include, user=OTHER), check_mode=True) == Report([warning], [])
    assert not read.exists()
    # The command fails, since it can't read root's file.
    ((dummy, words),) = real(candidate("a", include, user=OTHER)).refused
    assert "id >>" in words
    assert read.read_text() == start(["/usr/bin/env", "id"], None, OTHER)().out
    assert f"uid={NOBODY}(" in read.read_text()
    assert (read.stat().st_uid, read.stat().st_gid) == (NOBODY, NOBODY)


# Check mode


BRINGS = ["include = x", "inherit = x", "inherit-template = x", "ini = x", "ini-paste = x", "ini-paste-logged = x", "load = x",
          "dlopen = x", "plugin-dir = x", "plugins-dir = x", "plugin = /x", "plugins = a,./x", "need-plugin = ../x",
          "need-plugins = a/b", "config = x", "config-py = x", "js = x", "json = x", "ldap = x", "ldap-schema = x", "sqlite = x",
          "sqlite3 = x", "xml = x", "xmlconfig = x", "yaml = x", "yml = x", "zeromq = x", "env = A=@(/x)"]
LOADS_NOTHING = ["need-plugins = python3", "plugin = python3,router_http", "plugins = x", "need-plugin = x", "master = true",
                 "set-ph = include=x", "includes = x", "inis = x", "plugins-list = true", "pidfile = /run/x.pid",
                 "env = A=ini", "jsonx = x", "chdir = /x"]


@pytest.mark.parametrize("line", BRINGS)
def test_in_check_mode_what_brings_other_files_is_noted(reader: Reader, line: str) -> None:
    one, other = candidate("a", "master = true", line), candidate("b", "master = true")
    noted = Report([f"place.a: not validated, since check mode loads nothing, and {line.partition(' ')[0]} would"], [])
    assert reader.check(one, check_mode=True) == noted
    assert reader.texts == []
    # The others are read, and outside of check mode this one is too.
    assert reader.check(one, other, check_mode=True) == noted
    assert reader.check(one) == Report([], [])
    assert [line in text for text in reader.texts] == [False, True]


@pytest.mark.parametrize("line", [*LOADS_NOTHING, Line("env", "A=@(/x)")], ids=str)
def test_in_check_mode_everything_else_is_validated(reader: Reader, line: Any) -> None:
    assert reader.check(candidate("a", line), check_mode=True) == Report([], [])
    assert len(reader.texts) == 1


def test_in_check_mode_a_literal_value_brings_files_as_well(reader: Reader) -> None:
    found = reader.check(candidate("a", Line("include", "x")), check_mode=True)
    assert found.warnings == ["place.a: not validated, since check mode loads nothing, and include would"]
    assert reader.texts == []


def test_in_check_mode_what_would_be_carried_out_is_named_first(reader: Reader) -> None:
    found = reader.check(candidate("a", "include = x", "exec-asap = y"), check_mode=True)
    assert found.warnings == ["place.a: not validated, since the dry run would carry out exec-asap"]


def test_in_check_mode_the_real_one_refuses_what_it_always_does(folder: Path) -> None:
    bad = candidate("b", "nosuch = 1", folder=str(folder))
    found = real(candidate("a", "include = x"), bad, candidate("c", "master = true", folder=str(folder)), check_mode=True)
    assert [warning.partition(":")[0] for warning in found.warnings] == ["place.a"]
    assert found.refused == [(bad, "[strict-mode] unknown config directive: nosuch")]


@pytest.mark.parametrize("line", ["need-plugin = %dx", "need-plugins = %px"])
def test_in_check_mode_no_plugin_is_loaded_from_where_the_file_is(folder: Path, line: str) -> None:
    one = candidate("a", line, folder=str(folder))
    ((dummy, words),) = real(one).refused
    # uWSGI's error has the full path of the file.
    assert f"{folder}/" in words
    warning = f"place.a: not validated, since check mode loads nothing, and {line.partition(' ')[0]} would"
    assert real(one, check_mode=True) == Report([warning], [])
