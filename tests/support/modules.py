# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules as Ansible does: in a process of their own, with arguments and a result as JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from ansible.module_utils.common.parameters import PASS_VARS

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".ansible" / "collections"
PACKAGE = "ansible_collections.emperor.uwsgi.plugins.modules."
_TIMEOUT = 60
# This Python, and the oldest one that modules support, if the machine has it.
PYTHONS = [sys.executable, *map(str, sorted(Path.home().glob(".pyenv/versions/3.8.*/bin/python3.8"))[:1])]

# From ansible-core 2.22 on; the controller shows them nowhere.
_SECRETS = "_ansible_new_secrets"
_HANDED_OVER = re.compile(rf'"{_SECRETS}": \["(?:[^"\\]|\\.)*"(?:, "(?:[^"\\]|\\.)*")*\]')


class Result(NamedTuple):
    """The end of a module: its result, empty if it was killed, its exit code and its output."""

    data: dict[str, Any]
    code: int
    output: str

    @property
    def failed(self) -> bool:
        """Whether the module ended with an error."""
        return bool(self.data.get("failed"))

    @property
    def changed(self) -> bool:
        """Whether the module reports a change."""
        return bool(self.data.get("changed"))

    @property
    def msg(self) -> str:
        """The error message."""
        return str(self.data.get("msg", ""))

    @property
    def warnings(self) -> list[str]:
        """The texts of the warnings; newer releases of ansible-core wrap them."""
        return [one if isinstance(one, str) else one["event"]["msg"] for one in self.data.get("warnings", [])]


def start(program: list[str], arguments: dict[str, Any], check: bool = False) -> subprocess.Popen[str]:
    """Start a Python program that is a module, with its arguments."""
    settings = {"check_mode": check, "diff": True, "no_log": False, "remote_tmp": tempfile.gettempdir()}
    if "inject_invocation" in PASS_VARS:
        # As with -vvv; ansible-core 2.20 and older always return the arguments.
        settings["inject_invocation"] = True
    given = {**arguments, **{"_ansible_" + name: value for name, value in settings.items()}}
    path = f"{COLLECTIONS}:{ROOT / 'tests'}"
    process = subprocess.Popen(
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "LC_ALL": "C.UTF-8"},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": given}))
    process.stdin.close()
    # communicate() would close it again.
    process.stdin = None
    return process


def finish(process: subprocess.Popen[str]) -> Result:
    """Wait for a module and read its result.

    Raises:
        AssertionError: if it died with a traceback, or printed anything but one JSON object.
    """
    out, err = process.communicate(timeout=_TIMEOUT)
    assert "Traceback" not in out + err, out + err
    data = json.loads(out) if process.returncode >= 0 else {}
    data.pop(_SECRETS, None)
    return Result(data, process.returncode, visible(out + err))


def visible(output: str) -> str:
    """A module's output, without the values of its secret arguments that Ansible hands to the controller to have them masked."""
    return _HANDED_OVER.sub(f'"{_SECRETS}": []', output)


def run(name: str, arguments: dict[str, Any], check: bool = False, prefix: tuple[str, ...] = ()) -> Result:
    """Run a module.

    Args:
        name: without the collection's name.
        check: in check mode.
        prefix: a command that runs the module, such as ``setpriv`` and its options.
    """
    return finish(start([*prefix, sys.executable, "-m", PACKAGE + name], arguments, check))


def run_with_fault(name: str, arguments: dict[str, Any], action: str, step: int, folder: Path) -> Result:
    """Run a module and inject a fault at one of its steps; see ``support.fault``."""
    return finish(start([sys.executable, "-m", "support.fault", name, action, str(step), str(folder)], arguments))
