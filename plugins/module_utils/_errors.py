# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one family of exceptions that the pure modules raise.

Modules turn them into ``fail_json``, filters and lookups into Ansible's own errors.
"""

from __future__ import annotations


class ArgumentError(ValueError):
    """An argument that can't be used.

    Attributes:
        path: where the argument stands, such as ``subscriptions[2].server``.
        problem: what is wrong with it and what to do instead; never a secret's content.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"
