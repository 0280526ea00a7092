# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's own uWSGI, and which release it is."""

from __future__ import annotations

from typing import Callable, Optional

from .._errors import ArgumentError
from .command import Start


class Uwsgi:
    """The uWSGI that a task's arguments name.

    Attributes:
        binary: its path, None where the host has none.
        start: begins a command.
        scratch: makes, or finds, a private folder for what is tried.
    """

    def __init__(self, binary: Optional[str], start: Start, scratch: Callable[[], str]) -> None:
        self.binary = binary
        self.start = start
        self.scratch = scratch

    def version(self, given: Optional[str]) -> Callable[[], str]:
        """Find the version that the user names, else the binary's, else 2.0.

        Returns:
            a call that waits for it, so that other work goes on while the binary is asked; it raises ``ArgumentError``.
        """
        if given or self.binary is None:
            return lambda: given or "2.0"
        asked = self.start([self.binary, "--version"], None)

        def told() -> str:
            code, out, err = asked()
            if code or not out.strip():
                raise ArgumentError(
                    "uwsgi_binary", f"{self.binary} --version failed: {(err or out).strip()}; give uwsgi_version"
                )
            return out.strip()

        return told
