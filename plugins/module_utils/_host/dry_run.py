# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a uWSGI says of ini files before they are written.

The dry run is ``uwsgi --strict --ini FILE --get strict``: it reads the whole configuration, binds nothing, loads no
application and writes no file. It ends well on a file without the section and on a missing plugin, so those two warnings are
failures here.
"""

from __future__ import annotations

import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from .._dialect import SUBSCRIBE2
from .._errors import ArgumentError
from .._ini import writer
from .._ini.writer import Line
from .uwsgi import Uwsgi

_FAILURES = ("Can't find section", "UNABLE to load")
_CHATTER = re.compile(r"\[uWSGI\] getting INI configuration from|\*\*\* Starting uWSGI|^\s*$")
# What the dry run would carry out, not only read.
_ACTS = re.compile(r"((exec|call|hook|u?mount)-asap|.*-zerg|flock.*|spooler|stop|reload|pause|signal|connect-and-read|cron2?)\Z")
_EXECUTES = re.compile(r"@\((?!/)")
# Options on which the meaning of the lines around them depends.
_CONTEXT = re.compile(
    r"((need-)?plugins?(-dir)?|load|dlopen|include|inherit.*|ini(-paste.*)?|set.*|if-.*|endif|for.*|endfor|declare-option)\Z"
)
_MAGIC = re.compile(r"%%|%[dp]")
# Vassals that one dry run reads together.
_TOGETHER = 1000


class Candidate(NamedTuple):
    """An ini file that is to be read before it's written.

    Attributes:
        path: where it will be.
        place: the argument that it comes from.
    """

    path: str
    place: str
    section: str
    lines: List[Line]


class DryRun:
    """Dry runs of one uWSGI."""

    def __init__(self, uwsgi: Uwsgi) -> None:
        self._uwsgi = uwsgi

    def check(self, candidates: Sequence[Candidate]) -> List[str]:
        """Read candidates in the dry run.

        Files with the same plugins and placeholders are read together, so that a thousand cost what one does.

        Returns:
            warnings.

        Raises:
            ArgumentError: for the first that fails, with uWSGI's words.
        """
        warnings = []
        groups: Dict[Any, List[Candidate]] = {}
        for candidate in candidates:
            act = _acting(candidate)
            if act:
                warnings.append(
                    f"{candidate.place}: not validated, since the dry run would carry out {act}"
                )
                continue
            context = tuple((line.name, line.value) for line in candidate.lines if _CONTEXT.match(line.name))
            groups.setdefault((candidate.section, context), []).append(candidate)
        for members in groups.values():
            for start in range(0, len(members), _TOGETHER):
                self._check_together(members[start : start + _TOGETHER])
        return warnings

    def _check_together(self, members: List[Candidate]) -> None:
        if len(members) > 1:
            together = members[0]._replace(lines=_merged(members))
            if self._words(together) is None:
                return
        for member in members:
            words = self._words(member)
            if words is not None:
                raise ArgumentError(member.place, f"uWSGI refuses {member.path}: {words}")

    def _words(self, candidate: Candidate) -> Optional[str]:
        """What uWSGI says of a candidate that it refuses, else None."""
        folder = os.path.dirname(candidate.path)
        text = _MAGIC.sub(lambda found: _there(found.group(), candidate.path), writer.render(candidate.section, candidate.lines))
        scratch = os.path.join(self._uwsgi.scratch(), os.path.basename(candidate.path))
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            with open(handle, "wb") as stream:
                stream.write(text.encode("utf-8"))
            argv = [str(self._uwsgi.binary), "--strict", "--ini", f"{scratch}:{candidate.section}", "--get", "strict"]
            code, dummy, err = self._uwsgi.start(argv, folder if os.path.isdir(folder) else None)()
        finally:
            os.unlink(scratch)
        if code == 0 and not any(word in err for word in _FAILURES):
            return None
        said = [line.strip() for line in err.splitlines() if not _CHATTER.search(line)]
        return " / ".join(said).replace(scratch, candidate.path) or f"exit code {code}, and it says nothing"


def _merged(members: List[Candidate]) -> List[Line]:
    """The distinct lines of many candidates; the dry run looks into no subscription, so those are left out."""
    lines: Dict[Line, None] = {}
    for member in members:
        for line in member.lines:
            if line.name != SUBSCRIBE2:
                lines[line] = None
    return list(lines)


def _acting(candidate: Candidate) -> Optional[str]:
    for line in candidate.lines:
        if line.literal:
            continue
        if _ACTS.match(line.name):
            return line.name
        if _EXECUTES.search(line.value):
            return f"{line.name} = {line.value}"
    return None


def _there(magic: str, path: str) -> str:
    """A magic variable as it will be where the candidate goes; it is read elsewhere."""
    values = {"%d": os.path.dirname(path) + "/", "%p": path}
    return values[magic].replace("%", "%%") if magic in values else magic
