# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller does for ``uwsgi_drain``: it keeps the arguments out of Ansible's debug output."""

from __future__ import annotations

from pathlib import Path

from support import debug_output
from support.debug_output import VALUE


def test_no_argument_is_in_the_debug_output(tmp_path: Path) -> None:
    line = debug_output.said(tmp_path, "uwsgi_drain", state="drained", vassal=f"/{VALUE}")
    assert VALUE not in line
    assert "(emperor.uwsgi.uwsgi_drain, arguments " in line
