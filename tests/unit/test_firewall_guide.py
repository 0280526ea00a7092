# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of the guide to firewalls. Where the real programs are installed they read the rules, but change nothing."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from support import playbook
from support.documented import files_of
from support.modules import ROOT

GUIDE = ROOT / "docs" / "docsite" / "rst" / "firewall.rst"
FILES = files_of(GUIDE.read_text(encoding="utf-8"))
HOSTS = {"router1": "10.0.0.2", "node1": "10.0.0.7", "node2": "10.0.0.8"}
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
# In place of a firewall's program: it records its arguments, and passes them to the real program if there is one.
STAND_IN = """\
#!{python}
import json, os, sys
arguments = sys.argv[1:]
with open({notes!r}, "a") as notes:
    notes.write(json.dumps(arguments) + chr(10))
real = {real!r}
if real and arguments != ["--reload"]:
    os.execv(real[0], real + [one for one in arguments if one != "--permanent"])
"""
NODES = {("2626", "udp", "10.0.0.2"), ("2626", "udp", "10.0.0.7"), ("2626", "udp", "10.0.0.8")}
STATS = {("2627", "tcp", one) for one in ("10.0.0.2", "10.0.0.7", "10.0.0.8", "10.0.9.0/24")}
EXPECTED = {("3031", "tcp", "10.0.0.2"), ("3030", "tcp", "10.0.0.1"), ("8080", "tcp", "0.0.0.0/0"), *NODES, *STATS}


def arranged(folder: Path) -> None:
    """An inventory on this machine, each host with a folder in place of /etc."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    hosts = {name: {**local, "ansible_host": address} for name, address in HOSTS.items()}
    entry = {"server": "10.0.0.2:2626", "key": "shop.example.com"}
    shop = {"name": "shop", "options": {"socket": "{{ ansible_host }}:3031"}, "subscriptions": [entry]}
    addresses = {"stats": "{{ ansible_host }}:2627", "listen": "{{ ansible_host }}:3030", "http": "0.0.0.0:8080"}
    router = {f"fastrouter_{name}": address for name, address in addresses.items()}
    groups = {
        "fastrouters": {"hosts": {"router1": hosts["router1"]}, "vars": router},
        "nodes": {"hosts": {name: hosts[name] for name in ("node1", "node2")}, "vars": {"emperor_vassals": [shop]}},
    }
    (folder / "inventory.yml").write_text(json.dumps({"all": {"children": groups}}), encoding="utf-8")
    (folder / "group_vars").mkdir()
    for name in ("group_vars/all.yml", "nftables.yml", "ufw.yml", "firewalld.yml"):
        text = FILES[name].replace("/etc/", str(folder) + "/{{ inventory_hostname }}/")
        (folder / name).write_text(text, encoding="utf-8")
    for name in HOSTS:
        (folder / name).mkdir()


def program(folder: Path, name: str, *real: str) -> Path:
    """Put a stand-in on the path; returns the file with its calls."""
    (folder / "bin").mkdir(exist_ok=True)
    found = shutil.which(real[0], path=PATH) if os.geteuid() == 0 else None
    notes, path = folder / (name + ".json"), folder / "bin" / name
    path.write_text(
        STAND_IN.format(python=sys.executable, notes=str(notes), real=[found, *real[1:]] if found else []), encoding="utf-8"
    )
    path.chmod(0o755)
    return notes


def run(folder: Path, name: str) -> str:
    """Run a playbook of the guide; returns what was printed."""
    arguments = (name, "--inventory=inventory.yml", "--forks=1")
    done = playbook.command("ansible-playbook", *arguments, folder=folder, PATH=f"{folder}/bin:{PATH}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def calls(notes: Path) -> list[list[str]]:
    return [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]


def judged(name: str) -> None:
    """Skip if the real program has not read the rules."""
    if os.geteuid() or not shutil.which(name, path=PATH):
        pytest.skip(f"{name} is not installed or needs root: the rules are as expected, but no firewall has read them")


def test_nft_reads_the_tables(tmp_path: Path) -> None:
    arranged(tmp_path)
    # Loading is checked too, but changes nothing.
    notes = program(tmp_path, "nft", "nft", "--check")
    run(tmp_path, "nftables.yml")
    assert [one[:-1] for one in calls(notes)].count(["--file"]) == len(HOSTS)
    table = (tmp_path / "router1" / "nftables.d" / "uwsgi.nft").read_text(encoding="utf-8")
    rules = [line.strip() for line in table.splitlines() if "dport" in line]
    assert rules == [
        "ip saddr { 10.0.0.2, 10.0.0.7, 10.0.0.8, 10.0.9.0/24 } tcp dport 2627 accept",
        "tcp dport 2627 drop",
        "ip saddr { 10.0.0.1 } tcp dport 3030 accept",
        "tcp dport 3030 drop",
        "ip saddr { 0.0.0.0/0 } tcp dport 8080 accept",
        "tcp dport 8080 drop",
        "ip saddr { 10.0.0.2, 10.0.0.7, 10.0.0.8 } udp dport 2626 accept",
        "udp dport 2626 drop",
    ]
    assert "changed=0" in run(tmp_path, "nftables.yml")
    judged("nft")


def test_ufw_reads_the_rules(tmp_path: Path) -> None:
    arranged(tmp_path)
    notes = program(tmp_path, "ufw", "ufw", "--dry-run")
    run(tmp_path, "ufw.yml")
    found = [dict(zip(one[1::2], one[2::2])) for one in calls(notes)]
    assert {(one["port"], one["proto"], one["from"]) for one in found} == EXPECTED
    judged("ufw")


def test_firewalld_reads_the_rules(tmp_path: Path) -> None:
    arranged(tmp_path)
    (tmp_path / "firewalld").mkdir()
    notes = program(tmp_path, "firewall-cmd", "firewall-offline-cmd", f"--system-config={tmp_path}/firewalld")
    run(tmp_path, "firewalld.yml")
    rules = [one[1].split('"')[1::2] for one in calls(notes) if one != ["--reload"]]
    assert {(port, protocol, address) for dummy, address, port, protocol in rules} == EXPECTED
    assert calls(notes)[-1] == ["--reload"]
    judged("firewall-offline-cmd")
    zones = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "firewalld").rglob("*.xml"))
    assert zones.count("<rule ") == len(EXPECTED)


def test_the_printed_ports_are_those_of_the_guide(tmp_path: Path) -> None:
    arranged(tmp_path)
    arguments = ("--inventory=inventory.yml", "router1", "--module-name=ansible.builtin.debug", "--args=var=pool_ports")
    done = playbook.command("ansible", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = yaml.safe_load(done.stdout.partition("=>")[2])["pool_ports"]
    shown = GUIDE.read_text(encoding="utf-8").partition('"pool_ports": ')[2].partition("]\n\n")[0] + "]"
    assert [one for one in found if one["port"] != 8080] == yaml.safe_load(shown)
