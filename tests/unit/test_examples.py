# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example in the documentation and in the README is run, with the test's own paths and addresses."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
import yaml
from support import playbook, tls
from support.examples import KEY, NODES, moved, prepared, routers, running_shop, two_routers
from support.modules import ROOT
from support.uwsgi import BINARY

INVENTORIES = sorted((ROOT / "plugins" / "inventory").glob("*.py"))
PLUGINS = [path for kind in ("modules", "filter", "lookup") for path in sorted((ROOT / "plugins" / kind).glob("*.py"))]

# Examples that need a vassal that runs.
RUNNING = ("held_table", "uwsgi_drain", "uwsgi_reload")


def examples(path: Path) -> str:
    """The text of a plugin's EXAMPLES."""
    found = re.search(r'^EXAMPLES = r"""\n(.*?)^"""', path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found.group(1)


def blocks(path: Path) -> list[str]:
    """The blocks of YAML in a Markdown page."""
    return re.findall(r"^```yaml\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_the_examples_of_a_plugin_work(path: Path, tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    entry = {"server": "10.0.0.2:2626", "key": KEY, "signing": ["SHA256", f"/etc/uwsgi/keys/private/{KEY}.pem"]}
    variables = {"emperor_vassals": [{"name": "shop", "subscriptions": [entry]}], "subscriptions": [entry]}
    variables |= {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    inventory = folder / "inventory.yml"
    inventory.write_text(json.dumps({"nodes": {"hosts": {"localhost": variables}}}), encoding="ascii")
    environment = {"PATH": f"{Path(BINARY).parent}:{os.environ['PATH']}"}
    shop = running_shop if path.stem in RUNNING else lambda *dummy: nullcontext(())
    with routers(folder) as where, shop(folder, where) as own, https(folder) as front:
        text = moved(examples(path), folder, *(router.stats for router in where), *own)
        tasks = yaml.safe_load(text.replace("0.0.0.0:443", front))
        play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
        try:
            run = playbook.run(folder, [play], "--inventory=inventory.yml", **environment)
        finally:
            _stop_daemon(folder)
    assert run.code == 0, run.output
    assert "failed=0" in run.output


@contextmanager
def https(folder: Path) -> Iterator[str]:
    """The https router of the examples, which serves the certificates in their files."""
    (folder / "etc" / "tls").mkdir()
    own, shop = (tls.pair(folder / "etc" / "tls", f"{name}.example.com", name) for name in ("router", "shop"))
    with tls.serving(own, {"shop.example.com": shop}) as address:
        yield address


def _stop_daemon(folder: Path) -> None:
    pidfile = folder / "home" / "run" / "emperor.pid"
    if pidfile.exists():
        arguments = {"ini": str(folder / "home" / "emperor.ini"), "pidfile": str(pidfile), "state": "stopped"}
        playbook.tasks(folder, [{"emperor.uwsgi.uwsgi_daemon": arguments}])


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.stem)
def test_the_sources_of_an_inventory_plugin_work(path: Path, tmp_path: Path) -> None:
    with two_routers(tmp_path) as stats:
        for source in re.split("^---\n", moved(examples(path), tmp_path, *stats), flags=re.MULTILINE):
            # The first line gives the file's name.
            name = source.lstrip("# ").partition(":")[0]
            (tmp_path / name).write_text(source, encoding="utf-8")
            run = playbook.command("ansible-inventory", "--list", "--inventory=" + name, folder=tmp_path)
            assert (run.returncode, run.stderr) == (0, ""), run.stderr
            hosts = json.loads(run.stdout)["_meta"]["hostvars"]
            assert sorted(hosts) == [node.partition(":")[0] for node in NODES]


def test_the_task_of_the_readme_works(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    run = playbook.tasks(folder, yaml.safe_load(moved(blocks(ROOT / "README.md")[3], folder)))
    assert not run.results[0]["failed"], run.results[0]["msg"]
    assert [option["value"] for option in run.results[0]["options"] if option["name"] == "subscribe2"] == [
        "server=10.0.0.2:2626,key=shop.example.com,socket=0",
        "server=10.0.0.3:2626,key=shop.example.com,socket=0",
    ]
