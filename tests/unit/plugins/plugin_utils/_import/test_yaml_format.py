# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""YAML, which builds of uWSGI read in two ways; tests/conformance compares one of them with the real one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import yaml_format
from support.formats import XY, Cases, Options, X, options, read
from support.stream import computed
from support.text import is_said

STOPPED = "is on or after a value with an anchor or a tag, where a uWSGI with libyaml stops reading"
OTHERS = "is read so only by a uWSGI without libyaml, such as PyPI's; with libyaml it is something else"
READ: Cases = [
    ("yaml", "uwsgi:\n  x: 1\n  y: 2\n", XY),
    ("yaml", "---\n# ours\nuwsgi:\n\n  x : 1\n    # more\n  y:  2  \nother:\n  x: 3\n", XY),
    ("yaml", "uwsgi:\n  x: 1\nuwsgi:\n  y: 2\n", X),
    ("yaml", "uwsgi:\n  x: true\n  y: ~\n", [("x", "true"), ("y", "~")]),
    ("yaml", "uwsgi:\n  x: 100%%\n  y: %d%n\n", [("x", "100%"), ("y", "/etc/uwsgi/vassals/shop.web")]),
    ("yaml", "uwsgi:\n  x: 1\n  z: *a\n  y: 2\n", XY),
    ("yaml", "uwsgi:\n  x:\t1\n  y: 2\n", XY),
    ("yaml", "uwsgi:\n  ZopeZ: ZaZ\n", [("ZopeZ", "ZaZ")]),
]


@pytest.mark.parametrize(("form", "text", "expected"), READ)
def test_a_file_has_its_options(form: str, text: str, expected: Options) -> None:
    assert options(form, text) == expected
    assert read(form, text).notes == {}


SECTIONS: list[tuple[str, dict[str, bool]]] = [
    ("uwsgi:\n  x: {y: 1}\n", {"uwsgi": False}),
    ("uwsgi: {x: {y: 1}}\n", {"uwsgi": True}),
    ("uwsgi: [x, [y]]\n", {"uwsgi": False}),
    ("a: 1\nuwsgi: {x: 1}\nb:\n  - {c: 1}\n", {"uwsgi": True, "b": False}),
    ("- {a: 1}\n", {}),
]


@pytest.mark.parametrize(("text", "found"), SECTIONS)
def test_a_section_in_braces_is_one_of_the_first_level(text: str, found: dict[str, bool]) -> None:
    assert {name: one.braces for name, one in yaml_format._sections(list(yaml.scan(text))).items()} == found


def test_each_of_many_sections_is_gone_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = 0
    options = yaml_format._options

    def counted(tokens: list[yaml.Token], asked: str) -> Any:
        nonlocal gone
        gone += len(tokens)
        return options(tokens, asked)

    monkeypatch.setattr(yaml_format, "_options", counted)
    text = "".join(f"s{at}:\n  x: {at}\n" for at in range(300)) + "uwsgi:\n  x: 1\n"
    found = read("yaml", text).sections
    assert {name: [line.value for line in lines] for name, lines in found.items()} == {
        "uwsgi": ["1"],
        **{f"s{at}": [str(at)] for at in range(300)},
    }
    # Once for the section that is wanted, and once for the others.
    assert gone <= 2 * len(list(yaml.scan(text)))


def test_of_two_sections_with_one_name_it_is_the_first() -> None:
    found = read("yaml", "b:\n  x: 1\nb:\n  x: 2\nuwsgi:\n  x: 3\n").sections
    assert [line.value for line in found["b"]] == ["1"]


# A text, and why its option x isn't known.
UNKNOWN: list[tuple[str, str, str]] = [
    ("yaml", "uwsgi:\n  x: &a 1\n", STOPPED),
    ("yaml", "uwsgi:\n  z: !!str 1\n  x: 1\n", STOPPED),
]


@pytest.mark.parametrize(("form", "text", "why"), UNKNOWN)
def test_what_uwsgi_does_not_take_says_why(form: str, text: str, why: str) -> None:
    assert why in [line.flaw for line in read(form, text).sections["uwsgi"] if line.name == "x"]


# A text, and words from the error.
REFUSED: list[tuple[str, str, str]] = [
    (
        "yaml",
        "uwsgi:\n\tx: 1\n",
        "is not YAML in line 2, so a uWSGI with libyaml doesn't start with it: found character...that cannot start any token",
    ),
    (
        "yaml",
        "uwsgi:\n  x: \x01\n",
        "is not YAML, so a uWSGI with libyaml doesn't start with it: ...characters are not allowed",
    ),
    (
        "yaml",
        "uwsgi: {x: 1}\n",
        "has the section [uwsgi] in braces, of which uWSGI reads nothing in YAML; write one option a line",
    ),
    ("yaml", "x: " + "[" * 20, "has more than 65536 words of YAML, or more than 16 levels"),
    ("yaml", "uwsgi:\n  x: 1\n" * 40000, "has more than 65536 words of YAML, or more than 16 levels"),
    ("yaml", "x" * (2**20 + 1), "is longer than 1048576 characters, so it is no yaml file that uWSGI runs with"),
    ("yaml", "x: " + "[" * 60000, "is not YAML in line 1, so a uWSGI with libyaml doesn't start with it: ..."),
]


