# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An unchanged fleet: what a run of both roles costs the controller, compared with pings.

All hosts are this machine, so the modules run here as well. A shell as their interpreter records the CPU time of each module. The
time of the whole run without that of the modules is the controller's.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import LOCAL, Line, exponent, scratch
from benchmarks.roles import announced, host
from support.loopback import free_address
from support.modules import COLLECTIONS
from support.playbook import PYTHON

# The numbers of nodes, and how often each of them is measured.
SIZES = {10: 5, 40: 3, 160: 1}
# Bash prints its own and its children's CPU time in milliseconds.
_INTERPRETER = """\
#!/bin/bash
trap 'times >> {times}' EXIT
{python} "$@"
"""
# How many hosts Ansible works on at once; this is its default.
_FORKS = "5"
_TIMEOUT = 3600


class Cost(NamedTuple):
    """What a run cost.

    Attributes:
        controller: CPU seconds without the modules.
        modules: how many modules ran.
    """

    controller: float
    modules: int


def run(folder: Path, plays: list[dict[str, Any]]) -> Cost:
    """Run plays on the fleet in a folder.

    Raises:
        AssertionError: if a task failed, with the output.
    """
    times = folder / "times"
    times.write_text("", encoding="ascii")
    (folder / "plays.json").write_text(json.dumps(plays), encoding="ascii")
    with (folder / "output").open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            ["ansible-playbook", "-i", str(folder / "inventory.json"), "-f", _FORKS, str(folder / "plays.json")],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_GATHERING": "explicit"},
        )
        dummy, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        assert process.returncode == 0, output.read()[-4000:]
    # Two lines per module: the user and system time of the shell, and that of its children.
    taken = [_seconds(one) for line in times.read_text(encoding="ascii").splitlines() for one in line.split()]
    return Cost(usage.ru_utime + usage.ru_stime - sum(taken), len(taken) // 4)


def _seconds(text: str) -> float:
    """The seconds of a time that bash's ``times`` prints, such as ``0m1.234s``."""
    minutes, dummy, seconds = text.rstrip("s").partition("m")
    return 60 * int(minutes) + float(seconds)


def fleet(folder: Path, nodes: int) -> list[dict[str, Any]]:
    """Make the inventory of that many nodes and a router; returns the plays that deploy them."""
    folder.mkdir()
    interpreter = folder / "python"
    interpreter.write_text(_INTERPRETER.format(times=folder / "times", python=PYTHON), encoding="ascii")
    interpreter.chmod(0o755)
    local = {**LOCAL, "ansible_python_interpreter": str(interpreter)}
    hosts = {f"node{at}": {**_host(folder, f"node{at}", [announced("shop", f"k{at}.test")]), **local} for at in range(nodes)}
    options = ("fastrouter_listen", "fastrouter_subscription_server", "fastrouter_stats")
    router = {**_host(folder, "router", []), **local, **{option: free_address() for option in options}}
    groups = {
        "uwsgi_nodes": {"hosts": hosts},
        "fastrouters": {"hosts": {"router": {**router, "fastrouter_nodes": list(hosts)}}},
    }
    (folder / "inventory.json").write_text(json.dumps({"all": {"children": groups}}), encoding="ascii")
    roles = {"fastrouters": "fastrouter", "uwsgi_nodes": "emperor"}
    return [{**_play(group), "roles": ["emperor.uwsgi." + role]} for group, role in roles.items()]


def _host(folder: Path, name: str, vassals: list[dict[str, Any]]) -> dict[str, Any]:
    (folder / name).mkdir()
    return host(folder / name, vassals)


def _play(hosts: str, *tasks: dict[str, Any]) -> dict[str, Any]:
    return {"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}


def unchanged(folder: Path, nodes: int, times: int) -> tuple[Cost, Cost]:
    """The costs of a run of the roles that changes nothing, and of a run of pings with about as many modules.

    Args:
        times: how often both run, one after the other. The cheapest run counts, since all else that the machine does only adds.
    """
    plays = fleet(folder, nodes)
    stop = {
        "emperor.uwsgi.uwsgi_daemon": {
            "ini": "{{ emperor_dir }}/emperor.ini",
            "pidfile": "{{ emperor_run_dir }}/emperor.pid",
            "state": "stopped",
        }
    }
    try:
        run(folder, plays)
        found = []
        for dummy in range(times):
            ours = run(folder, plays)
            each = round(ours.modules / (nodes + 1))
            found.append((ours, run(folder, [_play("all", *[{"ansible.builtin.ping": {}}] * each)])))
    finally:
        run(folder, [_play("all", stop)])
    return min(one[0] for one in found), min(one[1] for one in found)


def ratio(ours: Cost, pings: Cost) -> float:
    """The controller's CPU time per module of ours, in pings."""
    return (ours.controller / ours.modules) / (pings.controller / pings.modules)


def lines() -> list[Line]:
    """The lines of the table about fleets."""
    with scratch() as folder:
        return told({nodes: unchanged(folder / str(nodes), nodes, times) for nodes, times in SIZES.items()})


def told(costs: dict[int, tuple[Cost, Cost]]) -> list[Line]:
    """The lines of the table for the costs of fleets of so many nodes, and of the pings on them."""
    found = []
    for nodes, (ours, pings) in costs.items():
        what = f"the controller's CPU for {nodes} unchanged nodes and a router, against pings of as many modules"
        times = {"roles": ours.controller, "pings": pings.controller, "modules": ours.modules}
        found.append(Line(10, what, 1.5, "less", "times", ratio(ours, pings), times))
    grown = {nodes: ours.controller for nodes, (ours, dummy) in costs.items()}
    times = {f"{nodes} nodes": seconds for nodes, seconds in grown.items()}
    what = "growth of the controller's CPU with the nodes, as an exponent"
    return [*found, Line(10, what, 1.1, "less", "", exponent(grown), times)]
