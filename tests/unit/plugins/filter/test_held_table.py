# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that lists the vassals that are held out; its lines are tested in plugin_utils/_page/test_held.py."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.filter import held_table as plugin
from support.filters import Filter

held_table = Filter(plugin)


def test_a_host_is_enough() -> None:
    vassals = [{"vassal": "/etc/uwsgi/vassals/shop.ini", "held": [{"reason": "health", "since": 1_767_268_800}]}]
    assert held_table({"node2": {"vassals": vassals}}) == [
        "host   vassal  held out by  since",
        "node2  shop    health       2026-01-01 12:00:00Z",
    ]


def test_what_is_no_result_is_an_error() -> None:
    assert "is not a mapping" in held_table.refusal(5)