@pytest.mark.parametrize(("form", "text", "words"), REFUSED, ids=[str(at) for at in range(len(REFUSED))])
def test_what_uwsgi_does_not_start_with_is_refused_in_time(form: str, text: str, words: str) -> None:
    with computed(3), pytest.raises(ArgumentError) as caught:
        read(form, text)
    assert is_said("text: " + words, str(caught.value))


@pytest.mark.parametrize(("count", "refused"), [(15, False), (16, True)])
def test_lists_may_be_so_deep_in_each_other(count: int, refused: bool) -> None:
    text = "uwsgi:\n  x: 1\ny: " + "[" * count + "]" * count
    if refused:
        with pytest.raises(ArgumentError, match=r"or more than 16 levels\Z"):
            read("yaml", text)
    else:
        assert options("yaml", text) == X


# A text in YAML, what libyaml reads, what only other readers read, and where they can't read it.
DIFFERENT: list[tuple[str, Options, Options, list[int]]] = [
    ("uwsgi:\n  x: [1, '2']\n  y: 2\n", [("x", "1"), ("x", "2"), ("y", "2")], [("x", "[1, '2']")], [0, 1]),
    ("uwsgi:\n  x:\n    - 1\n    - 2\n  y: 2\n", [("x", "1"), ("x", "2"), ("y", "2")], [], [0, 1, 2]),
    ("uwsgi:\n  x:\n  - 1\n  y: 2\n", XY, [], [0, 1]),
    ("uwsgi:\n  y: 2\n  x: '1'\n", [("y", "2"), ("x", "1")], [("x", "'1'")], [1]),
    ("uwsgi:\n  x: 1\n  y: a#b\n", [("x", "1"), ("y", "a#b")], [("y", "a")], [1]),
    ("uwsgi:\n  x: |\n    1\n  y: 2\n", [("x", "1\n"), ("y", "2")], [("x", "|")], [0, 1]),
    ("uwsgi:\n  z: {x: 1}\n  y: 2\n", XY, [("z", "{x: 1}")], [0]),
    ("uwsgi:\n  z:\n    x: 1\n  y: 2\n", XY, [], [0, 1]),
    ("a:\n  uwsgi:\n    x: 1\nuwsgi:\n  y: 2\n", X, [("y", "2")], [0]),
    ("uwsgi:\n- x: 1\n- y: 2\n", X, [], [0]),
    ("uwsgi:\n  - x: 1\n    y: 2\n", XY, [], [0, 1]),
    ("uwsgi:\n  z: {x: 1, 2}\n", X, [("z", "{x: 1, 2}")], [0]),
    ("uwsgi:\n  x: 1\nother: 1\n", X, [], []),
    ("uwsgi:\n  x: [1]\nother:\n  y: 2\n", X, [("x", "[1]")], [0]),
    ("uwsgi:\n  x: \n  y: 2\n", [("y", "2")], [("x", "")], []),
    ("uwsgi:\n  x: '1'\n  x: '1'\n", [*X, *X], [("x", "'1'"), ("x", "'1'")], [0, 1]),
    ("uwsgi:\n  x: 1\n  y: |\n    x: 1\n", [("x", "1"), ("y", "x: 1\n")], [("x", "1"), ("y", "|")], [1]),
    ("uwsgi:\r\n  x: 1\r\n", X, [("x", "1\r")], [0]),
    ("uwsgi:\n  x: 1\n  y:\n", X, [], []),
    ("uwsgi:\n  x: [1, [2, 3]]\n", [("x", "1"), ("x", "2"), ("x", "3")], [("x", "[1, [2, 3]]")], [0, 1, 2]),
]


@pytest.mark.parametrize(("text", "expected", "others", "noted"), DIFFERENT)
def test_what_builds_read_otherwise_in_yaml_is_noted(text: str, expected: Options, others: Options, noted: list[int]) -> None:
    found = read("yaml", text)
    assert options("yaml", text) == expected
    assert [(line.name, line.value) for line in found.sections["uwsgi"] if line.flaw == OTHERS] == others
    assert sorted(found.notes) == noted
    assert all("built with libyaml" in note for note in found.notes.values())


def test_a_note_is_of_all_that_a_line_defines() -> None:
    assert sorted(read("yaml", "uwsgi:\n  a: 1\n  set-ph: 'p=1'\n").notes) == [1, 2]


@pytest.mark.parametrize(("count", "refused"), [(19, False), (20, True)])
def test_so_many_options_of_all_sections_and_no_more(count: int, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_format, "MOST_ROWS", 20)
    text = "uwsgi:\n  x: 1\nweb:\n  y:\n" + "    - 1\n" * count
    if refused:
        with pytest.raises(ArgumentError, match=r"has more than 20 options\Z"):
            read("yaml", text)
    else:
        read("yaml", text)
