# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``pools``: a real router, a host that is held out, and the table of both."""

from __future__ import annotations

import json
from pathlib import Path

from support import playbook
from support.fleet import Router
from support.loopback import free_address

KEY = "shop\x1b[2J.test"


def test_the_table_is_printed_as_often_as_it_is_asked_for(tmp_path: Path) -> None:
    local = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    vassals = [{"name": "blog", "subscriptions": [{"server": "127.0.0.1:1", "key": "blog.test", "signing": False}]}]
    (tmp_path / "suspend" / "blog").mkdir(parents=True)
    (tmp_path / "suspend" / "blog" / "release-7").touch()
    with Router(tmp_path / "1") as router:
        router.announce(KEY, "10.0.0.7:1")
        hosts = {
            "router1": {**local, "fastrouter_stats": router.stats},
            "router2": {**local, "fastrouter_stats": free_address()},
            "node1": {**local, "emperor_vassals": vassals, "emperor_suspend_dir": str(tmp_path / "suspend")},
            "node2": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1, "emperor_vassals": vassals},
        }
        routers = {"hosts": {name: {} for name in hosts if name.startswith("router")}}
        (tmp_path / "inventory.yml").write_text(
            json.dumps({"all": {"hosts": hosts, "children": {"fastrouters": routers}}}), encoding="utf-8"
        )
        arguments = ("emperor.uwsgi.pools", "--inventory=inventory.yml", "-e", "pools_watch=1", "-e", "pools_times=2")
        found = playbook.command("ansible-playbook", *arguments, folder=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "\x1b" not in found.stdout
    for words in ("router1: 1 keys, 1 nodes", "router2: does not answer", "10.0.0.7:1", "held out by release-7 since 20"):
        assert found.stdout.count(words) == 2, found.stdout + found.stderr
    line = next(line for line in found.stdout.splitlines() if "held out by" in line)
    assert line.split()[:3] == ['"blog.test', "blog", "node1"]
