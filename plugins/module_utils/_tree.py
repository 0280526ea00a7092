# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many files wanted in one directory against those found there: compare, write, remove, show.

A file is whole at every moment: it is written under a temporary name, which has its owner and mode before its
first byte, and renamed. All are written before the first is renamed, so an error (a full disk, an immutable file) changes
nothing. The temporary names have no suffix that an Emperor takes for a vassal (C(core/emperor.c),
C(uwsgi_emperor_is_valid)).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import time
from typing import Any, Callable, Collection, Dict, Iterable, List, Optional, Set, Tuple, cast

from ansible_collections.emperor.uwsgi.plugins.module_utils._attributes import Attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._plan import Change, Plan, Wanted, attribute_changes

_TEMPORARY = re.compile(r"\.emperor-uwsgi-[0-9a-f]{8}-\d+\.tmp\Z")
_LINKS_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class Tree:
    """One directory, locked against other runs while it is open.

    :param path: the directory.
    :param place: the argument that names it, for errors.
    :param check_mode: nothing is written, and a directory that isn't there yet counts as empty.
    :param create: the owner, group and mode with which a missing directory is made; None refuses to make it.
    :ivar created: whether the directory was, or in check mode would be, made.
    :raises ArgumentError: when the directory can't be used.
    """

    def __init__(
        self, path: str, place: str = "path", check_mode: bool = False, create: Optional[Attributes] = None
    ) -> None:
        self.path = path
        self.place = place
        self.check_mode = check_mode
        self.created = False
        self._create = create
        self._dir: Optional[int] = None

    def __enter__(self) -> Tree:
        try:
            if self._create and not os.path.lexists(self.path):
                self.created = True
                if not self.check_mode:
                    self._make(self._create)
            self._dir = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if not self.check_mode:
                fcntl.flock(self._dir, fcntl.LOCK_EX)
                self._remove_strays()
        except FileNotFoundError as exc:
            if not self.check_mode:
                raise ArgumentError(
                    self.place, "the directory {0} is not there; create it first, for example with "
                    "ansible.builtin.file".format(self.path)
                ) from exc
        except OSError as exc:
            self.__exit__(exc)
            raise ArgumentError(self.place, "{0} can't be used as a directory: {1}".format(self.path, exc.strerror)) from exc
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

    def _remove_strays(self) -> None:
        """Remove what a run that was killed left: with the lock held, nobody else is writing here."""
        for name in os.listdir(self._dir):
            if _TEMPORARY.match(name):
                os.unlink(name, dir_fd=self._dir)

    def names(self) -> List[str]:
        """The names of all that is in the directory, sorted."""
        return [] if self._dir is None else sorted(os.listdir(self._dir))

    def marked(self, marker: bytes, suffix: str, besides: Collection[str] = ()) -> Set[str]:
        """The regular files whose name ends in C(suffix) and that begin with C(marker): those that a module wrote.

        :param besides: names that aren't looked at, since somebody else reads those files anyway.
        """
        found = set()
        for name in self.names():
            if name.endswith(suffix) and name not in besides:
                status = self._lstat(name)
                if status and stat.S_ISREG(status.st_mode) and self._read(name, self.place, len(marker)) == marker:
                    found.add(name)
        return found

    def compare(self, wanted: Iterable[Wanted], unwanted: Iterable[str] = ()) -> Plan:
        """Find what differs.

        :param wanted: the files that shall be there, no name twice.
        :param unwanted: the names of files that shall not.
        :raises ArgumentError: when something that isn't a regular file stands in a file's place, or a file can't be read.
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
                    "{0} is {1} and not a regular file; remove it first".format(self._join(item.name), _kind(found.st_mode)),
                )
            before = self._read(item.name, item.place)
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
                raise ArgumentError(self.place, "{0} is a directory and not a file".format(self._join(name)))
            before = self._read(name, self.place) if stat.S_ISREG(found.st_mode) else b""
            plan.removed.append(Change(name, before, None, found, None, {}))
        return plan

    def apply(self, plan: Plan, then: Callable[[], None] = lambda: None) -> None:
        """Do what a plan says; after an error every file is as it was.

        :param then: called when all is in place; what it raises takes everything back as well.
        :raises ArgumentError: naming the argument whose file could not be written.
        """
        if self.check_mode:
            return
        stamp = os.urandom(4).hex()
        rewritten = [change for change in plan.updated if change.before != change.after]
        staged: List[Tuple[Change, str]] = []
        kept: Dict[str, str] = {}
        done: List[Change] = []
        place = self.place
        try:
            for number, change in enumerate(plan.created + rewritten):
                place = _place(change, self.place)
                staged.append((change, ".emperor-uwsgi-{0}-{1}.tmp".format(stamp, number)))
                self._stage(*staged[-1])
            for number, change in enumerate(plan.removed + rewritten, len(staged)):
                place = _place(change, self.place)
                self._keep(change, ".emperor-uwsgi-{0}-{1}.tmp".format(stamp, number), kept)
            # Removed first: a vassal under a new name may want the old one's socket.
            for change in plan.removed:
                os.unlink(change.name, dir_fd=self._dir)
                done.append(change)
            for change, temporary in staged:
                place = _place(change, self.place)
                os.rename(temporary, change.name, src_dir_fd=self._dir, dst_dir_fd=self._dir)
                done.append(change)
            for change in plan.updated:
                if change.before == change.after:
                    place = _place(change, self.place)
                    done.append(change)
                    self._set_attributes(change)
            place = self.place
            then()
        except BaseException as exc:
            self._take_back(done, kept)
            if isinstance(exc, OSError):
                raise ArgumentError(
                    place, "{0}: {1}; nothing was changed".format(self._join(exc.filename), exc.strerror)
                ) from exc
            raise
        finally:
            for temporary in [name for dummy, name in staged] + list(kept.values()):
                self._discard(temporary)

    def _stage(self, change: Change, temporary: str) -> None:
        """Write a file under its temporary name, with its owner and mode first and an mtime that the Emperor takes for new."""
        wanted = cast(Wanted, change.wanted)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(temporary, flags, 0o600, dir_fd=self._dir)
        try:
            _chown(handle, change)
            mode = wanted.mode
            if mode is None:
                mode = stat.S_IMODE(change.found.st_mode) if change.found else 0o666 & ~_umask()
            os.fchmod(handle, mode)
            left = memoryview(wanted.content)
            while left:
                left = left[os.write(handle, left) :]
            if change.found:
                # The Emperor compares whole seconds and takes only a later one for a change.
                newer = int(change.found.st_mtime) + 1
                if newer > os.fstat(handle).st_mtime:
                    os.utime(handle, (newer, newer))
        finally:
            os.close(handle)

    def _keep(self, change: Change, temporary: str, kept: Dict[str, str]) -> None:
        """Keep the old file under a second name, to put it back after an error. Fails at once where it's immutable."""
        try:
            os.link(
                change.name, temporary, src_dir_fd=self._dir, dst_dir_fd=self._dir, follow_symlinks=False
            )
            kept[change.name] = temporary
        except OSError as exc:
            if exc.errno not in _LINKS_UNSUPPORTED:
                raise

    def _set_attributes(self, change: Change) -> None:
        handle = os.open(change.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._dir)
        try:
            _chown(handle, change)
            if change.wanted and change.wanted.mode is not None:
                os.fchmod(handle, change.wanted.mode)
        finally:
            os.close(handle)

    def _take_back(self, done: List[Change], kept: Dict[str, str]) -> None:
        for change in reversed(done):
            try:
                if change.name in kept:
                    temporary = kept.pop(change.name)
                    os.rename(temporary, change.name, src_dir_fd=self._dir, dst_dir_fd=self._dir)
                elif change.found is None:
                    os.unlink(change.name, dir_fd=self._dir)
                elif change.before == change.after:
                    os.chown(change.name, change.found.st_uid, change.found.st_gid, dir_fd=self._dir)
                    os.chmod(change.name, stat.S_IMODE(change.found.st_mode), dir_fd=self._dir)
            except OSError:
                # The first error is the one to report.
                continue

    def _discard(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._dir)
        except OSError:
            # Renamed, or gone with its directory.
            pass

    def _lstat(self, name: str) -> Optional[os.stat_result]:
        if self._dir is None:
            return None
        try:
            return os.stat(name, dir_fd=self._dir, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def _read(self, name: str, place: str, most: int = -1) -> bytes:
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._dir)
            with open(handle, "rb", buffering=0) as stream:
                return stream.read(most) or b""
        except OSError as exc:
            raise ArgumentError(place, "{0} can't be read: {1}".format(self._join(name), exc.strerror)) from exc

    def _join(self, name: Any) -> str:
        return os.path.join(self.path, str(name)) if name is not None else self.path


def touch(path: str) -> None:
    """Give a file an mtime that the Emperor takes for a change: a later whole second, whatever it has now.

    :raises OSError: when the file isn't there or isn't the user's own.
    """
    newer = max(time.time(), int(os.stat(path).st_mtime) + 1)
    os.utime(path, (newer, newer))


def _place(change: Change, otherwise: str) -> str:
    return change.wanted.place if change.wanted else otherwise


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _kind(mode: int) -> str:
    for test, name in ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe")):
        if test(mode):
            return name
    return "something else"
