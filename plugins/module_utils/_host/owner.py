# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does a module's work as the user who will own its files, in a folder that only this user and root can change."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from .._files import folders
from .._files.child import as_user
from .._files.identity import Identity, identity
from .._files.trust import ROOT, UnsafeArgument, user_name

_TIMEOUT = 600


def done(
    module: AnsibleModule, run: Callable[[AnsibleModule], Dict[str, Any]], load: Callable[[], None], exc: UnsafeArgument
) -> Dict[str, Any]:
    """Do a module's work that failed with an error about its folder.

    Args:
        load: loads what ``run`` would otherwise load on demand: another user can't read this process's own modules.

    Raises:
        UnsafeArgument: if the folder isn't that of the wanted owner alone.
    """
    user = _owner(module, exc)
    try:
        if user is None:
            raise exc
        _load()
        load()
        result = _done_as(user, module, run)
    except BaseException:
        folders.unmake(exc.made)
        raise
    return dict(result, changed=result["changed"] or bool(exc.made))


def _owner(module: AnsibleModule, exc: UnsafeArgument) -> Optional[Identity]:
    """The wanted owner of the files, if nobody else can change the path."""
    wanted = module.params.get("owner")
    if os.geteuid() != ROOT or exc.uid == ROOT or str(wanted) not in (user_name(exc.uid), str(exc.uid)):
        return None
    return identity(exc.uid)


def _done_as(user: Identity, module: AnsibleModule, run: Callable[[AnsibleModule], Dict[str, Any]]) -> Dict[str, Any]:
    warnings: List[str] = []

    def work() -> Tuple[Dict[str, Any], List[str]]:
        module.warn = warnings.append
        return run(module), warnings

    result, found = as_user(user, work, _TIMEOUT)
    for warning in found:
        module.warn(warning)
    return result


def _load() -> None:
    """Load what every module that writes files would otherwise load on demand."""
    import encodings.idna  # noqa: PLC0415, F401

    from .._files import transaction  # noqa: PLC0415, F401
