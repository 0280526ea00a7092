# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""System calls that root made with paths in places where another user can change something, as traced by the kernel.

The format is that of strace with ``-ff`` (one file per process) and ``-y`` (the path of each descriptor).
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

STRACE = shutil.which("strace")
_CALLS = "%file,connect,bind,sendto,sendmsg,setuid,setreuid,setresuid,clone,clone3,fork,vfork"
_LINE = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|\?)")
# A path, preceded by the descriptor to which it is relative.
_NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)<((?:[^<>\\]|\\.)*)>, )?(?:sun_path=)?"((?:[^"\\]|\\.)*)"')
_FORKS = ("clone", "clone3", "fork", "vfork")
# Lookups that open nothing and follow no link.
_LOOK = ("O_PATH", "O_NOFOLLOW")


class Call(NamedTuple):
    """A system call of a process that was root at the time."""

    name: str
    arguments: str
    paths: list[str]


def prefix(folder: Path) -> tuple[str, ...]:
    """The prefix for a command."""
    return (str(STRACE), "-ff", "-y", "-s", "4096", "-o", str(folder / "trace"), "-e", "trace=" + _CALLS)


def calls(folder: Path) -> Iterator[Call]:
    """All of root's calls with a path."""
    traced = {path.suffix[1:]: _lines(path) for path in folder.glob("trace.*")}
    begun = {result for lines in traced.values() for name, dummy, result in lines if name in _FORKS}
    # First the process without a parent, then those that others started, with the parent's user at that time. Numbers may repeat.
    [first] = set(traced) - begun
    waiting = [(first, 0)]
    while waiting:
        pid, euid = waiting.pop()
        for name, arguments, result in traced.pop(pid):
            if name in _FORKS and result in traced:
                waiting.append((result, euid))
            elif name.startswith("set") and result == "0":
                euid = _effective(name, arguments, euid)
            elif euid == 0:
                # Without a name it refers to the descriptor.
                yield Call(name, arguments, [_joined(base, path) for base, path in _NAMED.findall(arguments) if path])
    assert not traced, f"nobody began {sorted(traced)}"


def _lines(path: Path) -> list[tuple[str, str, str]]:
    """The calls of one process: names, arguments and results."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    return [(found.group(1), found.group(2), found.group(3)) for found in map(_LINE.match, text.splitlines()) if found]


def _effective(name: str, arguments: str, before: int) -> int:
    numbers = [int(one) for one in arguments.split(", ")]
    euid = numbers[0] if name == "setuid" else numbers[1]
    return before if euid == -1 else euid


def _joined(base: str, path: str) -> str:
    return os.path.normpath(os.path.join(base or "/", path))


def offences(folder: Path, tree: Path) -> list[str]:
    """Root's calls that use a name in a folder that another user can change.

    Lookups with ``O_PATH
    O_NOFOLLOW`` are allowed.
    """
    found = []
    for call in calls(folder):
        if all(word in call.arguments for word in _LOOK):
            continue
        if any(_is_unsafe(path, tree) for path in call.paths):
            found.append(f"{call.name}({call.arguments})")
    return found


def _is_unsafe(path: str, tree: Path) -> bool:
    """Whether one of the folders in which a path's names are looked up belongs to another user, or is writable for others."""
    if not path.startswith(str(tree) + "/"):
        return False
    for above in Path(path).parents:
        if above == tree.parent:
            return False
        try:
            status = above.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode) and (status.st_uid != 0 or status.st_mode & 0o022):
            return True
    return False
