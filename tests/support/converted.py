# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""Conversions of files, for the tests of each part of the import."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import convert
from support.text import is_said

S = "10.0.0.2:2626"
SUB = f"subscribe2 = server={S},key="
PATH = "/etc/uwsgi/vassals/shop.ini"
FILES = {
    "/etc/uwsgi/vassals/more.ini": f"[uwsgi]\nsubscribe2 = server={S},key=%n.%N\n[web]\nsubscribe2 = server={S},key=%x.%X\n",
    "/etc/keys": "# ours\na\nb,5\n\n",
    "/t.ini": f"[uwsgi]\nph = 1\nsubscribe2 = server={S},key=%(ph)\n",
    "/loop.ini": "[uwsgi]\ninclude = /loop.ini\n",
    "/j.json": f'{{"uwsgi": {{"subscribe-to": "{S}:json"}}}}',
    "/x.xml": f"<uwsgi><subscribe-to>{S}:xml</subscribe-to></uwsgi>",
    "/y.yml": f"uwsgi:\n  subscribe-to: {S}:yaml\nweb:\n  subscribe-to: {S}:web\n",
}
# Lines, the arguments, and what was not converted: lines and reasons; those of the arguments' own checks only begin so: "...".
Cases = list[tuple[str, dict[str, Any], list[tuple[str, str]]]]


class Found(NamedTuple):
    """The parts that most tests compare."""

    arguments: dict[str, Any]
    left_over: list[tuple[str, str]]


def found_in(text: str, *args: Any, **kwargs: Any) -> Found:
    """The conversion of a text."""
    found = convert.converted(text, *args, **kwargs)
    return Found(found.arguments, [(one.line, one.why) for one in found.left_over])


def read(lines: str, release: _dialect.Release = _dialect.V2_0) -> Found:
    """The conversion of lines in a section; every file also has other lines, and some are given."""
    return found_in("[uwsgi]\nmaster = true\n" + lines + "\n", release, PATH, files=FILES)


def keys(*names: str) -> dict[str, Any]:
    """One entry that announces keys."""
    return {"subscriptions": [{"server": S, "key": list(names) if len(names) > 1 else names[0]}]}


def assert_case(text: str, expected: dict[str, Any], left_over: list[tuple[str, str]]) -> None:
    """Compare the conversion of lines with a case."""
    found = read(text)
    assert found.arguments == expected
    assert [line for line, dummy in found.left_over] == [line for line, dummy in left_over]
    for why, words in zip([why for dummy, why in found.left_over], [words for dummy, words in left_over]):
        assert is_said(words, why)
