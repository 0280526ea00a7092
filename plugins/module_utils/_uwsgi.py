# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's own uWSGI: which release it is, and what it says of a file."""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import Line

# argv, working directory -> exit code, standard output, standard error
Run = Callable[[List[str], Optional[str]], Tuple[int, str, str]]


class Candidate(NamedTuple):
    """An ini file that is to be read before it's written.

    :ivar path: where it will be.
    :ivar place: the argument that it comes from.
    """

    path: str
    place: str
    section: str
    lines: List[Line]


class Uwsgi:
    """The uWSGI that a task's arguments name.

    :param binary: its path, None where the host has none.
    :param run: runs a command; C(AnsibleModule.run_command) behind it.
    :param scratch: makes, or finds, a private folder for candidates.
    """

    def __init__(self, binary: Optional[str], run: Run, scratch: Callable[[], str]) -> None:
        self.binary = binary
        self._run = run
        self._scratch = scratch

    def version(self, given: Optional[str]) -> str:
        """The version that the user names, else the binary's, else 2.0."""
        if given:
            return given
        if self.binary is None:
            return "2.0"
        code, out, err = self._run([self.binary, "--version"], None)
        if code or not out.strip():
            raise ArgumentError(
                "uwsgi_binary", "{0} --version failed: {1}; give uwsgi_version".format(self.binary, (err or out).strip())
            )
        return out.strip()

    def check(self, candidates: Sequence[Candidate]) -> List[str]:
        """Read candidates in the dry run.

        :returns: warnings.
        :raises ArgumentError: for the first that fails, with uWSGI's words.
        """
        # Only for files that change: it takes a while to load.
        from ansible_collections.emperor.uwsgi.plugins.module_utils._dry_run import DryRun  # noqa: PLC0415

        return DryRun(str(self.binary), self._run, self._scratch).check(candidates)
