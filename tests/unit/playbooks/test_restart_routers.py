# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``restart_routers``, on the fleet of the README."""

from __future__ import annotations

import json
from pathlib import Path

from support import playbook
from support.documented import README, Fleet, deployed
from support.modules import ROOT

RESTART = str(ROOT / "playbooks" / "restart_routers.yml")


def pids(folder: Path, fleet: Fleet) -> list[int]:
    """The processes of the routers."""
    task = {"emperor.uwsgi.uwsgi_router_info": {"router_stats": fleet.stats(), "gather": ["routers"], "keys": ["none"]}}
    return [one["pid"] for one in playbook.tasks(folder, [task]).results[0]["routers"]]


def test_each_router_is_another_process_with_all_of_its_nodes(tmp_path: Path) -> None:
    with deployed(tmp_path, README) as fleet:
        fleet.settled("10.0.0.7", "10.0.0.8")
        before = pids(tmp_path, fleet)
        fleet.play(RESTART, "--extra-vars=" + json.dumps({"emperor_router_stats": fleet.stats()}))
        assert fleet.nodes() == fleet.expected("10.0.0.7", "10.0.0.8")
        assert len(before) == len({*before, *pids(tmp_path, fleet)}) / 2


def test_what_names_no_host_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {children: {routers: {hosts: {router1: }}}}", encoding="ascii")
    done = playbook.command("ansible-playbook", "-i", "hosts.yml", RESTART, folder=tmp_path)
    assert (done.returncode != 0, "fastrouters is no host or group" in done.stdout) == (True, True), done.stdout
