# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of the files in which a router looks for public keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import signing_key_file
from support import playbook
from support.filters import Filter

FILTER = Filter(signing_key_file)
NAMES: list[tuple[Any, str]] = [
    ("shop.example.com", "shop.example.com.pem"),
    ("test.uwsgi.it:8000", "test.uwsgi.it_8000.pem"),
    ("x/y:z", "x_y_z.pem"),
    (".example.com", ".example.com.pem"),
    # One underscore for each byte; this letter has two bytes.
    ("k\u00e4se", "k__se.pem"),
    (8080, "8080.pem"),
    ("k" * 251, "k" * 251 + ".pem"),
]


@pytest.mark.parametrize(("key", "name"), NAMES)
def test_a_key_names_its_file(key: Any, name: str) -> None:
    assert FILTER(key) == name


def test_a_router_of_2_1_has_one_file_for_the_mountpoints_of_a_domain() -> None:
    assert FILTER("shop.test/blog") == FILTER("shop.test/blog", "2.0.31") == "shop.test_blog.pem"
    assert FILTER("shop.test/blog", uwsgi_version=2.1) == FILTER("shop.test/blog", "2.1-dev") == "shop.test.pem"


REFUSED: list[tuple[Any, str]] = [
    ("", "key: is empty"),
    ("../a\nb", "key: '../a\\nb' has a line break"),
    ('a"b', "key: 'a\"b' has a quote, a backslash"),
    ("../a", "key: '../a' leads out of the folder"),
    ("k" * 256, "key: has 256 bytes"),
    ("k" * 252, f"key: '{'k' * 80}' can't name a signing key's file"),
    (["a"], "key: must be text, not a list"),
    ({"a": 1}, "key: must be text, not a mapping"),
    (None, "key: must be text, not null"),
]


@pytest.mark.parametrize(("key", "problem"), REFUSED)
def test_what_cannot_be_a_key_is_refused(key: Any, problem: str) -> None:
    assert FILTER.refusal(key).startswith(problem)


def test_a_template_gets_the_name_or_the_reason(tmp_path: Path) -> None:
    run = playbook.template(tmp_path, f"keys | map('{FILTER.name}') | list", f"'' | {FILTER.name}", keys=["a:1", "b"])
    assert run.results[0]["msg"] == ["a_1.pem", "b.pem"]
    assert f"{FILTER.name}: key: is empty" in run.results[1]["msg"]
