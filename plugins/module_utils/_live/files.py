# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live page's files on a host: the archive and the configuration, in a folder of their own."""

from __future__ import annotations

import base64
import json
from typing import Any, Dict, List, Mapping, Optional

from .._errors import ArgumentError
from .._files import folders, opened
from .._files.attributes import Attributes
from .._files.directory import Directory
from .._files.plan import Wanted, differences

_FOLDER_MODE = 0o755
# Only root may write them. uWSGI imports the archive as an unprivileged user, and the configuration has no secrets.
_ARCHIVE_MODE, _CONFIG_MODE = 0o444, 0o644


class Page:
    """The files. They are created before the vassal and removed after it.

    Args:
        place: path of the argument, for errors.
        given: the folder's ``path``, whether the files are ``owned`` by root, and the ``config``, null if there must be no page,
            with the ``program`` in Base64 (RFC 4648). None changes nothing.
        root: the owner of root's files; None for the caller.

    Raises:
        ArgumentError: if it is invalid.
    """

    def __init__(self, place: str, given: Any, root: Optional[int], check_mode: bool) -> None:
        if given is not None and not (isinstance(given, dict) and isinstance(given.get("path"), str)):
            raise ArgumentError(place, "must be a mapping with path, owned and config")
        self._given: Dict[str, Any] = given or {}
        self._place = place
        self._owner = root if self._given.get("owned") else None
        self._check_mode = check_mode

    def before(self) -> List[Dict[str, Any]]:
        """Write the files if they are wanted.

        Returns:
            results: ``changed`` and ``diff``.

        Raises:
            ArgumentError: and then every file is unchanged.
        """
        wanted = self._given.get("config")
        if wanted is None:
            return []
        return [_install(self._given["path"], self._place, wanted, self._program(), self._owner, self._check_mode)]

    def _program(self) -> bytes:
        try:
            return base64.b64decode(self._given["program"], validate=True)
        except (KeyError, TypeError, ValueError) as exc:
            raise ArgumentError(f"{self._place}.program", "is not a page's program in Base64; give the one of the roles") from exc

    def after(self) -> List[Dict[str, Any]]:
        """Remove the files if they aren't wanted, and the folder if it is empty; returns the same as ``before``."""
        if not self._given or self._given.get("config") is not None:
            return []
        return [_remove(self._given["path"], self._place, self._check_mode)]


def _install(
    path: str, place: str, wanted: Mapping[str, Any], program: bytes, owner: Optional[int], check_mode: bool
) -> Dict[str, Any]:
    from . import config  # noqa: PLC0415 - only where it's on

    config.parse(wanted)
    text = (json.dumps(wanted, indent=1, sort_keys=True) + "\n").encode("ascii")
    files = [
        Wanted(config.ARCHIVE, program, place, owner, owner, _ARCHIVE_MODE),
        Wanted(config.FILE, text, place, owner, owner, _CONFIG_MODE),
    ]
    with Directory(path, place, check_mode, Attributes(owner, owner, _FOLDER_MODE)) as folder:
        plan = folder.compare(files)
        folder.apply(plan)
    return {"changed": plan.changed or folder.created, "diff": differences(path, plan, _shown)}


def _remove(path: str, place: str, check_mode: bool) -> Dict[str, Any]:
    if not opened.exists(path):
        return {"changed": False, "diff": []}
    from . import config  # noqa: PLC0415

    with Directory(path, place, check_mode) as folder:
        plan = folder.compare([], [config.ARCHIVE, config.FILE])
        folder.apply(plan)
    if not check_mode:
        folders.unmake([path])
    return {"changed": plan.changed, "diff": differences(path, plan, _shown)}


def _shown(content: bytes) -> str:
    return "(the program)\n" if content.startswith(b"PK") else content.decode("ascii", "replace")
