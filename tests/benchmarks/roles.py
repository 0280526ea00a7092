# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles: a host with many vassals compared with one with a single vassal, and a fleet compared with half of it."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.measure import LOCAL, UWSGI, Line, Task, plays, scratch
from support.loopback import free_address

_ROUTERS = ("10.0.0.2:2626", "10.0.0.3:2626")


def host(folder: Path, vassals: list[dict[str, Any]]) -> dict[str, Any]:
    """The variables of a host whose Emperor runs as a daemon. None of its vassals starts."""
    return {
        "emperor_install": "none",
        "emperor_binary": UWSGI,
        "emperor_supervisor": "daemon",
        "emperor_user": "",
        "emperor_dir": str(folder / "uwsgi"),
        "emperor_run_dir": str(folder / "run"),
        "emperor_signing_keys_dir": str(folder.parent / "signing_keys"),
        # The vassals are written, but none starts before its first request, since their applications don't exist.
        "emperor_options": {"emperor-on-demand-directory": str(folder)},
        "emperor_vassals": vassals,
        **LOCAL,
    }


def announced(name: str, *keys: str) -> dict[str, Any]:
    """A vassal that announces keys to every router."""
    return {
        "name": name,
        "options": {"socket": f"/run/{name}.sock", "wsgi-file": f"/srv/{name}/app.py", "processes": 4},
        "subscriptions": [{"server": list(_ROUTERS), "key": list(keys), "address": "10.0.0.7:3031"}],
    }


def deployed(folder: Path, vassals: int, runs: int) -> list[list[Task]]:
    """The tasks of runs of the role ``emperor`` that change nothing, on a host with that many vassals."""
    folder.mkdir()
    variables = host(folder, [announced(f"v{at}", f"v{at}.test") for at in range(vassals)])
    return _unchanged(folder, "emperor", {"measured": variables}, runs)


def routed(folder: Path, nodes: int, vassals: int, runs: int) -> list[list[Task]]:
    """The same for the role ``fastrouter``, on a router for that many nodes with that many vassals and keys each."""
    folder.mkdir()
    variables = host(folder, [])
    options = ("fastrouter_listen", "fastrouter_subscription_server", "fastrouter_stats")
    hosts = {"measured": {**variables, **{option: free_address() for option in options}}}
    for node in range(nodes):
        own = [announced(f"v{at}", f"v{node}-{at}.test") for at in range(vassals)]
        hosts[f"node{node}"] = {"emperor_vassals": own}
    return _unchanged(folder, "fastrouter", hosts, runs)


def _unchanged(folder: Path, role: str, hosts: dict[str, Any], runs: int) -> list[list[Task]]:
    """The tasks of runs of a role after the first, on the host ``measured``."""
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="ascii")
    task = {"name": "the role", "ansible.builtin.include_role": {"name": "emperor.uwsgi." + role}}
    play = {"hosts": "measured", "gather_facts": False, "tasks": [task]}
    stop = {
        "name": "stop",
        "emperor.uwsgi.uwsgi_daemon": {
            "ini": "{{ emperor_dir }}/emperor.ini",
            "pidfile": "{{ emperor_run_dir }}/emperor.pid",
            "state": "stopped",
        },
    }
    arguments = ("-i", str(inventory))
    try:
        return [plays(folder, [play], *arguments) for dummy in range(runs + 1)][1:]
    finally:
        plays(folder, [dict(play, tasks=[stop])], *arguments)


def fleet(folder: Path, nodes: int, keys: int) -> float:
    """Seconds that the keys and vassals of that many nodes and two routers take; each node announces its own keys."""
    folder.mkdir()
    hosts = {}
    for at in range(nodes):
        names = [f"k{at}-{number}.test" for number in range(keys)]
        hosts[f"node{at}"] = host(folder / f"node{at}", [announced("shop", *names)])
    routers = {f"router{at}": host(folder / f"router{at}", []) for at in range(2)}
    inventory = folder / "inventory.json"
    groups = {"nodes": {"hosts": hosts}, "routers": {"hosts": routers}}
    inventory.write_text(json.dumps({"all": {"children": groups}}), encoding="ascii")
    store = json.dumps(str(folder / "signing_keys")).replace('"', "'")
    pairs = "{{ signed | emperor.uwsgi.signing_keys(lookup('emperor.uwsgi.signing_keys', "
    pairs += f"*(signed | emperor.uwsgi.signing_key_names), directory={store}), half=half) }}}}"
    arguments = {"path": "{{ emperor_dir }}/{{ half }}", "directory_mode": "0755", "signing_keys": pairs}
    installed = {"name": "keys", "emperor.uwsgi.uwsgi_signing_keys": arguments}
    own = "{{ emperor_vassals | emperor.uwsgi.signed_vassals('/keys') }}"
    every = (
        "{{ groups['nodes'] | map('extract', hostvars, 'emperor_vassals') | flatten"
        " | emperor.uwsgi.signed_vassals('/keys') }}"
    )
    written = {
        "name": "vassals",
        "emperor.uwsgi.uwsgi_vassals": {
            "path": "{{ emperor_dir }}/vassals",
            "directory_mode": "0755",
            "uwsgi_version": "2.0",
            "validate": False,
            "default_signing": {"directory": "/keys"},
            "vassals": "{{ emperor_vassals }}",
        }
    }
    found = plays(
        folder,
        [
            {"hosts": "nodes", "gather_facts": False, "vars": {"signed": own, "half": "private"}, "tasks": [installed, written]},
            {"hosts": "routers", "gather_facts": False, "vars": {"signed": every, "half": "public"}, "tasks": [installed]},
        ],
        "-i",
        str(inventory),
    )
    return sum(task.seconds for task in found)


def seconds(runs: list[list[Task]]) -> float:
    """The median seconds of all tasks of runs."""
    return statistics.median(sum(task.seconds for task in run) for run in runs)


def lines() -> list[Line]:
    """The lines of the table about roles."""
    with scratch() as folder:
        one = deployed(folder / "one", 1, 5)
        many = deployed(folder / "many", 1000, 5)
        alone = routed(folder / "alone", 1, 1, 5)
        pools = routed(folder / "pools", 20, 50, 5)
        half = statistics.median(fleet(folder / f"half-{run}", 9, 50) for run in range(3))
        full = statistics.median(fleet(folder / f"full-{run}", 18, 50) for run in range(3))
    times = {"1 vassal": seconds(one), "1,000 vassals": seconds(many)}
    what = f"the role emperor with 1,000 vassals against one, unchanged ({len(many[0])} tasks)"
    fleets = "18 nodes and two routers against 9 and two, 50 keys a node on every router"
    hosts = {"9 nodes": half, "18 nodes": full}
    keys = {"1 key": seconds(alone), "1,000 keys": seconds(pools)}
    routers = f"the role fastrouter with 1,000 keys of 20 nodes against one, unchanged ({len(pools[0])} tasks)"
    return [
        Line(5, what, 1.3, "less", "times", times["1,000 vassals"] / times["1 vassal"], times),
        Line(5, routers, 1.3, "less", "times", keys["1,000 keys"] / keys["1 key"], keys),
        Line(6, fleets, 2.3, "less", "times", full / half, hosts),
    ]
