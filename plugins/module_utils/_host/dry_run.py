# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets uWSGI check ini files before they are written.

The dry run is ``uwsgi --strict --ini FILE --get strict``. It reads the whole configuration, but binds nothing, loads no
application and writes no file. It succeeds if the section or a plugin is missing, so those two warnings are errors
here. Included text may be executed, not only read, so the dry run uses the vassal's user and never
root.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from .._dialect import SUBSCRIBE2
from .._errors import ArgumentError, HostError
from .._files.identity import Identity
from .._files.scratch import Scratch, scratch
from .._files.trust import ROOT
from .._ini import writer
from .._ini.writer import Line
from .uwsgi import Uwsgi

_FAILURES = ("Can't find section", "UNABLE to load")
_CHATTER = re.compile(r"\[uWSGI\] getting INI configuration from|\*\*\* Starting uWSGI|^\s*$")
# Options that the dry run would execute, not only read.
_ACTS = re.compile(
    r"((exec|call|hook|u?mount)-(asap|as-user-atexit)|.*-zerg|flock.*|spooler|stop|reload|pause|suspend|resume|signal"
    r"|connect-and-read|cron2?|build-plugin)\Z"
)
_EXECUTES = re.compile(r"@\((?!/)")
# Options that change the meaning of the lines around them.
_CONTEXT = re.compile(
    r"((need-)?plugins?(-dir)?|load|dlopen|include|inherit.*|ini(-paste.*)?|set.*|if-.*|endif|for.*|endfor|declare-option)\Z"
)
# Options that read or load another file, other than plugins from uWSGI's own folder.
_BRINGS = re.compile(
    r"(load|dlopen|include|inherit.*|plugins?-dir|config(-py)?|ini(-paste.*)?|js(on)?|ldap.*|sqlite.*|xml.*|ya?ml|zeromq)\Z"
)
_PLUGINS = re.compile(r"(need-)?plugins?\Z")
_MAGIC = re.compile(r"%%|%[dp]")
# The number of vassals that one dry run reads together.
_TOGETHER = 1000


class Candidate(NamedTuple):
    """An ini file to check before it is written.

    Attributes:
        path: where it will be.
        place: path of the argument that it comes from.
        user: who the vassal will run as; None if unknown or if it is the caller.
    """

    path: str
    place: str
    section: str
    lines: List[Line]
    user: Optional[Identity] = None


class Report(NamedTuple):
    """The results of the dry runs.

    Attributes:
        warnings: what wasn't checked, and why.
        refused: candidates, each with uWSGI's error.
    """

    warnings: List[str]
    refused: List[Tuple[Candidate, str]]


class DryRun:
    """Dry runs with one uWSGI binary.

    Args:
        check_mode: skip files that include or load others, because that may do anything.
    """

    def __init__(self, uwsgi: Uwsgi, check_mode: bool = False) -> None:
        self._uwsgi = uwsgi
        self._check_mode = check_mode

    def check(self, candidates: Sequence[Candidate]) -> Report:
        """Check candidates in the dry run.

        Files with the same user, plugins and placeholders are read together, so a thousand cost as much as one.

        Raises:
            ArgumentError: if the binary can't be run as one of the users.
        """
        report = Report([], [])
        groups: Dict[Any, List[Candidate]] = {}
        for candidate in candidates:
            why = self._unfit(candidate)
            if why:
                report.warnings.append(f"{candidate.place}: not validated, {why}")
                continue
            context = tuple((line.name, line.value) for line in candidate.lines if _CONTEXT.match(line.name))
            groups.setdefault((candidate.user, candidate.section, context), []).append(candidate)
        for members in groups.values():
            for start in range(0, len(members), _TOGETHER):
                report.refused.extend(self._check_together(members[start : start + _TOGETHER]))
        return report

    def _unfit(self, candidate: Candidate) -> Optional[str]:
        """Why a candidate can't be checked."""
        act = _acting(candidate)
        if act:
            return f"since the dry run would carry out {act}"
        if os.geteuid() == ROOT and (candidate.user is None or candidate.user.uid == ROOT):
            return "since the dry run never runs as root, and the vassal's user is not known; set user"
        if self._check_mode:
            other = next((line.name for line in candidate.lines if _brings(line)), None)
            if other:
                return f"since check mode loads nothing, and {other} would"
        return None

    def _check_together(self, members: List[Candidate]) -> Iterator[Tuple[Candidate, str]]:
        if len(members) > 1:
            together = members[0]._replace(lines=_merged(members))
            if self._words(together) is None:
                return
        for member in members:
            words = self._words(member)
            if words is not None:
                yield member, words

    def _words(self, candidate: Candidate) -> Optional[str]:
        """uWSGI's error about a candidate; None if it accepts it."""
        folder = os.path.dirname(candidate.path)
        text = _MAGIC.sub(lambda found: _there(found.group(), candidate.path), writer.render(candidate.section, candidate.lines))
        runner = self._uwsgi.runner(candidate.user)
        with _tried(runner) as tried:
            path = tried.put(os.path.basename(candidate.path), text.encode("utf-8"))
            argv = [str(self._uwsgi.binary), "--strict", "--ini", f"{path}:{candidate.section}", "--get", "strict"]
            try:
                code, dummy, err = self._uwsgi.start(argv, folder, runner)()
            except HostError as exc:
                raise ArgumentError("uwsgi_binary", str(exc)) from exc
        if code == 0 and not any(word in err for word in _FAILURES):
            return None
        said = [line.strip() for line in err.splitlines() if not _CHATTER.search(line)]
        return " / ".join(said).replace(path, candidate.path) or f"exit code {code}, without a message"


@contextmanager
def _tried(user: Optional[Identity]) -> Iterator[Scratch]:
    try:
        with scratch(user) as found:
            yield found
    except OSError as exc:
        raise HostError("the folder for temporary files", f"can't be used: {exc.strerror}; set TMPDIR to another") from exc


def _merged(members: List[Candidate]) -> List[Line]:
    """The distinct lines of many candidates, without subscriptions, which the dry run doesn't check."""
    lines: Dict[Line, None] = {}
    for member in members:
        for line in member.lines:
            if line.name != SUBSCRIBE2:
                lines[line] = None
    return list(lines)


def _acting(candidate: Candidate) -> Optional[str]:
    for line in candidate.lines:
        if _ACTS.match(line.name):
            return line.name
        if not line.literal and _EXECUTES.search(line.value):
            return f"{line.name} = {line.value}"
    return None


def _brings(line: Line) -> bool:
    """Whether a line makes uWSGI read or load a file other than its own plugins."""
    if not line.literal and "@(" in line.value:
        return True
    return bool(_BRINGS.match(line.name) or (_PLUGINS.match(line.name) and re.search("[/%]", line.value)))


def _there(magic: str, path: str) -> str:
    """The value that a magic variable will have at the candidate's final path; the dry run reads it elsewhere."""
    values = {"%d": os.path.dirname(path) + "/", "%p": path}
    return values[magic].replace("%", "%%") if magic in values else magic
