# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""XML as libxml2 reads it, but nothing that reads other files or expands to more."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import problems
from support.formats import XY, Cases, Options, X, options, read
from support.stream import computed
from support.text import is_said

LAUGHS = "".join(f'<!ENTITY l{at} "&l{at - 1};&l{at - 1};&l{at - 1};&l{at - 1};&l{at - 1};">' for at in range(1, 20))
DOCTYPE = "has a document type, which is not read here; remove it, and write what its entities stand for"
READ: Cases = [
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
    ("xml", "<uwsgi><x>t<!-- c --></x></uwsgi>", [("x", "t")]),
    # More than expat hands on at once.
    ("xml", "<uwsgi><x>" + "a\n" * 8000 + "</x></uwsgi>", [("x", "a\n" * 8000)]),
]


@pytest.mark.parametrize(("form", "text", "expected"), READ)
def test_a_file_has_its_options(form: str, text: str, expected: Options) -> None:
    assert options(form, text) == expected
    assert read(form, text).notes == {}


@pytest.mark.parametrize("text", ["<a/>1", "<a><!-- c --></a>", "<a><b/></a>1"])
def test_an_element_in_a_value_says_why_it_is_not_known(text: str) -> None:
    [line] = read("xml", f"<uwsgi><x>{text}</x></uwsgi>").sections["uwsgi"]
    assert (line.name, line.value, line.flaw) == ("x", "1", "has an element in its value, with which uWSGI crashes; give text")


def test_what_has_another_id_is_another_section() -> None:
    assert list(read("xml", "<a><uwsgi><x/></uwsgi><uwsgi><y/></uwsgi></a>").sections) == ["uwsgi", "uwsgi (another)"]
    found = read("xml", '<uwsgi id="one"><x id="">1</x><y>2</y></uwsgi>', "one").sections
    assert {name: [line.name for line in lines] for name, lines in found.items()} == {"": ["x"], "one": ["y"]}


# A text, and words from the error.
REFUSED: list[tuple[str, str, str]] = [
    ("xml", f'<!DOCTYPE uwsgi [<!ENTITY l0 "ha">{LAUGHS}]><uwsgi><x>&l19;</x></uwsgi>', DOCTYPE),
    ("xml", '<!DOCTYPE uwsgi [<!ENTITY a SYSTEM "file:///etc/passwd">]><uwsgi><x>&a;</x></uwsgi>', DOCTYPE),
    ("xml", '<!DOCTYPE uwsgi SYSTEM "http://127.0.0.1:1/a.dtd"><uwsgi/>', DOCTYPE),
    ("xml", "<uwsgi><x>&a;</x></uwsgi>", "is not XML, so uWSGI doesn't start with it: undefined entity..."),
    ("xml", "<uwsgi><x>1</uwsgi>", "is not XML, so uWSGI doesn't start with it: mismatched tag..."),
    ("xml", "", "is not XML, so uWSGI doesn't start with it: no element found..."),
    ("xml", "<a><b><uwsgi/></b></a>", "has no element <uwsgi> where uWSGI looks for it, so uWSGI doesn't start with it"),
    ("xml", "<uwsgi>" + "<a>" * 100000, "has more than 16384 elements, or more than 16 in each other"),
    ("xml", "<uwsgi>" + "<a/>" * 70000 + "</uwsgi>", "has more than 16384 elements, or more than 16 in each other"),
    ("xml", "<uwsgi>\0</uwsgi>", "has a NUL character, so it is no xml file that uWSGI runs with"),
]


@pytest.mark.parametrize(("form", "text", "words"), REFUSED, ids=[str(at) for at in range(len(REFUSED))])
def test_what_uwsgi_does_not_start_with_is_refused_in_time(form: str, text: str, words: str) -> None:
    with computed(3), pytest.raises(ArgumentError) as caught:
        read(form, text)
    assert is_said("text: " + words, str(caught.value))


@pytest.mark.parametrize("depth", [problems.MOST_DEPTH, problems.MOST_DEPTH + 1])
def test_so_many_elements_may_be_in_each_other(depth: int) -> None:
    text = "<uwsgi>" + "<a>" * (depth - 1) + "</a>" * (depth - 1) + "</uwsgi>"
    assert is_refused(text) == (depth > problems.MOST_DEPTH)


@pytest.mark.parametrize("count", [problems.MOST_ROWS, problems.MOST_ROWS + 1])
def test_so_many_elements_may_be_in_a_file(count: int) -> None:
    assert is_refused("<uwsgi>" + "<x>1</x>" * (count - 1) + "</uwsgi>") == (count > problems.MOST_ROWS)


def is_refused(text: str) -> bool:
    try:
        read("xml", text)
    except ArgumentError as error:
        assert "has more than" in str(error)
        return True
    return False
