# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of pools: everything that it should show, and nothing that hostile names could add to it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.html import page
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.shapes import seen
from support import browser, playbook
from support.pools import info, router

GHOST = {"fresh": False, "age": 1234}
DEAD = {"fresh": False, "dead": True}
POOLS = info(
    router("10.0.0.2:2627", shop={"10.0.0.7:1": {"requests": 12345}, "10.0.0.8:1": GHOST}, api={"10.0.0.7:1": {"failures": 2}}),
    router("10.0.0.3:2627", shop={"10.0.0.7:1": {}, "10.0.0.8:1": DEAD}, api={"10.0.0.7:1": {}}),
)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=//evil.test onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></svg><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&amp;",
    "javascript:alert(1)",
    "a\u202etset.live\u0000\u0007\ud800",
    "k" * 255,
    "\u65e5\u672c" * 40,
]
# What a browser would load or go to.
LOADING = {"src", "href", "xlink:href", "action", "formaction", "data", "poster", "srcset", "background", "ping", "style"}
VOID = {"meta", "input", "link", "img", "br"}


class Reader(HTMLParser):
    """The elements of a page: each with its attributes, and the rows of its tables as text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        # Every element is closed, in the right order.
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            return
        self.text += data
        if "td" in self._open or "th" in self._open:
            self.tables[-1][-1][-1] += data.strip()


def structure(text: str) -> list[tuple[str, list[str]]]:
    """The elements, each with the names of its attributes."""
    return [(tag, sorted(attributes)) for tag, attributes in Reader(text).elements]


def test_every_node_key_and_router_has_its_row_with_its_figures() -> None:
    nodes, keys, routers = Reader(page(POOLS, "T")).tables
    assert nodes[0] == ["State", "Key", "Node", "Weight", "Modifier", "Requests", "Share of key", "Failures", "In flight", "Age",
                        "On routers"]  # fmt: skip
    assert nodes[1:] == [
        ["failing", "api", "10.0.0.7:1", "1", "0", "20", "100 %", "2", "0", "3 s",
         "10.0.0.2:2627: failing10.0.0.3:2627: fresh"],
        ["ghost", "shop", "10.0.0.8:1", "1", "0", "20", "0 %", "0", "0", "3 s", "10.0.0.2:2627: ghost10.0.0.3:2627: drained"],
        ["fresh", "shop", "10.0.0.7:1", "1", "0", "12\u202f355", "100 %", "0", "0", "3 s", "all"],
    ]  # fmt: skip
    assert [row[0] for row in keys[1:]] == ["api", "shop"]
    assert [row[0] for row in routers[1:]] == ["10.0.0.2:2627", "10.0.0.3:2627"]


def test_every_node_and_key_is_drawn_twice_and_each_state_is_explained() -> None:
    found = Reader(page(POOLS, "T"))
    graphs = [attributes["class"] for tag, attributes in found.elements if "graph" in (attributes.get("class") or "")]
    assert graphs == ["graph wide", "graph narrow"]
    # One dot for each node, or for each node of a key; one box for each key and router.
    dots = [attributes for tag, attributes in found.elements if (attributes.get("class") or "").startswith("dot ")]
    boxes = [attributes for tag, attributes in found.elements if (attributes.get("class") or "").startswith("box ")]
    assert (len(dots), len(boxes)) == (2 + 3, 2 * (2 + 2))
    for words in ("Announces itself, and a", "for more than 17\u00a0s", "A router has taken it out", "Announced itself to"):
        assert words in found.text


def test_the_page_needs_and_loads_nothing() -> None:
    text = page(POOLS, "T")
    found = Reader(text).elements
    for tag, attributes in found:
        assert not any(name.startswith("on") for name in attributes)
        for name in LOADING & set(attributes):
            assert str(attributes[name]).startswith("#"), (tag, name)
    assert not {"link", "img", "iframe", "object", "embed", "base", "form", "a", "image"} & {tag for tag, dummy in found}
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(style) == 1
    assert not re.search(r"url\(|@import", style[0])
    assert "http:" not in text and "https:" not in re.sub(r"see LICENSE or https://www.gnu.org\S+", "", text)
    [policy] = [a["content"] for tag, a in found if a.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy).startswith("default-src 'none'; ")
    assert "unsafe" not in str(policy)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_the_network_is_text(text: str) -> None:
    def of(word: str) -> dict[str, Any]:
        silent = {"stats": "10.0.0.3:2627", "error": word, "pools": []}
        first = router("10.0.0.2:2627", **{word: {word: {}, "10.0.0.8:1": {}}})
        return info(dict(first, version=word), silent)

    found = page(of(text), text)
    assert structure(found) == structure(page(of("plain"), "plain"))
    found.encode("utf-8")
    nodes = Reader(found).tables[0]
    assert seen(text) in (nodes[1][1], nodes[2][1])


def test_the_same_pools_give_the_same_page() -> None:
    assert page(POOLS, "T") == page(POOLS, "T")
    assert "2026-03-01 12:00:00 UTC" in page(POOLS, "T")


def many() -> dict[str, Any]:
    """Forty keys with five nodes each, on four routers: 200 nodes, the most that are drawn one by one."""
    keys: dict[str, Any] = {
        f"app{key:03}.example.com": {
            f"10.0.{key}.{node}:3031": GHOST if key % 20 == node else {} for node in range(5)
        }
        for key in range(40)
    }
    return info(*(router(f"10.1.0.{at}:2627", **keys) for at in range(4)))


def test_a_pool_of_two_hundred_has_a_page_with_all_of_it() -> None:
    text = page(many(), "T")
    nodes, keys, routers = Reader(text).tables
    assert (len(nodes), len(keys), len(routers)) == (201, 41, 5)
    assert len(text.encode()) < 400_000
    # Every dot is drawn; with this many there are no labels.
    assert (text.count('class="dot '), text.count('class="dot ghost')) == (400, 20)
    assert "of 5" in text


@pytest.mark.parametrize("pools", [info(router("r1")), info(router("r1", k={})), info({"stats": "r", "error": "e", "pools": []})])
def test_a_pool_with_nothing_in_it_is_a_page_too(pools: dict[str, Any]) -> None:
    assert len(Reader(page(pools, "T")).tables[0]) == 1


def test_the_filter_says_what_it_can_not_use(tmp_path: Path) -> None:
    given_ = "{'a': 1} | emperor.uwsgi.pool_page"
    run = playbook.template(tmp_path, given_, "pools | emperor.uwsgi.pool_page(title='<b>') | length > 10000", pools=POOLS)
    assert "emperor.uwsgi.pool_page: _input: is not what emperor.uwsgi.uwsgi_router_info returns" in run.results[0]["msg"]
    assert run.results[1]["msg"] in (True, "True")


SCREENS = [(1240, False), (1240, True), (390, False), (390, True)]


@pytest.mark.skipif(browser.BINARY is None, reason="needs Chromium")
@pytest.mark.parametrize("pools", [POOLS, many(), info(router("r1", **{text: {text: {}} for text in HOSTILE}))], ids=range(3))
def test_a_real_browser_shows_it_on_every_screen_without_a_complaint(pools: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(pools, "T"), encoding="utf-8")
    with browser.tab(tmp_path / "profile") as tab:
        for width, dark in SCREENS:
            tab.said.clear()
            tab.open(path, width, dark=dark)
            # No other requests, no complaints, and no sideways scrolling.
            assert (tab.complaints, tab.requests) == ([], [path.as_uri()])
            assert tab.value("document.documentElement.scrollWidth") == width
            shown = "[...document.querySelectorAll('.graph')].map(g => getComputedStyle(g).display != 'none')"
            assert tab.value(shown) == ([False, True] if width < 600 else [True, False])
            light = tab.value("getComputedStyle(document.body).backgroundColor").replace(" ", "") == "rgb(245,246,248)"
            assert light != dark
        # Sorting and searching.
        rows = "[...document.querySelector('table').tBodies[0].rows]"
        names = rows + ".filter(r => !r.hidden).map(r => r.cells[2].textContent)"
        before = tab.value(names)
        tab.value("document.querySelectorAll('th button')[2].click()")
        up = tab.value(names)
        tab.value("document.querySelectorAll('th button')[2].click()")
        assert sorted(up) == sorted(before)
        assert tab.value(names) == up[::-1] or len(set(up)) < len(up)
        typed = "s = document.querySelector('input'); s.value = {0}; s.dispatchEvent(new Event('input'))"
        keys = "[...document.querySelectorAll('table')[1].tBodies[0].rows].filter(r => !r.hidden).length"
        tab.value(typed.format("'no such'"))
        assert (tab.value(names), tab.value(keys)) == ([], 0)
        # A click finds a node, and the keys that it serves.
        tab.value(typed.format("''"))
        tab.value("document.querySelector('.wide .dot').dispatchEvent(new MouseEvent('click'))")
        assert len(set(tab.value(names))) == 1
        assert tab.value(keys) == len(tab.value(names))
