# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A uWSGI without a supervisor: found by its pid file, started as a daemon, stopped with a signal."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import List, Optional

from .._errors import HostError
from .._files import opened
from .._files.trust import UnsafePath
from . import process

_START_TIMEOUT = 20
# How many log lines an error quotes.
_TAIL = 5
_MOST_LOG = 1 << 16
_PID = re.compile(rb"([0-9]{1,10})\s*\Z")
_MOST_DIGITS = 32


def running(pidfile: str, ini: str) -> Optional[int]:
    """The pid of the uWSGI that ``pidfile`` names.

    Args:
        ini: the file that it was started with. A process without it and ``pidfile`` in its command line is another one that has
            reused the pid.

    Returns:
        None if there is none.
    """
    try:
        found = _PID.match(opened.read(pidfile, _MOST_DIGITS, anybodys=True))
    except UnsafePath:
        raise
    except OSError:
        return None
    pid = int(found.group(1)) if found else 0
    return pid if process.names(pid, ini, pidfile) else None


def command(binary: str, ini: str, pidfile: str, log: str) -> List[str]:
    """The command that starts uWSGI as a daemon, after it read its configuration (``daemonize2``, core/uwsgi.c)."""
    return [binary, "--ini", ini, "--pidfile", pidfile, "--daemonize", log]


def hear_signals() -> None:
    """Restore SIGQUIT for child processes, because shells make background jobs ignore it (POSIX, 2.11)."""
    if signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def size(log: str) -> int:
    """The current size of a log in bytes."""
    try:
        return opened.status(log).st_size
    except OSError:
        return 0


def wait_until_running(pidfile: str, ini: str, log: str, start: int) -> int:
    """Poll until the daemon runs.

    Args:
        start: the log's size before the daemon was started.

    Raises:
        HostError: if it doesn't within some seconds, with the end of its log.
    """
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        pid = running(pidfile, ini)
        if pid is not None:
            return pid
        time.sleep(0.05)
    raise HostError(ini, f"uWSGI did not stay up on it. The end of {log}: {_tail(log, start)}")


def _tail(log: str, start: int) -> str:
    try:
        lines = opened.tail(log, start, _MOST_LOG).decode("utf-8", "replace").splitlines()
    except OSError as exc:
        return exc.strerror or str(exc)
    return " / ".join(line for line in lines[-_TAIL:] if line.strip()) or "nothing"


def stop(pid: int, timeout: float) -> None:
    """Tell an Emperor to stop its vassals and itself, and wait for the end.

    Args:
        timeout: seconds. It is never killed, since that would abort requests.

    Raises:
        HostError: if it still runs after that.
    """
    deadline = time.monotonic() + timeout
    try:
        # SIGTERM would reload uWSGI 2.0.
        os.kill(pid, signal.SIGQUIT)
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            if process.is_zombie(pid):
                return
            time.sleep(0.05)
    except ProcessLookupError:
        return
    except PermissionError as exc:
        raise HostError(f"process {pid}", "belongs to another user; use become") from exc
    raise HostError(f"process {pid}", f"is still there after {timeout:g} s; allow more time with timeout")
