# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module and injects a fault at one of its steps: python -m support.fault MODULE ACTION STEP FOLDER

Every system call that changes files is a step. Before step number STEP the process is
killed (``kill``), or the folder is removed (``vanish``). If STEP is beyond the last step, the module runs normally.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._files import directory, folders, transaction

_STEPS = ("open", "write", "fchown", "fchmod", "utime", "close", "link", "rename", "unlink", "chown", "chmod", "mkdir")


class _Os:
    """The module ``os``, with a fault before one of its calls."""

    def __init__(self, action: str, step: int, folder: str) -> None:
        self._action = action
        self._left = step
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        return self._counted(found) if name in _STEPS else found

    def _counted(self, call: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._action == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif self._left == 0:
                shutil.rmtree(self._folder)
            return call(*args, **kwargs)

        return run


def main() -> None:
    module, action, step, folder = sys.argv[1:]
    # Ansible's modules read their own command line.
    del sys.argv[1:]
    directory.os = folders.os = transaction.os = _Os(action, int(step), folder)  # type: ignore[attr-defined]
    importlib.import_module("ansible_collections.emperor.uwsgi.plugins.modules." + module).main()


if __name__ == "__main__":
    main()
