# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds an instance out with reasons: files below the path of its ``check=``, each effective until it is removed.

uWSGI announces while the path doesn't exist, and directories count as existing (``uwsgi_file_exists``, core/utils.c). So
the path is a directory with a file for each reason. It exists as long as there is a reason, since only an empty directory can
be removed, and removing one reason doesn't undo another. A plain file in its place, made by hand, counts as one
reason, the operator's.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import contextmanager
from itertools import islice
from typing import Dict, Iterator, List, Optional, Tuple

from .._files import opened
from .._files.trust import UnsafePath

OPERATOR = "operator"
HEALTH = "health"
_REASON = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_MODE = 0o755
_MOST_TRIES = 100
_COMES_AND_GOES = "it is removed again and again"
# Far more than there are reasons; the owner of the folder may have put anything there.
_MOST_REASONS = 1000


def is_reason(name: str) -> bool:
    """Say whether ``name`` is a valid name for a reason."""
    return bool(_REASON.match(name))


@contextmanager
def _above(path: str) -> Iterator[Tuple[int, str]]:
    """The parent folder of a suspend path, and its name there."""
    above, name = os.path.split(os.path.abspath(path))
    try:
        with opened.folder(above) as folder:
            yield folder, name or "."
    except UnsafePath:
        raise
    except OSError as exc:
        # A name within the folder has no slash.
        raise OSError(exc.errno, exc.strerror, path) from exc


def reasons(path: str) -> List[str]:
    """The reasons that hold an instance out, sorted. An empty directory, left by an interrupted run, counts as the operator's.

    Raises:
        UnsafePath: if a user other than root and the caller can change its parent folder.
        OSError: if the path can't be read, or is a directory with something else in it.
    """
    return list(times(path))


def times(path: str) -> Dict[str, float]:
    """The reasons as in ``reasons``, each with the Unix time of its file's last change; raises the same errors."""
    try:
        with _above(path) as (folder, name):
            return _times(folder, name, path)
    except FileNotFoundError:
        return {}


def _times(above: int, name: str, path: str) -> Dict[str, float]:
    folder, instead = _opened(above, name, path)
    if folder is None:
        since = _since(above, name) if instead else None
        return {} if since is None else {OPERATOR: since}
    try:
        changed = os.fstat(folder).st_mtime
        with os.scandir(folder) as entries:
            found = [_reason(entry, path) for entry in islice(entries, _MOST_REASONS + 1)]
    finally:
        os.close(folder)
    if len(found) > _MOST_REASONS:
        raise OSError(errno.E2BIG, f"it has more than {_MOST_REASONS} reasons", path)
    return dict(sorted(one for one in found if one)) if found else {OPERATOR: changed}


def _reason(entry: os.DirEntry[str], path: str) -> Optional[Tuple[str, float]]:
    """A reason and the time of its file; None if it was just removed."""
    if not is_reason(entry.name) or not entry.is_file(follow_symlinks=False):
        raise OSError(errno.ENOTEMPTY, "it is a folder with something else in it", path)
    try:
        return entry.name, entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return None


def _opened(above: int, name: str, path: str) -> Tuple[Optional[int], int]:
    """A descriptor of the directory of reasons, or None and the mode of what is there instead: 0 for nothing.

    Both are from the same moment, so a directory that others remove and recreate meanwhile is never mistaken for something else.
    """
    for dummy in range(_MOST_TRIES):
        try:
            return os.open(name, opened.FOLDER, dir_fd=above), stat.S_IFDIR
        except (FileNotFoundError, NotADirectoryError):
            pass
        try:
            mode = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return None, 0
        if not stat.S_ISDIR(mode):
            return None, mode
    raise OSError(errno.EBUSY, _COMES_AND_GOES, path)


def _since(above: int, name: str) -> Optional[float]:
    """When the target, with links followed as uWSGI does, was changed; None if it doesn't exist."""
    try:
        return os.stat(name, dir_fd=above).st_mtime
    except FileNotFoundError:
        return None


def hold(path: str, reason: str) -> bool:
    """Add a reason.

    Returns:
        whether it is new.

    Raises:
        UnsafePath: as in ``reasons``.
        OSError: if it can't be added, for example because the folder is missing; FileExistsError if a plain file exists and the
            reason isn't the operator's.
    """
    with _above(path) as (above, name):
        # Don't add reasons to other directories.
        _times(above, name, path)
        for dummy in range(_MOST_TRIES):
            try:
                os.mkdir(name, _MODE, dir_fd=above)
            except FileExistsError:
                pass
            folder, instead = _opened(above, name, path)
            if folder is None:
                if not instead:
                    continue
                if reason == OPERATOR and _is_plain(above, name):
                    return False
                # Nothing can replace the file by a directory atomically, and in a gap the instance would announce itself.
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            try:
                # Make it visible to the instance, whatever the umask is.
                os.fchmod(folder, _MODE)
                os.close(os.open(reason, opened.NEW, 0o644, dir_fd=folder))
                return True
            except FileExistsError:
                return False
            except FileNotFoundError:
                # Whoever removed the last other reason also removed the directory meanwhile.
                continue
            finally:
                os.close(folder)
    raise OSError(errno.EBUSY, _COMES_AND_GOES, path)


def _is_plain(above: int, name: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(name, dir_fd=above).st_mode)
    except FileNotFoundError:
        return False


def release(path: str, reason: str) -> bool:
    """Remove a reason, and the path if it was the last one.

    Returns:
        whether there was anything to remove.

    Raises:
        UnsafePath: as in ``reasons``.
        OSError: if it can't be removed.
    """
    try:
        with _above(path) as (above, name):
            return _released(above, name, path, reason)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _released(above: int, name: str, path: str, reason: str) -> bool:
    folder, instead = _opened(above, name, path)
    if folder is None:
        if reason != OPERATOR or not instead:
            return False
        os.unlink(name, dir_fd=above)
        return True
    found = False
    try:
        os.unlink(reason, dir_fd=folder)
        found = True
    except FileNotFoundError:
        pass
    finally:
        os.close(folder)
    try:
        os.rmdir(name, dir_fd=above)
        return True
    except FileNotFoundError:
        return found
    except OSError as exc:
        if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        # Other reasons remain.
        return found
