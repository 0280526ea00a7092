# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of release 1.0.0 that have better ones now: they still work and mean the same."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import modules, playbook
from support.loopback import free_address

OLD = "stats"


@contextmanager
def stats_server(vassal: str) -> Iterator[str]:
    """The stats of a router and of an Emperor in one server; yields its address.

    Args:
        vassal: the path of the Emperor's only vassal, which is an on-demand vassal.
    """
    node = {"name": "10.0.0.7:1", "last_check": 4000000000, "death_mark": 0, "requests": 0}
    found = {
        "version": "2.0.31",
        "subscriptions": [{"key": "a.test", "nodes": [node]}],
        "vassals": [{"id": vassal, "last_mod": 4 * 10**9, "accepting": 1, "on_demand": "/run/old.sock", "pid": 7, "cursed": 0}],
    }

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(json.dumps(found).encode())

    host, dummy, port = free_address().rpartition(":")
    with socketserver.ThreadingTCPServer((host, int(port)), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield f"{host}:{port}"
        finally:
            server.shutdown()
            thread.join()


# A module, the argument's new name, the other arguments, and a part of the result that tells whether the stats were read. FOLDER
# stands for a folder with a vassal.
MODULES: list[tuple[str, str, dict[str, Any], str]] = [
    ("uwsgi_router_info", "router_stats", {}, "pools"),
    (
        "uwsgi_drain",
        "router_stats",
        {
            "state": "drained",
            "subscriptions": [{"server": "127.0.0.1:9", "key": "a.test", "address": "10.0.0.7:1", "suspend_file": "FOLDER/out"}],
        },
        "before",
    ),
    ("uwsgi_reload", "emperor_stats", {"vassal": "FOLDER/shop.ini", "state": "current"}, "vassal"),
    (
        "uwsgi_vassals",
        "emperor_stats",
        {
            "path": "FOLDER",
            "vassals": [{"name": "shop", "on_demand": "/run/new.sock", "options": {"master": True}}],
            "validate": False,
        },
        "renewed",
    ),
]


def told(result: dict[str, Any]) -> dict[str, Any]:
    """A result without the arguments, the deprecations and the times."""
    return {name: value for name, value in result.items() if name not in {"invocation", "deprecations", "seconds", "time"}}


def deprecations(result: dict[str, Any]) -> list[str]:
    """The texts of the deprecations, which newer releases of ansible-core wrap."""
    return [one["event"]["msg"] if "event" in one else one["msg"] for one in result.get("deprecations", [])]


@pytest.mark.parametrize(("module", "new", "arguments", "part"), MODULES, ids=[one[0] for one in MODULES])
def test_an_old_argument_works_and_warns(module: str, new: str, arguments: dict[str, Any], part: str, tmp_path: Path) -> None:
    (tmp_path / "shop.ini").write_text("[uwsgi]\n", encoding="ascii")
    given = json.loads(json.dumps(arguments).replace("FOLDER", str(tmp_path)))
    with stats_server(f"{tmp_path}/shop.ini") as address:
        results = {name: modules.run(module, {**given, name: address}, check=True) for name in (OLD, new)}
    for name, result in results.items():
        assert not result.failed, (name, result.msg)
        assert result.data[part], name
    assert told(results[OLD].data) == told(results[new].data)
    assert deprecations(results[new].data) == []
    [words] = deprecations(results[OLD].data)
    assert f"'{OLD}'" in words


def test_the_old_option_of_the_inventory_works_and_warns(tmp_path: Path) -> None:
    found = {}
    with stats_server("") as address:
        for name, options in {OLD: {OLD: address}, "new": {"router_stats": address}}.items():
            source = tmp_path / f"{name}.uwsgi_fastrouter.yml"
            source.write_text(json.dumps({"plugin": "emperor.uwsgi.fastrouter", **options}), encoding="utf-8")
            found[name] = playbook.command("ansible-inventory", "--list", "--inventory", str(source), folder=tmp_path)
    assert "10.0.0.7" in found["new"].stdout
    assert found[OLD].stdout == found["new"].stdout
    assert found["new"].stderr == ""
    words = " ".join(found[OLD].stderr.split())
    assert "[DEPRECATION WARNING]" in words
    assert "emperor.uwsgi.fastrouter: the option 'stats' is deprecated; use 'router_stats' instead" in words
    assert "3.0.0" in words


def test_of_two_options_of_the_inventory_the_new_one_wins(tmp_path: Path) -> None:
    source = tmp_path / "both.uwsgi_fastrouter.yml"
    with stats_server("") as address:
        options = {"plugin": "emperor.uwsgi.fastrouter", OLD: free_address(), "router_stats": address}
        source.write_text(json.dumps(options), encoding="utf-8")
        found = playbook.command("ansible-inventory", "--list", "--inventory", str(source), folder=tmp_path)
    assert "10.0.0.7" in found.stdout


# Variables that the role fastrouter reads, and two values of each.
IN_ROLE: dict[str, tuple[Any, Any]] = {
    "fastrouter_report_stats": (["10.0.0.2:2627"], ["10.0.0.3:2627"]),
    "fastrouter_report_key": ("a.test", "b.test"),
    "fastrouter_report_max_age": (30, 40),
    "fastrouter_report_timeout": (7, 8),
    "fastrouter_report_title": ("The shop", "The blog"),
    "fastrouter_report_dest": ("/srv/a.html", "/srv/b.html"),
    "fastrouter_report_mode": ("0600", "0640"),
}
# Variables that plays read before they have a host: the playbook, and two values of each; the first is the default.
IN_PLAYS: dict[str, tuple[str, Any, Any]] = {
    "fastrouter_report_routers": ("report", "fastrouters", "router2"),
    "emperor_rolling_hosts": ("rolling_update", "nodes", "node2"),
    "emperor_rolling_serial": ("rolling_update", 1, 2),
    "emperor_rolling_gather_facts": ("rolling_update", False, True),
    "fastrouter_rotation_routers": ("rotate_signing_keys", "fastrouters", "router2"),
    "fastrouter_rotation_nodes": ("rotate_signing_keys", "nodes", "node2"),
    "fastrouter_rotation_serial": ("rotate_signing_keys", 1, 2),
    "fastrouter_rotation_gather_facts": ("rotate_signing_keys", False, True),
}
FACTS = {"rolling_update": "emperor_rolling_gather_facts", "rotate_signing_keys": "fastrouter_rotation_gather_facts"}


def old(name: str) -> str:
    """The name of release 1.0.0."""
    return name.partition("_")[2]


def ways(name: str, other: Any, value: Any) -> dict[str, dict[str, Any]]:
    """The ways to set a variable: all except the first mean the same."""
    return {"other": {name: other}, "new": {name: value}, "old": {old(name): value}, "both": {old(name): other, name: value}}


def test_every_old_variable_is_in_a_table() -> None:
    defaults = (modules.ROOT / "roles" / "fastrouter" / "defaults" / "main.yml").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^(\w+): .*\b(?:report|rotation)_\w+ \| default\(", defaults) == list(IN_ROLE)
    plays = [play for name in {one[0] for one in IN_PLAYS.values()} for play in plays_of(name)]
    assert {name for play in plays for name in play["vars"]} == set(IN_PLAYS)


def test_old_and_new_variables_of_the_role_mean_the_same(tmp_path: Path) -> None:
    path = modules.ROOT / "roles" / "fastrouter" / "defaults" / "main.yml"
    defaults = yaml.safe_load(path.read_text(encoding="utf-8"))
    cases = [(name, way, given) for name, values in IN_ROLE.items() for way, given in ways(name, *values).items()]
    tasks = [{"ansible.builtin.debug": {"msg": "{{ " + name + " }}"}, "vars": given} for name, dummy, given in cases]
    run = playbook.tasks(tmp_path, tasks, **defaults)
    # Before ansible-core 2.19 the result of an expression is text, which the module's argument turns into a number.
    found = {(name, way): str(result["msg"]) for (name, way, dummy), result in zip(cases, run.results)}
    for name, (other, value) in IN_ROLE.items():
        assert found[name, "other"] == str(other)
        assert [found[name, way] for way in ("new", "old", "both")] == [str(value)] * 3, name


def plays_of(name: str) -> list[dict[str, Any]]:
    """The plays of one of the collection's playbooks."""
    return list(yaml.safe_load((modules.ROOT / "playbooks" / (name + ".yml")).read_text(encoding="utf-8")))


@pytest.mark.long
def test_old_and_new_variables_of_plays_mean_the_same(tmp_path: Path) -> None:
    local = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    groups = {"fastrouters": ("router1", "router2"), "nodes": ("node1", "node2", "node3")}
    inventory = {group: {"hosts": {name: local for name in names}} for group, names in groups.items()}
    (tmp_path / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")
    imports = []
    for name, (book, *values) in IN_PLAYS.items():
        for way, given in ways(name, *values).items():
            # The real plays, each with a single task that shows the hosts in the batch.
            task = {"name": "Show the batch", "ansible.builtin.debug": {"var": "ansible_play_batch"}, "run_once": True}
            plays = [{**play, "name": f"{name}/{way}/{play['name']}", "tasks": [task]} for play in plays_of(book)]
            path = tmp_path / f"{name}-{way}.yml"
            path.write_text(json.dumps(plays), encoding="utf-8")
            facts = {FACTS[book]: False} if book in FACTS and name != FACTS[book] else {}
            imports.append({"ansible.builtin.import_playbook": path.name, "vars": {**facts, **given}})
    run = playbook.run(tmp_path, imports, "--inventory=inventory.yml", "--forks=1")
    assert run.code == 0, run.output
    shown: dict[tuple[str, str], list[str]] = {}
    for part in run.output.partition("PLAY RECAP")[0].split("PLAY [")[1:]:
        name, way, rest = part.split("/", 2)
        shown.setdefault((name, way), []).append(re.sub(r"\*+", "", rest))
    for name in IN_PLAYS:
        assert shown[name, "old"] == shown[name, "new"] == shown[name, "both"], name
        assert shown[name, "other"] != shown[name, "new"], name
