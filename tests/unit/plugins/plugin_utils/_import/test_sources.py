# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""Sections, and files that a file includes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import convert
from support.converted import PATH, SUB, Cases, S, assert_case, found_in, keys, read

INCLUDED: Cases = [
    ("ini = :web\n[web]\n" + SUB + "%n.%x", keys("shop.web"), []),
    ("ini = %p:web\n[web]\n" + SUB + "a", keys("a"), []),
    ("include = more.ini", keys("more.shop"), []),
    ("ini = more.ini:web", keys("web."), []),
    ("include = /y.yml", keys("yaml"), []),
    ("yaml = /y.yml:web", keys("web"), []),
    ("json = /j.json", keys("json"), []),
    ("xml = /x.xml", keys("xml"), []),
    ("xmlconfig = /x.xml", keys("xml"), []),
    ("yml = /y.yml:web", keys("web"), []),
    ("js = /j.json", keys("json"), []),
    ("include = /etc/uwsgi/vassals/more.ini\nini = :web", keys("more.shop", "web."), []),
    # The last ini file is still the one that is read.
    ("include = /y.yml\nini = :web\n[web]\n" + SUB + "own", keys("yaml", "own"), []),
    ("include = other.ini\nini = :web\n[web]\nx = 1", {}, [("include = other.ini", "not given"), ("ini = :web", "not given")]),
    ("include = other.conf", {}, [("include = other.conf", "whose ending")]),
    ("include = more.ini:web", {}, [("include = more.ini:web", "whose ending")]),
    ("ini = exec://cat", {}, [("ini = exec://cat", "not given")]),
    ("if-env = A\ninclude = more.ini\nendif =", {}, [("include = more.ini", "condition")]),
    ("inherit = /t.ini", {}, [(SUB + "%(ph)", "no escape protects")]),
    (
        f"subscribe-to = {S}:@/etc/keys",
        {"subscriptions": [{"server": S, "key": "a"}, {"server": S, "key": "b", "modifier": 5}]},
        [(f"subscribe-to = {S}:@/etc/keys", "has its keys in /etc/keys, which uWSGI reads at each announcement")],
    ),
    (f"st = 10.0.0.7:1={S}:@/etc/keys,5", {}, [(f"st = 10.0.0.7:1={S}:@/etc/keys,5", "in the file /etc/keys,5, which is not")]),
    ("vassals-include = more.ini", {}, [("vassals-include = more.ini", "not this instance")]),
    ("vassal-inherit-before = more.ini", {}, [("vassal-inherit-before = more.ini", "not this instance")]),
]


@pytest.mark.parametrize(("text", "expected", "left_over"), INCLUDED)
def test_what_is_included_is_followed_or_named(text: str, expected: dict[str, Any], left_over: list[tuple[str, str]]) -> None:
    assert_case(text, expected, left_over)


@pytest.mark.parametrize("text", ["include = /loop.ini", "ini = :uwsgi", "ini = :web\n[web]\nini = :web"])
def test_what_includes_itself_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="includes itself, so uWSGI never starts"):
        read(text)


@pytest.mark.parametrize(("count", "refused"), [(15, False), (16, True)])
def test_files_include_each_other_so_deep_and_no_deeper(count: int, refused: bool) -> None:
    files = {f"/{at}.ini": f"[uwsgi]\ninclude = /{at + 1}.ini\n" for at in range(count)}
    files[f"/{count - 1}.ini"] = f"[uwsgi]\n{SUB}a\n"
    text = "[uwsgi]\ninclude = /0.ini\n"
    if refused:
        with pytest.raises(ArgumentError) as caught:
            found_in(text, V2_0, PATH, files=files)
        assert str(caught.value) == "files: include each other more than 16 files deep"
    else:
        assert found_in(text, V2_0, PATH, files=files).arguments == keys("a")


def test_a_file_whose_name_has_a_placeholder_is_not_known() -> None:
    files = {"/v/%(x)a.ini": f"[uwsgi]\n{SUB}a\n"}
    found = convert.converted("[uwsgi]\nini = %(x)a.ini\n", V2_0, "/v/b.ini", files=files)
    assert (found.arguments, [one.line for one in found.left_over]) == ({}, ["ini = %(x)a.ini"])
