# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A daemon started and stopped by the module as Ansible runs it, with programs in place of uWSGI."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import modules
from support.loopback import wait_for

# A daemon that acts like uWSGI: it goes into the background at once, writes its pid, and ends with SIGQUIT.
_DAEMON = """#!{python}
import os, signal, sys
args = dict(zip(sys.argv[1::2], sys.argv[2::2]))
with open(args["--daemonize"], "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
if os.path.exists(args["--ini"] + ".refused"):
    sys.exit("no such option")
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
pid = os.fork()
if pid:
    with open(args["--pidfile"], "w") as stream:
        stream.write(str(pid) + "\\n")
    os._exit(0)
os.setsid()
for handle in range(3):
    os.dup2(os.open(os.devnull, os.O_RDWR), handle)
signal.alarm(120)
while True:
    signal.pause()
"""


class Daemon:
    """A daemon's files, and the module that is run on them."""

    def __init__(self, folder: Path) -> None:
        self.ini, self.pidfile, self.log = (folder / name for name in ("emperor.ini", "pid", "log"))
        self.binary = folder / "uwsgi"
        self.binary.write_text(_DAEMON.format(python=sys.executable))
        self.binary.chmod(0o755)
        self.started: set[int] = set()

    def run(self, state: str = "started", check: bool = False, **arguments: Any) -> modules.Result:
        given = {"ini": self.ini, "pidfile": self.pidfile, "log": self.log, "uwsgi_binary": self.binary, "timeout": 30}
        paths = {name: value if isinstance(value, int) else str(value) for name, value in given.items()}
        found = modules.run("uwsgi_daemon", {**paths, "state": state, **arguments}, check)
        if self.pidfile.exists():
            self.started.add(int(self.pidfile.read_text()))
        return found

    def starts(self) -> int:
        """How often it has been started."""
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


def is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    one = Daemon(tmp_path)
    yield one
    for pid in one.started:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def told(found: modules.Result) -> tuple[bool, Any]:
    assert not found.failed, found.msg
    return found.changed, found.data["pid"]


def test_it_is_started_once_and_stopped_once(daemon: Daemon) -> None:
    assert told(daemon.run(check=True)) == (True, None)
    assert daemon.starts() == 0
    changed, pid = told(daemon.run())
    assert (changed, pid, is_alive(pid)) == (True, int(daemon.pidfile.read_text()), True)
    argv = f"--ini {daemon.ini} --pidfile {daemon.pidfile} --daemonize {daemon.log}"
    assert daemon.log.read_text().splitlines() == [argv]
    for check in (True, False):
        assert told(daemon.run(check=check)) == (False, pid)
    # Stopping it needs neither the log nor the binary.
    assert told(daemon.run("stopped", check=True, log=None, uwsgi_binary="/nonexistent")) == (True, pid)
    assert is_alive(pid)
    assert told(daemon.run("stopped", log=None, uwsgi_binary="/nonexistent")) == (True, None)
    wait_for("its end", lambda: not is_alive(pid))
    for check in (True, False):
        assert told(daemon.run("stopped", check=check)) == (False, None)
    assert daemon.starts() == 1


def test_a_restart_is_another_process(daemon: Daemon) -> None:
    # A daemon that doesn't run is started.
    assert told(daemon.run("restarted", check=True)) == (True, None)
    changed, first = told(daemon.run("restarted"))
    assert changed
    assert told(daemon.run("restarted", check=True)) == (True, first)
    changed, second = told(daemon.run("restarted"))
    assert (changed, first != second, is_alive(first), is_alive(second)) == (True, True, False, True)


