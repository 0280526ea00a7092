# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of arguments is the one that the table and the tests make."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.modules import COLLECTIONS, ROOT

PAGE = Path("docs") / "docsite" / "rst" / "arguments.rst"
_SCRIPT = "import arguments, sys; sys.stdout.write(arguments.page())"


def test_the_page_of_arguments_is_up_to_date() -> None:
    # In a process of its own, since it collects tests as the one that runs this.
    path = os.pathsep.join(map(str, (COLLECTIONS, ROOT / "tests", ROOT / "docs")))
    found = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == found.stdout, "run make docs"
