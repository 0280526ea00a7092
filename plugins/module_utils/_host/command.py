# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts a command on the host and waits for it later, so that other work can go on meanwhile."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from functools import partial
from typing import Callable, List, NamedTuple, Optional

from .._errors import HostError
from .._files import opened
from .._files.identity import Identity, is_other

# Limits: seconds, and bytes for each output stream.
_TIMEOUT = 60
_MOST_BYTES = 1 << 22
_POLL = 0.002


class Ended(NamedTuple):
    """How a command ended: its exit code and output."""

    code: int
    out: str
    err: str


# From a command, its working directory and user to a call that waits for its end.
Start = Callable[[List[str], Optional[str], Optional[Identity]], Callable[[], Ended]]


def start(argv: List[str], cwd: Optional[str], user: Optional[Identity] = None) -> Callable[[], Ended]:
    """Start a command, without standard input and in the C locale.

    Args:
        cwd: a folder that the user can enter; otherwise the command starts in ``/``.
        user: who runs it, within limits; None for the caller.

    Raises:
        HostError: if it can't be run.
    """
    # run_command isn't used: it copies this process before it runs another, and waits, which takes as long as the command.
    other = user if is_other(user) else None
    if other:
        # Imported only if used: most commands run as the caller.
        from .._files.child import become, environment  # noqa: PLC0415
    env = dict(environment() if other else os.environ, LC_ALL="C")

    def prepare() -> None:
        if other:
            become(other, _TIMEOUT)
        try:
            os.chdir(cwd or "/")
        except OSError:
            os.chdir("/")

    try:
        process = subprocess.Popen(
            argv,
            cwd=None if other or cwd is None else cwd if opened.exists(cwd) else "/",
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # Python 3.8 has no alternative. It is unsafe with threads, but no module has started any by then.
            preexec_fn=prepare if other else None,  # noqa: PLW1509
        )
    except (OSError, subprocess.SubprocessError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else str(exc)
        who = f" as {other.name}" if other else ""
        raise HostError(argv[0], f"can't be run{who}: {why}; give another, or make it executable") from exc

    return partial(_ended, argv[0], process, time.monotonic() + _TIMEOUT)


def _ended(name: str, process: subprocess.Popen[bytes], deadline: float) -> Ended:
    """Wait for a command. Kill what is left of it at the deadline, or when it writes too much."""
    try:
        streams = {process.stdout: bytearray(), process.stderr: bytearray()}
        waiting = [stream for stream in streams if stream is not None]
        while waiting:
            ready = select.select(waiting, [], [], max(0.0, deadline - time.monotonic()))[0]
            if not ready:
                raise HostError(name, f"does not end within {_TIMEOUT} s")
            for stream in ready:
                part = os.read(stream.fileno(), 1 << 16)
                streams[stream] += part
                if not part:
                    waiting.remove(stream)
                if len(streams[stream]) > _MOST_BYTES:
                    raise HostError(name, f"writes more than {_MOST_BYTES} bytes")
        # Not reaped yet, so that its process group number can't be reused before it is killed.
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if time.monotonic() >= deadline:
                raise HostError(name, f"does not end within {_TIMEOUT} s")
            time.sleep(_POLL)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        with process:
            code = process.wait()
    out, err = (bytes(streams[stream]).decode("utf-8", "replace") for stream in (process.stdout, process.stderr))
    return Ended(code, out, err)
