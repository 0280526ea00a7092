# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML files as uWSGI reads them with libxml2 (``uwsgi_xml_config``, core/xmlconf.c). Pure.

An option's value is the first thing in its element, with all its blanks. A text with a document type is refused, so that no
entity is ever expanded and no other file is read.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.parsers import expat

from .problems import MOST_DEPTH, MOST_ROWS, NotReadError

_SECTION = "uwsgi"
_ELEMENT = "has an element in its value, with which uWSGI crashes; give text"


class _Element(NamedTuple):
    """An option: its name, its ``id``, and what it is set to; None is an element without content."""

    name: str
    identity: str | None
    value: str | None
    flaw: str


class _Section(NamedTuple):
    """An element ``uwsgi`` with its options."""

    identity: str | None
    options: list[_Element]


def rows(text: str, section: str) -> tuple[list[tuple[str, str, str, str]], dict[int, str]]:
    """Sections, options, values and flaws of a text.

    Args:
        section: the ``id`` that is asked for, by default none.
    """
    sections = _Reading().sections(text)
    asked = None if section == _SECTION else section
    read = next((one for one in sections if asked is None or one.identity is None or one.identity == asked), None)
    found: list[tuple[str, str, str, str]] = []
    for one in sections:
        # What is read has the name that was asked for.
        name = section if one is read else one.identity or _SECTION + " (another)"
        for option in one.options:
            # Without an id that is asked for, uWSGI looks at none.
            other = one is read and asked is not None and option.identity not in (None, asked)
            value = "1" if option.value is None else option.value
            found.append((option.identity or "" if other else name, option.name, value, option.flaw))
    return found, {}


class _Reading:
    """One run through a text."""

    def __init__(self) -> None:
        self._sections: list[_Section] = []
        # How deep the element is whose children are options, 0 outside of one.
        self._level = 0
        self._depth = 0
        self._count = 0
        # Of the option that is open: its name, its id, the pieces of its value, and whether they are complete.
        self._name = ""
        self._identity: str | None = None
        self._pieces: list[str] | None = None
        self._complete = False
        self._flaw = ""

    def sections(self, text: str) -> list[_Section]:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartCdataSectionHandler = self._border
        parser.EndCdataSectionHandler = self._border
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = lambda dummy, data: self._comment(data)
        try:
            parser.Parse(text.encode("utf-8"), True)
        except expat.ExpatError as error:
            raise NotReadError(f"is not XML, so uWSGI doesn't start with it: {error}") from None
        if not self._sections:
            raise NotReadError("has no element <uwsgi> where uWSGI looks for it, so uWSGI doesn't start with it")
        return self._sections

    def _doctype(self, *dummy: object) -> None:
        raise NotReadError("has a document type, which is not read here; remove it, and write what its entities stand for")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > MOST_DEPTH or self._count > MOST_ROWS:
            raise NotReadError(f"has more than {MOST_ROWS} elements, or more than {MOST_DEPTH} in each other")
        if not self._level:
            # The root itself, or a child of another root.
            if name == _SECTION and self._depth <= 2:
                self._level = self._depth
                self._sections.append(_Section(attributes.get("id"), []))
        elif self._depth == self._level + 1:
            self._name, self._identity = name, attributes.get("id")
            self._pieces, self._complete, self._flaw = None, False, ""
        else:
            if self._pieces is None and not self._complete:
                self._flaw = _ELEMENT
            self._complete = True

    def _end(self, dummy: str) -> None:
        if self._level and self._depth == self._level + 1:
            value = None if self._pieces is None else "".join(self._pieces)
            self._sections[-1].options.append(_Element(self._name, self._identity, value, self._flaw))
        elif self._depth == self._level:
            self._level = 0
        self._depth -= 1

    def _in_option(self) -> bool:
        return bool(self._level) and self._depth == self._level + 1 and not self._complete

    def _text(self, text: str) -> None:
        if self._in_option():
            self._pieces = self._pieces or []
            self._pieces.append(text)

    def _border(self) -> None:
        """CDATA begins or ends: what comes next is no longer the first thing in the element."""
        if self._in_option() and self._pieces is not None:
            self._complete = True

    def _comment(self, data: str) -> None:
        if self._in_option():
            if self._pieces is None:
                self._pieces = [data]
            self._complete = True
