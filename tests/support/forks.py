# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one module many times with different arguments, as fast as possible: each run is a fork of a process that has loaded it.

Everything that a run prints is captured, including the host's log, and Ansible runs at its highest verbosity.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import syslog
import tempfile
import traceback
from pathlib import Path
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.common.parameters import PASS_VARS
from support.modules import COLLECTIONS, PACKAGE, ROOT, visible

# In arguments: the folder of the run, which contains a vassal's file "a.ini".
FOLDER = "/the-folder-of-the-run"
_TALKATIVE = {"debug": True, "verbosity": 5, "diff": True, "inject_invocation": True, "tracebacks_for": ["error", "warning"]}
_TIMEOUT = 300


def outputs(name: str, runs: list[dict[str, Any]], folder: Path) -> list[str]:
    """Run a module with each of several arguments.

    Args:
        folder: a place for temporary files.

    Returns:
        everything that each run printed and logged.
    """
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": f"{COLLECTIONS}:{ROOT / 'tests'}", "LC_ALL": "C.UTF-8", "TMPDIR": str(folder)
    }
    found = subprocess.run(
        [sys.executable, "-m", "support.forks", name],
        input=json.dumps(runs),
        env=environment,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return [visible(output) for output in json.loads(found.stdout)]


def _main() -> None:
    name = sys.argv.pop()
    module = importlib.import_module(PACKAGE + name)
    basic.has_journal = False
    # Which part of Ansible calls it depends on the release.
    syslog.syslog = lambda *given: print("syslog:", *given, file=sys.stderr)
    found = []
    for arguments in json.load(sys.stdin):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
            child = os.fork()
            if not child:
                _run(module, arguments, folder, output.fileno())
            os.waitpid(child, 0)
            output.seek(0)
            found.append(output.read().decode("utf-8", "replace"))
    json.dump(found, sys.stdout)


def _run(module: Any, arguments: dict[str, Any], folder: str, output: int) -> None:
    """Run the module in this process, which then ends."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(folder)
    Path("a.ini").write_text("[uwsgi]\nsocket = 127.0.0.1:3031\n", encoding="ascii")
    settings = {"_ansible_" + name: value for name, value in _TALKATIVE.items() if name in PASS_VARS}
    given = {"ANSIBLE_MODULE_ARGS": {**arguments, **settings, "_ansible_remote_tmp": tempfile.gettempdir()}}
    text = json.dumps(given).replace(FOLDER, folder)
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode("ascii")), encoding="utf-8")
    try:
        module.main()
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    _main()
