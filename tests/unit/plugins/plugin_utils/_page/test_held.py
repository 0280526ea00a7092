# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of vassals that are held out, whatever text hosts put in it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import held
from hypothesis import given
from hypothesis import strategies as st

SINCE, TIME = 1_767_268_800, "2026-01-01 12:00:00Z"
NOBODY = "Nobody is held out."


def vassal(name: str, *reasons: str, since: float = SINCE) -> dict[str, Any]:
    return {"vassal": f"/etc/uwsgi/vassals/{name}.ini", "held": [{"reason": one, "since": since} for one in reasons]}


LINES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [NOBODY]),
    ({"node1": {"skipped": True}, "node2": {"vassals": [vassal("shop")]}}, [NOBODY]),
    (
        {"node2": {"vassals": [vassal("shop", "health", "maintenance"), vassal("a.b", "operator")]},
         "node10": {"vassals": [vassal("blog", "maintenance", since=SINCE + 61.9)]}},
        ["host    vassal  held out by  since",
         "node10  blog    maintenance  2026-01-01 12:01:01Z",
         f"node2   a.b     operator     {TIME}",
         f"node2   shop    health       {TIME}",
         f"node2   shop    maintenance  {TIME}"],
    ),
    (
        {"node1": {"msg": "Connection refused\n", "unreachable": True}, "node2": {}, "node3": {"failed": True, "msg": ""}},
        [NOBODY, "", "node1: not known: Connection refused", "node2: not known: an earlier task failed",
         "node3: not known: an earlier task failed"],
    ),
    ({"a\x1b[2J": {"vassals": [vassal("x\n", "y\u202e")]}}, [
        "host      vassal  held out by  since", f"a\\x1b[2J  x\\n     y\\u202e      {TIME}"]),
    ({"a": {"vassals": [{"held": [{"since": SINCE}]}, {"vassal": "/v/b.ini"}]}}, [
        "host  vassal  held out by  since", f"a                          {TIME}"]),
    ({"a": {"vassals": [vassal("x", "y", since=1e300)]}}, ["host  vassal  held out by  since", "a     x       y            ?"]),
]  # fmt: skip


@pytest.mark.parametrize(("results", "expected"), LINES)
def test_lines(results: dict[str, Any], expected: list[str]) -> None:
    assert held.lines(results) == expected


def test_what_is_long_is_cut() -> None:
    found = held.lines({"a": {"vassals": [vassal("v" * 61, "r" * 60)]}, "b": {"msg": "m" * 600}})
    assert found[1:] == [f"a     {'v' * 59}\u2026  {'r' * 60}  {TIME}", "", f"b: not known: {'m' * 485}\u2026"]


MAPPING = "is not a mapping; give hosts with what uwsgi_drain returned of their vassals"
NUMBER = "is not a number; give what uwsgi_drain returns"
REFUSED = [
    (5, f"_input: {MAPPING}"),
    ({"a": 5}, f"_input.a: {MAPPING}"),
    ({"a": {"vassals": {}}}, "_input.a.vassals: must be a value or a list of values, not a mapping"),
    ({"a": {"vassals": [5]}}, f"_input.a.vassals[0]: {MAPPING}"),
    ({"a": {"vassals": [{"held": {}}]}}, "_input.a.vassals[0].held: must be a value or a list of values, not a mapping"),
    ({"a": {"vassals": [{"held": 5}]}}, f"_input.a.vassals[0].held[0]: {MAPPING}"),
    ({"a": {"vassals": [{"held": [5]}]}}, f"_input.a.vassals[0].held[0]: {MAPPING}"),
    ({"a": {"vassals": [{"held": [{"since": True}]}]}}, f"_input.a.vassals[0].held[0].since: {NUMBER}"),
    ({"a": {"vassals": [{"held": [{"since": "now"}]}]}}, f"_input.a.vassals[0].held[0].since: {NUMBER}"),
]


@pytest.mark.parametrize(("results", "problem"), REFUSED)
def test_what_is_no_result_is_refused(results: Any, problem: str) -> None:
    with pytest.raises(ArgumentError) as found:
        held.lines(results)
    assert str(found.value) == problem


@given(st.dictionaries(st.text(), st.tuples(st.text(), st.text(), st.floats(allow_nan=False))))
def test_a_terminal_obeys_nothing(hosts: dict[str, tuple[str, str, float]]) -> None:
    results = {host: {"vassals": [vassal(name, reason, since=since)]} for host, (name, reason, since) in hosts.items()}
    found = held.lines(results)
    assert len(found) == len(hosts) + 1 if hosts else found == [NOBODY]
    assert not [line for line in found if any(ord(one) < 32 or ord(one) == 127 for one in line)]
