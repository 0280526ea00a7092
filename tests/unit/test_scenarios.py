# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles and playbooks that the scenarios name exist; the scenarios themselves take long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support.modules import ROOT

CUTS = sorted((ROOT / "extensions" / "molecule" / "pool" / "tasks").glob("cut_*.yml"))
NAMES = [
    name
    for folder in ("roles", "playbooks")
    for path in (ROOT / folder).rglob("*.yml")
    for name in re.findall(r"^ *- name: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("path", CUTS, ids=lambda path: path.stem)
def test_runs_are_cut_off_before_tasks_that_there_are(path: Path) -> None:
    steps = yaml.safe_load(path.read_text(encoding="utf-8"))[0]["vars"]["verify_steps"]
    assert len(steps) > 1
    assert [step for step in steps if not any(step in name for name in NAMES)] == []
