# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What uWSGI reads from JSON, and from every format; tests/conformance compares it with the real one."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import formats
from hypothesis import given, settings
from hypothesis import strategies as st
from support.formats import XY, Options, options, read
from support.stream import computed
from support.text import TEXT, is_said

FRACTION = "has a number with a fraction for a value, which uWSGI ignores; give text"


# A format, a text, and the options of the section uwsgi in every build of uWSGI.
READ: list[tuple[str, str, Options]] = [
    ("json", '{"uwsgi": {"x": "1", "y": 2}}', XY),
    (
        "json",
        '{"uwsgi": {"x": true, "y": [false, null, -3, "a"]}, "other": {"z": 1}, "z": 1}',
        [("x", "1"), ("y", "0"), ("y", "0"), ("y", "-3"), ("y", "a")],
    ),
    ("json", '{"uwsgi": {"x": 7, "y": 2, "x": 1}}', XY),
    ("json", '{"uwsgi": {"x": "\\u00e9\\n"}}', [("x", "é\n")]),
    ("json", '{"uwsgi": {"x": "%n%%"}}', [("x", "shop.web%")]),
    ("json", '{"uwsgi": {"x": [2147483647, -2147483648]}}', [("x", "2147483647"), ("x", "-2147483648")]),
    ("json", '{"uwsgi": {"x": "1\\u0000b"}}', [("x", "1")]),
    ("ini", "[uwsgi]\nx = 1\n[other]\nz = 3\n[uwsgi]\ny = 2\n", XY),
]


@pytest.mark.parametrize(("form", "text", "expected"), READ)
def test_a_file_has_its_options(form: str, text: str, expected: Options) -> None:
    assert options(form, text) == expected
    assert read(form, text).notes == {}


# A format, a text, and why the last option isn't known.
UNKNOWN: list[tuple[str, str, str]] = [
    ("json", '{"uwsgi": {"x": 1.5}}', FRACTION),
    ("json", '{"uwsgi": {"x": 2147483648}}', "has a number for a value, of which uWSGI takes other digits; give text"),
    ("json", '{"uwsgi": {"x": -2147483649}}', "has a number for a value, of which uWSGI takes other digits; give text"),
    ("json", '{"uwsgi": {"x": {"a": 1}}}', "has an object for a value, which uWSGI ignores; give text"),
    ("json", '{"uwsgi": {"x": [["a"]]}}', "has a list in a list for a value, which uWSGI ignores; give text"),
]


@pytest.mark.parametrize(("form", "text", "why"), UNKNOWN)
def test_what_uwsgi_does_not_take_says_why(form: str, text: str, why: str) -> None:
    assert ("x", "", why) in [(line.name, line.value, line.flaw) for line in read(form, text).sections["uwsgi"]]


def test_a_nul_in_an_ini_file_is_not_known() -> None:
    assert options("ini", "[uwsgi]\nx = 1\0\n") == [("x", "1\0")]


def test_the_formats_are_those_that_files_have() -> None:
    assert formats.FORMATS == ("ini", "json", "xml", "yaml")
    assert set(formats.FORMATS) == set(formats.ENDINGS.values())


def test_what_depends_on_the_host_is_marked_in_every_format() -> None:
    for form, text in (("yaml", "uwsgi:\n  x: a%h\n"), ("json", '{"uwsgi": {"x": "a%h"}}'), ("xml", "<uwsgi><x>a%h</x></uwsgi>")):
        assert options(form, text) == [("x", "a\0")]


def test_other_sections_are_there_too() -> None:
    xml = '<a><uwsgi id="one"><x>1</x><z id="zerg">2</z></uwsgi><uwsgi id="two"><y>3</y></uwsgi></a>'
    assert {name: [line.name for line in lines] for name, lines in read("xml", xml, "two").sections.items()} == {
        "one": ["x", "z"],
        "two": ["y"],
    }
    assert options("xml", xml, "one") == [("x", "1")]
    assert sorted(read("xml", xml, "one").sections) == ["one", "two", "zerg"]
    assert options("xml", xml) == [("x", "1"), ("z", "2")]
    assert options("yaml", "a:\n  x: 1\nb:\n  y: 2\n", "b") == [("y", "2")]
    assert sorted(read("yaml", "a:\n  x: 1\nb:\n  y: 2\n", "b").sections) == ["a", "b"]
    assert sorted(read("json", '{"a": {"x": 1}, "b": {"y": 2}, "c": 3, "d": {}}', "b").sections) == ["a", "b"]


