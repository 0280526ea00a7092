# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of the inventory ``fastrouter`` in a folder that another user can write to: nothing in it may become a template.

Up to ansible-core 2.18 any text that isn't marked as unsafe is a template. Since 2.19 any text tagged as trusted is one, and
a cache can contain the tag (``_cache_persistence``, ansible/_internal/_json/_profiles).
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from support import playbook
from support.stream import serving

SOURCE = "live.uwsgi_fastrouter.yml"
# How ansible-core 2.19 and newer store a value, as text.
PAYLOAD = "__payload__"


def tagged(value: Any) -> Any:
    """The same with every text and collection tagged as a trusted template."""
    kind = {str: "Str", int: "Int", float: "Float", dict: "Dict", list: "List"}[type(value)]
    if isinstance(value, dict):
        value = {name: tagged(one) for name, one in value.items()}
    if isinstance(value, list):
        value = [tagged(one) for one in value]
    return {"__ansible_type": "_AnsibleTagged" + kind, "value": value, "tags": [{"__ansible_type": "TrustedAsTemplate"}]}


def stats(*names: str, key: str = "a.test", version: str = "2.0.31") -> str:
    nodes = [{"name": name, "last_check": int(time.time())} for name in names]
    return json.dumps({"version": version, "pid": 1, "subscriptions": [{"key": key, "nodes": nodes}]})


class Cache:
    """A cache with one router's answer, while the router no longer answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done = folder / "done"
        self.template = "{{ lookup('ansible.builtin.pipe', 'touch " + str(self.done) + "') }}"
        options = {
            "compose": {"first": "uwsgi_keys[0]", "all_of_it": "uwsgi_nodes"},
            "keyed_groups": [{"key": "uwsgi_keys", "prefix": "k"}],
            "cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(folder / "cache"),
        }  # fmt: skip
        with serving(stats("10.0.0.7:1").encode("ascii"), asked=False) as server:
            self.router = server.address
            given = {"plugin": "emperor.uwsgi.fastrouter", "router_stats": [self.router], **options}
            (folder / SOURCE).write_text(json.dumps(given), encoding="utf-8")
            assert "10.0.0.7" in self.listed()
        [self.path] = (folder / "cache").iterdir()
        self.kept = json.loads(self.path.read_text(encoding="utf-8"))
        self.has_tags = PAYLOAD in self.kept
        if self.has_tags:
            self.kept = json.loads(self.kept[PAYLOAD])

    def put(self, kept: Any) -> None:
        """Overwrite its content."""
        self.path.write_text(json.dumps({PAYLOAD: json.dumps(kept)} if self.has_tags else kept), encoding="utf-8")

    def listed(self) -> str:
        """The output of ansible-inventory."""
        found = playbook.command("ansible-inventory", "--list", "--inventory", SOURCE, folder=self.folder)
        return found.stdout + found.stderr

    def played(self) -> str:
        """The output of a play that shows everything."""
        shown = ["{{ hostvars[inventory_hostname] }}", "{{ uwsgi_keys }} {{ first }} {{ all_of_it }}", "{{ group_names }}"]
        tasks = [{"ansible.builtin.debug": {"msg": one}} for one in shown]
        tasks += [{"ansible.builtin.debug": {"var": one}} for one in ("hostvars[inventory_hostname]", "first", "groups")]
        play = {"hosts": "all", "gather_facts": False, "tasks": [dict(task, ignore_errors=True) for task in tasks]}
        return playbook.run(self.folder, [play], "--inventory=" + SOURCE).output


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"))


def poisoned(cache: Cache) -> list[dict[str, Any]]:
    """The router's answer with templates for all texts, except an address that names a host."""
    raw = stats("10.0.0.7:1", "/run/" + cache.template, cache.template + ":1", key=cache.template, version=cache.template)
    return [dict(one, stats=cache.router, raw=raw) for one in cache.kept]


def test_what_a_router_is_said_to_have_said_is_text(cache: Cache) -> None:
    cache.put(tagged(poisoned(cache)) if cache.has_tags else poisoned(cache))
    for said in (cache.listed(), cache.played()):
        assert "10.0.0.7" in said
        # As it arrived, and in a variable that another source derived from it.
        assert said.count("lookup(") > 2
        assert not cache.done.exists()


OTHERS = ["another answer", "another broken answer", "pools", "a mapping", "text", "marks of other releases", "no payload",
          "what can not be tagged"]  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_what_no_router_can_have_said_is_ignored(cache: Cache, kind: str) -> None:
    template: Any = cache.template
    found: Any = poisoned(cache)
    if kind == "another answer":
        found.append(dict(found[0], stats=template))
    elif kind == "another broken answer":
        found.append(dict(found[0], stats=template, raw=template))
    elif kind == "pools":
        pools = [{"key": template, "nodes": [{"name": template}]}]
        found = [{"stats": cache.router, "time": 0, "error": template, "pools": pools}]
    elif kind == "a mapping":
        found = {"hosts": {template: {"a": template}}, "_meta": {"hostvars": {template: {"a": template}}}}
    elif kind == "text":
        found = template
    elif kind == "marks of other releases":
        found[0].update(stats={"__ansible_unsafe": cache.router}, raw={"__ansible_vault": template})
    elif kind == "what can not be tagged":
        found = {**tagged(template), "value": {"__ansible_type": "TrustedAsTemplate"}}
    if kind == "no payload":
        cache.path.write_text(json.dumps({"hosts": template}), encoding="utf-8")
    else:
        cache.put(tagged(found) if cache.has_tags else found)
    said = cache.listed()
    # So the router is asked, but it is gone.
    assert f"emperor.uwsgi.fastrouter: router_stats[0]: {cache.router} does not answer" in " ".join(said.split())
    assert "Traceback" not in said
    assert not cache.done.exists()
