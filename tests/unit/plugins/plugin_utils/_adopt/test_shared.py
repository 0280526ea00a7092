# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several vassals, and several hosts, have in common."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import host
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.shared import Shared, shared
from support.adoptable import S, file, plain, shown, vassal

A = ("module = app",)


def of(*hosts: list[dict[str, Any]]) -> Shared:
    return shared([host.of_files(f"node{at}", files) for at, files in enumerate(hosts, 1)])


def options(found: Shared) -> list[dict[str, Any]]:
    return [plain(host.entry(one, False)).get("options", {}) for here in found.hosts for one in here.vassals]


CASES: list[tuple[list[list[str]], str, list[dict[str, Any]]]] = [
    # A single vassal shares nothing.
    ([["processes = 4"]], "", [{"processes": 4}]),
    ([["processes = 4"], ["processes = 4", "threads = 2"]], "  processes: 4\n", [{}, {"threads": 2}]),
    ([["processes = 4"], ["processes = 2"]], "", [{"processes": 4}, {"processes": 2}]),
    # A list is shared as a whole, and the order counts.
    ([["env = A=1", "env = B=2"]] * 2, "  env:\n    - A=1\n    - B=2\n", [{}, {}]),
    ([["env = A=1", "env = B=2"], ["env = B=2", "env = A=1"]], "", [{"env": ["A=1", "B=2"]}, {"env": ["B=2", "A=1"]}]),
    # Three of four are enough, and the fourth says otherwise.
    ([["threads = 2"]] * 3 + [[]], "  # Shared by 3 of 4 vassals.\n  threads: 2\n", [{}, {}, {}, {"threads": None}]),
    ([["threads = 2"]] * 3 + [["threads = 3"]], "  # Shared by 3 of 4 vassals.\n  threads: 2\n", [{}, {}, {}, {"threads": 3}]),
    ([["threads = 2"]] * 2 + [[]], "", [{"threads": 2}, {"threads": 2}, {}]),
    # Sockets are numbered in the order of a vassal's own options, so they are not shared.
    ([["socket = /run/%n.sock"]] * 2, "", [{"socket": "/run/%n.sock"}] * 2),
    ([["map-socket = 0:1"]] * 2, "", [{"map-socket": "0:1"}] * 2),
    # Whether it needs an application is each vassal's own.
    ([["need-app = false"]] * 2, "", [{"need-app": False}] * 2),
    # The variable of the role has one number.
    ([["harakiri = 30", "harakiri = 40"]] * 2, "", [{"harakiri": [30, 40]}] * 2),
    ([["harakiri = 1.5"]] * 2, "", [{"harakiri": "1.5"}] * 2),
    ([["chdir = /srv/%n"]] * 2, "  chdir: /srv/%n\n", [{}, {}]),
]


@pytest.mark.parametrize(("lines", "default", "rest"), CASES)
def test_what_many_vassals_share_is_a_default(lines: list[list[str]], default: str, rest: list[dict[str, Any]]) -> None:
    found = of([vassal(f"v{at}", f"module = app{at}", *one) for at, one in enumerate(lines)])
    assert shown(found.variables) == ("emperor_default_options:\n" + default if default else "")
    own = [{name: value for name, value in one.items() if name != "module"} for one in options(found)]
    assert own == rest


def test_what_a_variable_says_is_that_variable() -> None:
    lines = ("harakiri = 30", "buffer-size = 32768", "worker-reload-mercy = 5")
    found = of([vassal(name, f"module = {name}", *lines) for name in "ab"])
    assert shown(found.variables) == "emperor_harakiri: 30\nemperor_buffer_size: 32768\nemperor_worker_reload_mercy: 5\n"
    # The role would refuse it among the defaults, and null is not a valid value of a number.
    three = [vassal(name, f"module = {name}", "harakiri = 30") for name in "abc"]
    some = of([*three, vassal("d", "module = d")])
    assert shown(some.variables) == "emperor_harakiri: 30\n"
    assert options(some)[3] == {"module": "d"}


