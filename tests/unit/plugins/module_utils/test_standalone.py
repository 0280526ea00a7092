# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What also runs in a program of a host's own needs nothing but Python and itself."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._health_gate import PARTS
from support.modules import COLLECTIONS, PYTHONS

NAMES = [part.__name__.rpartition(".")[2] for part in PARTS]
# Without site-packages, and without what the environment says.
_IMPORT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
importlib.import_module("ansible_collections.emperor.uwsgi.plugins.module_utils." + sys.argv[2])
for name in sorted(sys.modules):
    if name.startswith("ansible"):
        print(name)
"""


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_part_imports_only_other_parts(name: str, python: str) -> None:
    argv = [python, "-I", "-S", "-c", _IMPORT, str(COLLECTIONS), name]
    found = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert found.stderr == ""
    package = "ansible_collections.emperor.uwsgi.plugins.module_utils"
    folders = {package.rsplit(".", count)[0] for count in range(5)}
    assert set(found.stdout.split()) <= folders | {"{0}.{1}".format(package, part) for part in NAMES}


def test_they_are_all_that_an_announcement_needs() -> None:
    needed = {"_announced", "_dialect", "_errors", "_reader", "_sign", "_suspend", "_unsubscribe", "_wire"}
    assert needed <= set(NAMES)
