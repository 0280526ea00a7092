# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Code that also runs in a program of its own on a host needs nothing but Python and itself."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _archive
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import gate
from ansible_collections.emperor.uwsgi.plugins.module_utils._run import uwsgi_health
from support.modules import PYTHONS

NAMES = sorted(_archive.parts(gate.__name__))
# Without site-packages, and without settings from the environment.
_IMPORT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
importlib.import_module(sys.argv[2])
print("\\n".join(name for name, module in sys.modules.items() if name.startswith("ansible") and module.__file__ is None))
"""


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", NAMES)
def test_each_part_of_the_gate_is_all_in_its_archive(name: str, python: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(uwsgi_health.program())) as archive:
        archive.extractall(tmp_path)
    found = subprocess.run(
        [python, "-I", "-S", "-c", _IMPORT, str(tmp_path), name], capture_output=True, text=True, timeout=30, check=False
    )
    assert (found.returncode, found.stderr, found.stdout.split()) == (0, "", [])


def test_they_are_all_that_an_announcement_needs() -> None:
    needed = {"_dialect", "_errors", "_ini.instance", "_ini.parser", "_node.datagram", "_node.signature", "_node.unsubscribe"}
    assert needed <= {name.partition(".module_utils.")[2] for name in NAMES}
