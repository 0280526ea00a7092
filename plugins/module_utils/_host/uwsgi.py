# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's own uWSGI: which release it is, and what it says of a file."""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

from .._errors import ArgumentError
from .._ini.writer import Line

# Exit code, standard output, standard error.
Ended = Tuple[int, str, str]
# argv, working directory -> a call that waits for the end
Start = Callable[[List[str], Optional[str]], Callable[[], Ended]]


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


class Uwsgi:
    """The uWSGI that a task's arguments name.

    Args:
        binary: its path, None where the host has none.
        start: starts a command.
        scratch: makes, or finds, a private folder for candidates.
    """

    def __init__(self, binary: Optional[str], start: Start, scratch: Callable[[], str]) -> None:
        self.binary = binary
        self._start = start
        self._scratch = scratch

    def version(self, given: Optional[str]) -> Callable[[], str]:
        """Find the version that the user names, else the binary's, else 2.0.

        Returns:
            a call that waits for it, so that other work goes on while the binary is asked; it raises ``ArgumentError``.
        """
        if given or self.binary is None:
            return lambda: given or "2.0"
        asked = self._start([self.binary, "--version"], None)

        def told() -> str:
            code, out, err = asked()
            if code or not out.strip():
                raise ArgumentError(
                    "uwsgi_binary", f"{self.binary} --version failed: {(err or out).strip()}; give uwsgi_version"
                )
            return out.strip()

        return told

    def check(self, candidates: Sequence[Candidate]) -> List[str]:
        """Read candidates in the dry run.

        Returns:
            warnings.

        Raises:
            ArgumentError: for the first that fails, with uWSGI's words.
        """
        # Only for files that change: it takes a while to load.
        from .dry_run import DryRun  # noqa: PLC0415

        return DryRun(str(self.binary), self._start, self._scratch).check(candidates)
