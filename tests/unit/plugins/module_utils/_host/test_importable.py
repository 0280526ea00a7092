# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Python in a real uWSGI can import."""

from __future__ import annotations

from typing import Optional

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import importable
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.command import start
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.uwsgi import Uwsgi
from support.uwsgi import BINARY, plugin_lines

PLUGIN = "python3" if plugin_lines("python3") else ""


def require(module: str, binary: Optional[str] = BINARY) -> None:
    importable.require(Uwsgi(binary, start), module, PLUGIN, None, "install it")


def test_what_is_there_is_enough() -> None:
    require("json")


MISSING = [(BINARY, f"{BINARY} (ModuleNotFoundError: No module named 'nowhere')"), (None, "uWSGI, which is not there")]


@pytest.mark.parametrize(("binary", "who"), MISSING)
def test_what_is_missing_is_named(binary: Optional[str], who: str) -> None:
    with pytest.raises(HostError) as error:
        require("nowhere", binary)
    assert str(error.value) == f"the Python module nowhere: can't be imported by {who}; install it"
