# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the host's uWSGI and its release."""

from __future__ import annotations

import os
import stat
from typing import Callable, Iterable, Optional

from .._dialect import parse_release
from .._errors import ArgumentError, HostError
from .._files.identity import Identity, identity
from .._files.opened import Place
from .._files.trust import ANYBODY, ROOT, UnsafePath
from .command import Start


class Uwsgi:
    """The uWSGI that a task's arguments name.

    Attributes:
        binary: its path; None if the host has none.
        start: starts a command.
    """

    def __init__(self, binary: Optional[str], start: Start) -> None:
        self.binary = binary
        self.start = start

    def version(self, given: Optional[str], is_read: bool = False) -> Callable[[], str]:
        """The version that the user names, else the binary's, else 2.0.

        Args:
            is_read: whether the binary itself reads what is written for the version, so that the two must agree.

        Returns:
            a call that waits for it, so that other work goes on meanwhile; it raises ``ArgumentError``.

        Raises:
            ArgumentError: if several users can change the binary, so that it can't be run safely.
        """
        if self.binary is None or (given and not is_read):
            return lambda: given or "2.0"
        try:
            asked = self.start([self.binary, "--version"], None, self.runner(None))
        except (ArgumentError, HostError):
            # The dry run reports a binary that can't be run.
            if given:
                return lambda: given
            raise

        def told() -> str:
            code, out, err = asked()
            found = out.strip()
            if code or not found:
                if given:
                    return given
                raise ArgumentError(
                    "uwsgi_binary", f"{self.binary} --version failed: {(err or out).strip()}; give uwsgi_version"
                )
            if given and parse_release("uwsgi_version", given) != parse_release("uwsgi_binary", found):
                raise ArgumentError(
                    "uwsgi_version",
                    f"{given} is another release than that of {self.binary}, which is {found}; leave uwsgi_version out, set "
                    "uwsgi_binary to the uWSGI that will read the files, or set validate to false where that is not on this host",
                )
            return given or found

        return told

    def runner(self, user: Optional[Identity]) -> Optional[Identity]:
        """Who runs the binary: the given user, or otherwise the user who can change it.

        Raises:
            ArgumentError: if a different user can change it, who could make it run anything.
        """
        danger = _danger(str(self.binary))
        if danger is None:
            return user
        if danger.uid == ANYBODY or (user is not None and user.uid != danger.uid) or os.geteuid() != ROOT:
            who = f" as {user.name}" if user else ""
            raise ArgumentError("uwsgi_binary", f"{danger.strerror}, so it is not run{who}; give one of root's")
        return identity(danger.uid)


def _danger(path: str) -> Optional[UnsafePath]:
    with Place(path) as place:
        return place.danger


def find(name: str, folders: Iterable[str]) -> Optional[str]:
    """The path of a program; None if it isn't found.

    Args:
        name: a path, or a name to search in the folders.
    """
    for path in [name] if "/" in name else [os.path.join(folder, name) for folder in folders if folder]:
        try:
            with Place(path) as place:
                status = place.status
        except OSError:
            continue
        if status and stat.S_ISREG(status.st_mode) and status.st_mode & 0o111:
            return os.path.abspath(path)
    return None
