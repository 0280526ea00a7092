# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options and values as the text of an ini file, and back."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import writer
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini.writer import Line
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ini
from support.text import TEXT

# A literal value, and what is written after the equals sign.
ESCAPED = [
    ("", ""),
    ("abc", "abc"),
    ("Zz", "Zz"),
    ("a b;c#d", "a b;c#d"),
    ("100%", "100%%"),
    ("%%", "%%%%"),
    ("a%d", "a%%d"),
    ("$HOME", "$HOME"),
    ("$(HOME)", "%(literal-dollar)(HOME)"),
    ("$$(A)$(B)", "$%(literal-dollar)(A)%(literal-dollar)(B)"),
    ("a@b.com", "a@b.com"),
    ("@(exec://id)", "%(literal-at)(exec://id)"),
    ("%$(A)", "%%%(literal-dollar)(A)"),
    (" a", "%(literal-empty) a"),
    ("a\t", "a\t%(literal-empty)"),
    ("\ra\r", "%(literal-empty)\ra\r%(literal-empty)"),
    ("\fa\v", "\fa\v"),
    (" ", "%(literal-empty) %(literal-empty)"),
    ('"quoted" \\', '"quoted" \\'),
]
FLAWS = [
    ("a\nb", "has a line break, which would start another option"),
    ("a\0b", "has a NUL character, where uWSGI cuts the value"),
    ("\ud800", "is not valid Unicode text"),
]
CLOSED = "has '%(' and a ')' behind it, which uWSGI expands as a placeholder and which no escape protects"
# "%" and "(" with nothing between them.
PLACEHOLDERS = ["%(a)", "%%(a)", "a%(", "%$%("]


@pytest.mark.parametrize(("value", "text"), ESCAPED)
def test_escape_writes_what_the_parser_reads_as_the_value(value: str, text: str) -> None:
    assert writer.escape(value) == text


@pytest.mark.parametrize(("value", "flaw"), FLAWS)
def test_no_line_carries_these(value: str, flaw: str) -> None:
    assert writer.raw_flaw(value) == flaw
    assert writer.literal_flaw(value) == flaw


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_only_the_language_has_placeholders(value: str) -> None:
    assert writer.raw_flaw(value) is None
    assert writer.literal_flaw(value) == "has '%(', which uWSGI expands as a placeholder and which no escape protects"


@pytest.mark.parametrize("value", [value for value, text in ESCAPED])
def test_all_else_has_no_flaw(value: str) -> None:
    assert (writer.raw_flaw(value), writer.literal_flaw(value)) == (None, None)


def test_a_section_has_its_header_and_the_placeholders_that_it_needs_first() -> None:
    lines = [Line("socket", ":3031"), Line("env", "A=%(b) $(C)", False), Line("empty", ""), Line("x", " $(y)"), Line("x", "2")]
    assert writer.render("uwsgi", lines, "Managed") == (
        "; Managed\n"
        "[uwsgi]\n"
        "set-ph = literal-dollar=$\n"
        "set-ph = literal-empty=\n"
        "socket = :3031\n"
        "env = A=%(b) $(C)\n"
        "empty =\n"
        "x = %(literal-empty) %(literal-dollar)(y)\n"
        "x = 2\n"
    )


def test_a_section_without_header_or_lines() -> None:
    # uWSGI doesn't see a section without options.
    assert writer.render("shop", []) == "[shop]\nset-ph = literal-empty=\n"
    assert writer.render("shop", [Line("a", "@(b)")]) == "[shop]\nset-ph = literal-at=@\na = %(literal-at)(b)\n"
    # Here nothing refers to a placeholder.
    assert writer.render("shop", [Line("a", "(literal-at) %(literal-at", False)]) == "[shop]\na = (literal-at) %(literal-at\n"


# An option, a value that takes a whole line, what is wrong with it, or else what is written after the equals sign.
WHOLE = [
    ("env", "a%(b", None, "a%%(b"),
    ("env", "%(", None, "%%("),
    ("env", ")%(", None, ")%%("),
    ("env", "%()", CLOSED, ""),
    ("env", "a%(b) ", CLOSED, ""),
    ("env", "%(a)", CLOSED, ""),
    ("env", "%()", CLOSED, ""),
    ("env", "a\nb", FLAWS[0][1], ""),
    ("env", "a ", None, "a %(literal-empty)"),
    ("plugins", "a%(b) $(c) @(d)%", None, "a%%(b) $(c) @(d)%%"),
    ("include", "a ", "has a blank at an end, which uWSGI cuts off in the option include", ""),
    ("include", "\ta", "has a blank at an end, which uWSGI cuts off in the option include", ""),
    ("if-env", "a\0", FLAWS[1][1], ""),
]


@pytest.mark.parametrize(("name", "value", "flaw", "text"), WHOLE)
def test_a_whole_value_is_written_as_its_option_is_read(name: str, value: str, flaw: str | None, text: str) -> None:
    assert writer.line_flaw(name, value) == flaw
    if flaw is None:
        assert writer.render("x", [Line(name, value)]).endswith(f"\n{name} = {text}\n")


@pytest.mark.parametrize("value", ["%", "a%", "%%%", "%(%", "%d%", "%\n%"])
def test_a_value_swallows_the_next_line(value: str) -> None:
    assert writer.swallows(value)


@pytest.mark.parametrize("value", ["", "a", "%%", "%d", "%%%%", "a% ", "%%d", "%%\n"])
def test_a_value_ends_with_its_line(value: str) -> None:
    assert not writer.swallows(value)


NAMES = [
    ("socket", True),
    ("2nd", True),
    ("_x", True),
    ("a-b.c_d", True),
    ("", False),
    ("-a", False),
    (".a", False),
    ("a b", False),
    ("a=b", False),
    ("a\n", False),
    ("[a", False),
    (";a", False),
    ("ä", False),
]


@pytest.mark.parametrize(("name", "good"), NAMES)
def test_names_of_options_and_sections(name: str, good: bool) -> None:
    assert (writer.is_option_name(name), writer.is_section_name(name)) == (good, good)


@settings(max_examples=1500, deadline=None)
@given(st.lists(TEXT, max_size=12))
def test_every_text_is_refused_or_read_back(values: list[str]) -> None:
    accepted = [value for value in values if writer.literal_flaw(value) is None]
    lines = [Line(f"x{at}", value) for at, value in enumerate(accepted)]
    assert ini.read(writer.render("uwsgi", lines, "Managed")) == [(line.name, line.value) for line in lines]
    assert all("%(" in value for value in values if value not in accepted)
