# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks whether the Python in the host's uWSGI can import a module."""

from __future__ import annotations

from typing import List, Optional

from .._errors import HostError
from .._files.identity import Identity
from .uwsgi import Uwsgi

# The import doesn't create an application, and without a server uWSGI exits after loading it.
_IMPORT = "import {}\napplication = lambda *dummy: []"


def require(uwsgi: Uwsgi, module: str, plugin: str, user: Optional[Identity], why: str) -> None:
    """Check that uWSGI can import a module.

    Args:
        plugin: the Python plugin; empty if uWSGI needs none.
        user: who the vassal runs as; None for the caller.
        why: who needs it and what to do, which completes the error.

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
