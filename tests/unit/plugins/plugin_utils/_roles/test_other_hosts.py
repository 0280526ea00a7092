# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's vassals tell other hosts: what is resolved, what is left as it is, and what can't be resolved."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import other_hosts
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

UNKNOWN = "{{ unknown }}"
SHOP = {"name": "shop", "subscriptions": [{"key": "a.test"}]}
EMPTY = {"name": "idle"}
VARIABLES = {
    "domain": "b.test",
    "keys": ["a.test", "b.test"],
    "one": "{{ two }}",
    "two": [{**SHOP, "options": UNKNOWN}],
    "circle": "{{ circle }}",
    "entries": [{"key": "c.test"}],
}


def resolver(variables: dict[str, Any]) -> Any:
    """Resolve templates with some variables, using Jinja alone."""
    jinja = NativeEnvironment(undefined=StrictUndefined)

    def template(value: Any) -> Any:
        if isinstance(value, list):
            return [template(one) for one in value]
        found = jinja.from_string(value).render(variables)
        if isinstance(found, StrictUndefined):
            str(found)
        return found

    return template


def announced(vassals: Any, nodes: bool = False) -> Any:
    """What the host tells others."""
    variables = {**VARIABLES, "emperor_vassals": vassals}
    return other_hosts.announced("n1", variables, resolver(variables), nodes)


class Templar:
    """The part of Ansible's class that is used."""

    def copy_with_new_env(self, available_variables: dict[str, Any]) -> Templar:
        self.template = resolver(available_variables)
        return self


class HostVars(dict):  # type: ignore[type-arg]
    """The part of Ansible's class that is used."""

    raw_get = dict.__getitem__


INVENTORY = HostVars(
    node1={"emperor_vassals": [{**SHOP, "options": {"socket": "{{ address }}", "env": UNKNOWN}}], "address": "10.0.0.7:1"},
    node2={},
    node3={"emperor_vassals": [{"name": "{{ hostvars['node1'].address }}"}]},
    late={"emperor_vassals": [{"name": "{{ ansible_facts.hostname }}"}]},
)


def test_hosts_say_what_they_announce_by_their_own_variables() -> None:
    assert other_hosts.of_hosts(["node1", "node2", "node3"], INVENTORY, Templar()) == [
        {"host": "node1", "vassals": [SHOP]},
        {"host": "node2"},
        {"host": "node3", "vassals": [{"name": "10.0.0.7:1"}]},
    ]
    # A host name that is a number counts as text.
    assert other_hosts.of_hosts([7], HostVars({"7": {}}), Templar()) == [{"host": "7"}]
    with pytest.raises(ArgumentError, match=r"^late: emperor_vassals\[0\]\.name: can't be resolved here: "):
        other_hosts.of_hosts(["node1", "late"], INVENTORY, Templar())


def test_of_a_host_that_can_not_be_known_yet_its_problem_is_said() -> None:
    first, second, third = other_hosts.nodes(["node1", "node2", "late"], INVENTORY, Templar())
    assert first == {"host": "node1", "vassals": [{**SHOP, "options": {"socket": "10.0.0.7:1"}}]}
    assert second == {"host": "node2"}
    assert set(third) == {"host", "problem"}
    assert third["host"] == "late" and third["problem"].startswith("late: emperor_vassals[0].name: can't be resolved here: ")


@pytest.mark.parametrize("found", [other_hosts.of_hosts, other_hosts.nodes])
def test_a_host_that_is_not_there_is_an_error(found: Any) -> None:
    with pytest.raises(ArgumentError) as error:
        found(["node9"], INVENTORY, Templar())
    assert str(error.value) == "hosts: 'node9' is not a host of the inventory; remove it here, or add it there"


def test_a_host_has_its_own_variables_and_those_of_all() -> None:
    found = other_hosts.raw("node1", INVENTORY)
    assert found == {**INVENTORY["node1"], "hostvars": INVENTORY}
    assert "hostvars" not in INVENTORY["node1"]