def test_the_interval_of_all() -> None:
    lines = (*A, "subscribe-freq = 3", f"subscribe-to = {S}:a")
    found = of([vassal("a", *lines, "socket = 10.0.0.7:1"), vassal("b", *A)], [vassal("a", *lines, "socket = 10.0.0.7:1")])
    assert "emperor_announce_interval: 3\n" in shown(found.variables)
    announced = {"subscriptions": [{"server": S, "key": "a"}]}
    assert [[one.arguments for one in here.vassals] for here in found.hosts] == [[announced, {}], [announced]]
    other = of([vassal("a", *lines, "socket = 10.0.0.7:1"), vassal("b", *A, f"subscribe-to = {S}:b", "socket = 10.0.0.7:2")])
    assert "emperor_announce_interval" not in shown(other.variables)
    assert other.hosts[0].vassals[0].arguments["client_params"] == {"announce_interval": 3}


def test_what_else_nodes_do_is_their_own() -> None:
    lines = ("socket = 10.0.0.7:1", f"subscribe-to = {S}:a", "subscribe-freq = 3", "unsubscribe-on-graceful-reload = true")
    found = of([vassal("a", *A, *lines)])
    assert shown(found.variables) == "emperor_announce_interval: 3\n"
    assert found.hosts[0].vassals[0].arguments["client_params"] == {"unsubscribe_on_reload": True}


def test_variables_of_all_hosts_are_the_group_s() -> None:
    lines = (*A, "uid = alice", "socket = 10.0.0.7:1", f"subscribe-to = {S}:a")
    found = of([vassal("a", *lines)], [vassal("a", *lines)], [vassal("a", *lines)])
    assert {"emperor_user", "emperor_signing"} <= {one.name for one in found.variables}
    assert [one.variables for one in found.hosts] == [[], [], []]
    # A single host has no group to share them with, and none has nothing.
    one, two = of([vassal("a", *lines)]), of([vassal("a", *lines)], [vassal("a", *lines)])
    assert ([row.name for row in one.variables], [row.name for row in one.hosts[0].variables]) == (
        [],
        ["emperor_user", "emperor_signing"],
    )
    assert [row.name for row in two.variables][:2] == ["emperor_user", "emperor_signing"]
    assert of() == ([], [])
    mixed = of([vassal("a", *A, "uid = alice")], [vassal("a", *A, "uid = bob")])
    assert [one.name for here in mixed.hosts for one in here.variables] == ["emperor_user", "emperor_user"]


def test_what_an_emperor_sets_in_all_is_set_in_all() -> None:
    emperor = file("emperor = /etc/uwsgi/vassals\nvassals-set = listen=5", "/etc/uwsgi/emperor.ini")
    found = of([emperor, vassal("a", *A)])
    assert "emperor_default_options:\n  listen: 5\n" in shown(found.variables)
    assert options(found) == [{"module": "app"}]
    assert "listen" not in shown(of([emperor, vassal("a", *A)], [vassal("b", "module = b")]).variables)
    # What is said of the Emperor is of the first host's.
    other = {**emperor, "path": "/etc/other.ini"}
    both = shown(of([emperor, vassal("a", *A)], [other, vassal("a", *A)]).variables)
    assert "# The Emperor, /etc/uwsgi/emperor.ini:\n" in both
    assert "/etc/other.ini" not in both


def test_a_vassal_that_repeats_what_its_emperor_sets_does_not() -> None:
    emperor = file("emperor = /etc/uwsgi/vassals\nvassals-set = listen=5", "/etc/uwsgi/emperor.ini")
    found = of([emperor, vassal("a", "module = a", "listen = 5"), vassal("b", "module = b")])
    assert "emperor_default_options:\n  # Shared by 1 of 2 vassals.\n  listen: 5\n" in shown(found.variables)
    assert options(found) == [{"module": "a"}, {"module": "b"}]


def test_what_is_not_converted_is_not_shared() -> None:
    broken = file("[x]\na = 1\n", "/etc/uwsgi/vassals/z.ini")
    found = of([vassal("a", "module = a", "listen = 5"), vassal("b", "module = b", "listen = 5"), broken])
    assert "listen: 5" in shown(found.variables)
    assert found.hosts[0].vassals[2].options == []
