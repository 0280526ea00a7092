# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All lines of an instance: of one section, and of the sections and files that it includes, as far as they are given. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance, parser

from . import formats
from .formats import DEFAULT_SECTION, File
from .problems import WIDE, Limits

_MOST_FILES = 256
_MOST_DEPTH = 16
# In place of a file's path that isn't known: as unknown to the reader as what depends on the host.
_NO_PATH = "\0/\0"
_LOADS = {"xmlconfig": "xml", "xml": "xml", "yaml": "yaml", "yml": "yaml", "json": "json", "js": "json", "ini": "ini"}
_FOR_VASSALS = re.compile(r"vassals?-(include|inherit)(-before)?\Z")
_OTHER_FILE = "brings the options of another file, which is not given; give its text in files"
_NO_FORMAT = "names a file whose ending is none that uWSGI knows; it starts only with a plugin for such files"
# Magic variables that the path of the file decides in which they stand.
_OF_PATHS = frozenset("cdenps0123456789")
_NO_MARKS: Mapping[str, str] = MappingProxyType({})
_VASSALS = "brings every vassal of this Emperor the options of another file, not this instance; convert it with a vassal's file"


class Source(NamedTuple):
    """A line, and what is to be said about it beside what its option says.

    Attributes:
        note: why not every uWSGI reads it like this.
        why: why it is left over, whatever its option is.
        inherited: whether it's of a template, in which uWSGI expands nothing.
    """

    line: parser.Line
    note: str
    why: str = ""
    inherited: bool = False


class Target(NamedTuple):
    """What a line includes: the key of its text, the section and the format."""

    key: str
    section: str
    form: str


