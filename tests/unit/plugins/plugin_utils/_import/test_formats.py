# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What uWSGI reads of YAML, JSON and XML; tests/conformance holds it against the real one."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import formats
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stream import computed
from support.text import TEXT

PATH = "/etc/uwsgi/vassals/shop.web.ini"
Options = list[tuple[str, str]]
X, XY = [("x", "1")], [("x", "1"), ("y", "2")]
FRACTION = "has a number with a fraction for a value, which uWSGI ignores; give text"
STOPPED = "is on or after a value with an anchor or a tag, where a uWSGI with libyaml stops reading"
OTHERS = "is read so only by a uWSGI without libyaml, such as PyPI's; with libyaml it is something else"


def read(form: str, text: str, section: str = "uwsgi") -> formats.File:
    return formats.read("text", form, text, PATH, section, {})


def options(form: str, text: str, section: str = "uwsgi") -> Options:
    return [(line.name, line.value) for line in read(form, text, section).sections.get(section, []) if not line.flaw]


# A format, a text and the options of the section uwsgi, in all builds of uWSGI.
READ: list[tuple[str, str, Options]] = [
    ("yaml", "uwsgi:\n  x: 1\n  y: 2\n", XY),
    ("yaml", "---\n# ours\nuwsgi:\n\n  x : 1\n    # more\n  y:  2  \nother:\n  x: 3\n", XY),
    ("yaml", "uwsgi:\n  x: 1\nuwsgi:\n  y: 2\n", X),
    ("yaml", "uwsgi:\n  x: true\n  y: ~\n", [("x", "true"), ("y", "~")]),
    ("yaml", "uwsgi:\n  x: 100%%\n  y: %d%n\n", [("x", "100%"), ("y", "/etc/uwsgi/vassals/shop.web")]),
    ("yaml", "uwsgi:\n  x: 1\n  z: *a\n  y: 2\n", XY),
    ("json", '{"uwsgi": {"x": "1", "y": 2}}', XY),
    (
        "json",
        '{"uwsgi": {"x": true, "y": [false, null, -3, "a"]}, "other": {"z": 1}, "z": 1}',
        [("x", "1"), ("y", "0"), ("y", "0"), ("y", "-3"), ("y", "a")],
    ),
    ("json", '{"uwsgi": {"x": 7, "y": 2, "x": 1}}', XY),
    ("json", '{"uwsgi": {"x": "\\u00e9\\n"}}', [("x", "é\n")]),
    ("json", '{"uwsgi": {"x": "%n%%"}}', [("x", "shop.web%")]),
    ("xml", "<uwsgi><x>1</x><y>2</y></uwsgi>", XY),
    (
        "xml",
        '<?xml version="1.0"?>\n<!-- c --><root><a><uwsgi/></a><uwsgi id="one">\n <x>1</x> text\n <y>2</y></uwsgi></root>',
        XY,
    ),
    ("xml", '<a><uwsgi id="one"><x>1</x></uwsgi><uwsgi><x>3</x></uwsgi></a>', X),
    ("xml", '<uwsgi><x id="a" mode="b">1</x><y> 2\n</y><z/><v></v></uwsgi>', [("x", "1"), ("y", " 2\n"), ("z", "1"), ("v", "1")]),
    ("xml", "<uwsgi><x>a&amp;b&#65;&lt;</x></uwsgi>", [("x", "a&bA<")]),
    (
        "xml",
        "<uwsgi><x><!-- c -->v</x><y><![CDATA[<c>]]>v</y><z>t<![CDATA[c]]></z><v>t<b>u</b>v</v><w><?p d?>v</w></uwsgi>",
        [("x", " c "), ("y", "<c>"), ("z", "t"), ("v", "t"), ("w", "d")],
    ),
    ("xml", "<uwsgi><x>a\r\nb</x></uwsgi>", [("x", "a\nb")]),
    ("ini", "[uwsgi]\nx = 1\n[other]\nz = 3\n[uwsgi]\ny = 2\n", XY),
]


@pytest.mark.parametrize(("form", "text", "expected"), READ)
def test_a_file_has_its_options(form: str, text: str, expected: Options) -> None:
    assert options(form, text) == expected
    assert read(form, text).notes == {}


# A text of YAML, what libyaml reads, what only others read, and the places of what they don't read.
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


# A format, a text, and why its last option isn't known.
UNKNOWN: list[tuple[str, str, str]] = [
    ("yaml", "uwsgi:\n  x: &a 1\n", STOPPED),
    ("yaml", "uwsgi:\n  z: !!str 1\n  x: 1\n", STOPPED),
    ("json", '{"uwsgi": {"x": 1.5}}', FRACTION),
    ("json", '{"uwsgi": {"x": 2147483648}}', "has a number for a value, of which uWSGI takes other digits; give text"),
    ("json", '{"uwsgi": {"x": {"a": 1}}}', "has an object for a value, which uWSGI ignores; give text"),
    ("json", '{"uwsgi": {"x": [["a"]]}}', "has a list in a list for a value, which uWSGI ignores; give text"),
    ("xml", "<uwsgi><x><a/>1</x></uwsgi>", "has an element in its value, with which uWSGI crashes; give text"),
]


