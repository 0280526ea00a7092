# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``held``: hosts with vassals that are held out, and the table of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support import playbook
from support.files import NOBODY, needs_root, passable

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
SINCE = 1_767_268_800


def vassals(*names: str) -> list[dict[str, Any]]:
    entry = {"server": "127.0.0.1:1", "signing": False}
    return [{"name": name, "subscriptions": [{**entry, "key": f"{name}.test"}]} for name in names]


def host(folder: Path, *names: str, **more: Any) -> dict[str, Any]:
    """A host whose vassals are deployed, as far as a drain can see."""
    for name in ("vassals", "suspend"):
        (folder / name).mkdir(parents=True)
    for name in names:
        line = f"subscribe2 = server=127.0.0.1:1,key={name}.test,addr=127.0.0.1:2,check={folder}/suspend/{name}"
        (folder / "vassals" / f"{name}.ini").write_text(f"[uwsgi]\n{line}\n", encoding="ascii")
    return {**LOCAL, "emperor_dir": str(folder), "emperor_install": "none", "emperor_vassals": vassals(*names), **more}


def held(folder: Path, vassal: str, *reasons: str) -> None:
    (folder / "suspend" / vassal).mkdir()
    for at, reason in enumerate(reasons):
        path = folder / "suspend" / vassal / reason
        path.touch()
        os.utime(path, (0, SINCE + at))


def run(folder: Path, hosts: dict[str, Any], *arguments: str) -> list[str]:
    (folder / "inventory.yml").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    given = ("emperor.uwsgi.held", "--inventory=inventory.yml", *arguments)
    done = playbook.command("ansible-playbook", *given, folder=folder, ANSIBLE_CALLBACK_RESULT_FORMAT="json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=0" in done.stdout
    text = done.stdout.partition("Show who is held out]")[2].partition('"msg": ')[2]
    return [str(line) for line in json.JSONDecoder().raw_decode(text)[0]]


def test_who_is_held_out_is_listed_with_the_reasons_and_the_hosts_that_do_not_answer(tmp_path: Path) -> None:
    hosts = {
        "node1": host(tmp_path / "1", "shop", "blog"),
        "node2": host(tmp_path / "2", "shop"),
        "router1": LOCAL,
        # It has vassals in the inventory, but none on the host yet.
        "new": {**LOCAL, "emperor_dir": str(tmp_path / "new"), "emperor_install": "none", "emperor_vassals": vassals("shop")},
    }
    assert run(tmp_path, hosts) == ["Nobody is held out."]
    held(tmp_path / "1", "blog", "maintenance", "health")
    held(tmp_path / "2", "shop", "operator")
    # Neither of these two hosts can be read; the others are shown all the same.
    hosts["broken"] = host(tmp_path / "3", "shop")
    (tmp_path / "3" / "suspend" / "shop" / "No Reason").mkdir(parents=True)
    hosts["away"] = {**hosts["node2"], **AWAY}
    lines = run(tmp_path, hosts)
    assert lines[:5] == [
        "host   vassal  held out by  since",
        "node1  blog    health       2026-01-01 12:00:01Z",
        "node1  blog    maintenance  2026-01-01 12:00:00Z",
        "node2  shop    operator     2026-01-01 12:00:00Z",
        "",
    ]
    assert [line.partition(": not known: ")[0] for line in lines[5:]] == ["broken", "away"]
    assert "it is a folder with something else in it" in lines[5] and "connect" in lines[6]
    assert len(run(tmp_path, hosts, "-e", "held_hosts=node2,router1")) == 2
    assert (tmp_path / "2" / "suspend" / "shop" / "operator").exists()


@needs_root
def test_a_tenants_folder_is_read_as_the_tenant() -> None:
    """Root could read it, but does not follow the tenant's link."""
    with passable() as tmp_path:
        hosts = {"node1": host(tmp_path / "1", "shop")}
        folder, secret = tmp_path / "1" / "suspend", tmp_path / "secret"
        secret.mkdir(mode=0o700)
        (secret / "shop").mkdir()
        (secret / "shop" / "of-root").touch()
        (tmp_path / "1" / "vassals" / "shop.ini").chmod(0o644)
        os.chown(tmp_path / "1" / "vassals" / "shop.ini", NOBODY, NOBODY)
        folder.rmdir()
        folder.symlink_to(secret)
        lines = run(tmp_path, hosts)
        assert "of-root" not in "".join(lines)
        assert lines[0] == "Nobody is held out." and lines[2].startswith("node1: not known: ")
        folder.unlink()
        folder.mkdir()
        held(tmp_path / "1", "shop", "maintenance")
        for path in (folder, folder / "shop", folder / "shop" / "maintenance"):
            os.chown(path, NOBODY, NOBODY)
        assert run(tmp_path, hosts)[1] == "node1  shop    maintenance  2026-01-01 12:00:00Z"


@pytest.mark.parametrize(("name", "problem"), [("nod2", "held_hosts: nod2 is not a host or group of the inventory")])
def test_what_names_no_host_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    arguments = ("emperor.uwsgi.held", "--inventory=node1,", "-e", "held_hosts=" + name)
    done = playbook.command("ansible-playbook", *arguments, folder=tmp_path)
    assert (done.returncode != 0, problem in done.stdout) == (True, True), done.stdout
