# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why an instance keeps silent: reasons below the path of its ``check=``, each of which holds it out until it is gone itself.

uWSGI announces while the path doesn't exist, and a directory exists as well as a file (``uwsgi_file_exists``, core/utils.c). So
the path is a directory and each reason a file in it: it's there as long as there is a reason, since only an empty one can be
removed, and nobody who takes one reason away undoes another's. A plain file in its place, which somebody made by hand, is one
reason, the operator's.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import List

OPERATOR = "operator"
HEALTH = "health"
_REASON = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_MODE = 0o755
_MOST_TRIES = 100


def is_reason(name: str) -> bool:
    """Say whether ``name`` can name a reason."""
    return bool(_REASON.match(name))


def reasons(path: str) -> List[str]:
    """The reasons that hold an instance out, sorted; of a directory with none, which an interrupted run left, the operator's.

    Raises:
        OSError: when the path can't be read, or is a directory with something else in it.
    """
    try:
        with os.scandir(path) as entries:
            found = {entry.name: entry.is_file(follow_symlinks=False) for entry in entries}
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        if not os.path.exists(path):
            raise
        return [OPERATOR]
    if not all(is_file and is_reason(name) for name, is_file in found.items()):
        raise OSError(errno.ENOTEMPTY, "it is a folder with something else in it", path)
    return sorted(found) or [OPERATOR]


def hold(path: str, reason: str) -> bool:
    """Add a reason.

    Returns:
        whether it's new.

    Raises:
        OSError: when it can't be added, for example in a folder that isn't there; FileExistsError when another reason than the
            operator's meets a plain file.
    """
    # What is no directory of reasons gets none.
    reasons(path)
    for dummy in range(_MOST_TRIES):
        try:
            os.mkdir(path, _MODE)
        except FileExistsError:
            pass
        try:
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except NotADirectoryError as exc:
            if reason == OPERATOR and os.path.isfile(path):
                return False
            # No call puts a directory in the file's place without a gap, in which the instance would announce itself.
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from exc
        try:
            _share(path, folder)
            os.close(os.open(reason, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder))
            return True
        except FileExistsError:
            return False
        except FileNotFoundError:
            # Whoever took the last other reason away removed the directory in between.
            continue
        finally:
            os.close(folder)
    raise OSError(errno.EBUSY, "it is removed again and again", path)


def _share(path: str, folder: int) -> None:
    """Let the instance see the directory, whatever the umask is, and the owner of the folder that it's in add a reason.

    Args:
        folder: a descriptor of the directory, since that owner may put a link in its place.
    """
    found, above = os.fstat(folder), os.stat(os.path.dirname(path) or ".")
    if stat.S_IMODE(found.st_mode) & _MODE != _MODE:
        os.fchmod(folder, _MODE)
    if os.geteuid() == 0 and (found.st_uid, found.st_gid) != (above.st_uid, above.st_gid):
        os.fchown(folder, above.st_uid, above.st_gid)


def release(path: str, reason: str) -> bool:
    """Take a reason away, and the path with it if it was the last one.

    Returns:
        whether there was anything to take away.

    Raises:
        OSError: when it can't be.
    """
    found = False
    try:
        os.unlink(os.path.join(path, reason))
        found = True
    except FileNotFoundError:
        pass
    except NotADirectoryError:
        if reason != OPERATOR or not os.path.lexists(path):
            return False
        os.unlink(path)
        return True
    try:
        os.rmdir(path)
        return True
    except FileNotFoundError:
        return found
    except OSError as exc:
        if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        # Others hold on.
        return found
