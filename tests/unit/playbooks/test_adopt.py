# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``adopt``: what it writes beside an inventory, and what it leaves unchanged.

conformance/test_adopt.py has many files, and checks that they still announce the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from support import playbook

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
SHOP = (
    "[uwsgi]\nsocket = 10.0.0.7:3031\nprocesses = 2\nenv = A={{ 1 }}\nenv = PASSWORD=abc\n"
    "subscribe-to = 10.0.0.2:2626:shop.example.com\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two hosts of one group, and the vassal files of both."""
    (tmp_path / "vassals").mkdir()
    for name, port in (("shop", 3031), ("blog", 3032)):
        text = SHOP.replace("3031", str(port)).replace("shop.example", f"{name}.example")
        (tmp_path / "vassals" / f"{name}.ini").write_text(text, encoding="utf-8")
    (tmp_path / "inventory").mkdir()
    hosts: dict[str, Any] = {"node1": LOCAL, "node2": LOCAL}
    inventory(tmp_path, hosts)
    return tmp_path


def inventory(folder: Path, hosts: dict[str, Any]) -> None:
    content = {"all": {"children": {"nodes": {"hosts": hosts}}}}
    (folder / "inventory" / "hosts.json").write_text(json.dumps(content), encoding="utf-8")


def run(folder: Path, *arguments: str, **variables: Any) -> CompletedProcess[str]:
    given = {"adopt_paths": [f"{folder}/vassals"], **variables}
    every = ("emperor.uwsgi.adopt", "--inventory=inventory/hosts.json", f"-e{json.dumps(given)}", *arguments)
    return playbook.command("ansible-playbook", *every, folder=folder)


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*_vars/**/*") if path.is_file())


def test_variables_are_written_beside_the_inventory_once(folder: Path) -> None:
    seen = run(folder, "--check", "--diff")
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert "+emperor_vassals:" in seen.stdout
    assert written(folder) == []
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    names = [f"inventory/{name}/adopted.yml" for name in ("group_vars/nodes", "host_vars/node1", "host_vars/node2")]
    assert written(folder) == names
    assert "node1: 2 of 2 vassals, 2 comments to review, in host_vars/node1/adopted.yml" in done.stdout
    text = (folder / names[1]).read_text(encoding="utf-8")
    assert "PASSWORD=..." in text
    # Not even in Ansible's debug output.
    assert "abc" not in text + run(folder, "-vvvv").stdout
    group = (folder / names[0]).read_text(encoding="utf-8")
    assert 'emperor_signing: false\nemperor_default_options:\n  processes: 2\n  env: !unsafe "A={{ 1 }}"\n' in group
    assert (folder / names[1]).stat().st_mode & 0o777 == 0o600
    (folder / names[1]).chmod(0o644)
    again = run(folder, "--diff")
    assert again.returncode == 0 and "changed=0" in again.stdout
    # Files that the user changed are kept, and so is everything else.
    (folder / names[1]).write_text(text + "# mine\n", encoding="utf-8")
    (folder / names[2]).unlink()
    refused = run(folder)
    assert refused.returncode != 0
    assert "host_vars/node1/adopted.yml is there already and differs. Nothing was written." in refused.stdout
    assert written(folder) == names[:2]
    elsewhere = run(folder, adopt_dest=str(folder / "other"), adopt_group="web", adopt_hosts="node2")
    assert elsewhere.returncode == 0, elsewhere.stdout
    assert written(folder) == [*names[:2], "other/group_vars/web/adopted.yml", "other/host_vars/node2/adopted.yml"]


def test_a_file_of_variables_is_not_hidden(folder: Path) -> None:
    (folder / "inventory" / "host_vars").mkdir()
    (folder / "inventory" / "host_vars" / "node2.yml").write_text("a: 1\n", encoding="ascii")
    refused = run(folder)
    assert refused.returncode != 0
    assert "would no longer read" in refused.stdout and "inventory/host_vars/node2.yml" in refused.stdout
    (folder / "inventory" / "host_vars" / "node2.yml").unlink()
    inventory(folder, {"node1": LOCAL, "node2": {**LOCAL, "emperor_vassals": []}})
    refused = run(folder)
    assert refused.returncode != 0 and "node2 has emperor_vassals already" in refused.stdout
    assert written(folder) == []


def test_a_host_that_does_not_answer_is_left_out(folder: Path) -> None:
    inventory(folder, {"node1": AWAY, "node2": LOCAL})
    done = run(folder)
    assert "node2: 2 of 2 vassals" in done.stdout
    assert [path for path in written(folder) if "host_vars" in path] == ["inventory/host_vars/node2/adopted.yml"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"adopt_hosts": "nod1"}, "adopt_hosts: nod1 is not a host or group of the inventory"),
        ({"adopt_paths": {"a": 1}}, "adopt_paths"),
        ({"adopt_paths": ["vassals"]}, "is not absolute; give the path from / on"),
        ({"adopt_group": "../x"}, "has a name that can't be a folder's"),
    ],
)
def test_what_can_not_be_is_refused(folder: Path, variables: dict[str, Any], words: str) -> None:
    done = run(folder, **variables)
    assert done.returncode != 0
    assert words in done.stdout, done.stdout
    assert written(folder) == []