@pytest.mark.parametrize(("form", "text", "why"), UNKNOWN)
def test_what_uwsgi_does_not_take_says_why(form: str, text: str, why: str) -> None:
    assert why in [line.flaw for line in read(form, text).sections["uwsgi"] if line.name == "x"]


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


LAUGHS = "".join(f'<!ENTITY l{at} "&l{at - 1};&l{at - 1};&l{at - 1};&l{at - 1};&l{at - 1};">' for at in range(1, 20))
DOCTYPE = "has a document type, which is not read here; remove it, and write what its entities stand for"
# A format, a text, and the words of the error.
REFUSED: list[tuple[str, str, str]] = [
    ("xml", f'<!DOCTYPE uwsgi [<!ENTITY l0 "ha">{LAUGHS}]><uwsgi><x>&l19;</x></uwsgi>', DOCTYPE),
    ("xml", '<!DOCTYPE uwsgi [<!ENTITY a SYSTEM "file:///etc/passwd">]><uwsgi><x>&a;</x></uwsgi>', DOCTYPE),
    ("xml", '<!DOCTYPE uwsgi SYSTEM "http://127.0.0.1:1/a.dtd"><uwsgi/>', DOCTYPE),
    ("xml", "<uwsgi><x>&a;</x></uwsgi>", "is not XML, so uWSGI doesn't start with it: undefined entity"),
    ("xml", "<uwsgi><x>1</uwsgi>", "is not XML, so uWSGI doesn't start with it: mismatched tag"),
    ("xml", "", "is not XML, so uWSGI doesn't start with it: no element found"),
    ("xml", "<a><b><uwsgi/></b></a>", "has no element <uwsgi> where uWSGI looks for it"),
    ("xml", "<uwsgi>" + "<a>" * 100000, "has more than 65536 elements, or more than 16 in each other"),
    ("xml", "<uwsgi>" + "<a/>" * 70000 + "</uwsgi>", "has more than 65536 elements"),
    ("xml", "<uwsgi><x>\ud800</x></uwsgi>", "is not valid Unicode text"),
    ("xml", "<uwsgi>\0</uwsgi>", "has a NUL character, so it is no xml file that uWSGI runs with"),
    ("json", "", "is not JSON, so uWSGI doesn't start with it: Expecting value"),
    ("json", "[" * 200000, "is nested too deeply for a JSON file of uWSGI's"),
    ("json", "[1]", "is JSON without an object, so uWSGI doesn't start with it"),
    ("json", '{"uwsgi": {"x": NaN}}', "is not JSON, so uWSGI doesn't start with it: NaN is no value"),
    ("json", '{"uwsgi": {"x": ' + "9" * 5000 + "}}", "is not JSON, so uWSGI doesn't start with it: "),
    ("json", '{"uwsgi": {"x": "\\ud800"}}', "has half of a character, so uWSGI doesn't start with it"),
    ("json", '\ufeff{"uwsgi": {"x": 1}}', "is not JSON, so uWSGI doesn't start with it: "),
    ("yaml", "uwsgi:\n\tx: 1\n", "is not YAML in line 2, so a uWSGI with libyaml doesn't start with it: "),
    ("yaml", "uwsgi:\n  x: \x01\n", "is not YAML, so a uWSGI with libyaml doesn't start with it: "),
    (
        "yaml",
        "uwsgi: {x: 1}\n",
        "has the section [uwsgi] in braces, of which uWSGI reads nothing in YAML; write one option a line",
    ),
    ("yaml", "x: " + "[" * 20, "more than 16 levels"),
    ("yaml", "".join(f"s{at}:\n  x: 1\n" for at in range(5000)), "has too many sections of YAML"),
    ("yaml", "uwsgi:\n  x: 1\n" * 40000, "has more than 262144 words of YAML"),
    ("yaml", "x" * (2**20 + 1), "is longer than 1048576 characters, so it is no yaml file that uWSGI runs with"),
    ("json", " " * 1000 + "%d" * 500000, "is longer than 4194304 characters with its magic variables"),
    ("json", "".join(map(chr, range(0xE000, 0xF8FF))), "has every private character of Unicode"),
    ("yaml", "x: " + "[" * 60000, "is not YAML in line 1"),
]


@pytest.mark.parametrize(("form", "text", "words"), REFUSED, ids=[f"{case[0]}-{at}" for at, case in enumerate(REFUSED)])
def test_what_uwsgi_does_not_start_with_is_refused_in_time(form: str, text: str, words: str) -> None:
    with computed(3), pytest.raises(ArgumentError) as caught:
        read(form, text)
    assert caught.value.path == "text"
    assert words in str(caught.value)


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
