# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that draws live pools as a table; the table is tested in plugin_utils/_page/test_table.py."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.filter import pool_table as plugin
from support.filters import Filter

pool_table = Filter(plugin)


def test_one_result_is_enough() -> None:
    info = {"time": "2026-01-01T12:00:00Z", "max_age": 17, "routers": [{"stats": "10.0.0.2:2627", "version": "2", "pools": []}]}
    assert pool_table(info) == ["10.0.0.2:2627: 0 keys, 0 nodes", "", "key  node  host  state  requests  age, s"]


def test_what_is_no_result_is_an_error() -> None:
    assert pool_table.refusal(5).startswith("_input is not what") or pool_table.refusal(5).startswith("_input: is not what")
