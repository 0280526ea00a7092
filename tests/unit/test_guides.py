# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example of the guides is run: the YAML blocks of a page, in their order, in one folder.

Plays are run by ansible-playbook, and tasks as a play on localhost. An inventory source is read by ansible-inventory, and
used by all blocks after it. A block whose first line is a comment with a file's name is also written to that file. Other
blocks, such as variables, are only written. The inventory has the routers and nodes of the guides.
"""

from __future__ import annotations

import json
import re
import textwrap
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import keys, playbook
from support.examples import KEY, NODES, moved, prepared, routers, running_shop
from support.modules import ROOT
from support.role import base

GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
_BLOCK = r"^\.\. code-block:: {0}\n((?:\n|[ \t]+\S.*\n)+)"


def blocks(text: str, language: str) -> list[str]:
    """The code blocks in one language."""
    return [textwrap.dedent(found).strip() + "\n" for found in re.findall(_BLOCK.format(re.escape(language)), text, re.MULTILINE)]


def inventory(*stats: str) -> dict[str, Any]:
    """The routers and the nodes of the guides, all on this machine."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    subscription = {"server": ["10.0.0.2:2626", "10.0.0.3:2626"], "key": KEY}
    routers = {f"router{at}": {**local, "fastrouter_stats": one} for at, one in enumerate(stats, 1)}
    nodes = {
        f"node{at}": {**local, "ansible_host": node.partition(":")[0],
                               "emperor_vassals": [{"name": "shop", "subscriptions": [subscription]}]}
        for at, node in enumerate(NODES, 1)
    }  # fmt: skip
    return {"all": {"children": {"fastrouters": {"hosts": routers}, "nodes": {"hosts": nodes}}}}


def run(block: str, folder: Path, sources: list[str]) -> tuple[int, str]:
    """Run a block; returns its exit code and what was printed."""
    name = re.match(r"# (\S+\.ya?ml)\b", block)
    if name:
        (folder / name.group(1)).parent.mkdir(exist_ok=True)
        (folder / name.group(1)).write_text(block, encoding="utf-8")
    content = yaml.safe_load(block)
    if isinstance(content, dict) and "plugin" in content:
        assert name, "a source needs a name: " + block
        found = playbook.command("ansible-inventory", "--list", "--inventory=" + name.group(1), folder=folder)
        sources.append(name.group(1))
        # Ansible only warns about a source that fails.
        return found.returncode or int("hostvars" not in found.stdout or found.stderr != ""), found.stdout + found.stderr
    if isinstance(content, dict):
        return 0, ""
    arguments = ["--inventory=" + source for source in sources]
    plays = content if {"hosts", "import_playbook", "ansible.builtin.import_playbook"} & set(content[0]) else [
        {"hosts": "localhost", "gather_facts": False, "tasks": content}
    ]  # fmt: skip
    done = playbook.run(folder, plays, *arguments, PWD=str(folder))
    return done.code, done.output


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_the_examples_of_a_guide_work(path: Path, tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    with routers(folder) as both, running_shop(folder, both):
        stats = [router.stats for router in both]
        (folder / "inventory.yml").write_text(json.dumps(inventory(*stats)), encoding="utf-8")
        sources = ["inventory.yml"]
        for block in blocks(path.read_text(encoding="utf-8"), "yaml+jinja"):
            code, output = run(moved(block, folder, *stats), folder, sources)
            assert code == 0, block + output


def test_the_roles_take_the_variables_of_the_fronts(tmp_path: Path) -> None:
    """Each block of variables is used for a host, and the real uWSGI reads what the role writes."""
    text = moved((ROOT / "docs" / "docsite" / "rst" / "fronts.rst").read_text(encoding="utf-8"), tmp_path)
    (tmp_path / "etc" / "tls").mkdir(parents=True)
    for path in map(Path, set(re.findall(r"/[^\s,]+/tls/\w+\.(?:crt|key)\b", text))):
        made = keys.certificate if path.suffix == ".crt" else partial(keys.private, "ec")
        path.write_text(made(path.stem), encoding="ascii")
    groups: dict[str, dict[str, Any]] = {"fastrouters": {}, "nodes": {}}
    for at, block in enumerate(blocks(text, "yaml+jinja")):
        group, variables = block.split()[1].split("/")[1].partition(".")[0], yaml.safe_load(block)
        own = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON, "ansible_host": "10.0.0.7"}
        groups[group][f"{group}{at}"] = {**_alone(tmp_path), **own, **variables}
    assert [len(hosts) for hosts in groups.values()] == [8, 2]
    inventory = {"all": {"children": {group: {"hosts": hosts} for group, hosts in groups.items()}}}
    (tmp_path / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")
    roles = {"fastrouters": "emperor.uwsgi.fastrouter", "nodes": "emperor.uwsgi.emperor"}
    plays = [{"hosts": group, "gather_facts": False, "roles": [role]} for group, role in roles.items()]
    run = playbook.run(tmp_path, plays, "--inventory=inventory.yml", "--skip-tags=service")
    assert run.code == 0, run.output
    routers = {path.name for path in (tmp_path / "hosts").glob("*/routers/*.ini")}
    assert routers == {name + ".ini" for name in ("fastrouter", "http", "https", "blog", "web", "raw", "ssl", "sni")}


def _alone(folder: Path) -> dict[str, Any]:
    """Variables that keep each host's files in a folder of its own; the guide's addresses are kept."""
    own = {name: value for name, value in base(folder).items() if name.startswith("emperor_")}
    home = f"{folder}/hosts/{{{{ inventory_hostname }}}}"
    # uWSGI cuts the path of a socket after 102 bytes.
    run = f"{folder}/{{{{ groups.all.index(inventory_hostname) }}}}"
    return {**own, "emperor_dir": home, "emperor_run_dir": run, "emperor_capabilities": []}


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_what_is_shown_and_not_run_can_be_read(path: Path, tmp_path: Path) -> None:
    """Plays that need a fleet are run by the scenarios; here Ansible checks that it finds their playbooks and variables."""
    for block in blocks(path.read_text(encoding="utf-8"), "yaml"):
        content = yaml.safe_load(block)
        name = re.match(r"# (\S+\.ya?ml)\b", block)
        assert content and name, block
        (tmp_path / name.group(1)).parent.mkdir(exist_ok=True)
        (tmp_path / name.group(1)).write_text(block, encoding="utf-8")
        # A mapping is not a playbook, such as the definition of an image.
        if isinstance(content, list) and "ansible.builtin.import_playbook" in content[0]:
            done = playbook.run(tmp_path, content, "--syntax-check", "--inventory=localhost,")
            assert done.code == 0, block + done.output


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_names_nothing_that_is_not_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    kinds = {"modules": "py", "filter": "py", "lookup": "py", "inventory": "py"}
    there = {one.stem for kind, end in kinds.items() for one in (ROOT / "plugins" / kind).glob("*." + end)}
    there |= {one.stem for one in (ROOT / "playbooks").glob("*.yml")} | {one.name for one in (ROOT / "roles").iterdir()}
    assert set(re.findall(r"\bemperor\.uwsgi\.([a-z_]+)\b", text)) - {"docsite", "plugins"} <= there
    for image in re.findall(r"^\.\. (?:figure|image):: (\S+)", text, re.MULTILINE):
        size = (path.parent / image).stat().st_size
        assert 0 < size < 300_000, image
