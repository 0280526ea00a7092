# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a configuration file, in any format that uWSGI reads, to the options of its sections. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import parser

from . import xml_format, yaml_format
from .problems import NotReadError

DEFAULT_SECTION = "uwsgi"
# The endings by which uWSGI's include and the Emperor know a format (uwsgi_opt_load, core/uwsgi.c).
ENDINGS = {".ini": "ini", ".xml": "xml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".js": "json"}
FORMATS = ("ini", "json", "xml", "yaml")
# As much as is read of a file on a host.
_MOST_TEXT = 2**20
# Where a format has a name for what an ini file calls a section.
_YAML_HEAD = re.compile(r"(?:---|[\w.-]+[ \t]*:)[ \t\r]*(?:#.*)?\Z")


class File(NamedTuple):
    """A file's options.

    Attributes:
        sections: the lines of each section.
        notes: lines of the section that was asked for, by their place in it, which not every uWSGI reads alike: why.
    """

    sections: dict[str, list[parser.Line]]
    notes: dict[int, str]


def split(path: str) -> tuple[str, str]:
    """``FILE`` or ``FILE:SECTION``, as uWSGI takes it, to the file and the section; the latter may be empty."""
    folder, slash, base = path.rpartition("/")
    name, dummy, section = base.partition(":")
    return folder + slash + name, section


def of(path: str, text: str) -> str:
    """The format of a file: by its ending, as uWSGI has it, or else by its text."""
    for ending, found in ENDINGS.items():
        if path.endswith(ending):
            return found
    start = text.lstrip()
    if start.startswith("{"):
        return "json"
    if start.startswith("<"):
        return "xml"
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped and stripped[0] not in ";#":
            return "yaml" if _YAML_HEAD.match(stripped) else "ini"
    return "ini"


def read(place: str, form: str, text: str, path: str, section: str, more: Mapping[str, str]) -> File:
    """The options of a file.

    Args:
        place: the argument that it comes from, for errors.
        path: its absolute path, for magic variables.
        section: the one that is asked for.
        more: magic variables beside those of the path.

    Raises:
        ArgumentError: for what uWSGI would not start with, or what nobody writes.
    """
    if len(text) > _MOST_TEXT:
        raise ArgumentError(place, f"is longer than {_MOST_TEXT} characters, so it is no {form} file that uWSGI runs with")
    if form != "ini" and parser.UNKNOWN in text:
        raise ArgumentError(place, f"has a NUL character, so it is no {form} file that uWSGI runs with")
    try:
        if form == "ini":
            return File(parser.sections(text, path, more), {})
        return _structured(_READERS[form], parser.with_magic(text, path, more), section)
    except (parser.TooMuchError, NotReadError) as error:
        raise ArgumentError(place, str(error)) from error


# A text and the section that is asked for, to sections' names, options, values and flaws in uWSGI's order, and to notes.
_Rows = list[tuple[str, str, str, str]]
_Reader = Callable[[str, str], tuple[_Rows, dict[int, str]]]


def _structured(reader: _Reader, text: str, section: str) -> File:
    """What a reader finds, with the sign for unknown variables, which no other format can have, as a private character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotReadError("is not valid Unicode, so uWSGI doesn't start with it; save it as UTF-8") from None
    stand_in = next((one for one in map(chr, range(0xE000, 0xF8FF)) if one not in text), "")
    if not stand_in:
        raise NotReadError("has every private character of Unicode, so it is no file that uWSGI runs with")
    rows, notes = reader(text.replace(parser.UNKNOWN, stand_in), section)
    sections = parser.Sections()
    placed: dict[int, str] = {}
    for at, (name, option, value, flaw) in enumerate(rows):
        before = len(sections.lines.get(name, ()))
        sections.add(
            name.replace(stand_in, parser.UNKNOWN),
            option.replace(stand_in, parser.UNKNOWN),
            # In C a text ends at its first NUL.
            value.partition("\0")[0].replace(stand_in, parser.UNKNOWN),
            flaw,
        )
        if at in notes:
            # What an option defines is noted with it.
            placed.update(dict.fromkeys(range(before, len(sections.lines[name])), notes[at]))
    return File(sections.lines, placed)


def _json(text: str, dummy: str) -> tuple[_Rows, dict[int, str]]:
    """The objects of a JSON text (``uwsgi_json_config``, core/json.c, with jansson)."""
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise NotReadError("is nested too deeply for a JSON file of uWSGI's") from None
    except ValueError as error:
        raise NotReadError(f"is not JSON, so uWSGI doesn't start with it: {error}") from None
    if not isinstance(found, dict):
        raise NotReadError("is JSON without an object, so uWSGI doesn't start with it")
    rows: _Rows = []
    for section, options in found.items():
        if not isinstance(options, dict):
            continue
        for name, value in options.items():
            for one in value if isinstance(value, list) else [value]:
                rows.append((section, name, *_json_value(one)))
    for texts in rows:
        if any("\ud800" <= one <= "\udfff" for text in texts for one in text if not text.isascii()):
            raise NotReadError("has half of a character, so uWSGI doesn't start with it")
    return rows, {}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no value")


def _json_value(value: Any) -> tuple[str, str]:
    """What uWSGI takes a value for, and why that isn't known."""
    if isinstance(value, str):
        return value, ""
    if value is None or isinstance(value, bool):
        return ("1" if value else "0"), ""
    if isinstance(value, int) and -(2**31) <= value < 2**31:
        return str(value), ""
    what = {dict: "an object", list: "a list in a list", float: "a number with a fraction"}.get(type(value), "a number")
    why = "of which uWSGI takes other digits" if isinstance(value, int) else "which uWSGI ignores"
    return "", f"has {what} for a value, {why}; give text"


_READERS: dict[str, _Reader] = {"json": _json, "xml": xml_format.rows, "yaml": yaml_format.rows}
