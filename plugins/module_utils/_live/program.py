# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archive from which uWSGI serves the live page: one file with all modules that it imports from the collection."""

from __future__ import annotations

from functools import lru_cache

from .._archive import pack
from . import wsgi
from .config import MODULE

_ENTRY = f"from {wsgi.__name__} import from_environment\n\napplication = from_environment()\n"


@lru_cache(maxsize=None)
def program() -> bytes:
    """The archive, identical byte for byte for identical sources."""
    return pack(wsgi.__name__, MODULE + ".py", _ENTRY)
