# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's output for its own developers, ANSIBLE_DEBUG=1, for one task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import playbook

# A value that only occurs in an argument.
VALUE = "a-value-that-is-looked-for"


def said(folder: Path, module: str, **arguments: Any) -> str:
    """Run a module, whose task may fail; returns what Ansible prints about the run."""
    variables = {"ansible_python_interpreter": playbook.PYTHON}
    task = {"emperor.uwsgi." + module: arguments, "ignore_errors": True}
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [task]}
    found = playbook.run(folder, [play], ANSIBLE_DEBUG="1")
    assert found.code == 0, found.output
    [line] = [line for line in found.output.splitlines() if "done with _execute_module" in line]
    return line
