# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real processes that nobody supervises: found, waited for and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import UnsafePath
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import daemon
from support.files import NOBODY, needs_root, ordinary_user, put
from support.loopback import wait_for
from support.uwsgi import BINARY

INI = "/etc/uwsgi/emperor \u00fc.ini"
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(autouse=True)
def hearing() -> Iterator[None]:
    """SIGQUIT works, even if the tests were started with it ignored."""
    before = signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGQUIT, before)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes that end with the test."""
    started: List[subprocess.Popen[bytes]] = []

    def one(*argv: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE))
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def sleeping(start: Start, *arguments: str, before: str = "") -> subprocess.Popen[bytes]:
    """A process that waits for a signal, with arguments that it ignores."""
    code = before + "import signal; print('there', flush=True); signal.pause()"
    process = start(sys.executable, "-c", code, *arguments)
    assert process.stdout is not None
    assert process.stdout.readline() == b"there\n"
    return process


def gone() -> int:
    """The pid of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_process_is_found_by_its_pid_and_its_files(tmp_path: Path, start: Start) -> None:
    pidfile = tmp_path / "pid"
    process = sleeping(start, "--ini", INI, "--pidfile", str(pidfile))
    for text in ("{0}", "{0}\n", "{0} \n\n"):
        pidfile.write_text(text.format(process.pid))
        assert daemon.running(str(pidfile), INI) == process.pid


# The ini file and the pid file of another process.
OTHERS = [(INI[:-1], "{}"), (INI + "x", "{}"), ("ini", "{}"), ("--ini " + INI, "{}"), (INI, "{}x"), (INI, "pid"), (INI, "")]


@pytest.mark.parametrize(("ini", "pidfile"), OTHERS)
def test_a_process_on_another_file_is_another_one(tmp_path: Path, start: Start, ini: str, pidfile: str) -> None:
    path = tmp_path / "pid"
    for arguments, found in (((INI, str(path)), True), ((ini, pidfile.format(path)), False)):
        process = sleeping(start, *arguments, "end")
        path.write_text(str(process.pid))
        assert daemon.running(str(path), INI) == (process.pid if found else None)


@needs_root
def test_a_pid_file_may_be_another_users_in_a_folder_of_roots(tmp_path: Path, start: Start) -> None:
    # uWSGI writes it after it has switched users.
    pidfile = put(tmp_path / "pid", str(sleeping(start, INI, str(tmp_path / "pid")).pid))
    os.chown(pidfile, NOBODY, NOBODY)
    assert daemon.running(str(pidfile), INI) is not None
    os.chown(tmp_path, NOBODY, NOBODY)
    with pytest.raises(UnsafePath) as caught:
        daemon.running(str(pidfile), INI)
    assert (caught.value.path, caught.value.uid) == (str(tmp_path), NOBODY)


NO_PIDS = [b"", b"x", b"12x", b"-1", b"0", b" 1", b"99999999999", b"\xff", b"1 2", b"1" + b"\n" * 32, b"\xd9\xa1"]


@pytest.mark.parametrize("content", NO_PIDS)
def test_a_pid_file_without_a_pid_names_no_process(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pid").write_bytes(content)
    assert daemon.running(str(tmp_path / "pid"), INI) is None
    assert daemon.running(str(tmp_path / "gone"), INI) is None
    (tmp_path / "pid").write_text(str(gone()))
    assert daemon.running(str(tmp_path / "pid"), INI) is None


def test_the_command_says_where_the_pid_and_the_log_go() -> None:
    found = daemon.command("/bin/uwsgi", "/i", "/p", "/l")
    assert found == ["/bin/uwsgi", "--ini", "/i", "--pidfile", "/p", "--daemonize", "/l"]


def test_a_log_s_size_is_in_bytes(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\u00fc\n", encoding="utf-8")
    assert daemon.size(str(tmp_path / "log")) == 3
    assert daemon.size(str(tmp_path / "gone")) == 0


def test_a_process_that_comes_later_is_waited_for(tmp_path: Path, start: Start) -> None:
    pidfile = tmp_path / "pid"
    found: List[int] = []
    waiter = threading.Thread(target=lambda: found.append(daemon.wait_until_running(str(pidfile), INI, "/gone", 0)))
    waiter.start()
    process = sleeping(start, INI, str(pidfile))
    assert found == []
    # Renamed into place: the waiter could take the beginning of a number for the whole.
    (tmp_path / "new").write_text(str(process.pid))
    (tmp_path / "new").rename(pidfile)
    waiter.join(30)
    assert found == [process.pid]


LOGS = [
    ("", 0, "nothing"),
    ("old\n", 4, "nothing"),
    ("old\nnew\n", 4, "new"),
    ("old\n\none\n \ntwo", 4, "one / two"),
    ("1\n2\n3\n4\n5\n6\n", 0, "2 / 3 / 4 / 5 / 6"),
    ("1\n\n\n\n\n6\n", 0, "6"),
    ("\udcff\n", 0, "\ufffd"),
]


@pytest.mark.parametrize(("text", "begin", "end"), LOGS)
def test_of_a_process_that_does_not_stay_the_log_s_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, begin: int, end: str
) -> None:
    assert daemon._START_TIMEOUT == 20
    monkeypatch.setattr(daemon, "_START_TIMEOUT", 0.01)
    log = tmp_path / "log"
    log.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(HostError) as caught:
        daemon.wait_until_running(str(tmp_path / "gone"), INI, str(log), begin)
    assert str(caught.value) == f"{INI}: uWSGI did not stay up on it. The end of {log}: {end}"


def test_of_a_long_log_only_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert daemon._MOST_LOG == 65536
    monkeypatch.setattr(daemon, "_START_TIMEOUT", 0)
    monkeypatch.setattr(daemon, "_MOST_LOG", 8)
    (tmp_path / "log").write_text("one\ntwo\nthree\n")
    with pytest.raises(HostError) as caught:
        daemon.wait_until_running(str(tmp_path / "gone"), INI, str(tmp_path / "log"), 4)
    assert caught.value.problem.endswith(": o / three")


@needs_root
def test_a_log_in_another_users_folder_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "_START_TIMEOUT", 0)
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "log").symlink_to(put(tmp_path / "secret", "a secret"))
    os.chown(tmp_path / "theirs", NOBODY, NOBODY)
    log = str(tmp_path / "theirs" / "log")
    with pytest.raises(HostError) as caught:
        daemon.wait_until_running(str(tmp_path / "gone"), INI, log, 0)
    assert caught.value.problem.endswith(f". The end of {log}: {tmp_path}/theirs can be changed by nobody")


