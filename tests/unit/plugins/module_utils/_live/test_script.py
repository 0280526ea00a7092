# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page's script inserts text as text only. tests/conformance/test_live.py runs it in a browser."""

from __future__ import annotations

import re

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import view
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.script import SCRIPT


@pytest.mark.parametrize(
    "way", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style", "//evil"]
)
def test_there_is_no_way_from_text_to_markup_or_code(way: str) -> None:
    assert way not in SCRIPT


def test_it_asks_for_nothing_else_than_the_data() -> None:
    assert re.findall(r'fetch\("([^"]*)"', SCRIPT) == ["/pools.json"]
    assert set(re.findall(r'"(\w+://[^"]*)"', SCRIPT)) == {"http://www.w3.org/2000/svg"}


def test_what_it_reads_of_a_vassal_and_a_router_is_in_the_data() -> None:
    from ansible_collections.emperor.uwsgi.plugins.module_utils._live import config  # noqa: PLC0415
    from ansible_collections.emperor.uwsgi.plugins.module_utils._live.history import History  # noqa: PLC0415
    from ansible_collections.emperor.uwsgi.plugins.module_utils._live.sources import Look  # noqa: PLC0415

    given = config.parse(
        {"host": "a", "routers": [{"name": "r", "stats": "127.0.0.1:1"}], "vassals": [{"name": "v", "file": "/v"}]}
    )
    found = view.picture(given, Look(1.0, 0.1, {}, None, {}, {}, {}, {}, {}, {}), History())
    assert set(re.findall(r"\bdata\.(\w+)", SCRIPT)) <= set(found)
    assert set(re.findall(r"\bone\.(failed_starts|asleep|running|accepting|reasons|check|respawns)\b", SCRIPT)) <= set(
        found["vassals"][0]
    )