def test_the_roles_have_one_run_stop_the_former_and_start_the_next(daemon: Daemon, tmp_path: Path) -> None:
    dummy, former = told(daemon.run())
    own = {"ini": str(daemon.ini), "log": str(daemon.log), "uwsgi_binary": str(daemon.binary)}
    moved = {**own, "pidfile": str(tmp_path / "moved")}
    both = [{"ini": str(daemon.ini), "pidfile": str(daemon.pidfile), "state": "stopped", "timeout": 30}, moved]
    assert told(modules.run("uwsgi_emperor", {"state": "running", "desired": {"daemons": both}}, True)) == (True, None)
    assert is_alive(former)
    changed, pid = told(modules.run("uwsgi_emperor", {"state": "running", "desired": {"daemons": both}}))
    daemon.started.add(pid)
    assert (changed, is_alive(former), is_alive(pid)) == (True, False, True)
    assert told(modules.run("uwsgi_emperor", {"state": "running", "desired": {"daemons": both}})) == (False, pid)


def test_a_restart_stops_nothing_that_it_can_not_start(daemon: Daemon) -> None:
    dummy, pid = told(daemon.run())
    found = daemon.run("restarted", uwsgi_binary="nosuch-uwsgi")
    assert (found.failed, found.data["argument"], is_alive(pid)) == (True, "uwsgi_binary", True)


def test_a_pid_of_another_process_is_left_alone(daemon: Daemon) -> None:
    other = subprocess.Popen(["sleep", "600"])
    try:
        daemon.pidfile.write_text(str(other.pid))
        assert told(daemon.run("stopped")) == (False, None)
        changed, pid = told(daemon.run())
        assert (changed, pid != other.pid, other.poll()) == (True, True, None)
    finally:
        other.kill()
        other.wait()


def test_a_file_that_uwsgi_refuses_is_an_error_with_its_words(daemon: Daemon) -> None:
    Path(str(daemon.ini) + ".refused").touch()
    found = daemon.run()
    assert (found.failed, found.msg) == (True, f"{daemon.ini}: uWSGI does not start on it: no such option")
    assert "argument" not in found.data


def test_one_that_stays_is_an_error_and_is_not_killed(daemon: Daemon) -> None:
    code = "import signal; signal.signal(signal.SIGQUIT, signal.SIG_IGN); print(flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code, str(daemon.ini), str(daemon.pidfile)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            daemon.pidfile.write_text(str(process.pid))
            for state in ("stopped", "restarted"):
                found = daemon.run(state, timeout=1)
                assert (found.failed, process.poll(), daemon.starts()) == (True, None, 0)
                assert found.msg == f"process {process.pid}: is still there after 1 s; allow more time with timeout"
        finally:
            process.kill()


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("started", {"log": None}, "log: is empty; give a path"),
    ("restarted", {"log": None}, "log: is empty; give a path"),
    ("started", {"pidfile": ""}, "pidfile: is empty; give a path"),
    ("stopped", {"ini": ""}, "ini: is empty; give a path"),
    ("running", {}, "state"),
    ("started", {"uwsgi_binary": "nosuch-uwsgi"}, "uwsgi_binary: the host has no nosuch-uwsgi"),
]


@pytest.mark.parametrize(("state", "arguments", "words"), REFUSED)
def test_bad_arguments_start_nothing(daemon: Daemon, state: str, arguments: dict[str, Any], words: str) -> None:
    found = daemon.run(state, **arguments)
    assert found.failed
    assert words in found.msg
    assert found.data.get("argument", "") == (words.partition(":")[0] if ":" in words else "")
    assert daemon.starts() == 0


def test_a_daemon_needs_a_log(daemon: Daemon) -> None:
    found = modules.run("uwsgi_daemon", {"ini": str(daemon.ini), "pidfile": str(daemon.pidfile)})
    assert (found.failed, found.msg) == (True, "state is started but all of the following are missing: log")


def test_what_the_daemon_makes_is_not_for_others_to_write(daemon: Daemon) -> None:
    umask = os.umask(0)
    try:
        assert not daemon.run().failed
    finally:
        os.umask(umask)
    assert [stat.S_IMODE(path.stat().st_mode) & 0o022 for path in (daemon.pidfile, daemon.log)] == [0, 0]
