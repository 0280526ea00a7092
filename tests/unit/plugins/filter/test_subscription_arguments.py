# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments that an existing ini file becomes, and the lines that could not be converted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import subscription_arguments
from support import playbook
from support.filters import Filter

FILTER = Filter(subscription_arguments)
FILE = """\
[uwsgi]
socket = 10.0.0.7:3031
subscribe-to = 10.0.0.2:2626:shop.example.com
subscribe2 = server=10.0.0.3:2626,key=shop.example.com,check=/run/drain/%n
subscribe2 = server=router4:2626,key=shop.example.com
subscribe-freq = 3
[other]
subscribe2 = server=10.0.0.9:2626,key=b.test,backup=1
"""
NAMED = "subscribe2 = server=router4:2626,key=shop.example.com"
NEWER = "subscribe2 = server=10.0.0.9:2626,key=b.test,backup=1"


def servers(found: dict[str, Any]) -> list[Any]:
    return [entry["server"] for entry in found["arguments"].get("subscriptions", [])]


def lines(found: dict[str, Any]) -> list[str]:
    """The lines of the section that could not be converted."""
    return [one["line"] for one in found["left_over"] if not one["why"].startswith("stands in the section ")]


def test_a_file_becomes_arguments_and_what_is_left_over() -> None:
    found = FILTER(FILE, path="/etc/uwsgi/vassals/shop.ini")
    assert sorted(found) == ["arguments", "left_over", "sections"]
    assert found["sections"] == [
        {"name": "uwsgi", "read": True, "reader": "this instance"},
        {"name": "other", "read": False, "reader": "uWSGI started with FILE:other"},
    ]
    assert [entry.get("suspend_file") for entry in found["arguments"]["subscriptions"]] == [None, "/run/drain/shop"]
    assert found["arguments"]["client_params"] == {"announce_interval": 3}
    assert servers(found) == ["10.0.0.2:2626", "10.0.0.3:2626"]
    assert lines(found) == [NAMED]
    assert [one["line"] for one in found["left_over"]] == [NAMED, NEWER]
    assert all(sorted(one) == ["line", "why"] and one["why"] for one in found["left_over"])


# The options of the filter, the servers, and the lines that are left over.
CASES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({}, ["10.0.0.2:2626"], ["subscribe2 = server=10.0.0.3:2626,key=shop.example.com,check=/run/drain/%?", NAMED]),
    ({"path": None}, ["10.0.0.2:2626"], ["subscribe2 = server=10.0.0.3:2626,key=shop.example.com,check=/run/drain/%?", NAMED]),
    ({"path": "/a.ini", "section": "uwsgi"}, ["10.0.0.2:2626", "10.0.0.3:2626"], [NAMED]),
    ({"section": "other"}, ["10.0.0.9:2626"], [NEWER]),
    ({"section": "other", "uwsgi_version": "2.1"}, ["10.0.0.9:2626"], []),
    ({"section": "other", "uwsgi_version": 2.1}, ["10.0.0.9:2626"], []),
    ({"path": "/a.ini:other", "uwsgi_version": "2.1", "format": "ini", "files": {}}, ["10.0.0.9:2626"], []),
]


@pytest.mark.parametrize(("arguments", "expected", "left_over"), CASES)
def test_path_section_and_version_decide_what_is_read(
    arguments: dict[str, Any], expected: list[str], left_over: list[str]
) -> None:
    found = FILTER(FILE, **arguments)
    assert (servers(found), lines(found)) == (expected, left_over)


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (None, {}, "text: must be text, not null"),
    ([FILE], {}, "text: must be text, not a list"),
    ({"a": 1}, {}, "text: must be text, not a mapping"),
    (FILE, {"path": "shop.ini"}, "path: 'shop.ini' is not an absolute path"),
    (FILE, {"path": ["/a.ini"]}, "path: must be text, not a list"),
    (FILE, {"section": "nosuch"}, "text: has no option in a section [nosuch]"),
    (FILE, {"section": "a\nb"}, "section: 'a\\nb' has a line break"),
    (FILE, {"section": None}, "section: must be text, not null"),
    (FILE, {"format": "toml"}, "format: 'toml' is not a format of uWSGI's; give one of ini, json, xml, yaml"),
    (FILE, {"format": ["ini"]}, "format: must be text, not a list"),
    (FILE, {"format": "json"}, "text: is not JSON, so uWSGI doesn't start with it: "),
    (FILE, {"files": ["/a.ini"]}, "files: must be a mapping of paths to texts"),
    (FILE, {"files": {"/a.ini": 1}}, "files['/a.ini']: must be a path with a text"),
    (FILE, {"files": {"/a.ini": "x" * (2**21 + 1)}}, "files: has more than 256 files or 2097152 characters"),
    (FILE, {"files": {f"/{at}.ini": "" for at in range(257)}}, "files: has more than 256 files or 2097152 characters"),
    (FILE, {"uwsgi_version": "newest"}, "uwsgi_version: "),
    (FILE, {"uwsgi_version": "1.9"}, "uwsgi_version: "),
]


@pytest.mark.parametrize(("text", "arguments", "problem"), REFUSED)
def test_what_cannot_be_read_is_refused(text: Any, arguments: dict[str, Any], problem: str) -> None:
    assert FILTER.refusal(text, **arguments).startswith(problem)


def test_files_and_formats_are_read() -> None:
    text = '{"uwsgi": {"include": "more.yml", "subscribe-to": "10.0.0.2:2626:@/etc/keys"}}'
    files = {"/etc/keys": "a\nb\n", "/v/more.yml": "uwsgi:\n  subscribe-freq: 3\n"}
    found = FILTER(text, path="/v/shop.json", files=files)
    assert found["arguments"] == {
        "subscriptions": [{"server": "10.0.0.2:2626", "key": ["a", "b"]}],
        "client_params": {"announce_interval": 3},
    }


def test_what_is_in_a_file_is_never_a_template(tmp_path: Path) -> None:
    text = "[uwsgi]\nsubscribe2 = server=10.0.0.2:2626,key={{ 7*7 }}\nsubscribe-freq = {{ 7*7 }}\n[{{ 7*7 }}]\nx = 1\n"
    (tmp_path / "shop.ini").write_text(text, encoding="utf-8")
    expression = f"lookup('ansible.builtin.file', 'shop.ini') | {FILTER.name}"
    # Ansible looks at the value of a fact again wherever it is used.
    tasks = [
        {"ansible.builtin.set_fact": {"found": "{{ " + expression + " }}"}},
        {"ansible.builtin.debug": {"msg": "{{ found | to_json }}"}},
    ]
    said = playbook.tasks(tmp_path, tasks).results[1]["msg"]
    assert "49" not in str(said)
    assert str(said).count("{{ 7*7 }}") == 5


def test_a_template_gets_the_arguments_or_the_reason(tmp_path: Path) -> None:
    expressions = f"file | {FILTER.name}(section='other')", f"none | {FILTER.name}"
    run = playbook.template(tmp_path, *expressions, file=FILE)
    assert run.results[0]["msg"] == FILTER(FILE, section="other")
    assert f"{FILTER.name}: text: must be text, not null" in run.results[1]["msg"]