SAID: list[tuple[Any, Any]] = [
    ([], []),
    ([EMPTY], [EMPTY]),
    ([{}], [{}]),
    (EMPTY, [EMPTY]),
    ((EMPTY,), [EMPTY]),
    (None, []),
    ([{**SHOP, "options": {"socket": UNKNOWN}, "owner": UNKNOWN}], [SHOP]),
    ([{"name": "{{ domain }}", "subscriptions": None}], [{"name": "b.test", "subscriptions": []}]),
    ([{"subscriptions": {"key": "a", "address": UNKNOWN, "server": UNKNOWN}}], [{"subscriptions": [{"key": "a"}]}]),
    (
        [{"subscriptions": [{"key": "a", "server": "s", "address_vassal": "{{ domain }}", "weight": UNKNOWN}]}],
        [{"subscriptions": [{"key": "a", "server": "s", "address_vassal": "b.test"}]}],
    ),
    ([{"subscriptions": [{"key": "www.{{ domain }}"}]}], [{"subscriptions": [{"key": "www.b.test"}]}]),
    ([{"subscriptions": [{"key": "{{ keys }}"}]}], [{"subscriptions": [{"key": ["a.test", "b.test"]}]}]),
    ([{"subscriptions": "{{ entries }}"}], [{"subscriptions": [{"key": "c.test"}]}]),
    (
        [{"subscriptions": [{"server": "s", "signing": False, "sni_cert": "/c", "sni_key": "/k", "sni_client_ca": "/a"}]}],
        [{"subscriptions": [{"server": "s", "signing": False, "sni_cert": "/c", "sni_key": "/k", "sni_client_ca": "/a"}]}],
    ),
    # A variable that only names another one is followed, so that not everything in it has to be resolved.
    ("{{ one }}", [SHOP]),
    (" {{two}} ", [SHOP]),
    ("{{ [{'name': domain}] }}", [{"name": "b.test"}]),
    (["{{ {'name': domain} }}"], [{"name": "b.test"}]),
]


@pytest.mark.parametrize(("vassals", "said"), SAID)
def test_names_and_what_is_signed_are_resolved_and_nothing_else(vassals: Any, said: Any) -> None:
    assert announced(vassals) == said


REMEDY = "; gather the facts of all hosts first, or let names and subscriptions need none"
MAPPING = "must be a mapping of arguments as for the module uwsgi_vassals"
REFUSED: list[tuple[Any, str, str]] = [
    (5, "n1: emperor_vassals", "must be a list of mappings"),
    ([5], "n1: emperor_vassals[0]", MAPPING),
    ([SHOP, None], "n1: emperor_vassals[1]", MAPPING),
    ([{"name": "shop", "subscriptions": [5]}], "n1: emperor_vassals[0] (shop).subscriptions[0]", MAPPING),
    ([{"subscriptions": 5}], "n1: emperor_vassals[0].subscriptions", "must be a list of mappings"),
    (UNKNOWN, "n1: emperor_vassals", "can't be resolved here: 'unknown' is undefined" + REMEDY),
    ([SHOP, UNKNOWN], "n1: emperor_vassals[1]", "can't be resolved here: 'unknown' is undefined" + REMEDY),
    ([{"name": UNKNOWN}], "n1: emperor_vassals[0].name", "can't be resolved here: 'unknown' is undefined" + REMEDY),
    (
        [{"name": "shop", "subscriptions": [{"key": "a"}, {"key": ["b", UNKNOWN]}]}],
        "n1: emperor_vassals[0] (shop).subscriptions[1].key",
        "can't be resolved here: 'unknown' is undefined" + REMEDY,
    ),
    ("{{ circle }}", "n1: emperor_vassals", "'{{ circle }}' is neither JSON nor YAML; give a list of mappings as one of them"),
]


@pytest.mark.parametrize(("vassals", "path", "problem"), REFUSED)
def test_what_cannot_be_resolved_names_the_host_and_the_vassal(vassals: Any, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as error:
        announced(vassals)
    assert str(error.value) == f"{path}: {problem}"


TEXTS = ['[{"name": "shop", "subscriptions": [{"key": "a"}]}]', "[{name: shop, subscriptions: [{key: a}]}]"]


@pytest.mark.parametrize("text", TEXTS)
def test_the_variable_may_be_text(text: str) -> None:
    assert announced(text) == [{"name": "shop", "subscriptions": [{"key": "a"}]}]


def test_where_its_nodes_are_is_said_to_who_asks() -> None:
    counts = {"processes": 1, "workers": 2, "threads": 3, "async": 4, "gevent": 5}
    options = {"socket": "{{ domain }}:1", **counts, "env": UNKNOWN, "http-socket": ["a", "b"]}
    entry = {"key": "a", "address": "{{ domain }}:2", "server": ["s:1"], "weight": UNKNOWN}
    assert announced([{"name": "shop", "options": options, "subscriptions": [entry]}, EMPTY], nodes=True) == [
        {
            "name": "shop",
            "subscriptions": [{"key": "a", "server": ["s:1"], "address": "b.test:2"}],
            "options": {"socket": "b.test:1", **counts, "http-socket": ["a", "b"]},
        },
        EMPTY,
    ]
    wrong = (({"socket": UNKNOWN}, ".options.socket"), (5, ".options"), (UNKNOWN, ".options"))
    for given, place in wrong:
        with pytest.raises(ArgumentError) as error:
            announced([{"options": given}], nodes=True)
        assert error.value.path == "n1: emperor_vassals[0]" + place
