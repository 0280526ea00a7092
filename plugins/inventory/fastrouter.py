# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fastrouter
short_description: The hosts that are live in uWSGI routers
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Asks the stats servers of routers for their pools, from the controller. The hosts of the nodes become the inventory, with a
    group for each key and with the nodes' figures as variables.
  - Nodes with the same IP are one host. A node on a unix socket, on loopback or on C(0.0.0.0) belongs to the host of the
    router that lists it.
  - The source is a YAML file whose name ends in C(uwsgi_fastrouter.yml) or C(uwsgi_fastrouter.yaml).
  - Text from the network, such as keys, is never a template.
notes:
  - "Each host has these variables. C(ansible_host): the IP that it announces. C(uwsgi_keys): the keys that it serves.
    C(uwsgi_nodes): its nodes, each with C(key), C(address), C(weight), C(modifier1), C(modifier2), C(requests), C(failures),
    C(in_flight), C(age), C(fresh), C(fresh_on), C(ghost_on), C(dead_on), C(missing_on), C(vassal), C(protocol) and C(backup),
    as M(emperor.uwsgi.uwsgi_router_info) returns them; C(fresh) is true if the node is fresh on any router."
  - With a cache, ages and figures are as old as the cache. Other options are applied to the cached answers. Answers are cached
    only if all routers answered.
extends_documentation_fragment:
  - ansible.builtin.inventory_cache
  - ansible.builtin.constructed
options:
  plugin:
    description: This plugin.
    type: str
    required: true
    choices: [emperor.uwsgi.fastrouter]
  router_stats:
    description:
      - The stats servers. C(IPV4:PORT), the absolute path of a unix socket, or an http URL. All are asked at once.
      - The name O(stats) is deprecated. It will be removed in release 3.0.0.
    type: list
    elements: str
    aliases: [stats]
    required: true
  timeout:
    description: Seconds to wait for the whole answer of a router.
    type: int
    default: 5
  max_age:
    description:
      - A node is fresh if its last announcement is at most this many seconds old. uWSGI's own tolerance is 17 by default.
    type: int
    default: 17
  key:
    description: Only these keys.
    type: list
    elements: str
  ghosts:
    description: Include nodes that a router still lists, but that are fresh on none.
    type: bool
    default: false
  require_all:
    description: Fail if a router does not answer. Otherwise that is a warning, as long as one router answers.
    type: bool
    default: true
  group_prefix:
    description:
      - The prefix of the groups' names, followed by the key. Characters that group names cannot have become C(_), so the group
        of V(shop.example.com) is V(uwsgi_shop_example_com).
      - Each key has a group of its own. If the names of two groups would be the same, the first key in alphabetical order
        keeps the name. To the others V(_) and six digits of a hash are appended, with a warning.
      - Do not set it to an empty text if other inventory sources have groups. Whoever can announce a node chooses the key, and
        could so put a host into one of these groups.
    type: str
    default: uwsgi_
  match_hosts:
    description:
      - Use the host of an earlier inventory source whose name or C(ansible_host) is the node's IP. With V(false), or if
        several hosts have that C(ansible_host), the IP is the host's name.
      - Ansible reads sources in the order of the command line, and those in a folder in alphabetical order.
    type: bool
    default: true
"""

EXAMPLES = r"""
# live.uwsgi_fastrouter.yml: all that serve anything, with groups such as uwsgi_shop_example_com
plugin: emperor.uwsgi.fastrouter
router_stats: [10.0.0.2:2627, 10.0.0.3:2627]

---
# shop.uwsgi_fastrouter.yml: go on with one router, ask at most once a minute, and find the nodes that are in trouble
plugin: emperor.uwsgi.fastrouter
router_stats: [10.0.0.2:2627, 10.0.0.3:2627]
key: [shop.example.com]
ghosts: true
require_all: false
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/uwsgi-inventory
cache_timeout: 60
compose:
  uwsgi_requests: uwsgi_nodes | map(attribute='requests') | sum
groups:
  failing: uwsgi_nodes | map(attribute='failures') | sum > 0
  silent: uwsgi_nodes | rejectattr('fresh') | list | length > 0
keyed_groups:
  - key: uwsgi_nodes | map(attribute='weight') | list
    prefix: weight
