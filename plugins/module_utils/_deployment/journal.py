# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of vassals that routers have not yet forgotten. With them the next run completes one that was interrupted.

Each is the text with which the vassal last announced itself.
"""

from __future__ import annotations

import os
from typing import Iterable, List

from .._files import opened
from .._files.attributes import Attributes
from .._files.directory import Directory
from .._files.plan import Wanted

SUFFIX = ".ini"


class Journal:
    """The texts of vassals that routers have not yet forgotten.

    Args:
        path: the folder, which is created when needed.
        create: its owner, group and mode.
    """

    def __init__(self, path: str, create: Attributes) -> None:
        self._path = path
        self._create = create

    def names(self) -> List[str]:
        """The vassals that an earlier run left behind."""
        if not opened.exists(self._path):
            return []
        with Directory(self._path, "leaving_path") as folder:
            return [name[: -len(SUFFIX)] for name in folder.names() if name.endswith(SUFFIX)]

    def file(self, name: str) -> str:
        """The path of a vassal's text."""
        return os.path.join(self._path, name + SUFFIX)

    def add(self, names: Iterable[str], vassals: str) -> None:
        """Save the texts of some vassals of a folder, with their owners.

        Raises:
            ArgumentError, HostError: and then none is saved.
        """
        wanted = []
        for name in names:
            path = os.path.join(vassals, name + SUFFIX)
            status = opened.status(path)
            content = opened.read(path, anybodys=True)
            wanted.append(Wanted(name + SUFFIX, content, "leaving_path", status.st_uid, status.st_gid, status.st_mode & 0o7777))
        if wanted:
            with Directory(self._path, "leaving_path", create=self._create, amend=True) as folder:
                folder.apply(folder.compare(wanted))

    def remove(self, names: Iterable[str]) -> None:
        """Remove the texts of some vassals."""
        files = [name + SUFFIX for name in names]
        if files and opened.exists(self._path):
            with Directory(self._path, "leaving_path") as folder:
                folder.apply(folder.compare([], files))
