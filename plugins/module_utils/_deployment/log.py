# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last log lines of a vassal that doesn't serve, wherever they are logged."""

from __future__ import annotations

import os
import shlex
from typing import List, NamedTuple, Optional, Tuple

from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.child import on_behalf_of
from .._host.command import start
from .._ini import instance
from .._masking import mask
from .._visible import seen
from .journal import SUFFIX

_MOST_LINES = 20
_MOST_BYTES = 4096
_LOGS = ("logto", "logto2")


class Source(NamedTuple):
    """Where vassals without a log file of their own log.

    Attributes:
        unit: of the journal; empty if there is no journal.
        by_vassal: whether the journal has the vassal's name on each line.
        file: the shared log; empty if there is none.
        since: Unix time in seconds of the last change.
    """

    unit: str
    by_vassal: bool
    file: str
    since: int


def last_words(name: str, folder: str, source: Source) -> str:
    """The end of a vassal's log since its last change, and a command that shows more; empty if there is nothing."""
    own = _own_file(os.path.join(folder, name + SUFFIX))
    if own:
        command, text = ["tail", own[0]], own[1]
    elif source.unit:
        which = ["-t", name] if source.by_vassal else ["-u", source.unit]
        command = ["journalctl", *which, f"--since=@{source.since}"]
        # Read backwards, because with a start time systemd 247 would count lines from there.
        text = _said([*command, "-r", "-q", "-o", "cat", "--no-pager", "-n", str(_MOST_LINES)])
        text = "\n".join(reversed(text.splitlines()))
    elif source.file:
        command, text = ["tail", source.file], _end(source.file)
    else:
        return ""
    shared = "" if own or source.by_vassal else ", which all vassals share"
    lines = cut(text)
    return f"the end of its log{shared} (more by: {shlex.join(command)}):\n{lines}" if lines else ""


def cut(text: str) -> str:
    """The last lines of a log, made safe to show; the first may be incomplete."""
    lines = seen(mask(text)).splitlines()[-_MOST_LINES:]
    return "\n".join(lines).encode("utf-8")[-_MOST_BYTES:].decode("utf-8", "ignore")


def _own_file(path: str) -> Optional[Tuple[str, str]]:
    """The log file of the vassal itself, and the end of it."""
    try:
        found = instance.read("vassals", path)
        files = [one.value for one in found.options if one.name in _LOGS and not one.flaw and one.value.startswith("/")]
        return (files[-1], on_behalf_of(found.user, lambda: _end(files[-1]))) if files else None
    except (ArgumentError, HostError, OSError):
        return None


def _end(path: str) -> str:
    try:
        size = opened.status(path).st_size
        return opened.tail(path, max(0, size - _MOST_BYTES), _MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _said(command: List[str]) -> str:
    try:
        code, out, dummy = start(command, None)()
    except HostError:
        return ""
    return "" if code else out
