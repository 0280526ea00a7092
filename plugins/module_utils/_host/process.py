# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the kernel's data about a process (``/proc/PID``, proc(5))."""

from __future__ import annotations

import os
import time
from typing import List, Optional

from .._files import opened

# Indexes of fields after the name, which may contain anything.
_STATE, _START = 0, 19


def is_zombie(pid: int) -> bool:
    """Whether a process has ended and its parent hasn't reaped it, as happens in containers whose first process doesn't."""
    return _fields(pid)[_STATE : _STATE + 1] == [b"Z"]


def started(pid: int) -> Optional[float]:
    """When a process was started, in Unix time by the current clock; None if there is none."""
    try:
        ticks = int(_fields(pid)[_START])
    except (IndexError, ValueError):
        return None
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


def names(pid: int, *paths: str) -> bool:
    """Whether all of the paths are in the command line of a process; False if there is no such process."""
    try:
        found = opened.read(f"/proc/{pid}/cmdline", anybodys=True).split(b"\0")
    except OSError:
        return False
    return set(map(os.fsencode, paths)) <= set(found)


def _fields(pid: int) -> List[bytes]:
    try:
        return opened.read(f"/proc/{pid}/stat", anybodys=True).rpartition(b")")[2].split()
    except OSError:
        return []
