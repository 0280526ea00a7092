# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prometheus' targets for the hosts of an inventory."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.emperor.uwsgi.plugins.filter import prometheus_targets as plugin
from support.filters import Filter

prometheus_targets = Filter(plugin)
HOSTS = {"node1": {"ansible_host": "10.0.0.7"}, "node2.test": {}, "six": {"ansible_host": "fd00::7"}}


def test_each_host_is_a_target_of_its_name() -> None:
    assert prometheus_targets(["node1", "node2.test", "six"], HOSTS) == [
        {"targets": ["10.0.0.7:9717"], "labels": {"instance": "node1"}},
        {"targets": ["node2.test:9717"], "labels": {"instance": "node2.test"}},
        {"targets": ["[fd00::7]:9717"], "labels": {"instance": "six"}},
    ]
    assert prometheus_targets([], HOSTS) == []
    assert prometheus_targets("node1", HOSTS, port="9000")[0]["targets"] == ["10.0.0.7:9000"]


REFUSED: list[tuple[tuple[Any, ...], str]] = [
    ((["node9"], HOSTS), r"_input\[0\]: node9 is not in hostvars"),
    ((["node1"], {"node1": 5}), r"_input\[0\]: node1 is not in hostvars"),
    ((["node1", 5.5], HOSTS), r"_input\[1\]: 5.5 is not in hostvars"),
    (({}, HOSTS), "_input: must be a value or a list"),
    ((["node1"], None), "hostvars: is not a mapping"),
    ((["node1"], {"node1": {"ansible_host": "a b"}}), "hostvars.node1.ansible_host: "),
    ((["node1"], HOSTS, 0), "port: 0 is not between 1 and 65535"),
    ((["node1"], HOSTS, "x"), "port: "),
]


@pytest.mark.parametrize(("arguments", "problem"), REFUSED)
def test_what_is_no_host_is_an_error(arguments: tuple[Any, ...], problem: str) -> None:
    with pytest.raises(AnsibleFilterError, match=problem):
        prometheus_targets(*arguments)
