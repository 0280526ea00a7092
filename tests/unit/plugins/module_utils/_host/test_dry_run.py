# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the host's own uWSGI says about files before they are written; the real one is run."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from functools import partial
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import dry_run
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.command import Ended, start
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.dry_run import Candidate, DryRun, Report
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.uwsgi import Uwsgi
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini.writer import Line
from support.files import NOBODY, needs_root, ordinary_user, program
from support.uwsgi import BINARY

# The user that vassals run as.
RUNNER = Identity(NOBODY, NOBODY) if os.geteuid() == 0 else None


class Host:
    """A host with a uWSGI, and a record of what was run there as the tests' own user.

    Attributes:
        folder: the folder where candidates will be written.
        runs: the commands, with SCRATCH for the scratch folder, and the folder that each was run in.
        texts: what each command read.
        scratches: the scratch folders.
    """

    def __init__(self, tmp_path: Path, binary: Optional[str] = BINARY) -> None:
        self.folder = tmp_path / "vassals"
        self.folder.mkdir()
        self.runs: List[Tuple[List[str], Optional[str]]] = []
        self.texts: List[str] = []
        self.scratches: List[Path] = []
        self.uwsgi = Uwsgi(binary, self.start)

    def start(self, argv: List[str], cwd: Optional[str], user: Optional[Identity]) -> Callable[[], Ended]:
        return partial(self.run, argv, cwd, user)

    def run(self, argv: List[str], cwd: Optional[str], user: Optional[Identity]) -> Ended:
        path = Path(argv[argv.index("--ini") + 1].rpartition(":")[0])
        status = path.stat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o400, user.uid if user else os.geteuid())
        assert list(path.parent.iterdir()) == [path]
        self.scratches.append(path.parent)
        self.runs.append(([one.replace(str(path.parent), "SCRATCH") for one in argv], cwd))
        self.texts.append(path.read_text(encoding="utf-8"))
        there = cwd if cwd and os.path.isdir(cwd) else "/"
        found = subprocess.run(argv, cwd=there, capture_output=True, timeout=60, check=False)
        return Ended(found.returncode, found.stdout.decode(), found.stderr.decode("utf-8", "replace"))

    def candidate(self, name: str, *lines: Any, section: str = "uwsgi") -> Candidate:
        """A candidate of lines in uWSGI's own language, or of ``Line``s."""
        made = [one if isinstance(one, Line) else Line(*re.split(" = ", one, maxsplit=1), False) for one in lines]
        return Candidate(str(self.folder / (name + ".ini")), "place." + name, section, made, RUNNER)

    def check(self, *candidates: Candidate) -> Report:
        """Check candidates, and that nothing is left behind."""
        before = sorted(self.folder.iterdir())
        try:
            return DryRun(self.uwsgi).check(candidates)
        finally:
            assert sorted(self.folder.iterdir()) == before
            assert [path for path in self.scratches if path.exists()] == []

    def passes(self, *candidates: Candidate) -> bool:
        """Whether there are neither warnings nor errors."""
        return self.check(*candidates) == Report([], [])

    def refusal(self, *candidates: Candidate) -> Tuple[str, str]:
        """The place of the only candidate that is refused, and what uWSGI says about it."""
        ((candidate, words),) = self.check(*candidates).refused
        assert candidate in candidates
        return candidate.place, words


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host with the real uWSGI."""
    return Host(tmp_path)


@pytest.fixture
def willing(tmp_path: Path) -> Host:
    """A host with a uWSGI that accepts everything."""
    return Host(tmp_path, program(tmp_path, "exit 0"))


# One candidate


def test_a_candidate_is_read_where_it_is_to_go(host: Host) -> None:
    candidate = host.candidate("a", "master = true", Line("env", "A=100%"), section="my.section")
    assert host.passes(candidate)
    argv = [BINARY, "--strict", "--ini", "SCRATCH/a.ini:my.section", "--get", "strict"]
    assert host.runs == [(argv, str(host.folder))]
    assert host.texts == ["[my.section]\nmaster = true\nenv = A=100%%\n"]


def not_there_yet() -> Report:
    return DryRun(Uwsgi(BINARY, start)).check([Candidate("/none/a.ini", "place", "uwsgi", [Line("master", "true")], RUNNER)])


@needs_root
def test_a_folder_that_is_not_there_yet_does_not_matter() -> None:
    assert not_there_yet() == Report([], [])


def test_a_folder_that_is_not_there_yet_does_not_matter_without_root_either() -> None:
    with ordinary_user():
        assert not_there_yet() == Report([], [])


REFUSED = [
    ("nosuch = 1", "[strict-mode] unknown config directive: nosuch"),
    # uWSGI exits with 0 on these two.
    ("ini = other.ini:nosuch", "*** WARNING: Can't find section \"nosuch\" in INI configuration file other.ini ***"),
    ("plugins = nosuch", "UNABLE to load uWSGI plugin: "),
    ("need-plugins = nosuch", "UNABLE to load uWSGI plugin: "),
    ("include = /nonexistent.ini", "realpath() of /nonexistent.ini failed: No such file or directory"),
    ("env = A=@(/nonexistent)", 'open("/nonexistent"): No such file or directory'),
]


@pytest.mark.parametrize(("line", "words"), REFUSED)
def test_what_uwsgi_refuses_is_told_in_its_words(host: Host, line: str, words: str) -> None:
    (host.folder / "other.ini").write_text("[uwsgi]\nmaster = true\n")
    place, problem = host.refusal(host.candidate("a", "master = true", line))
    assert place == "place.a"
    assert words in problem
    for chatter in ("getting INI configuration", "Starting uWSGI", "/  /", "\n"):
        assert chatter not in problem


def test_words_about_the_candidate_name_it_where_it_is_to_go(host: Host) -> None:
    path = str(host.folder / "a.ini")
    assert host.refusal(host.candidate("a", "ini = %p:nosuch"))[1].count(path) == 1
    said = ["$3: bad", "*** Starting uWSGI 2 ***", " and bad ", ""]
    host.uwsgi.binary = program(host.folder, "".join(f'echo "{words}" >&2\n' for words in said) + "exit 1")
    assert host.refusal(host.candidate("a", "master = true")) == ("place.a", f"{path}:uwsgi: bad / and bad")


def test_a_uwsgi_without_words_is_an_error_too(tmp_path: Path) -> None:
    host = Host(tmp_path, program(tmp_path, "exit 7"))
    assert host.refusal(host.candidate("a", "master = true")) == ("place.a", "exit code 7, without a message")


def test_a_uwsgi_that_does_not_end_is_an_error_of_its_argument(host: Host) -> None:
    def begin(*dummy: object) -> Callable[[], Ended]:
        def end() -> Ended:
            raise HostError("/bin/uwsgi", "does not end within 60 s")

        return end

    host.uwsgi.start = begin
    with pytest.raises(ArgumentError) as caught:
        host.check(host.candidate("a", "master = true"))
    assert (caught.value.path, caught.value.problem) == ("uwsgi_binary", "/bin/uwsgi: does not end within 60 s")


# Magic variables stand for the candidate's final folder and file; a doubled percent sign is literal.
MAGIC = ["include = %dother.ini", "include = %p.ini", "include = %d%%d.ini", "include = other.ini", "include = %%p.ini"]


@pytest.mark.parametrize("line", MAGIC)
@pytest.mark.parametrize("name", ["plain", "a%nb%db"])
def test_magic_variables_have_the_values_that_they_will_have(host: Host, line: str, name: str) -> None:
    host.folder = host.folder / name
    host.folder.mkdir()
    for file in ("other.ini", "a.ini.ini", "%d.ini", "%p.ini"):
        (host.folder / file).write_text("[uwsgi]\nmaster = true\n")
    assert host.passes(host.candidate("a", line))
    (host.folder / "b").mkdir()
    host.folder = host.folder / "b"
    assert "No such file or directory" in host.refusal(host.candidate("b", line))[1]


# Candidates that the dry run would execute


def acts(folder: Path) -> List[Tuple[Any, str]]:
    touch = f"touch {folder}/done"
    named = ["exec-asap = " + touch, "hook-asap = exec:" + touch, "call-asap = f", "mount-asap = x", "umount-asap = x",
             "http-zerg = x", "fastrouter-zerg = x", "flock = /x", "flock2 = /x", "flock-wait = /x", "flock-wait2 = /x",
             "stop = /x", "reload = /x", "pause = /x", "signal = /x,1", "connect-and-read = /x", "cron = 1", "cron2 = 1",
             "spooler = /x"]
    valued = [f"env = A=@(exec://{touch})", "env = @(http://127.0.0.1:1/)", "env = @(sym://x)", "env = @(x)"]
    return [(line, line.partition(" ")[0]) for line in named] + [(line, line) for line in valued]


@pytest.mark.parametrize("at", range(len(acts(Path()))))
def test_what_the_dry_run_would_carry_out_is_not_validated(host: Host, tmp_path: Path, at: int) -> None:
    line, act = acts(tmp_path)[at]
    # The file is not read at all, not even its error.
    warning = "place.a: not validated, since the dry run would carry out " + act
    assert host.check(host.candidate("a", "nosuch = 1", line)) == Report([warning], [])
    assert host.runs == []
    # The others are still read.
    found = host.check(host.candidate("a", line), host.candidate("b", "nosuch = 1"))
    assert (found.warnings, [one.place for one, dummy in found.refused]) == ([warning], ["place.b"])
    assert not (tmp_path / "done").exists()


HARMLESS = ["exec-pre-app = x", "xexec-asap = x", "cron3 = x", "stopper = x", "signals = x", "zerg = x", "env = @(/dev/null)",
            "env = @ (x)"]


@pytest.mark.parametrize("line", [*HARMLESS, Line("env", "A=@(x)")], ids=str)
def test_everything_else_is_validated(tmp_path: Path, line: Any) -> None:
    host = Host(tmp_path, program(tmp_path, "exit 1"))
    assert host.refusal(host.candidate("a", line))[0] == "place.a"
    assert len(host.runs) == 1


def test_an_act_is_one_however_its_value_is_written(host: Host, tmp_path: Path) -> None:
    candidate = host.candidate("a", Line("exec-asap", f"touch {tmp_path}/done"))
    assert host.check(candidate) == Report(["place.a: not validated, since the dry run would carry out exec-asap"], [])
    assert (host.runs, (tmp_path / "done").exists()) == ([], False)


CARRIED_OUT = ["exec-as-user-atexit = touch {}", "hook-as-user-atexit = exec:touch {}", "call-as-user-atexit = x",
               "build-plugin = {}-folder", "suspend = {}-none", "resume = {}-none"]


@pytest.mark.parametrize("line", CARRIED_OUT)
def test_all_that_the_dry_run_would_carry_out_is_known(host: Host, tmp_path: Path, line: str) -> None:
    done = tmp_path / "done"
    (tmp_path / "done-folder").mkdir()
    (tmp_path / "done-folder" / "uwsgiplugin.py").write_text(f"open({str(done)!r}, 'w')")
    assert host.check(host.candidate("a", line.format(done))).warnings != []
    assert (host.runs, done.exists()) == ([], False)


# Many candidates


def many(host: Host, count: int) -> List[Candidate]:
    return [host.candidate(f"v{at}", "master = true", f"socket = 127.0.0.1:{3000 + at}") for at in range(count)]


def test_many_candidates_are_read_at_once(host: Host) -> None:
    assert host.passes()
    assert host.runs == []
    subscription = Line("subscribe2", "server=10.0.0.2:2626,key=a")
    candidates = [one._replace(lines=[*one.lines, subscription]) for one in many(host, 40)]
    assert host.passes(*candidates)
    expected = ["[uwsgi]", "master = true"] + [f"socket = 127.0.0.1:{3000 + at}" for at in range(40)]
    assert host.texts == ["\n".join(expected) + "\n"]


def test_more_than_a_thousand_are_read_in_parts(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dry_run._TOGETHER == 1000
    monkeypatch.setattr(dry_run, "_TOGETHER", 3)
    assert host.passes(*many(host, 7))
    assert [text.count("socket") for text in host.texts] == [3, 3, 1]
    assert host.refusal(*many(host, 7)[:6], host.candidate("bad", "nosuch = 1"))[0] == "place.bad"


def test_of_many_each_that_is_refused_is_named(host: Host) -> None:
    bad = [host.candidate(f"bad{at}", f"nosuch{at} = 1") for at in range(2)]
    good = many(host, 3)
    found = host.check(*good[:2], bad[1], good[2], bad[0])
    expected = [(bad[at], f"[strict-mode] unknown config directive: nosuch{at}") for at in (1, 0)]
    assert found == Report([], expected)
    # First all together, and then one by one.
    assert len(host.runs) == 6


def test_candidates_that_only_together_are_refused_are_fine(host: Host) -> None:
    (host.folder / "b").mkdir()
    assert host.passes(host.candidate("a", "master = true"), host.candidate("b", "early-envdir = %d%n"))
    assert len(host.runs) == 3


CONTEXTS = [
    "plugins = x", "plugin = x", "need-plugin = x", "need-plugins = x", "plugin-dir = x", "plugins-dir = x", "load = x",
    "dlopen = x", "include = x", "inherit = x", "inherit-template = x", "ini = x", "ini-paste = x", "ini-paste-logged = x",
    "set = a=b", "set-ph = a=b", "set-placeholder = a=b", "if-env = x", "endif = x", "for = x", "for-glob = x", "endfor = x",
    "declare-option = x",
]


@pytest.mark.parametrize("line", CONTEXTS)
def test_candidates_of_different_meaning_are_read_apart(willing: Host, line: str) -> None:
    plain = many(willing, 2)
    same = [one._replace(lines=[Line(*line.split(" = "), False), *one.lines]) for one in many(willing, 2)]
    other = willing.candidate("other", line + "y")
    assert willing.passes(plain[0], same[0], other, plain[1], same[1])
    assert [text.count("socket") for text in willing.texts] == [2, 2, 0]


def test_candidates_of_different_sections_are_read_apart(willing: Host) -> None:
    assert willing.passes(*many(willing, 2), willing.candidate("a", "master = true", section="b"))
    assert [text[:7] for text in willing.texts] == ["[uwsgi]", "[b]\nmas"]


@pytest.mark.parametrize("line", ["master = a", "inix = b", "endifs = c", "dload = d", "need-master = e", "includes = f"])
def test_candidates_of_the_same_meaning_are_read_together(willing: Host, line: str) -> None:
    assert willing.passes(*many(willing, 1), willing.candidate("a", line))
    assert len(willing.runs) == 1
