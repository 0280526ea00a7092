# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a large pool: troubles first, and the rest in tables that the browser pages, sorts and searches."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page.html import page
from support import browser
from support.pools import info, router

GHOST = {"fresh": False, "age": 1234}
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "'\"><img src=x onerror=alert(1)>",
    "{{ 7 }}",
    "a\u202eb\u2028c",
    "&lt;",
]
WALL = "w = document.getElementById('wall-of-keys'); b = w.getBoundingClientRect(); "
KEYS, EACH = 100, 10
needs_browser = pytest.mark.skipif(browser.BINARY is None, reason="needs Chromium")


def large(odd: str = "odd") -> dict[str, Any]:
    """A hundred keys with ten nodes each, on two routers; ``odd`` names both a key and its node, and one key has only ghosts."""
    keys: dict[str, Any] = {
        f"app{key:03}.test": {f"10.0.{(key + node) % KEYS}.1:3031": {"requests": key * EACH + node} for node in range(EACH)}
        for key in range(KEYS - 2)
    }
    keys[odd] = {odd: {"failures": 2}}
    keys["lost.test"] = {f"10.0.{node}.1:3031": GHOST for node in range(EACH)}
    return info(router("10.1.0.1:2627", **keys), router("10.1.0.2:2627", **keys))


COUNT = (KEYS - 2) * EACH + 1 + EACH


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[browser.Tab]:
    """The page in a browser."""
    path = tmp_path / "page.html"
    path.write_text(page(large(), "T"), encoding="utf-8")
    with browser.tab(tmp_path / "profile") as tab:
        tab.open(path)
        yield tab
        assert (tab.complaints, tab.requests) == ([], [path.as_uri()])


def rows(tab: browser.Tab, table: str = "nodes") -> list[list[str]]:
    """The cells of the rows that a table shows."""
    cells = "[...r.cells].map(c => c.textContent)"
    return list(tab.value(f"[...document.getElementById('of-{table}').tBodies[0].rows].map(r => {cells})"))


def pager(tab: browser.Tab, table: str = "nodes") -> str:
    """What a table says about the rows that it shows."""
    return str(tab.value(f"document.querySelector('[aria-labelledby={table}] .pager span').textContent")).replace("\u202f", " ")


def click(tab: browser.Tab, selector: str, number: int = 0) -> None:
    """Click an element."""
    tab.value(f"document.querySelectorAll({json.dumps(selector)})[{number}].click()")


def search(tab: browser.Tab, words: str) -> None:
    """Type into the page's search."""
    tab.value(f"s = document.querySelector('input'); s.value = {json.dumps(words)}; s.dispatchEvent(new Event('input'))")


def test_a_page_without_a_script_has_what_matters() -> None:
    text = page(large(), "T")
    before, dummy, after = text.partition('<h2 id="troubles">')
    assert "10.1.0.1:2627, 10.1.0.2:2627 have no node that serves</b>: lost.test" in before
    assert re.findall(r'data-name="([^"]*)"', after) == [
        "lost.test", "odd", *(f"10.0.{node}.1:3031" for node in range(EACH)),
    ]  # fmt: skip
    assert "2 of 100:" in after
    assert 'class="graph' not in text
    # A subscription adds only numbers, and no elements.
    assert text.count("<tr") < 20


def test_the_page_grows_by_a_few_bytes_for_each_subscription() -> None:
    def size(keys: int) -> int:
        pools = {f"k{at:05}.test": {f"10.0.{at // 256}.{(at + node) % 256}:1": {} for node in range(EACH)} for at in range(keys)}
        return len(page(info(router("r", **pools)), "T").encode())

    assert (size(600) - size(300)) / (300 * EACH) < 20


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_change_no_element(text: str) -> None:
    def elements(word: str) -> list[str]:
        found = page(large(word), "T")
        # Names in the data make no elements, and can't end the script element.
        data = re.findall(r'<script type="application/json" id="data">([^<]*)</script>', found)
        assert len(data) == 1
        return re.findall(r"</?[a-z0-9]+", found)

    assert elements(text) == elements("odd")


