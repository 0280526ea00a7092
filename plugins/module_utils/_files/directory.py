# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many files wanted in one directory against those found there: compare, and bring to what is wanted."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from functools import partial
from typing import Any, Callable, Collection, Iterable, List, Optional, Set, cast

from .._errors import ArgumentError, HostError
from . import temporary
from .attributes import Attributes
from .plan import Change, Plan, Wanted, attribute_changes

_CHUNK = 1 << 16


class Directory:
    """One directory, locked against other runs while it is open.

    Attributes:
        created: whether the directory was, or in check mode would be, made.
        amended: whether it was, or would be, given other attributes.

    Args:
        path: the directory.
        place: the argument that names it, for errors.
        check_mode: nothing is written, and a directory that isn't there yet counts as empty.
        create: the owner, group and mode with which a missing directory is made; None refuses to make it.
        amend: give them to one that is there, too.

    Raises:
        ArgumentError: when the directory can't be used.
    """

    def __init__(
        self,
        path: str,
        place: str = "path",
        check_mode: bool = False,
        create: Optional[Attributes] = None,
        amend: bool = False,
    ) -> None:
        self.path = path
        self.place = place
        self.check_mode = check_mode
        self.created = False
        self.amended = False
        self._create = create
        self._amend = amend
        self._dir: Optional[int] = None

    def __enter__(self) -> Directory:
        try:
            if self._create and not os.path.lexists(self.path):
                self.created = True
                if not self.check_mode:
                    self._make(self._create)
            self._dir = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if self._create and self._amend and not self.created:
                self._give(self._create)
            if not self.check_mode:
                fcntl.flock(self._dir, fcntl.LOCK_EX)
                self._remove_strays()
        except FileNotFoundError as exc:
            if not self.check_mode:
                raise ArgumentError(
                    self.place, f"the directory {self.path} is not there; create it first, for example with "
                    "ansible.builtin.file"
                ) from exc
        except OSError as exc:
            self.__exit__(exc)
            raise ArgumentError(self.place, f"{self.path} can't be used as a directory: {exc.strerror}") from exc
        return self

    def __exit__(self, error: Any = None, *dummy: Any) -> None:
        if self._dir is not None:
            os.close(self._dir)
            self._dir = None
        if error is not None and self.created and not self.check_mode:
            try:
                os.rmdir(self.path)
            except OSError:
                # Not made after all, or somebody else put something into it.
                pass

    def _make(self, attributes: Attributes) -> None:
        """Make the directory, closed to others until it has its owner and mode; its parents as the umask has them."""
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        os.mkdir(self.path, 0o700)
        uid, gid = (-1 if number is None else number for number in (attributes.uid, attributes.gid))
        os.chown(self.path, uid, gid)
        os.chmod(self.path, 0o755 if attributes.mode is None else attributes.mode)

    def _give(self, attributes: Attributes) -> None:
        """Give the open directory other attributes."""
        folder = cast(int, self._dir)
        self.amended = bool(attribute_changes(os.fstat(folder), Wanted("", b"", self.place, *attributes)))
        if self.amended and not self.check_mode:
            os.fchown(folder, *(-1 if number is None else number for number in attributes[:2]))
            if attributes.mode is not None:
                os.fchmod(folder, attributes.mode)

    def _remove_strays(self) -> None:
        """Remove what a run that was killed left: with the lock held, nobody else is writing here."""
        for name in os.listdir(self._dir):
            if temporary.is_temporary(name):
                os.unlink(name, dir_fd=self._dir)

    def names(self) -> List[str]:
        """The names of all that is in the directory, sorted."""
        return [] if self._dir is None else sorted(os.listdir(self._dir))

    def marked(self, marker: bytes, suffix: str, besides: Collection[str] = ()) -> Set[str]:
        """The regular files whose name ends in ``suffix`` and that begin with ``marker``: those that a module wrote.

        Args:
            besides: names that aren't looked at, since somebody else reads those files anyway.
        """
        found = set()
        for name in self.names():
            if name.endswith(suffix) and name not in besides:
                status = self._lstat(name)
                if status and stat.S_ISREG(status.st_mode) and self._read(name, len(marker)) == marker:
                    found.add(name)
        return found

    def ends_with(self, name: str, end: bytes) -> bool:
        """Whether a regular file ends with ``end``."""
        status = self._lstat(name)
        return status is not None and stat.S_ISREG(status.st_mode) and self._read(name).endswith(end)

    def compare(self, wanted: Iterable[Wanted], unwanted: Iterable[str] = ()) -> Plan:
        """Find what differs.

        Args:
            wanted: the files that shall be there, no name twice.
            unwanted: the names of files that shall not.

        Raises:
            ArgumentError: when something that isn't a regular file is in a file's place.
            HostError: when a file can't be read.
        """
        plan = Plan([], [], [], [])
        for item in wanted:
            found = self._lstat(item.name)
            if found is None:
                plan.created.append(Change(item.name, None, item.content, None, item, {}))
                continue
            if not stat.S_ISREG(found.st_mode):
                raise ArgumentError(
                    item.place,
                    f"{self._join(item.name)} is {_kind(found.st_mode)} and not a regular file; remove it first",
                )
            before = self._read(item.name)
            attributes = attribute_changes(found, item)
            if before == item.content and not attributes:
                plan.unchanged.append(item.name)
            else:
                plan.updated.append(Change(item.name, before, item.content, found, item, attributes))
        for name in unwanted:
            found = self._lstat(name)
            if found is None:
                continue
            if stat.S_ISDIR(found.st_mode):
                raise ArgumentError(self.place, f"{self._join(name)} is a directory and not a file")
            before = self._read(name) if stat.S_ISREG(found.st_mode) else b""
            plan.removed.append(Change(name, before, None, found, None, {}))
        return plan

    def apply(self, plan: Plan, then: Callable[[], None] = lambda: None) -> None:
        """Do what a plan says; after an error every file is as it was.

        Args:
            then: called when the changes are in place; what it raises takes them back as well.

        Raises:
            HostError: naming the file that could not be written.
        """
        if self.check_mode or not plan.changed:
            return
        # Only for changes: to load it takes as long as to compare a hundred files.
        from . import transaction  # noqa: PLC0415

        transaction.Transaction(cast(int, self._dir), self.path).run(plan, then)

    def _lstat(self, name: str) -> Optional[os.stat_result]:
        if self._dir is None:
            return None
        try:
            return os.stat(name, dir_fd=self._dir, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def _read(self, name: str, most: int = 0) -> bytes:
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._dir)
            try:
                first = os.read(handle, most or _CHUNK)
                # A short one was all there is.
                return first if most or len(first) < _CHUNK else first + b"".join(iter(partial(os.read, handle, _CHUNK), b""))
            finally:
                os.close(handle)
        except OSError as exc:
            raise HostError(self._join(name), f"can't be read: {exc.strerror}") from exc

    def _join(self, name: Any) -> str:
        return os.path.join(self.path, str(name)) if name is not None else self.path


def touch(path: str) -> None:
    """Give a file an mtime that the Emperor takes for a change: a later whole second, whatever it has now.

    Raises:
        OSError: when the file isn't there or isn't the user's own.
    """
    newer = max(time.time(), int(os.stat(path).st_mtime) + 1)
    os.utime(path, (newer, newer))


def _kind(mode: int) -> str:
    for test, name in ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe")):
        if test(mode):
            return name
    return "something else"
