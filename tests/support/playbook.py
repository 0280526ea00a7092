# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks run by the real ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from support.modules import COLLECTIONS

# The platform of the hosts that plays manage, all of which are this machine.
PYTHON = os.environ.get("TEST_PYTHON") or sys.executable
_TIMEOUT = 600


class Run(NamedTuple):
    """The end of a run: the result of each task, its exit code and its output."""

    results: list[dict[str, Any]]
    code: int
    output: str


def run(folder: Path, content: Any, *arguments: str, **environment: str) -> Run:
    """Run a playbook.

    Args:
        folder: where the playbook is written and run.
        content: its plays, as data.
        arguments: of ansible-playbook.
    """
    path = folder / "playbook.yml"
    path.write_text(json.dumps(content), encoding="utf-8")
    found = command("ansible-playbook", str(path), *arguments, folder=folder, **environment)
    return Run([], found.returncode, found.stdout + found.stderr)


def tasks(folder: Path, given: list[dict[str, Any]], *arguments: str, **variables: Any) -> Run:
    """Run tasks on localhost, each whether or not the one before failed.

    Args:
        variables: of the play.

    Returns:
        the run, with the result of each task, in order.
    """
    results = folder / "results.json"
    named = [dict(task, register=f"task_{at}", ignore_errors=True) for at, task in enumerate(given)]
    collect = "{{ [" + ", ".join(task["register"] for task in named) + "] | to_json }}"
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": dict(variables, ansible_python_interpreter=PYTHON),
        "tasks": [
            *named,
            {
                "ansible.builtin.copy": {"content": collect, "dest": str(results), "mode": "0600"},
                "no_log": True,
                "check_mode": False,
            },
        ],
    }
    found = run(folder, [play], *arguments)
    assert results.exists(), found.output
    return found._replace(results=json.loads(results.read_text(encoding="utf-8")))


def template(folder: Path, *expressions: str, **variables: Any) -> Run:
    """Evaluate Jinja expressions; ``msg`` of each result is the value or the error."""
    return tasks(folder, [{"ansible.builtin.debug": {"msg": "{{ " + one + " }}"}} for one in expressions], **variables)


def vaulted(folder: Path, name: str, content: str) -> tuple[str, ...]:
    """Encrypt a variable with ansible-vault, into files in a folder.

    Returns:
        the arguments with which ansible-playbook, run there, can read the variable.
    """
    (folder / "password").write_text("a vault's", encoding="ascii")
    encrypt = ("encrypt_string", "--vault-password-file=password", "--name=" + name, content)
    found = command("ansible-vault", *encrypt, folder=folder)
    assert found.returncode == 0, found.stderr
    (folder / "vaulted.yml").write_text(found.stdout, encoding="ascii")
    return "--vault-password-file=password", "-e@vaulted.yml"


def doc(kind: str, *names: str) -> dict[str, Any]:
    """The documentation that ansible-doc has of plugins or roles of one kind."""
    found = command("ansible-doc", "-t", kind, "--json", *names, folder=Path.cwd())
    assert found.returncode == 0, found.stderr
    return dict(json.loads(found.stdout))


def command(program: str, *arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's commands in a folder, with this checkout's collection."""
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_INJECT_FACT_VARS": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_LOCAL_TEMP": str(folder / ".ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_REMOTE_TMP": str(folder / ".ansible"),
        "LC_ALL": "C.UTF-8",
        **environment,
    }
    return subprocess.run(
        [str(Path(sys.executable).parent / program), *arguments],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
