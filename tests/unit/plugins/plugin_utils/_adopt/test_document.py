# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables with comments as YAML."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import document
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.document import Note, Rows
from support import keys


class Loader(yaml.SafeLoader):
    """Reads tagged text and marks it."""


Loader.add_constructor("!unsafe", lambda loader, node: ("unsafe", loader.construct_scalar(node)))

VALUES: list[Any] = [
    "a", "", " a ", "a: b", "#a", "yes", "null", "1", 1, True, None, "10:30", "[a]", "{a", "- a", "a\nb",
    "\u00e9", "'", '"', "%n", "@a",
    "!unsafe a", "\x1b[2J", "a # b", "0644", "1e3", "=", "&a", "*a", ["a", "b"],
    {"a": "b"}, [{"a": ["b"]}], {"a": {"b": []}}, [], {},
    "a" * 500, "a b " * 100,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_values_are_read_as_they_were(value: Any) -> None:
    text = document.text(["head"], Rows([("x", value), ("y", 1)]))
    assert yaml.load(text, Loader) == {"x": value, "y": 1}
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize(
    "value",
    ["a", "a:b", "10.0.0.7:3031", "/run/a.sock", "a.b-c_d+e@f", ".", "...", "a/..", "1.5", "1e3", "0x1f", "12:30:45",
     "2026-01-01", "yes", "No", "null", "~", ".inf", ".NaN", "<<", "=",
     "a:", ":a", "-", "-a", "---", "1_000", "0o17", "+1", "y", "A" * 2000],
)  # fmt: skip
def test_what_needs_no_quotes_is_written_as_yaml_has_it(value: str) -> None:
    dumped = yaml.safe_dump(value, allow_unicode=True, width=2**20)
    assert document._scalar(value) == dumped.removesuffix("\n").removesuffix("\n...")


@pytest.mark.parametrize("value", ["{{ a }}", "{% a %}", "{# a", "#jinja2: a", "a'{{\"", "{{\n"])
def test_what_may_be_a_template_is_tagged(value: str) -> None:
    text = document.text([], Rows([("x", [value, {"literal": value}])]))
    assert yaml.load(text, Loader) == {"x": [("unsafe", value), {"literal": ("unsafe", value)}]}


def test_comments_stand_at_their_places() -> None:
    vassal = Rows(
        [Note("/a.ini"), ("name", "a"), ("options", Rows([Note("b"), ("c", 1), Note("d")])), Note("e"), ("f", Rows([Note("g")]))]
    )
    text = document.text(["head", ""], Rows([Note("first"), ("emperor_vassals", [vassal, Note("last")])]))
    assert text == (
        "# head\n#\n---\n# first\nemperor_vassals:\n  # /a.ini\n  - name: a\n    options:\n      # b\n      c: 1\n      # d\n"
        "    # e\n    # g\n    f: {}\n  # last\n"
    )


@pytest.mark.parametrize("note", ["a\nb: c", "a\r\nb", "\x1b[2J", "a\u2028b: c", "x" * 1000, "a " * 200])
def test_a_comment_never_ends_before_its_end(note: str) -> None:
    text = document.text([note], Rows([Note(note), ("x", 1)]))
    assert yaml.load(text, Loader) == {"x": 1}
    assert all(len(line) <= 160 for line in text.split("\n"))


def test_a_comment_shows_no_key() -> None:
    assert "PRIVATE KEY" not in document.text([], Rows([Note("env = " + keys.private("ec").replace("\n", " "))]))


def test_long_comments_are_wrapped_and_cut() -> None:
    assert document._comment("a" * 118, "") == ["# " + "a" * 118]
    assert document._comment("a " * 59 + "b", "") == ["# " + "a " * 58 + "a", "# b"]
    assert document._comment("a-" * 58 + " b-c", "") == ["# " + "a-" * 58, "# b-c"]
    deep = " " * 90
    assert document._comment("a " * 30, deep) == [deep + "# " + ("a " * 20).strip(), deep + "# " + ("a " * 10).strip()]
    assert document._comment("a" * 100 + " " + "b-" * 30, "") == ["# " + "a" * 100, "# " + "b-" * 30]
    assert document._comment(" a ", "") == ["#  a"]
    assert "".join(document._comment("a" * 2001, "")).replace("# ", "") == "a" * 2000 + "..."
    assert "".join(document._comment("a" * 2000, "")).replace("# ", "") == "a" * 2000


def test_scalars() -> None:
    values = ["a", "a: b", "a\tb", "é", "é\u202e", "\u3164", "", True, None, 5, "{{ a", "a\nb"]
    shown = ["a", "'a: b'", '"a\\tb"', "é", '"\\xE9\\u202E"', '"\\u3164"', "''", "true", "null", "5", '!unsafe "{{ a"', '"a\\nb"']
    assert [document._scalar(one) for one in values] == shown


def test_an_item_of_comments_alone() -> None:
    assert document.text([], Rows([("x", [Rows([Note("a")]), "b"])])) == "---\nx:\n    # a\n  - b\n"
