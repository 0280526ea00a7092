# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options and values to the text of a uWSGI ini file.

uWSGI's parser (``core/ini.c``, ``core/config.c``, ``uwsgi_config_instance`` and the functions behind it) has no quotes and no
escape character. It substitutes in this order: magic variables (``%d``) and ``%%`` when the file is read, then
``$(ENV)``, then ``@(file)``, then ``%(placeholder)``, whose result is scanned again for ``%(placeholder)`` only. A value meant
literally therefore doubles its per cent signs and takes a dollar, an at sign before a parenthesis, and
blanks at its ends from a placeholder, which is expanded last.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterable, List, NamedTuple, Optional

# Placeholders that a file gets when one of its values needs them. Names that no uWSGI option has.
_PLACEHOLDERS = (
    ("literal-dollar", "$"),
    ("literal-at", "@"),
    ("literal-empty", ""),
)
_REFERENCES = [(f"%({name})", f"set-ph = {name}={text}") for name, text in _PLACEHOLDERS]
# What the parser trims at the ends of a value (ini_lstrip and ini_rstrip, core/ini.c).
_BLANKS = " \t\r"
_SPECIAL = re.compile(r"%|\$\(|@\(")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_SECTION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


class Line(NamedTuple):
    """One line of a section.

    Attributes:
        name: the option.
        value: its value.
        literal: whether uWSGI shall read exactly this value; else it is uWSGI's own language and passes as it is.
    """

    name: str
    value: str
    literal: bool = True


@lru_cache(maxsize=1024)
def is_option_name(name: str) -> bool:
    """Say whether ``name`` can stand on the left of a line."""
    return bool(_NAME.match(name))


def is_section_name(name: str) -> bool:
    """Say whether ``name`` can stand in a section's brackets."""
    return bool(_SECTION.match(name))


def raw_flaw(value: str) -> Optional[str]:
    """Say why a line can't carry ``value``, even in uWSGI's own language.

    Returns:
        what is wrong with it, or None.
    """
    if "\n" in value:
        return "has a line break, which would start another option"
    if "\0" in value:
        return "has a NUL character, where uWSGI cuts the value"
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return "is not valid Unicode text"
    return None


def literal_flaw(value: str) -> Optional[str]:
    """Say why no ini text makes uWSGI read exactly ``value``.

    Returns:
        what is wrong with it, or None.
    """
    # Every way to write "%(" ends as a placeholder, if the configuration has one of that name.
    if "%(" in value:
        return "has '%(', which uWSGI expands as a placeholder and which no escape protects"
    return raw_flaw(value)


def escape(value: str) -> str:
    """Write a literal value so that uWSGI's parser gives it back.

    Args:
        value: text for which ``literal_flaw`` finds nothing.

    Returns:
        the right-hand side; it may use the placeholders that ``render`` defines.
    """
    text = _SPECIAL.sub(_special, value)
    if value and (value[0] in _BLANKS or value[-1] in _BLANKS):
        head = "%(literal-empty)" if value[0] in _BLANKS else ""
        tail = "%(literal-empty)" if value[-1] in _BLANKS else ""
        return head + text + tail
    return text


def _special(match: re.Match[str]) -> str:
    return {"%": "%%", "$(": "%(literal-dollar)(", "@(": "%(literal-at)("}[match.group()]


def render(section: str, lines: Iterable[Line], header: str = "") -> str:
    """Write one section.

    Args:
        section: a name for which ``is_section_name`` holds.
        header: the text of a comment line above it.

    Returns:
        the file's text; its placeholders, if it needs any, come first in the section.
    """
    body: List[str] = []
    for line in lines:
        value = escape(line.value) if line.literal else line.value
        body.append(line.name + " = " + value if value else line.name + " =")
    text = "\n".join(body)
    used = [definition for reference, definition in _REFERENCES if reference in text]
    head = ["; " + header] if header else []
    return "\n".join([*head, f"[{section}]", *used, *body]) + "\n"
