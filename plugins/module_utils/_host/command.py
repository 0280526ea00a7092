# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command on the host, begun now and waited for later, so that other work goes on meanwhile."""

from __future__ import annotations

import os
import subprocess
from typing import Callable, List, NamedTuple, Optional

from .._errors import HostError


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


# A command and its working directory, to a call that waits for the end.
Start = Callable[[List[str], Optional[str]], Callable[[], Ended]]


def start(argv: List[str], cwd: Optional[str]) -> Callable[[], Ended]:
    """Begin a command, without standard input and in the locale C.

    Raises:
        HostError: when it can't be run.
    """
    # Not run_command, which copies this process before it runs another, and waits: that takes as long as the other.
    env = dict(os.environ, LC_ALL="C")
    try:
        process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as exc:
        raise HostError(argv[0], f"can't be run: {exc.strerror}; give another, or make it executable") from exc

    def end() -> Ended:
        with process:
            out, err = process.communicate()
        return Ended(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    return end
