# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page's frame loads nothing but the application's own files, and its title is text."""

from __future__ import annotations

import re

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import page


@pytest.mark.parametrize(
    ("title", "shown"),
    [("Pools", "Pools"), ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"), ("a\u202eb", "a\\u202eb"), ("@TITLE@", "@TITLE@")],
)
def test_a_title_is_text(title: str, shown: str) -> None:
    assert f"<title>{shown}</title>" in page.html(title)


def test_it_loads_its_own_files_alone_and_has_no_style_or_script_in_it() -> None:
    text = page.html("T")
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {"/live.css", "/live.js", "/favicon.ico", "/pools.json"}
    assert not re.search(r"<style|<script>|\sstyle=|\son\w+=", text)
    assert "url(" not in page.STYLE and "@import" not in page.STYLE


def test_every_state_has_a_shape_and_a_colour_in_both_schemes() -> None:
    for state in ("fresh", "drained", "failing", "partial", "ghost", "gone"):
        assert f'<g id="{state}">' in page.html("T")
        assert re.search(rf"\.{state}[ ,]", page.STYLE)
    light, dark = re.findall(r"--page: .*?\n  }?", page.STYLE.replace("\n  --", " --"), re.DOTALL)[:2]
    assert set(re.findall(r"(--\w+):", dark)) <= set(re.findall(r"(--\w+):", light))
