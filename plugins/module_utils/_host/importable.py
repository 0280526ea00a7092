# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the Python in the host's uWSGI has a module."""

from __future__ import annotations

from typing import List, Optional

from .._errors import HostError
from .._files.child import Identity
from .uwsgi import Uwsgi

# What is imported makes an application of nothing, and without a server uWSGI ends once that is loaded.
_IMPORT = "import {}\napplication = lambda *dummy: []"


def require(uwsgi: Uwsgi, module: str, plugin: str, user: Optional[Identity], why: str) -> None:
    """See that uWSGI can import a module.

    Args:
        plugin: the one with Python, empty where uWSGI needs none.
        user: as whom the vassal runs; None for the caller.
        why: who needs it, and what to do, as the end of the error.

    Raises:
        HostError: naming the module.
    """
    plugins = ["--need-plugins", plugin] if plugin else []
    argv: List[str] = [str(uwsgi.binary), *plugins, "--need-app", "--no-server", "--eval", _IMPORT.format(module)]
    ended = None if uwsgi.binary is None else uwsgi.start(argv, "/", uwsgi.runner(user))()
    if ended is not None and ended.code == 0:
        return
    lines = [line.strip() for line in (ended.err if ended else "").splitlines() if "Error" in line]
    said = f" ({lines[-1]})" if lines else ""
    who = uwsgi.binary or "uWSGI, which is not there"
    raise HostError(f"the Python module {module}", f"can't be imported by {who}{said}; {why}")