def test_a_log_that_is_not_there_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "_START_TIMEOUT", 0)
    with pytest.raises(HostError) as caught:
        daemon.wait_until_running(str(tmp_path / "gone"), INI, "/gone", 0)
    assert caught.value.problem.endswith(". The end of /gone: No such file or directory")


def test_a_process_is_told_to_quit(start: Start) -> None:
    # As a child of the tests it stays a zombie until they wait for it.
    process = sleeping(start)
    daemon.stop(process.pid, 30)
    assert process.wait() == -signal.SIGQUIT


def test_a_process_that_takes_its_time_is_waited_for(start: Start, tmp_path: Path) -> None:
    release = tmp_path / "release"
    before = "import os, signal, sys\ndef end(*dummy):\n while not os.path.exists({0!r}): pass\n sys.exit(7)\n"
    process = sleeping(start, before=before.format(str(release)) + "signal.signal(signal.SIGQUIT, end)\n")
    stopper = threading.Thread(target=daemon.stop, args=(process.pid, 60))
    stopper.start()
    assert stopper.is_alive()
    release.touch()
    stopper.join(30)
    assert process.wait() == 7


def test_a_process_that_somebody_waits_for_goes_entirely(start: Start) -> None:
    # Its parent, which waits for it, is a process of its own.
    code = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    parent = start(sys.executable, "-c", code)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    daemon.stop(pid, 30)
    assert parent.wait() == 0


def test_a_process_that_stays_is_left_and_told_of(start: Start) -> None:
    process = sleeping(start, before="import signal; signal.signal(signal.SIGQUIT, signal.SIG_IGN);")
    with pytest.raises(HostError) as caught:
        daemon.stop(process.pid, 0.25)
    assert str(caught.value) == f"process {process.pid}: is still there after 0.25 s; allow more time with timeout"
    assert process.poll() is None


@needs_root
def test_a_process_of_another_user_is_an_error(start: Start) -> None:
    # It belongs neither to this test's temporary user nor to root, which is still the real user that kill() checks.
    process = sleeping(start, before="import os, signal; os.setuid(5);")
    with ordinary_user(), pytest.raises(HostError) as caught:
        daemon.stop(process.pid, 30)
    assert str(caught.value) == f"process {process.pid}: belongs to another user; use become"
    assert process.poll() is None


@pytest.mark.parametrize("before", [signal.SIG_IGN, signal.SIG_DFL])
def test_what_is_started_hears_the_signal(start: Start, before: signal.Handlers) -> None:
    signal.signal(signal.SIGQUIT, before)
    daemon.hear_signals()
    process = sleeping(start)
    daemon.stop(process.pid, 30)
    assert process.wait() == -signal.SIGQUIT


def test_uwsgi_is_started_found_and_stopped(tmp_path: Path) -> None:
    ini, pidfile, log = (str(tmp_path / name) for name in ("emperor.ini", "pid", "log"))
    (tmp_path / "vassals").mkdir()
    Path(ini).write_text(f"[uwsgi]\nmaster = true\nemperor = {tmp_path / 'vassals'}\n")
    subprocess.run(daemon.command(BINARY, ini, pidfile, log), check=True, capture_output=True, timeout=60)
    pid = daemon.wait_until_running(pidfile, ini, log, 0)
    try:
        assert pid == int(Path(pidfile).read_text())
        wait_for("the Emperor", lambda: "*** starting uWSGI Emperor" in Path(log).read_text())
        daemon.stop(pid, 60)
        assert daemon.running(pidfile, ini) is None
    finally:
        if daemon.running(pidfile, ini):
            os.kill(pid, signal.SIGKILL)
