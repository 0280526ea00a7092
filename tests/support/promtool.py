# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prometheus' own checker of metrics and rules, if the machine has it (Debian's package prometheus)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

BINARY = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(BINARY is None, reason="promtool is not here (Debian: apt-get install prometheus)")


def run(*arguments: str | Path, text: str = "") -> tuple[int, str]:
    """Run it; returns its exit code and its output."""
    assert BINARY is not None
    command = [BINARY, *map(str, arguments)]
    found = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)
    return found.returncode, found.stdout + found.stderr
