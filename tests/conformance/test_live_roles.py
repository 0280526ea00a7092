# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles install live pages on a router and a node on loopback, and remove them."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import playbook
from support.fleet import APP
from support.loopback import connectable, free_address, wait_for
from support.role import base
from support.uwsgi import plugin_lines

pytest.importorskip("prometheus_client")
KEY = "shop.example.com"
PLAYS = [
    {"hosts": hosts, "gather_facts": False, "tasks": [{"ansible.builtin.include_role": {"name": "emperor.uwsgi." + role}}]}
    for hosts, role in (("router", "fastrouter"), ("node", "emperor"))
]
FILES = {"router": "etc/routers/fastrouter-dashboard.ini", "node": "etc/vassals/emperor-metrics.ini"}
FOLDERS = {"router": "etc/dashboard", "node": "etc/metrics"}


class Hosts:
    """An inventory with a router and a node, both on this machine.

    Attributes:
        dashboard: the address of the router's page; ``metrics`` is the address of the node's page.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dashboard, self.metrics, self.node = free_address(), free_address(), free_address()
        self._base = base(folder)
        for host in ("router", "node"):
            (folder / host).mkdir()

    def run(self, *arguments: str, **variables: Any) -> playbook.Run:
        """Run the roles on both."""
        plugins = ["python3"] if plugin_lines("python3") else []
        vassal = {
            "name": "shop",
            "options": {"socket": self.node, "wsgi-file": str(APP), "env": "NODE=node", "processes": 2, "threads": 3},
            "subscriptions": [{"server": self._base["fastrouter_subscription_server"], "key": KEY}],
            "health": {"command": f"test ! -e {self.folder}/ill", "interval": 1, "fall": 1, "rise": 1},
        }
        common = {
            **self._base,
            "ansible_connection": "local",
            "ansible_python_interpreter": playbook.PYTHON,
            "emperor_python": sys.executable,
            "emperor_plugins": plugins,
            "emperor_signing": False,
            "emperor_announce_interval": 1,
            "emperor_wait": True,
            # Defaults for the user's vassals. A live page would break with them.
            "emperor_default_options": {"cheaper": 1, "processes": 2},
            "fastrouter_tolerance": 5,
            "fastrouter_nodes": ["router", "node"],
            "fastrouter_dashboard": self.dashboard,
            "fastrouter_dashboard_nodes": ["node"],
            "emperor_metrics": "",
            **variables,
        }
        own: dict[str, Any] = {}
        for host in ("router", "node"):
            folder = self.folder / host
            own[host] = {**common, "emperor_dir": str(folder / "etc"), "emperor_run_dir": str(folder / "run")}
        own["node"].update({"emperor_vassals": [vassal], "emperor_metrics": self.metrics, **variables})
        (self.folder / "hosts.json").write_text(json.dumps({"all": {"hosts": own}}), encoding="utf-8")
        return playbook.run(self.folder, PLAYS, "--inventory=hosts.json", *arguments)

    def get(self, address: str, path: str) -> str:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as answer:
            found: str = answer.read().decode("utf-8")
        return found

    def state(self) -> tuple[str, Any]:
        """The node's state on the router's page, and the reasons that hold it out."""
        (key,) = [one for one in json.loads(self.get(self.dashboard, "/pools.json"))["keys"] if one["key"] == KEY]
        (node,) = key["nodes"]
        return node["state"], node["reasons"]


@contextmanager
def deployed(folder: Path) -> Iterator[Hosts]:
    hosts = Hosts(folder)
    try:
        run = hosts.run()
        assert run.code == 0, run.output
        yield hosts
    finally:
        end = hosts.run(emperor_state="absent")
    assert end.code == 0, end.output
    left = [path for host in ("router", "node") for path in (folder / host).iterdir()]
    assert left == []


@pytest.mark.skipif(bool(plugin_lines("http")), reason="routers that are plugins are for the role to install as packages")
@pytest.mark.long
def test_pages_of_roles(tmp_path: Path) -> None:
    with deployed(tmp_path) as hosts:
        assert "<title>uWSGI pools</title>" in hosts.get(hosts.dashboard, "/")
        assert hosts.get(hosts.metrics, "/healthz") == hosts.get(hosts.dashboard, "/healthz") == "ok\n"
        wait_for("the node", lambda: hosts.state() == ("fresh", []))
        metrics = hosts.get(hosts.dashboard, "/metrics")
        assert f'emperor_uwsgi_pool_expected_nodes{{key="{KEY}",router="router"}} 1.0' in metrics
        assert f'emperor_uwsgi_node_expected{{host="node",key="{KEY}",node="{hosts.node}",vassal="shop"}} 1.0' in metrics
        assert f'emperor_uwsgi_pool_capacity{{key="{KEY}"}} 6.0' in metrics
        assert 'emperor_uwsgi_emperor_up{host="router"} 1.0' in metrics
        wait_for("the check", lambda: 'check_well{host="node",vassal="shop"} 1.0' in hosts.get(hosts.metrics, "/metrics"))
        for host, files in FOLDERS.items():
            found = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / host / files).iterdir()}
            assert found == {"live.zip": 0o444, "live.json": 0o644}
        again = hosts.run()
        assert (again.code, again.output.count("changed=0")) == (0, 2), again.output

        # Only the node knows which vassals are held out, and why.
        (tmp_path / "ill").touch()
        wait_for("the drain", lambda: hosts.state() == ("drained", ["health"]))
        (tmp_path / "ill").unlink()
        wait_for("the return", lambda: hosts.state() == ("fresh", []))
        # The vassals end with the Emperor, and the next run starts them all again.
        os.kill(int((tmp_path / "node" / "run" / "emperor.pid").read_text(encoding="ascii")), signal.SIGKILL)
        wait_for("the death", lambda: hosts.state() in (("ghost", None), ("gone", None)))
        wait_for("its page", lambda: not connectable(hosts.metrics))
        returned = hosts.run()
        assert returned.code == 0, returned.output
        wait_for("the return", lambda: hosts.state() == ("fresh", []))

        planned = hosts.run("--check", "--diff", fastrouter_dashboard="", emperor_metrics="")
        assert planned.code == 0 and "(the program)" in planned.output, planned.output
        assert connectable(hosts.dashboard) and connectable(hosts.metrics)
        off = hosts.run(fastrouter_dashboard="", emperor_metrics="")
        assert off.code == 0, off.output
        for host, file in FILES.items():
            assert not (tmp_path / host / file).exists() and not (tmp_path / host / FOLDERS[host]).exists()
        wait_for("their ends", lambda: not connectable(hosts.dashboard) and not connectable(hosts.metrics))
        wait_for("its end", lambda: not (tmp_path / "node" / "run" / "health.json").exists())
