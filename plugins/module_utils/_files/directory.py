# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares many wanted files with those in a directory, and writes the difference."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from typing import Any, Callable, Collection, Iterable, List, Optional, Set, cast

from .._errors import ArgumentError, HostError
from . import folders, lock, opened, temporary
from .attributes import Attributes
from .plan import Change, Plan, Wanted, attribute_changes
from .trust import ANYBODY, UnsafeArgument, UnsafePath, user_name

# How much of a differing file to read beyond the wanted size: its owner may have made it large.
_MOST_SHOWN = 1 << 16


class Directory:
    """A directory, locked against other runs while it is open.

    Attributes:
        created: whether the directory was created, or would be in check mode.
        amended: whether its attributes were changed, or would be.
        create: the attributes with which a missing directory is created.

    Args:
        path: the directory.
        place: path of the argument that names it, for errors.
        check_mode: write nothing, and treat a missing directory as empty.
        create: owner, group and mode for a missing directory; None refuses to create it.
        amend: also set them on an existing directory.

    Raises:
        ArgumentError: if the directory can't be used.
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
        self.create = create
        self._amend = amend
        self._made: List[str] = []
        self._dir: Optional[int] = None
        self._held = ExitStack()

    def __enter__(self) -> Directory:
        try:
            self._prepare()
        except UnsafePath as exc:
            # The run as another user uses what was created for it.
            self._held.close()
            raise UnsafeArgument(self.place, _unsafe(exc), exc.uid, self._made) from exc
        except FileNotFoundError as exc:
            self.__exit__(exc)
            raise ArgumentError(
                self.place, f"the directory {self.path} is not there; create it first, for example with ansible.builtin.file"
            ) from exc
        except OSError as exc:
            self.__exit__(exc)
            raise ArgumentError(self.place, f"{self.path} can't be used as a directory: {exc.strerror}") from exc
        try:
            if self._dir is not None and not self.check_mode:
                self._held.enter_context(lock.held(self._dir, self.path, lock.TIMEOUT))
                self._remove_strays()
        except BaseException as exc:
            self.__exit__(exc)
            if isinstance(exc, OSError):
                raise HostError(self.path, f"{exc.strerror}; nothing was changed") from exc
            raise
        return self

    def __exit__(self, error: Any = None, *dummy: Any) -> None:
        self._held.close()
        if self._dir is not None:
            os.close(self._dir)
            self._dir = None
        if error is not None:
            folders.unmake(self._made)

    def _prepare(self) -> None:
        """Open the directory, after creating or changing it if wanted."""
        if self.create:
            self.created = not opened.exists(self.path)
            if self._amend and not self.created:
                self.amended = folders.amend(self.path, self.create, self.check_mode)
            if not self.check_mode:
                self._made = folders.make(self.path, self.create)
        try:
            self._dir = opened.open_folder(self.path)
        except FileNotFoundError:
            if not self.check_mode:
                raise
        except UnsafePath:
            # Changing it will make it safe.
            if not (self.check_mode and self.amended):
                raise

    def _remove_strays(self) -> None:
        """Remove what a killed run left. The lock is held, so nobody else is writing here."""
        for name in os.listdir(self._dir):
            if temporary.is_temporary(name):
                status = self._lstat(name)
                if status and not stat.S_ISDIR(status.st_mode):
                    os.unlink(name, dir_fd=self._dir)

    def names(self) -> List[str]:
        """The names of everything in the directory except the lock, sorted."""
        return [] if self._dir is None else sorted(name for name in os.listdir(self._dir) if name != lock.NAME)

    def marked(self, marker: bytes, suffix: str, besides: Collection[str] = ()) -> Set[str]:
        """The regular files whose name ends with ``suffix`` and whose content begins with ``marker``: those that a module wrote.

        Args:
            besides: names to skip, because those files are read anyway.
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
        """Find the differences.

        Args:
            wanted: the files that must exist, with unique names.
            unwanted: the names of files that must not.

        Raises:
            ArgumentError: if something other than a regular file is in a file's place.
            HostError: if a file can't be read.
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
            # If a file has a second name, another user may be able to write what would be shown here.
            before = self._read(item.name, len(item.content) + _MOST_SHOWN) if found.st_nlink == 1 else b""
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
            before = self._read(name, _MOST_SHOWN) if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else b""
            plan.removed.append(Change(name, before, None, found, None, {}))
        return plan

    def apply(self, plan: Plan, then: Callable[[], None] = lambda: None) -> None:
        """Carry out a plan; after an error every file is unchanged.

        Args:
            then: called when the changes are in place; if it raises, they are undone as well.

        Raises:
            HostError: naming the file that couldn't be written.
        """
        if self.check_mode or not plan.changed:
            return
        # Imported only for changes: importing it takes as long as comparing a hundred files.
        from . import transaction  # noqa: PLC0415

        transaction.Transaction(cast(int, self._dir), self.path).run(plan, then)

    def _lstat(self, name: str) -> Optional[os.stat_result]:
        if self._dir is None:
            return None
        try:
            return os.stat(name, dir_fd=self._dir, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def _read(self, name: str, most: int = opened.MOST_BYTES) -> bytes:
        """A file that is too long to be ours is cut, so it differs from a wanted one."""
        try:
            handle = opened.open_in(cast(int, self._dir), name, name, any_links=True)
            try:
                return opened.content_of(handle, most)
            finally:
                os.close(handle)
        except OSError as exc:
            raise HostError(self._join(name), f"can't be read: {exc.strerror}") from exc

    def _join(self, name: Any) -> str:
        return os.path.join(self.path, str(name)) if name is not None else self.path


def _unsafe(exc: UnsafePath) -> str:
    """Why a path is unsafe because another user can change it, and what to do."""
    if exc.uid == ANYBODY:
        return f"{exc.path} can be written to by other users, who could put links there; give it to one user, with mode 0755"
    name = user_name(exc.uid)
    return (
        f"{exc.path} belongs to {name}, who could put links there; give a folder of root's, or set owner to {name} for files of "
        f"{name}'s, which are then written as {name}"
    )


def _kind(mode: int) -> str:
    for test, name in ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe")):
        if test(mode):
            return name
    return "something else"
