# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes to one directory, all or none of them.

A file is whole at every moment: it is written under a temporary name, which has its owner and mode before its
first byte, and renamed. All are written before the first is renamed, so an error (a full disk, an immutable file) changes
nothing. Another owner or mode means another file too, since whoever had the old one open keeps what he had.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Callable, Dict, List, Optional, Tuple, cast

from .._errors import HostError
from . import folders, opened, temporary
from .plan import Change, Plan, Wanted

_LINKS_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class Transaction:
    """The changes of one plan, which can be taken back until the end.

    Args:
        directory: an open descriptor of the directory, locked against other runs.
        path: its path, for errors.
    """

    def __init__(self, directory: int, path: str) -> None:
        self._dir = directory
        self._path = path
        self._names = temporary.names()
        # Temporary names: of the new files, and of those that were there.
        self._staged: List[Tuple[Change, str]] = []
        self._kept: Dict[str, str] = {}
        self._done: List[Change] = []
        # The file that is worked on, for errors.
        self._at: Optional[str] = None

    def run(self, plan: Plan, then: Callable[[], None]) -> None:
        """Carry a plan out; after an error every file is as it was.

        Args:
            then: called when all is in place; what it raises takes everything back as well.

        Raises:
            HostError: naming the file that could not be written.
        """
        try:
            self._carry_out(plan)
            self._at = None
            then()
        except BaseException as exc:
            self._take_back()
            if isinstance(exc, OSError):
                what = str(exc.filename or self._path) if self._at is None else os.path.join(self._path, self._at)
                raise HostError(what, f"{exc.strerror}; nothing was changed") from exc
            raise
        finally:
            for name in [name for dummy, name in self._staged] + list(self._kept.values()):
                self._discard(name)

    def _carry_out(self, plan: Plan) -> None:
        for change in plan.created + plan.updated:
            self._stage(change)
        for change in plan.removed + plan.updated:
            self._keep(change)
        # Removed first: a vassal under a new name may want the old one's socket.
        for change in plan.removed:
            self._at = change.name
            os.unlink(change.name, dir_fd=self._dir)
            self._done.append(change)
        for change, staged in self._staged:
            self._at = change.name
            os.rename(staged, change.name, src_dir_fd=self._dir, dst_dir_fd=self._dir)
            self._done.append(change)

    def _stage(self, change: Change) -> None:
        """Write a file under its temporary name, with its owner and mode first and an mtime that the Emperor takes for new."""
        self._at = change.name
        wanted = cast(Wanted, change.wanted)
        name = next(self._names)
        self._staged.append((change, name))
        handle = os.open(name, opened.NEW, 0o600, dir_fd=self._dir)
        try:
            _chown(handle, change)
            mode = wanted.mode
            if mode is None:
                mode = stat.S_IMODE(change.found.st_mode) if change.found else 0o666 & ~folders.umask()
            os.fchmod(handle, mode)
            opened.write(handle, wanted.content)
            if change.found and change.before == change.after:
                # Only for its attributes: no change to the Emperor.
                os.utime(handle, ns=(change.found.st_atime_ns, change.found.st_mtime_ns))
            elif change.found:
                # The Emperor compares whole seconds and takes only a later one for a change.
                newer = int(change.found.st_mtime) + 1
                if newer > os.fstat(handle).st_mtime:
                    os.utime(handle, (newer, newer))
        finally:
            os.close(handle)

    def _keep(self, change: Change) -> None:
        """Keep the old file under a second name, to put it back after an error. Fails at once where it's immutable."""
        self._at = change.name
        name = next(self._names)
        try:
            os.link(change.name, name, src_dir_fd=self._dir, dst_dir_fd=self._dir, follow_symlinks=False)
            self._kept[change.name] = name
        except OSError as exc:
            if exc.errno not in _LINKS_UNSUPPORTED:
                raise

    def _take_back(self) -> None:
        for change in reversed(self._done):
            try:
                if change.name in self._kept:
                    kept = self._kept.pop(change.name)
                    os.rename(kept, change.name, src_dir_fd=self._dir, dst_dir_fd=self._dir)
                elif change.found is None:
                    os.unlink(change.name, dir_fd=self._dir)
            except OSError:
                # The first error is the one to report.
                continue

    def _discard(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._dir)
        except OSError:
            # Renamed, or gone with its directory.
            pass


def _chown(handle: int, change: Change) -> None:
    """Give an open file the wanted owner and group, else those of the file that it replaces, as far as that is allowed."""
    wanted, found = cast(Wanted, change.wanted), change.found
    if wanted.uid is not None or wanted.gid is not None:
        os.fchown(handle, -1 if wanted.uid is None else wanted.uid, -1 if wanted.gid is None else wanted.gid)
    if found:
        uid = found.st_uid if wanted.uid is None else -1
        gid = found.st_gid if wanted.gid is None else -1
        try:
            os.fchown(handle, uid, gid)
        except PermissionError:
            # An unprivileged user who may replace a file need not be its owner.
            pass
