# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks ``drain``, ``restore`` and ``restart_routers``, on the fleet of the README."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import playbook
from support.documented import README, Fleet, deployed
from support.modules import ROOT

DRAIN, RESTORE, RESTART = (str(ROOT / "playbooks" / f"{name}.yml") for name in ("drain", "restore", "restart_routers"))


def told(fleet: Fleet, **more: object) -> str:
    return "--extra-vars=" + json.dumps({"emperor_router_stats": fleet.stats(), **more})


def pids(folder: Path, fleet: Fleet) -> list[int]:
    """The processes of the routers."""
    task = {"emperor.uwsgi.uwsgi_router_info": {"router_stats": fleet.stats(), "gather": ["routers"], "keys": ["none"]}}
    return [one["pid"] for one in playbook.tasks(folder, [task]).results[0]["routers"]]


def test_a_fleet_is_maintained(tmp_path: Path) -> None:
    with deployed(tmp_path, README) as fleet:
        fleet.settled("10.0.0.7", "10.0.0.8")
        said = fleet.play(DRAIN, told(fleet, drain_hosts="node2"))
        assert fleet.nodes() == fleet.expected("10.0.0.7")
        assert f"shop.example.com: {fleet.expected('10.0.0.7')[0]}" in said
        again = fleet.play(DRAIN, told(fleet, drain_hosts="node2"))
        assert "changed=1" not in again
        # node1 is the last one that serves.
        refused = fleet.refused(DRAIN, told(fleet, drain_hosts="node1"))
        assert "minimum" in refused
        assert fleet.nodes() == fleet.expected("10.0.0.7")
        # Restoring for another reason does not undo the drain.
        fleet.play(RESTORE, told(fleet, drain_hosts="node2", drain_reason="rolling-update"))
        assert fleet.nodes() == fleet.expected("10.0.0.7")
        said = fleet.play(RESTORE, told(fleet, drain_hosts="node2"))
        assert fleet.nodes() == fleet.expected("10.0.0.7", "10.0.0.8")
        assert all(one in said for one in fleet.expected("10.0.0.7", "10.0.0.8"))
        before = pids(tmp_path, fleet)
        fleet.play(RESTART, told(fleet))
        assert fleet.nodes() == fleet.expected("10.0.0.7", "10.0.0.8")
        assert not set(before) & set(pids(tmp_path, fleet))


INVENTORY = "all: {children: {nodes: {hosts: {node1: , node2: }}}}"
REFUSED = [
    ({}, "missing required arguments: drain_hosts"),
    ({"drain_hosts": "node3"}, "drain_hosts: node3 is not a host or group of the inventory"),
    ({"drain_hosts": "node1,nod2"}, "drain_hosts: nod2 is not a host or group of the inventory"),
    ({"drain_hosts": "node1", "drain_minimum": "few"}, "drain_minimum"),
]


@pytest.mark.parametrize("name", [DRAIN, RESTORE], ids=["drain", "restore"])
@pytest.mark.parametrize(("given", "problem"), REFUSED)
def test_what_names_no_host_is_refused_before_anything(tmp_path: Path, name: str, given: dict[str, str], problem: str) -> None:
    (tmp_path / "hosts.yml").write_text(INVENTORY, encoding="ascii")
    done = playbook.command("ansible-playbook", "-i", "hosts.yml", name, "-e", json.dumps(given), folder=tmp_path)
    assert done.returncode != 0
    assert problem in done.stdout.replace("\\n", " "), done.stdout
    assert "Find the hosts" in done.stdout and "pools" not in done.stdout


def test_routers_that_are_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {children: {routers: {hosts: {router1: }}}}", encoding="ascii")
    done = playbook.command("ansible-playbook", "-i", "hosts.yml", RESTART, folder=tmp_path)
    assert (done.returncode != 0, "fastrouters is not a host or group" in done.stdout) == (True, True), done.stdout
