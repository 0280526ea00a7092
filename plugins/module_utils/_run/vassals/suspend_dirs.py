# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of suspend files, and with a tyrant Emperor one in it for each tenant."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import Iterator, List

from ansible.module_utils.basic import AnsibleModule

from ... import _module
from ..._arguments import values
from ..._arguments.vassal import Vassal
from ..._errors import ArgumentError
from ..._files import folders, opened
from ..._files.attributes import attributes, primary_group


@contextmanager
def made(module: AnsibleModule, found: List[Vassal]) -> Iterator[bool]:
    """Create the folder of suspend files for the vassals' user, whose health gate writes there; an existing one is unchanged.

    With a tyrant Emperor it is root's, and each tenant has a folder in it, even if another user owned it before. Returns whether
    any folder was changed, or would be in check mode.
    """
    params = module.params
    path = values.directory("suspend_dir", params["suspend_dir"])
    own = attributes("suspend_dir", params["user"], params["group"], "0755", module.check_mode)
    wanted = {path: _module.shared(0o711) if params["tyrant"] else own}
    for owner in sorted({one.owner for one in found if one.owner and one.subscriptions}):
        wanted[os.path.join(path, owner)] = attributes("suspend_dir", owner, primary_group(owner), "0700", module.check_mode)
    new: List[str] = []
    amended = False
    try:
        missing = [one for one in wanted if not _is_folder(one)]
        # Also for a tenant's folder: a former owner of the parent may have created it, or put a link there.
        for one in wanted if params["tyrant"] else ():
            # If check mode leaves the folder to another user, nothing in it can be checked.
            if one not in missing and not (amended and module.check_mode):
                amended = folders.amend(one, wanted[one], module.check_mode) or amended
        for one in missing if not module.check_mode else ():
            new += folders.make(one, wanted[one])
    except OSError as exc:
        folders.unmake(new)
        raise ArgumentError("suspend_dir", f"{path} can't be used as a directory: {exc.strerror}") from exc
    try:
        yield amended or bool(missing)
    except BaseException:
        folders.unmake(new)
        raise


def _is_folder(path: str) -> bool:
    """Whether a folder exists; False if nothing does. Raises OSError if it isn't a folder."""
    try:
        status = opened.status(path)
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return True
