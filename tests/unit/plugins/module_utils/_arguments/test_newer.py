# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What 2.1 gets wrong with several subscriptions; one alone is in test_subscription and test_subscription_words."""

from __future__ import annotations

from typing import List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import newer
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.newer import Entry
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.values import algorithm
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

# The keys of two subscriptions, their servers, and the key that is refused.
MOUNTED: List[Tuple[List[str], List[str], List[str], List[str], Optional[str]]] = [
    (["a"], ["r"], ["a/b"], ["r"], "a/b"),
    (["a/b"], ["r"], ["a"], ["r"], "a"),
    (["a/b/c"], ["r"], ["a"], ["r"], "a"),
    (["x", "a"], ["q", "r"], ["y", "a/b"], ["s", "r"], "a/b"),
    (["a", "a/b"], ["r"], ["c"], ["r"], "a/b"),
    (["a/b"], ["r"], ["a/c"], ["r"], None),
    (["a"], ["r"], ["a/b"], ["s"], None),
    (["a"], ["r"], ["a:80/b"], ["r"], None),
    (["a"], ["r"], ["a"], ["r"], None),
    (["a"], ["r"], ["ab/c"], ["r"], None),
]


@pytest.mark.parametrize(("keys", "servers", "others", "their", "refused"), MOUNTED)
def test_a_key_and_its_own_mountpoint(
    keys: List[str], servers: List[str], others: List[str], their: List[str], refused: Optional[str]
) -> None:
    entries = [Entry("s[0]", servers, keys, 1), Entry("s[1]", their, others, 2)]
    if refused is None:
        newer.refuse_mountpoints(entries)
        return
    with pytest.raises(ArgumentError) as caught:
        newer.refuse_mountpoints(entries)
    assert caught.value.path in ("s[0].key", "s[1].key")
    assert caught.value.problem.startswith(f"{refused!r} is announced to r beside ")


# The vassals' names, keys and nodes of two subscriptions, and whether a router mistakes them for the same node.
SHARED = [
    (("v", "a", 1), ("v", "a", 2), True),
    (("v", "a", 1), ("v", "a", 1), False),
    (("v", "a", 1), ("w", "a", 2), False),
    (("v", "a", 1), ("v", "b", 2), False),
    ((None, "a", 1), (None, "a", 2), False),
]


@pytest.mark.parametrize(("one", "two", "warned"), SHARED)
def test_two_nodes_with_one_name(one: Tuple[Optional[str], str, int], two: Tuple[Optional[str], str, int], warned: bool) -> None:
    entries = [Entry(f"s[{at}]", ["r"], [key], node, vassal) for at, (vassal, key, node) in enumerate((one, two))]
    assert len(newer.shared(entries)) == warned
    # They are no problem at different routers.
    assert newer.shared([entries[0], entries[1]._replace(servers=["q"])]) == []


def test_the_first_subscription_without_a_name_is_named() -> None:
    newer.refuse_clearing("c", [])
    with pytest.raises(ArgumentError) as caught:
        newer.refuse_clearing("c", ["s[1]", "s[2]"])
    assert str(caught.value) == (
        "c: needs address_vassal in s[1]: a router clears the address of a vassal that it knows by name, and without a name the "
        "node announces itself when it should leave; give every subscription an address_vassal"
    )


def test_what_is_not_meant_is_named_with_its_place() -> None:
    (found,) = newer.warnings("subscriptions[0]", {"inactive": True, "backup_level": 1})
    assert found.startswith("subscriptions[0].inactive: ")


@pytest.mark.parametrize(
    ("algo", "level", "warned"), [("ip_hash", 1, True), ("ip_hash", 0, False), ("ip_hash", None, False), ("wrr", 1, False)]
)
def test_ip_hash_knows_no_backup(algo: str, level: Optional[int], warned: bool) -> None:
    checked = {"balancing_algo": algorithm("a", algo), **({} if level is None else {"backup_level": level})}
    assert [one.partition(":")[0] for one in newer.warnings("s", checked)] == (["s.backup_level"] if warned else [])