"""

from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._http import get
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import mask
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.pools import Router
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.routers import Answer, ask, check, errors, judged, restored
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._discretion import discreet
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._garbage import uncollected
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._live_hosts import LOCALHOST, LiveNode, group_names, live_hosts
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._untrusted import untrusted

_SUFFIXES = ("uwsgi_fastrouter.yml", "uwsgi_fastrouter.yaml")
# The alias of router_stats. Ansible accepts aliases of a plugin's options, but can't mark one as deprecated.
_OLD_NAME = "stats"
# Options of constructed inventories that contain expressions.
_CONSTRUCTED = ("compose", "groups", "keyed_groups")
_KEYS_AT_ONCE = 500


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory plugin ``fastrouter``."""

    NAME = "emperor.uwsgi.fastrouter"

    def verify_file(self, path: str) -> bool:
        """Whether a source is for this plugin, by its file name."""
        return bool(super().verify_file(path)) and path.endswith(_SUFFIXES)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory; raises AnsibleParserError, which names the invalid option."""
        super().parse(inventory, loader, path, cache)
        # Also Ansible's own errors, which quote an option of the wrong type.
        with discreet("emperor.uwsgi.fastrouter", AnsibleParserError, self._source(loader, path)):
            self._fill(path, cache)

    def _source(self, loader: Any, path: str) -> Any:
        """The content of a source; nothing if it can't be read, because Ansible then reports it."""
        try:
            return loader.load_from_file(path)
        except AnsibleError:
            return None

    def _fill(self, path: str, cache: bool) -> None:
        self._checked(self._read_config_data(path))
        with uncollected():
            hosts = self._hosts(self._answers(path, cache))
        groups, others = group_names((node["key"] for nodes in hosts.values() for node in nodes), self._safe)
        for key, other in others:
            self._warn(f"the keys {key!r} and {other!r} have the same group name; {key!r} is in {groups[key]}")
        known = self._known() if self.get_option("match_hosts") else {}
        constructed = any(self.get_option(name) for name in _CONSTRUCTED)
        with uncollected():
            # Host by host, so that the inventory isn't in memory twice.
            for address in sorted(hosts):
                name = known.get(address, address)
                self._add(name, address, hosts.pop(address), groups)
                if constructed:
                    self._construct(name)

    def _warn(self, text: str) -> None:
        self.display.warning(f"emperor.uwsgi.fastrouter: {seen(mask(text))}")

    def _safe(self, key: str) -> str:
        return str(to_safe_group_name(self.get_option("group_prefix") + key, force=True, silent=True))

    def _checked(self, config: dict[str, Any]) -> None:
        for name in config:
            if name == _OLD_NAME:
                self._warn_of_old_name()
            elif name not in self._options:
                raise ArgumentError(name, "is not an option; ansible-doc -t inventory emperor.uwsgi.fastrouter lists them")
        check(self.get_option("router_stats"), self.get_option("timeout"), self.get_option("max_age"))

    def _warn_of_old_name(self) -> None:
        self.display.deprecated(
            f"emperor.uwsgi.fastrouter: the option '{_OLD_NAME}' is deprecated; use 'router_stats' instead",
            version="3.0.0",
            collection_name="emperor.uwsgi",
        )

    def _answers(self, path: str, cache: bool) -> list[Answer]:
        """The routers' answers, new or from the cache."""
        stats = self.get_option("router_stats")
        wanted = self.get_option("cache")
        place = self.get_cache_key(path)
        if wanted and cache:
            try:
                kept = self._cache[place]
            except KeyError:
                kept = []
            except Exception as exc:  # another user may have written anything there
                self._warn(f"the cache can't be read ({type(exc).__name__}), so the routers are asked")
                kept = []
            answers = restored(kept)
            # Nor an additional one, which would be somebody else's.
            if [answer.stats for answer in answers] == list(dict.fromkeys(stats)) and all(answer.table for answer in answers):
                return answers
        answers = ask(stats, self.get_option("timeout"), get, keep=wanted)
        if wanted and not any(answer.error for answer in answers):
            self._cache[place] = [answer.kept() for answer in answers]
        return answers

    def _hosts(self, answers: list[Answer]) -> dict[str, list[LiveNode]]:
        """The nodes of each host, a few keys at a time: the data of all routers at once needs too much memory."""
        max_age, ghosts, only = (self.get_option(name) for name in ("max_age", "ghosts", "key"))
        answered = self._answered(answers)
        keys = sorted({pool.key for answer in answered if answer.table for pool in answer.table.pools})
        keys = [key for key in keys if only is None or key in only]
        hosts: dict[str, list[LiveNode]] = {}
        unusable: dict[str, None] = {}
        for at in range(0, len(keys), _KEYS_AT_ONCE):
            some = set(keys[at : at + _KEYS_AT_ONCE])
            found, others = live_hosts([judged(answer, max_age, some) for answer in answered], ghosts)
            unusable.update(dict.fromkeys(others))
            for host, nodes in found.items():
                hosts.setdefault(host, []).extend(nodes)
        for address in unusable:
            self._warn(f"a node announces {address!r}, which no router can use")
        return hosts

    def _answered(self, answers: list[Answer]) -> list[Answer]:
        routers = [Router(stats=answer.stats, pools=[], error=answer.error) for answer in answers if answer.table is None]
        silent = errors(self.get_option("router_stats"), routers)
        if silent and (self.get_option("require_all") or len(silent) == len(answers)):
            problem, dummy, rest = "; ".join(silent).partition(": ")
            raise ArgumentError(problem, rest)
        for one in silent:
            self._warn(one)
        return [answer for answer in answers if answer.table is not None]

    def _known(self) -> dict[str, str]:
        """The one inventory host that is known by an address."""
        names: dict[str, list[str]] = {}
        for name, host in self.inventory.hosts.items():
            names.setdefault(str(host.vars.get("ansible_host", name)), []).append(name)
        return {address: found[0] for address, found in names.items() if len(found) == 1}

    def _add(self, name: str, address: str, nodes: list[LiveNode], groups: dict[str, str]) -> None:
        self.inventory.add_host(name)
        keys = list(dict.fromkeys(node["key"] for node in nodes))
        variables: dict[str, Any] = {"uwsgi_keys": keys, "uwsgi_nodes": nodes}
        if address == LOCALHOST:
            variables["ansible_connection"] = "local"
        elif name == address:
            variables["ansible_host"] = address
        host = self.inventory.get_host(name)
        for variable, value in untrusted(variables).items():
            # Ansible's own way would mark each value inside with its source file, but these aren't from a file.
            host.set_variable(variable, value)
        for key in keys:
            self.inventory.add_child(self._group(groups[key]), name)

    def _group(self, name: str) -> str:
        # Adding an existing group costs as much as adding a new one.
        return name if name in self.inventory.groups else str(self.inventory.add_group(name))

    def _construct(self, name: str) -> None:
        """Variables and groups that the source's expressions produce from a host's variables."""
        strict = self.get_option("strict")
        every = self.inventory.get_host(name).get_vars()
        self._set_composite_vars(self.get_option("compose"), every, name, strict=strict)
        every = self.inventory.get_host(name).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), every, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), every, name, strict=strict)