# A format, a text, and the words of the error.
REFUSED: list[tuple[str, str, str]] = [
    ("json", "", "is not JSON, so uWSGI doesn't start with it: Expecting value..."),
    ("json", "[" * 200000, "is nested too deeply for a JSON file of uWSGI's"),
    ("json", "[1]", "is JSON without an object, so uWSGI doesn't start with it"),
    ("json", '{"uwsgi": {"x": NaN}}', "is not JSON, so uWSGI doesn't start with it: NaN is no value"),
    ("json", '{"uwsgi": {"x": ' + "9" * 5000 + "}}", "is not JSON, so uWSGI doesn't start with it: ..."),
    *((form, "a: \udcfc", "is not valid Unicode, so uWSGI doesn't start with it; save it as UTF-8")
      for form in ("json", "xml", "yaml")),
    ("json", '{"uwsgi": {"x": "\\ud800"}}', "has half of a character, so uWSGI doesn't start with it"),
    ("json", '\ufeff{"uwsgi": {"x": 1}}', "is not JSON, so uWSGI doesn't start with it: Unexpected UTF-8 BOM..."),
    ("json", " " * 1000 + "%d" * 500000, "is longer than 4194304 characters with its magic variables; use fewer"),
    (
        "json",
        "".join(map(chr, range(0xE000, 0xF8FF))),
        "has every private character of Unicode, so it is no file that uWSGI runs with",
    ),
]


@pytest.mark.parametrize(("form", "text", "words"), REFUSED, ids=[f"{case[0]}-{at}" for at, case in enumerate(REFUSED)])
def test_what_uwsgi_does_not_start_with_is_refused_in_time(form: str, text: str, words: str) -> None:
    with computed(3), pytest.raises(ArgumentError) as caught:
        read(form, text)
    assert is_said("text: " + words, str(caught.value))


# A path, a text, and the format.
OF: list[tuple[str, str, str]] = [
    ("/a.ini", "{}", "ini"),
    ("/a.yml", "", "yaml"),
    ("/a.yaml", "", "yaml"),
    ("/a.json", "", "json"),
    ("/a.js", "", "json"),
    ("/a.xml", "", "xml"),
    ("/a.conf", ' {"uwsgi": {}}', "json"),
    ("", "\n<uwsgi/>", "xml"),
    ("", "uwsgi:\n  x: 1", "yaml"),
    ("", "# c\n---\nuwsgi:\n  x: 1", "yaml"),
    ("", "# c\n[uwsgi]\nx: 1", "ini"),
    ("", "x = 1\n[uwsgi]", "ini"),
    ("", "", "ini"),
    ("", "base: # c\r\n  x: 1", "yaml"),
    ("", "x: 1\n[uwsgi]", "ini"),
    ("", "[uwsgi]\nx:", "ini"),
    ("", "Zope:\n  x: 1", "yaml"),
]


@pytest.mark.parametrize(("path", "text", "form"), OF)
def test_the_format_is_that_of_the_ending_or_the_text(path: str, text: str, form: str) -> None:
    assert formats.of(path, text) == form


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("", ("", "")),
        ("/a.ini", ("/a.ini", "")),
        ("/a.ini:b", ("/a.ini", "b")),
        ("/a:b/c.ini", ("/a:b/c.ini", "")),
        (":b", ("", "b")),
        ("a.ini:", ("a.ini", "")),
    ],
)
def test_a_section_is_behind_a_colon(path: str, parts: tuple[str, str]) -> None:
    assert formats.split(path) == parts


_VALUES = TEXT.filter(lambda text: "\0" not in text and text.isprintable() and "%" not in text and bool(text))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["x", "y", "subscribe2"]), _VALUES), min_size=1, max_size=5))
def test_any_values_come_back_from_json_and_xml(pairs: Options) -> None:
    names: dict[str, list[str]] = {}
    for name, value in pairs:
        names.setdefault(name, []).append(value)
    assert options("json", json.dumps({"uwsgi": names})) == [(name, value) for name in names for value in names[name]]
    elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in pairs)
    assert options("xml", f"<uwsgi>{elements}</uwsgi>") == pairs
    quoted = "".join(f"  {name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in pairs)
    assert options("yaml", "uwsgi:\n" + quoted) == pairs


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["ini", "json", "xml", "yaml"]),
    st.lists(
        st.sampled_from(
            [
                "uwsgi",
                ":",
                "\n",
                "  ",
                "- ",
                "[",
                "]",
                "{",
                "}",
                ",",
                '"',
                "'",
                "<uwsgi>",
                "</uwsgi>",
                "<a>",
                "</a>",
                "<!--",
                "-->",
                "<![CDATA[",
                "]]>",
                "&amp;",
                "x",
                "1",
                "%",
                "%(x)",
                "=",
                "#",
                "&a ",
                "*a",
                "!!str ",
                "\t",
                "\r",
                "|",
                "---\n",
                "\0",
            ]
        ),
        max_size=40,
    ),
)
def test_any_text_is_read_or_refused(form: str, words: list[str]) -> None:
    try:
        found = read(form, "".join(words))
    except ArgumentError as error:
        assert error.path == "text"
    else:
        assert all(isinstance(line.value, str) for lines in found.sections.values() for line in lines)
