# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""From announcements to entries, and from many entries to few."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.kinds import Unreadable
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import entries

S = "10.0.0.2:2626"
# The text of a file with keys, and the entries.
KEYS: list[tuple[str, list[dict[str, Any]]]] = [
    ("", []),
    ("a", [{"key": "a"}]),
    ("a\nb\n", [{"key": "a"}, {"key": "b"}]),
    ("# c\n\n#b\na,5\n", [{"key": "a", "modifier": 5}]),
    (" a #b\r\n", [{"key": " a #b\r"}]),
    ("a\n\0b\n", [{"key": "a"}]),
]


@pytest.mark.parametrize(("text", "expected"), KEYS)
def test_a_file_has_a_key_a_line(text: str, expected: list[dict[str, Any]]) -> None:
    files = {"/k,1": text}
    assert entries.of_older(S + ":@/k,1", files.get) == ([{"server": S, **one} for one in expected], "/k,1")
    assert entries.of_older("/a=" + S + ":@/k,1", files.get)[0] == [{"server": S, "address": "/a", **one} for one in expected]


def test_a_file_that_is_not_given_is_named() -> None:
    with pytest.raises(Unreadable, match="in the file /k, which is not given"):
        entries.of_older(S + ":@/k", {}.get)


def test_a_field_is_ignored_until_a_release_has_it() -> None:
    assert entries.ignored("backup", V2_0) == "has the field 'backup', which uWSGI 2.0 ignores"
    assert [entries.ignored(name, V2_1) for name in ("backup", "key", "socket", "modifier2")] == ["", "", "", ""]
    assert entries.ignored("x", V2_1) == "has the field 'x', which uWSGI doesn't know and ignores"


def test_alike_entries_are_one() -> None:
    alike = [{"server": server, "key": key, "modifier": 5} for server in (S, "/r") for key in "ab"]
    assert list(entries.merged(alike)) == [{"server": [S, "/r"], "key": ["a", "b"], "modifier": 5}]
    assert list(entries.merged(alike[:3])) == alike[:3]
    assert list(entries.merged([*alike[:1], {"server": S, "key": "b"}])) == [alike[0], {"server": S, "key": "b"}]
