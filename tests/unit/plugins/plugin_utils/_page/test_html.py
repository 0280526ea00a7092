# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page's frame: one file that runs and applies only what the collection put into it, and that escapes everything else."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import html
from support.pools import info, router

POOLS = info(router("10.0.0.2:2627", shop={"10.0.0.7:1": {}}))
TEMPLATES = Path(html.__file__).with_name("templates")
LARGE = info(router("10.0.0.2:2627", **{f"k{at}": {"10.0.0.7:1": {}} for at in range(201)}))
INLINE = [
    (POOLS, "style", ("pool.css",)),
    (POOLS, "script", ("pool.js",)),
    (LARGE, "style", ("pool.css", "large.css")),
    (LARGE, "script", ("large.js",)),
]


def inline(text: str, tag: str) -> str:
    """The content of the only element of its kind."""
    (found,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return str(found)


@pytest.mark.parametrize(("pools", "tag", "names"), INLINE, ids=lambda value: str(value)[:20])
def test_the_policy_allows_the_collection_s_own_style_and_script_alone(pools: Any, tag: str, names: tuple[str, ...]) -> None:
    text = html.page(pools, "T")
    # A browser hashes every byte between the tags.
    content = inline(text, tag)
    assert content == "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert re.findall(rf"{tag}-src ([^;&]*)", policy)[0].replace("&#39;", "'") == f"'sha256-{digest}'"


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1000, "1\u202f000"), (1234567, "1\u202f234\u202f567")])
def test_long_numbers_are_grouped(number: int, text: str) -> None:
    assert html.grouped(number) == text


TITLES = [("Pools", "Pools"), (5, "5"), (None, "None"), ("<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"), ("{{ 1 }}", "{{ 1 }}")]


@pytest.mark.parametrize(("title", "shown"), TITLES)
def test_a_title_is_text(title: Any, shown: str) -> None:
    text = html.page(POOLS, title)
    assert f"<title>{shown}</title>" in text


def test_an_age_is_that_of_the_routers_answers() -> None:
    assert "for more than 17\u00a0s" in html.page(POOLS, "T")
    assert "for more than 99\u00a0s" in html.page(dict(POOLS, max_age=99), "T")


@pytest.mark.parametrize("value", [None, {}, [], "text", {"routers": 5}, dict(POOLS, routers=[{}]), dict(POOLS, max_age="x")])
def test_what_no_router_said_is_an_error(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"is not what emperor\.uwsgi\.uwsgi_router_info returns"):
        html.page(value, "T")