@needs_browser
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_text_in_a_browser(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(large(text), "T"), encoding="utf-8")
    with browser.tab(tmp_path / "profile") as tab:
        tab.open(path)
        assert rows(tab)[0][:3] == ["failing", seen(text), seen(text)]
        assert tab.value("document.querySelectorAll('script, img').length") == 2
        # The first square is the key that no node serves, and the second is the odd key.
        hover = "new PointerEvent('pointermove', {clientX: b.left + 40, clientY: b.top + 5})"
        tab.value(f"{WALL} w.dispatchEvent({hover})")
        assert tab.value("document.getElementById('pointed').textContent") == f"{seen(text)}: 1 failing"
        assert (tab.complaints, tab.requests) == ([], [path.as_uri()])


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1240, 390])
def test_it_fits_every_screen(width: int, dark: bool, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(large("k" * 255), "T"), encoding="utf-8")
    with browser.tab(tmp_path / "profile") as tab:
        tab.open(path, width, dark=dark)
        assert (tab.complaints, tab.requests) == ([], [path.as_uri()])
        assert tab.value("document.documentElement.scrollWidth") == width
        assert len(rows(tab)) == (50 if width > 600 else 10)
        colour = "[...document.getElementById('wall-of-keys').getContext('2d').getImageData(3, 3, 1, 1).data]"
        assert tab.value(colour) == ([255, 84, 112, 255] if dark else [143, 16, 40, 255])


@needs_browser
def test_tables_are_paged(shown: browser.Tab) -> None:
    assert pager(shown) == f"1 to 50 of {COUNT}"
    assert rows(shown)[0] == ["failing", "odd", "odd", "1", "0", "20", "100 %", "4", "0", "3\u00a0s", "all"]
    assert rows(shown)[1][:4] == ["ghost", "lost.test", "10.0.0.1:3031", "1"]
    first = rows(shown)
    click(shown, "[aria-labelledby=nodes] .on")
    assert pager(shown) == f"51 to 100 of {COUNT}"
    assert not [row for row in rows(shown) if row in first]
    click(shown, "[aria-labelledby=nodes] .back")
    assert rows(shown) == first
    assert shown.value("document.querySelector('[aria-labelledby=nodes] .back').disabled")
    assert pager(shown, "keys") == "1 to 50 of 100"
    for dummy in range(1, 1 + (COUNT - 1) // 50):
        click(shown, "[aria-labelledby=nodes] .on")
    assert (pager(shown), len(rows(shown))) == (f"{(COUNT - 1) // 50 * 50 + 1} to {COUNT} of {COUNT}", COUNT % 50)
    assert shown.value("document.querySelector('[aria-labelledby=nodes] .on').disabled")


@needs_browser
def test_tables_are_searched_by_words_and_states(shown: browser.Tab) -> None:
    search(shown, "APP007 10.0.8.1")
    assert [row[1:3] for row in rows(shown)] == [["app007.test", "10.0.8.1:3031"]]
    assert [row[0] for row in rows(shown, "keys")] == ["app007.test"]
    # A search doesn't change the sums of a key.
    assert rows(shown, "keys")[0][1:3] == ["10", "10"]
    search(shown, "no such")
    assert (rows(shown), pager(shown), rows(shown, "keys")) == ([], "none", [])
    search(shown, "")
    click(shown, ".count.ghost")
    assert {row[0] for row in rows(shown)} == {"ghost"}
    assert [row[0] for row in rows(shown, "keys")] == ["lost.test"]
    click(shown, ".count.failing")
    assert pager(shown) == "1 to 11 of 11"
    click(shown, ".count.ghost")
    click(shown, ".count.failing")
    assert pager(shown) == f"1 to 50 of {COUNT}"


@needs_browser
def test_tables_are_sorted_as_a_whole(shown: browser.Tab) -> None:
    most = 2 * ((KEYS - 3) * EACH + EACH - 1)
    click(shown, "#of-nodes th button", 5)
    assert rows(shown)[0][5] == "0"
    click(shown, "#of-nodes th button", 5)
    assert rows(shown)[0][5] == f"{most:,}".replace(",", "\u202f")
    assert shown.value("document.querySelectorAll('#of-nodes th')[5].ariaSort") == "descending"
    click(shown, "#of-nodes th button", 2)
    assert [row[2] for row in rows(shown)][:2] == ["10.0.0.1:3031", "10.0.0.1:3031"]
    click(shown, "#of-keys th button", 8)
    click(shown, "#of-keys th button", 8)
    assert rows(shown, "keys")[0][0] == "odd"


@needs_browser
def test_a_click_finds_what_is_in_trouble(shown: browser.Tab) -> None:
    click(shown, "[data-name]")
    assert {row[1] for row in rows(shown)} == {"lost.test"}
    at = "{clientX: b.left + 5, clientY: b.top + 5}"
    search(shown, "")
    shown.value(f"{WALL} w.dispatchEvent(new MouseEvent('click', {at}))")
    assert shown.value("document.querySelector('input').value") == "lost.test"
    assert pager(shown) == f"1 to {EACH} of {EACH}"