class Sources:
    """The texts of one instance.

    Attributes:
        main: what the text itself has.
        own_sections: the sections of the text that are read, known once they are.
        wanted: the paths of files that it needs and that aren't given, as far as they are known.

    Args:
        text: that of the instance's own file.
        path: its absolute path, or nothing.
        form: its format; by default it's found out.
        others: the texts of other files by their paths.
        marks: magic variables that are kept, to the characters that stand for them in the lines.
        limits: how much is read.
    """

    def __init__(
        self,
        text: str,
        path: str,
        section: str,
        form: str,
        others: Mapping[str, str],
        marks: Mapping[str, str] = _NO_MARKS,
        limits: Limits = WIDE,
    ) -> None:
        self._texts = {**others, path: text}
        self._limits = limits
        self._parsed = 0
        if len(others) > _MOST_FILES or sum(map(len, others.values())) > limits.characters:
            raise ArgumentError(
                "files",
                f"has more than {_MOST_FILES} files or {limits.characters} characters; leave out what it does not include",
            )
        if len(text) > limits.characters:
            raise ArgumentError("text", f"is longer than {limits.characters} characters; leave out what uWSGI does not need")
        self._path = path
        self._section = section
        self._form = form or formats.of(path, text)
        self._more = _first_file(path, section)
        self._marks = marks
        values = {**parser.path_variables(path), **self._more}
        # What the characters come to where a file is named.
        self._meant = {mark: values.get(name, parser.UNKNOWN) for name, mark in marks.items()}
        self._read: dict[Target, File] = {}
        self._open: list[tuple[str, str]] = []
        # The ini file that was read last, None where there is none, or one that isn't given.
        self._last: str | None = None
        self._lines = 0
        self.own_sections: set[str] = set()
        self.wanted: list[str] = []
        self.main = self._file(Target(path, section, self._form))

    def read(self) -> list[Source]:
        """The lines in uWSGI's order, those of templates last."""
        templates: list[Target] = []
        found = list(self._of(Target(self._path, self._section, self._form), templates))
        for template in templates:
            # uWSGI expands nothing in them (uwsgi_configure, core/config.c). A template of a template is one that isn't given.
            found += [one._replace(inherited=True) for one in self._of(template, [])]
        return found

    def text(self, name: str) -> str | None:
        """The text of another file, None where it isn't given."""
        key = self._key(name)
        return None if key is None else self._charged(self._texts[key])

    def _charged(self, text: str) -> str:
        """A text that is gone through once more."""
        self._parsed += len(text)
        if self._parsed > self._limits.parsed:
            raise ArgumentError("text", f"has its files read again until they are more than {self._limits.parsed} characters")
        return text

    def _file(self, target: Target) -> File:
        if target not in self._read:
            place = "text" if target.key == self._path else f"files[{target.key}]"
            where = target.key if target.key.startswith("/") else _NO_PATH
            more = {**self._more, "x": "" if target.section == DEFAULT_SECTION else target.section}
            # Of another file the path's variables in lower case are its own.
            own = target.key == self._path
            more.update((name, mark) for name, mark in self._marks.items() if own or name not in _OF_PATHS)
            self._read[target] = formats.read(
                place, target.form, self._charged(self._texts[target.key]), where, target.section, more
            )
        return self._read[target]

    def _of(self, target: Target, templates: list[Target]) -> Iterator[Source]:
        if (target.key, target.section) in self._open:
            raise ArgumentError("text", f"has a section [{target.section}] that includes itself, so uWSGI never starts")
        if len(self._open) >= _MOST_DEPTH:
            raise ArgumentError("files", f"include each other more than {_MOST_DEPTH} files deep")
        self._open.append((target.key, target.section))
        if target.key == self._path:
            self.own_sections.add(target.section)
        if target.form == "ini":
            self._last = target.key
        file = self._file(target)
        for at, line in enumerate(file.sections.get(target.section, ())):
            self._lines += 1
            if self._lines > self._limits.rows:
                raise ArgumentError("text", f"comes to more than {self._limits.rows} lines with what it includes")
            yield from self._line(Source(line, file.notes.get(at, "")), templates)
        self._open.pop()

    def _line(self, source: Source, templates: list[Target]) -> Iterator[Source]:
        name = source.line.name
        if _FOR_VASSALS.match(name):
            yield source._replace(why=_VASSALS)
        elif name not in (*parser.INCLUDES, "inherit") and not instance.FOREIGN.match(name):
            yield source
        else:
            target = self._target(source.line._replace(value=self._unmarked(source.line.value)))
            if isinstance(target, Target):
                # It's an option like any other, which a placeholder may name.
                yield source
                if name == "inherit":
                    templates.append(target)
                else:
                    yield from self._of(target, templates)
            else:
                self._last = None
                yield source._replace(why=target)

    def _target(self, line: parser.Line) -> Target | str:
        """What a line includes (``uwsgi_opt_load``, core/uwsgi.c), or why that can't be said."""
        if not line.certain:
            return "brings the options of another file in a condition or a loop"
        if line.flaw or parser.UNKNOWN in line.value or "%(" in line.value or "://" in line.value:
            return _OTHER_FILE
        if line.name in _LOADS:
            form = _LOADS[line.name]
            name, section = formats.split(line.value)
        else:
            # An ending is needed, so that there can be no section.
            name, section = line.value, ""
            form = next((one for ending, one in formats.ENDINGS.items() if name.endswith(ending)), "")
            if not form:
                return _NO_FORMAT if line.name in ("include", "inherit") else _OTHER_FILE
        # Without a name it's the file that was read last.
        key = self._last if not name and form == "ini" else self._key(name)
        return _OTHER_FILE if key is None else Target(key, section or DEFAULT_SECTION, form)

    def _key(self, name: str) -> str | None:
        """The path under which a file is given: as it's named, or from the folder of the instance's own."""
        joined = os.path.normpath(os.path.join(os.path.dirname(self._path), name)) if name else ""
        found = next((one for one in (name, joined) if one and one in self._texts), None)
        if found is None and joined.startswith("/") and parser.UNKNOWN not in joined:
            self.wanted.append(joined)
        return found

    def _unmarked(self, value: str) -> str:
        """A value with what the marked variables come to."""
        for mark, meant in self._meant.items():
            value = value.replace(mark, meant)
        return value


def options(given: Sequence[Source]) -> list[parser.Option]:
    """What the lines of an instance come to."""
    own = [one.line for one in given if not one.inherited]
    # uWSGI expands nothing in those of templates.
    templates = [one.line._replace(fixed=True) for one in given if one.inherited]
    return parser.expanded(own) + parser.expanded(templates)


def _first_file(path: str, section: str) -> dict[str, str]:
    """The magic variables in upper case, which are those of the first file in every other."""
    if not path:
        return {}
    found = {name.upper(): value for name, value in parser.path_variables(path).items() if name in "cdenps"}
    return {**found, "X": "" if section == DEFAULT_SECTION else section}
