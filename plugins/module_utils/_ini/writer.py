# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options and values to the text of a uWSGI ini file.

uWSGI's parser (``core/ini.c``, ``core/config.c``, ``uwsgi_config_instance`` and the functions behind it) has no quotes and no
escape character. It substitutes in this order: magic variables (``%d``) and ``%%`` when the file is read, then
``$(ENV)``, then ``@(file)``, then ``%(placeholder)``, whose result is scanned again for ``%(placeholder)`` only. A value meant
literally therefore doubles its per cent signs and takes a dollar, an at sign before a parenthesis, and
blanks at its ends from a placeholder, which is expanded last. An option that uWSGI acts on at once (``IMMEDIATE``) is only
subject to the first substitution.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterable, List, NamedTuple, Optional

from .._dialect import IMMEDIATE

# Placeholders that a file gets when one of its values needs them. Names that no uWSGI option has.
_PLACEHOLDERS = (
    ("literal-dollar", "$"),
    ("literal-at", "@"),
    ("literal-empty", ""),
)
# Defines a placeholder that no value needs: uWSGI does not see a section without any option.
_NOTHING = "set-ph = literal-empty="
_REFERENCES = [(f"%({name})", f"set-ph = {name}={text}") for name, text in _PLACEHOLDERS]
# What the parser trims at the ends of a value (ini_lstrip and ini_rstrip, core/ini.c).
_BLANKS = " \t\r"
_PLACEHOLDER = re.compile(r"%\(.*\)", re.DOTALL)
# Each per cent sign takes the character behind it along.
_OPEN_END = re.compile(r"(?:[^%]|%.)*%\Z", re.DOTALL)
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


def swallows(value: str) -> bool:
    """Say whether ``value``, in uWSGI's own language, would make the next line of the file a part of itself."""
    return value.endswith("%") and bool(_OPEN_END.match(value))


def line_flaw(name: str, value: str) -> Optional[str]:
    """Say why no ini text makes uWSGI read exactly ``value`` as the whole value of the option ``name``.

    Returns:
        what is wrong with it, or None.
    """
    if name in IMMEDIATE:
        if value.strip(_BLANKS) != value:
            return f"has a blank at an end, which uWSGI cuts off in the option {name}"
    elif _PLACEHOLDER.search(value):
        return "has '%(' and a ')' behind it, which uWSGI expands as a placeholder and which no escape protects"
    return raw_flaw(value)


def literal_flaw(value: str) -> Optional[str]:
    """Say why no ini text makes uWSGI read exactly ``value``, also with other text around it.

    Returns:
        what is wrong with it, or None.
    """
    # Every way to write "%(" ends as a placeholder, if the configuration has one of that name.
    if "%(" in value:
        return "has '%(', which uWSGI expands as a placeholder and which no escape protects"
    return raw_flaw(value)


def escape(value: str, name: str = "") -> str:
    """Write a literal value so that uWSGI's parser gives it back.

    Args:
        value: text for which ``literal_flaw`` or ``line_flaw`` finds nothing.
        name: the option.

    Returns:
        the right-hand side; it may use the placeholders that ``render`` defines.
    """
    if name in IMMEDIATE:
        return value.replace("%", "%%")
    text = value.replace("%", "%%").replace("$(", "%(literal-dollar)(").replace("@(", "%(literal-at)(")
    if value and (value[0] in _BLANKS or value[-1] in _BLANKS):
        head = "%(literal-empty)" if value[0] in _BLANKS else ""
        tail = "%(literal-empty)" if value[-1] in _BLANKS else ""
        return head + text + tail
    return text


def render(section: str, lines: Iterable[Line], header: str = "") -> str:
    """Write one section.

    Args:
        section: a name for which ``is_section_name`` holds.
        header: the text of a comment line above it.

    Returns:
        the file's text; its placeholders, if it needs any, come first in the section. Without lines it is one that does
        nothing, wherever it is included.
    """
    body: List[str] = []
    for line in lines:
        value = escape(line.value, line.name) if line.literal else line.value
        body.append(line.name + " = " + value if value else line.name + " =")
    text = "\n".join(body)
    body = body or [_NOTHING]
    used = [definition for reference, definition in _REFERENCES if reference in text]
    head = ["; " + header] if header else []
    return "\n".join([*head, f"[{section}]", *used, *body]) + "\n"
