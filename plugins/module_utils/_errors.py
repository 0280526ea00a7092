# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of the collection's own code: ArgumentError for user input, HostError for problems of a host.

Modules turn them into ``fail_json``, filters and lookups into Ansible's own errors. They may quote a key that was
given in the wrong place, so they mask every PEM.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from ._masking import mask


class ArgumentError(ValueError):
    """An argument that is invalid.

    Attributes:
        path: path of the argument, such as ``subscriptions[2].server``.
        problem: what is wrong with it and what to do instead.
        result: what was done before the error, for a module's result.
    """

    def __init__(self, path: str, problem: str, result: Optional[Dict[str, Any]] = None) -> None:
        self.path: str = mask(path)
        self.problem: str = mask(problem)
        self.result: Dict[str, Any] = mask(result or {})
        super().__init__(self.path, self.problem)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class HostError(Exception):
    """A problem of the host, whatever the arguments: a full disk, a vassal that doesn't start, a slow router.

    Attributes:
        what: the part of the host, such as a file's path.
        problem: what is wrong with it and what to do about it.
        result: what was found before the error, for a module's result.
    """

    def __init__(self, what: str, problem: str, **result: Any) -> None:
        self.what: str = mask(what)
        self.problem: str = mask(problem)
        self.result: Dict[str, Any] = mask(result)
        super().__init__(self.what, self.problem)

    def __str__(self) -> str:
        return f"{self.what}: {self.problem}"
