# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules run as Ansible runs them: a process of their own, arguments in and a result out as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".ansible" / "collections"
_PACKAGE = "ansible_collections.emperor.uwsgi.plugins.modules."
_TIMEOUT = 60


class Result(NamedTuple):
    """What a module left: its result, its exit code and all that it printed."""

    data: dict[str, Any]
    code: int
    output: str

    @property
    def failed(self) -> bool:
        """Whether the module ended with an error."""
        return bool(self.data.get("failed"))

    @property
    def changed(self) -> bool:
        """What the module says of itself."""
        return bool(self.data.get("changed"))

    @property
    def msg(self) -> str:
        """The error."""
        return str(self.data.get("msg", ""))

    @property
    def warnings(self) -> list[str]:
        """The warnings' texts; newer releases of ansible-core wrap them."""
        return [one if isinstance(one, str) else one["event"]["msg"] for one in self.data.get("warnings", [])]


def run(name: str, arguments: dict[str, Any], check: bool = False, prefix: tuple[str, ...] = ()) -> Result:
    """Run a module.

    :param name: without the collection's.
    :param check: in check mode.
    :param prefix: a command that runs the module, such as C(setpriv) and its options.
    :raises AssertionError: when it dies with a traceback, or prints something else than one JSON object.
    """
    given = dict(arguments, _ansible_check_mode=check, _ansible_diff=True, _ansible_no_log=False)
    process = subprocess.run(
        [*prefix, sys.executable, "-m", _PACKAGE + name],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": given}),
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(COLLECTIONS), "LC_ALL": "C.UTF-8"},
        timeout=_TIMEOUT,
        check=False,
    )
    output = process.stdout + process.stderr
    assert "Traceback" not in output, output
    assert process.stdout.strip().startswith("{"), output
    return Result(json.loads(process.stdout), process.returncode, output)
