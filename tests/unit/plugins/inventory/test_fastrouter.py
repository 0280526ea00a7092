# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory of live hosts: real routers, the real ansible-inventory."""

from __future__ import annotations

import json
import re
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import playbook
from support.fleet import Router
from support.loopback import free_address

SOURCE = "live.uwsgi_fastrouter.yml"


def listed(folder: Path, options: dict[str, Any], *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Write a source and run ansible-inventory on it; ``more`` names the sources before it."""
    source = folder / SOURCE
    source.write_text(json.dumps({"plugin": "emperor.uwsgi.fastrouter", **options}), encoding="utf-8")
    inventories = [argument for one in (*more, str(source)) for argument in ("--inventory", one)]
    environment = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", **environment}
    return playbook.command("ansible-inventory", "--list", *inventories, folder=folder, **environment)


def inventory(folder: Path, options: dict[str, Any], *more: str, **environment: str) -> dict[str, Any]:
    """The inventory of a source, with the hosts' variables in place of ``_meta``, and without a warning."""
    found = listed(folder, options, *more, **environment)
    assert (found.returncode, found.stderr) == (0, ""), found.stderr
    result = json.loads(found.stdout)
    result["hostvars"] = result.pop("_meta")["hostvars"]
    return result


def hosts(found: dict[str, Any]) -> dict[str, list[str]]:
    """The hosts by group."""
    return {name: one["hosts"] for name, one in found.items() if "hosts" in one and name != "hostvars"}


def test_live_hosts_have_groups_by_key_and_their_nodes(tmp_path: Path) -> None:
    with Router(tmp_path / "1") as one, Router(tmp_path / "2") as two:
        one.announce("shop.example.com", "10.0.0.7:3031", "10.0.0.8:3031", weight="2", modifier1="5")
        two.announce("shop.example.com", "10.0.0.7:3031", weight="2", modifier1="5")
        # The same host, with another address and another key.
        two.announce("8080-is-a:port", "10.0.0.7:3032")
        found = inventory(tmp_path, {"router_stats": [one.stats, two.stats]})
    assert hosts(found) == {"uwsgi_8080_is_a_port": ["10.0.0.7"], "uwsgi_shop_example_com": ["10.0.0.7", "10.0.0.8"]}
    first, second = found["hostvars"]["10.0.0.7"], found["hostvars"]["10.0.0.8"]
    assert (first["ansible_host"], first["uwsgi_keys"]) == ("10.0.0.7", ["8080-is-a:port", "shop.example.com"])
    assert [(node["key"], node["address"]) for node in first["uwsgi_nodes"]] == [
        ("8080-is-a:port", "10.0.0.7:3032"), ("shop.example.com", "10.0.0.7:3031")
    ]
    [node] = second["uwsgi_nodes"]
    assert 0 <= node.pop("age") <= 17
    assert node == {
        "key": "shop.example.com", "address": "10.0.0.8:3031", "weight": 2, "modifier1": 5, "modifier2": 0, "requests": 0,
        "failures": 0, "in_flight": 0, "fresh": True, "fresh_on": [one.stats], "ghost_on": [], "dead_on": [],
        "missing_on": [two.stats], "vassal": "", "protocol": "", "backup": 0,
    }  # fmt: skip


@contextmanager
def answering(**ages: dict[str, int]) -> Iterator[str]:
    """A stats server whose nodes always have the given ages, by key and address, however long the test takes."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            pools = [
                {"key": key, "nodes": [{"name": name, "last_check": int(time.time()) - age} for name, age in nodes.items()]}
                for key, nodes in ages.items()
            ]
            self.request.sendall(json.dumps({"version": "2.0.31", "subscriptions": pools}).encode())

    host, dummy, port = free_address().rpartition(":")
    with socketserver.TCPServer((host, int(port)), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{host}:{port}"
        finally:
            server.shutdown()
            thread.join()


def test_keys_age_prefix_and_ghosts_are_options(tmp_path: Path) -> None:
    with answering(**{"a.test": {"10.0.0.7:1": 60, "10.0.0.9:1": 25}, "b.test": {"10.0.0.8:1": 60}}) as stats:
        options = {"router_stats": stats, "max_age": 40, "group_prefix": ""}
        assert hosts(inventory(tmp_path, options)) == {"a_test": ["10.0.0.9"]}
        assert hosts(inventory(tmp_path, {**options, "max_age": 17})) == {}
        found = inventory(tmp_path, {**options, "key": ["a.test", "c.test"], "ghosts": True})
    assert hosts(found) == {"a_test": ["10.0.0.7", "10.0.0.9"]}
    assert [found["hostvars"]["10.0.0." + last]["uwsgi_nodes"][0]["fresh"] for last in "79"] == [False, True]


def test_a_key_that_looks_like_another_in_a_groups_name_is_not_in_its_group(tmp_path: Path) -> None:
    with answering(**{"shop.a.test": {"10.0.0.7:1": 1}, "shop_a_test": {"10.0.0.66:1": 1}}) as stats:
        found = listed(tmp_path, {"router_stats": stats})
    groups = hosts(json.loads(found.stdout))
    (other,) = [name for name in groups if name != "uwsgi_shop_a_test"]
    assert groups == {"uwsgi_shop_a_test": ["10.0.0.7"], other: ["10.0.0.66"]}
    assert re.fullmatch("uwsgi_shop_a_test_[0-9a-f]{6}", other)
    words = f"'shop_a_test' and 'shop.a.test' have the same group name; 'shop_a_test' is in {other}"
    assert words in " ".join(found.stderr.split())


def test_nodes_that_only_their_own_host_reaches_are_on_the_routers(tmp_path: Path) -> None:
    with Router(tmp_path) as router:
        router.announce("a.test", "/run/a.sock", "0.0.0.0:1", ":2", "127.0.0.9:1", "localhost:1")
        home = router.stats.rpartition(":")[0]
        found = listed(tmp_path, {"router_stats": router.stats})
    assert "a node announces 'localhost:1', which no router can use" in " ".join(found.stderr.split())
    variables = json.loads(found.stdout)["_meta"]["hostvars"]
    assert {host: [node["address"] for node in one["uwsgi_nodes"]] for host, one in variables.items()} == {
        home: ["/run/a.sock", "0.0.0.0:1", ":2"], "127.0.0.9": ["127.0.0.9:1"]
    }
    assert variables[home]["ansible_host"] == home


def test_hosts_that_others_know_keep_their_names(tmp_path: Path) -> None:
    known = {"all": {"hosts": {
        "node1": {"ansible_host": "10.0.0.7", "site": "north"}, "10.0.0.8": {"site": "south"},
        "node3": {"ansible_host": "10.0.0.9"}, "also-node3": {"ansible_host": "10.0.0.9"},
    }}}
    before = tmp_path / "before.yml"
    before.write_text(json.dumps(known), encoding="utf-8")
    with Router(tmp_path / "1") as router:
        router.announce("a.test", "10.0.0.7:1", "10.0.0.8:1", "10.0.0.9:1")
        options = {"router_stats": router.stats, "groups": {"north": "site | default('') == 'north'"}}
        found = inventory(tmp_path, options, str(before))
        unmatched = inventory(tmp_path, {"router_stats": router.stats, "match_hosts": False}, str(before))
    assert sorted(hosts(found)["uwsgi_a_test"]) == ["10.0.0.8", "10.0.0.9", "node1"]
    assert hosts(found)["north"] == ["node1"]
    assert found["hostvars"]["node1"]["site"] == "north"
    assert hosts(unmatched)["uwsgi_a_test"] == ["10.0.0.7", "10.0.0.8", "10.0.0.9"]


def test_variables_and_groups_are_constructed(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "compose": {"total": "uwsgi_nodes | map(attribute='weight') | sum"},
        "groups": {"heavy": "total | int > 2"},
        "keyed_groups": [{"key": "uwsgi_nodes | map(attribute='modifier1') | list", "prefix": "modifier"}],
    }
    with Router(tmp_path) as router:
        router.announce("a.test", "10.0.0.7:1", weight="3")
        router.announce("a.test", "10.0.0.8:1", modifier1="5")
        options["router_stats"] = router.stats
        found = inventory(tmp_path, options)
        strict = listed(tmp_path, {**options, "strict": True, "compose": {"x": "no_such_thing.here"}})
    groups = hosts(found)
    assert (groups["heavy"], groups["modifier_0"], groups["modifier_5"]) == (["10.0.0.7"], ["10.0.0.7"], ["10.0.0.8"])
    assert int(found["hostvars"]["10.0.0.7"]["total"]) == 3
    assert strict.returncode != 0
    assert "no_such_thing" in strict.stderr


def test_a_cached_inventory_needs_no_router(tmp_path: Path) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    with Router(tmp_path) as router:
        router.announce("a.test", "10.0.0.7:1")
        options = {"router_stats": [router.stats], **cache}
        first = inventory(tmp_path, options)
        router.announce("a.test", "10.0.0.8:1")
        assert inventory(tmp_path, options) == first
    assert inventory(tmp_path, options) == first
    # The source's other options use the cached answers; a router without a cached answer is asked.
    assert hosts(inventory(tmp_path, {**options, "key": "b.test"})) == {}
    assert "does not answer" in listed(tmp_path, {**options, "router_stats": [router.stats, free_address()]}).stderr
    flushed = playbook.run(tmp_path, [{"hosts": "all", "gather_facts": False}], "--flush-cache", "--inventory=" + SOURCE)
    assert "does not answer" in flushed.output


def test_what_not_all_routers_answered_is_not_cached(tmp_path: Path) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    with Router(tmp_path) as router:
        router.announce("a.test", "10.0.0.7:1")
        options = {"router_stats": [router.stats, free_address()], "require_all": False, **cache}
        for dummy in range(2):
            found = listed(tmp_path, options)
            assert found.returncode == 0
            assert "router_stats[1]" in found.stderr
            assert hosts(json.loads(found.stdout)) == {"uwsgi_a_test": ["10.0.0.7"]}
    assert listed(tmp_path, options).returncode != 0


def test_text_from_the_network_is_no_template(tmp_path: Path) -> None:
    key = "{{ lookup('ansible.builtin.pipe', 'touch owned') }}\"<script>"
    options: dict[str, Any] = {"compose": {"first": "uwsgi_keys[0]"}, "keyed_groups": [{"key": "uwsgi_keys", "prefix": "k"}]}
    with Router(tmp_path) as router:
        router.announce(key, "10.0.0.7:1")
        inventory(tmp_path, {**options, "router_stats": router.stats})
        play = {"hosts": "all", "gather_facts": False, "tasks": [
            {"ansible.builtin.copy": {"content": "{{ first }}{{ uwsgi_nodes[0].key }}", "dest": str(tmp_path / "keys")},
             "delegate_to": "localhost", "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
             "connection": "local"},
        ]}  # fmt: skip
        run = playbook.run(tmp_path, [play], "--inventory=" + SOURCE)
    assert run.code == 0, run.output
    assert (tmp_path / "keys").read_text(encoding="utf-8") == key * 2
    assert not (tmp_path / "owned").exists()


CHECK = " does not answer: [Errno 111] Connection refused; check that the router runs and has this stats server"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "router_stats[0]: {gone}" + CHECK),
    ({"require_all": False}, "router_stats[0]: {gone}" + CHECK),
    ({"router_stats": ["router1:2627"]}, "router_stats[0]: 'router1:2627' is not a stats server; give IPV4:PORT, the absolute "
        "path"),
    ({"router_stats": []}, "router_stats: names no router; give the address of at least one stats server"),
    ({"timeout": 0}, "timeout: 0 is too small; give 1 or more seconds"),
    ({"max_age": -1}, "max_age: -1 is too small; give 0 or more seconds"),
    ({"keys": ["a.test"]}, "keys: is not an option; ansible-doc -t inventory emperor.uwsgi.fastrouter lists them"),
]


@pytest.mark.parametrize(("options", "problem"), REFUSED)
def test_what_can_not_be_used_is_an_error_that_names_the_option(options: dict[str, Any], problem: str, tmp_path: Path) -> None:
    gone = free_address()
    found = listed(tmp_path, {"router_stats": [gone], **options})
    assert found.returncode != 0
    said = " ".join(found.stderr.split())
    assert "emperor.uwsgi.fastrouter: " + problem.format(gone=gone) in said


@pytest.mark.parametrize(("name", "ours"), [("uwsgi_fastrouter.yaml", True), ("a.uwsgi_fastrouter.yml", True), ("a.yml", False)])
def test_a_source_is_known_by_its_name(name: str, ours: bool, tmp_path: Path) -> None:
    source = tmp_path / name
    with Router(tmp_path / "1") as router:
        router.announce("a.test", "10.0.0.7:1")
        source.write_text(json.dumps({"plugin": "emperor.uwsgi.fastrouter", "router_stats": router.stats}), encoding="utf-8")
        found = playbook.command("ansible-inventory", "--list", "--inventory", str(source), folder=tmp_path)
    assert ("10.0.0.7" in found.stdout) == ours
