# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes changes to one directory, all or none.

Files are never incomplete: each is written under a temporary name, which gets its owner and mode before its
first byte, and then renamed. All are written before any is renamed, so an error (a full disk, an immutable file) changes
nothing. A new owner or mode also means a new file, since whoever has the old one open can still use it.
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
    """The changes of one plan, which can be undone until the end.

    Args:
        directory: an open descriptor of the directory, which is locked against other runs.
        path: its path, for errors.
    """

    def __init__(self, directory: int, path: str) -> None:
        self._dir = directory
        self._path = path
        self._names = temporary.names()
        # Temporary names: of the new files, and of the old ones.
        self._staged: List[Tuple[Change, str]] = []
        self._kept: Dict[str, str] = {}
        self._done: List[Change] = []
        # The file being changed, for errors.
        self._at: Optional[str] = None

    def run(self, plan: Plan, then: Callable[[], None]) -> None:
        """Carry out a plan; after an error every file is unchanged.

        Args:
            then: called when all changes are in place; if it raises, everything is undone.

        Raises:
            HostError: naming the file that couldn't be written.
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
        # Removed first: a renamed vassal may want the old one's socket.
        for change in plan.removed:
            self._at = change.name
            os.unlink(change.name, dir_fd=self._dir)
            self._done.append(change)
        for change, staged in self._staged:
            self._at = change.name
            os.rename(staged, change.name, src_dir_fd=self._dir, dst_dir_fd=self._dir)
            self._done.append(change)

    def _stage(self, change: Change) -> None:
        """Write a file under its temporary name: owner and mode first, and an mtime that the Emperor recognises as a change."""
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
                # Only its attributes changed, so the Emperor must not reload it.
                os.utime(handle, ns=(change.found.st_atime_ns, change.found.st_mtime_ns))
            elif change.found:
                # The Emperor compares whole seconds, and only a later one is a change.
                newer = int(change.found.st_mtime) + 1
                if newer > os.fstat(handle).st_mtime:
                    os.utime(handle, (newer, newer))
        finally:
            os.close(handle)

    def _keep(self, change: Change) -> None:
        """Keep the old file under a second name, to restore it after an error. Fails immediately if the file is immutable."""
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
                # Report the first error.
                continue

    def _discard(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._dir)
        except OSError:
            # Already renamed, or removed with its directory.
            pass


def _chown(handle: int, change: Change) -> None:
    """Set the wanted owner and group of an open file, or those of the file that it replaces if permitted."""
    wanted, found = cast(Wanted, change.wanted), change.found
    if wanted.uid is not None or wanted.gid is not None:
        os.fchown(handle, -1 if wanted.uid is None else wanted.uid, -1 if wanted.gid is None else wanted.gid)
    if found:
        uid = found.st_uid if wanted.uid is None else -1
        gid = found.st_gid if wanted.gid is None else -1
        try:
            os.fchown(handle, uid, gid)
        except PermissionError:
            # An unprivileged user may replace a file of another owner.
            pass
