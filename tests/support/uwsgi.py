# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real uWSGI processes: started on a file, stopped by pid."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1, Release, parse_release
from support.loopback import wait_for
from support.modules import ROOT

BINARY = os.environ.get("TEST_UWSGI") or str(ROOT / ".venv" / "bin" / "uwsgi")
# Whether routers and languages are separate plugin files, as in Debian's packages.
_HAS_PLUGINS = bool(os.environ.get("TEST_UWSGI_HAS_PLUGINS"))


def _release() -> Release:
    try:
        said = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except FileNotFoundError:
        # Tests that need no uWSGI run anyway.
        return V2_0
    return parse_release("TEST_UWSGI", said)


# The release of BINARY. 2.1 was tested with commit 6cbb2177 of its master branch.
RELEASE = _release()
VERSION = "{}.{}".format(*RELEASE)


def plugin_lines(plugin: str) -> list[str]:
    """The lines that load a plugin, if it isn't built in."""
    return ["need-plugins = " + plugin] if plugin and _HAS_PLUGINS else []


def without_app(*lines: str) -> list[str]:
    """The lines that keep an instance without an application running: 2.1 would exit."""
    return ["need-app = false"] if RELEASE >= V2_1 and not any(line.startswith("need-app") for line in lines) else []


# In seconds, for what was killed.
_TIMEOUT = 60
# PF_EXITING of Linux (include/linux/sched.h).
_EXITING = 0x4


def wait_until_gone(left: int) -> None:
    """Wait until no process holds the other end of a pipe, and those that held it have closed all else; closes this end.

    Raises:
        AssertionError: if one still holds it after a minute.
    """
    ended = select.select([left], [], [], _TIMEOUT)[0]
    os.close(left)
    assert ended, "what was killed is still there"
    # A process that exits may close its sockets after the pipe.
    for pid in filter(_is_exiting, [int(name) for name in os.listdir("/proc") if name.isdecimal()]):
        wait_for(f"the end of process {pid}", lambda pid=pid: not _is_exiting(pid))


def _is_exiting(pid: int) -> bool:
    """Whether a process exits and has files left (proc_pid_stat(5)); what is a zombie has none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    fields = stat.rpartition(")")[2].split()
    state, flags, threads = fields[0], int(fields[6]), int(fields[17])
    return bool(flags & _EXITING) and (state not in "ZX" or threads > 1)


class Instance:
    """One uWSGI on an ini file.

    Args:
        folder: for its files.
        lines: the ``[uwsgi]`` section, without the section's head.
        plugin: the plugin that it needs, if that isn't built in.
        environment: additional variables.
    """

    def __init__(
        self, folder: Path, *lines: str, name: str = "instance", plugin: str = "", environment: dict[str, str] | None = None
    ) -> None:
        self.log = folder / (name + ".log")
        self._ini = folder / (name + ".ini")
        section = ["[uwsgi]", *plugin_lines(plugin), "strict = true", "master = true", *without_app(*lines), *lines, ""]
        self._ini.write_text("\n".join(section), encoding="utf-8")
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._left: int | None = None

    def __enter__(self) -> Instance:
        # Its remaining processes hold the pipe's other end.
        self._left, theirs = os.pipe()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [BINARY, "--ini", str(self._ini)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._ini.parent,
                env=self._environment,
                start_new_session=True,
                pass_fds=(theirs,),
            )
        os.close(theirs)
        return self

    def __exit__(self, *dummy: object) -> None:
        assert self._process is not None
        # A graceful stop needs a second; tests about stopping request one themselves.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        # Its workers too: the next instance may want their sockets.
        if self._left is not None:
            wait_until_gone(self._left)
            self._left = None

    @property
    def pid(self) -> int:
        """Its master's."""
        assert self._process is not None
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send a signal to its master."""
        assert self._process is not None
        self._process.send_signal(number)

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for_words(self, words: str) -> None:
        """Wait until its log has ``words``."""
        wait_for(f"{words!r} in {self.log}", lambda: words in self.said() or self._must_live())

    def _must_live(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said()
        return False


def read(folder: Path, option: str, text: str) -> str:
    """How uWSGI reads the first ``option`` in a file's text, by its dry run; raises AssertionError if it refuses."""
    path = folder / "read.ini"
    path.write_text(text, encoding="utf-8")
    found = subprocess.run(
        [BINARY, "--strict", "--ini", str(path), "--get", option], capture_output=True, text=True, timeout=30, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.rstrip("\n")
