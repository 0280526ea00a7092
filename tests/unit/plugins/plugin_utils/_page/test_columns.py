# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of a large pool as data: complete, short, and harmless wherever it is put."""

from __future__ import annotations

import itertools
import json
from html.parser import HTMLParser
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.columns import column, script_data
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.pools import picture
from hypothesis import given, settings
from hypothesis import strategies as some
from support.pools import info, router


def expanded(given_: dict[str, Any]) -> list[int]:
    """A column's numbers, as the page's script gets them."""
    if "all" in given_:
        return list(given_["all"])
    values = [given_["most"]] * given_["length"]
    for row, value in zip(itertools.accumulate(given_["steps"]), given_["others"]):
        values[row] = value
    return values


@given(some.lists(some.integers(0, 3) | some.integers(-(2**63), 2**64)))
@settings(deadline=None)
def test_a_column_is_whole(values: list[int]) -> None:
    assert expanded(json.loads(json.dumps(column(values)))) == values


def test_a_column_of_which_most_is_the_same_is_short() -> None:
    values = [1] * 1000
    assert column(values) == {"length": 1000, "most": 1, "steps": [], "others": []}
    values[7], values[500] = 4, 5
    assert column(values) == {"length": 1000, "most": 1, "steps": [7, 493], "others": [4, 5]}
    assert column([]) == {"length": 0, "most": 0, "steps": [], "others": []}
    assert column([3, 4, 5]) == {"all": [3, 4, 5]}


def test_all_that_the_tables_show_is_there_once() -> None:
    ghost = {"fresh": False, "age": 30}
    silent = {"stats": "r3", "error": "off", "pools": []}
    one = router("r1", b={"n2": {"requests": 5, "modifier1": 5, "modifier2": 1}}, a={"n1": {}, "n2": ghost})
    found = json.loads(script_data(picture(info(one, router("r2", a={"n1": {"requests": 1, "in_flight": 2}}), silent))))
    assert found["places"] == ["failing", "ghost", "drained", "fresh", "missing"]
    assert (found["routers"], found["keys"], found["addresses"]) == (["r1", "r2"], ["a", "b"], ["n1", "n2"])
    assert {name: expanded(one) for name, one in found["of_keys"].items()} == {"nodes": [2, 1], "routers": [2, 1]}
    rows = {name: expanded(one) for name, one in found["of_nodes"].items()}
    assert rows == {
        "address": [0, 1, 1], "modifier": [0, 0, 1], "marks": [0, 1, 2], "weight": [1, 1, 1], "requests": [11, 10, 5],
        "failures": [0, 0, 0], "in_flight": [2, 0, 0], "age": [3, 30, 3],
    }  # fmt: skip
    # A node's overall state, and its state on each router that answers.
    assert found["marks"] == [[3, 3, 3], [1, 1, 4], [2, 3, 4]]
    assert found["modifiers"] == ["0", "5:1"]


class Inside(HTMLParser):
    """What a browser sees as the content of a script element, and which elements it finds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.content = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.content += data


PARTS = some.sampled_from(["</script>", "<!--", "-->", "<script", "]]>", "&lt;", "\u2028", "\ud800", "\x00", "\\", '"', "/", "a"])


@given(some.lists(PARTS | some.text(max_size=4), max_size=8).map("".join))
@settings(deadline=None)
def test_no_name_ends_the_script_or_is_lost(name: str) -> None:
    text = script_data(picture(info(router(name, **{name: {name: {}}}))))
    found = Inside(f"<script>{text}</script>")
    assert (found.tags, found.content) == (["script"], text)
    assert "<" not in text
    text.encode("ascii")
    names = json.loads(text)
    assert names["keys"] == names["addresses"] == names["routers"] == [seen(name)]
