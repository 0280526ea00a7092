# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All lines of an instance to options as the roles take them, in uWSGI's own language. Pure.

What other files and sections bring stands in the instance's own lines then, and placeholders are replaced. Magic variables that
mean the same in the file that the role writes stay, such as ``%n``; those of the old file's path are replaced.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance, parser, writer

from .._import import convert, declared, formats, sources
from .._import.problems import Limits, NotReadError
from . import known, secrets

# The first of the characters that stand for magic variables: private ones, of which no file has any.
_FIRST_MARK = 0xF0000
_MARKED = re.compile("[\U000f0000-\U000f00ff]")
# The name of the instance is that of the new file too; the others don't depend on the file at all.
_KEPT = "nNhVtTkuUgG["
MARKS = {name: chr(_FIRST_MARK + ord(name)) for name in _KEPT}
# In any file the name of the first is meant by the second.
MARKS["N"] = MARKS["n"]
_STRUCTURE = re.compile(r"(if-.*|ifenv|ifexists|ifplugin|ifdir|for|for-.*)\Z")
_ENDS = re.compile(r"(end|endif|end-if|endfor|end-for)\Z")
# They say which options may follow, and uWSGI has the others refused.
_LISTS = re.compile(r"(end-)?(blacklist|whitelist)\Z")
_REFERENCE = re.compile(r"%\(([^()]*)\)")
_LONE = re.compile(r"%(?!\()")
# Far more than anybody writes for an instance: a file is converted in less than a second.
LIMITS = Limits(2**16, 2**17, 2**12)
_MOST_TEXT = 2**16
_MOST_STEPS = 100
# Characters that are looked through for the placeholders of all lines together.
_MOST_WORK = 2**20
# Of all values, with their placeholders replaced.
_MOST_VALUES = 2**18
# What brings the options of a file in a format that is known.
LOADS = ("include", "inherit", "ini", "xml", "xmlconfig", "yaml", "yml", "json", "js")
_IGNORED = "is not an option of uWSGI 2.0, which ignores it here; the role's uWSGI is strict and would refuse it"
_SECRET = "looks like a secret, which is not copied from the host; give it from a vault, as {literal: ...}"
_UNKNOWN = "has a magic variable that depends on the file or the moment; write what it stands for"
_KEPT_INCLUDE = "{}; it stays an option, and what it says of subscriptions is not known here"


class Read(NamedTuple):
    """An option as it is written for the role, or a line that is not.

    Attributes:
        value: in uWSGI's own language, or as it is where it's literal.
        line: as it stands in the file, for comments.
        why: why it's no option of the role's, or what there is to say about one that is; empty for nothing.
        kept: whether it's an option of the role's.
    """

    name: str
    value: str
    line: str
    why: str
    kept: bool = True
    literal: bool = False


def read(text: str, path: str, files: Mapping[str, str]) -> list[Read]:
    """The lines of an instance that are not about subscriptions.

    Raises:
        ArgumentError: for a text that uWSGI does not start with.
        NotReadError: the same.
    """
    if any(_MARKED.search(one) for one in (text, *files.values())):
        raise ArgumentError("text", "has private characters of Unicode, which are not read here; remove them")
    given = sources.Sources(text, path, formats.DEFAULT_SECTION, "", files, MARKS, LIMITS).read()
    found: list[Read] = []
    for one in _Lines(given, os.path.dirname(path)).read():
        if len(found) >= LIMITS.rows:
            raise NotReadError(f"comes to more than {LIMITS.rows} options; leave out what uWSGI does not need")
        found.append(one)
    return found


class _Lines:
    """The lines of one instance.

    Args:
        folder: where it's started, as an Emperor's vassal.
    """

    def __init__(self, given: Sequence[sources.Source], folder: str) -> None:
        self._given = given
        self._folder = folder
        self._options = sources.options(given)
        self._declared = declared.Declared([one.line for one in given], self._options)
        self._referenced = {name for one in given for name in _REFERENCE.findall(one.line.value)}
        self._defined: dict[str, str] = {}
        self._work = _MOST_WORK
        self._values = 0
        self._shown: dict[parser.Line, str] = {}
        for one in given:
            if one.line.certain and not one.line.flaw and parser.UNKNOWN not in one.line.value:
                self._defined.setdefault(one.line.name, one.line.value)

    def read(self) -> Iterator[Read]:
        for at, (source, option) in enumerate(zip(self._given, self._options)):
            line = source.line
            if at and self._is_placeholder(at):
                continue
            stands = self._declared.stands_for(at)
            if stands is not None:
                for one in stands:
                    if not convert.is_about(one.name, one.value):
                        yield self._option(source, one, one.value)
            elif source.why:
                yield self._not_read(source)
            elif line.name in LOADS or line.name in (*parser.DEFINES, declared.AT_ONCE, declared.AT_THE_END):
                # Of each of these, what it brings or defines is a line of its own.
                continue
            elif not convert.is_about(line.name, line.value):
                yield from self._own(source, option)

    def _is_placeholder(self, at: int) -> bool:
        """Whether a line is what the one before it defines, and no option."""
        before, line = self._given[at - 1].line, self._given[at].line
        return before.name in (*parser.PLACEHOLDERS, "resolve") and before.value.partition("=")[0] == line.name

    def _own(self, source: sources.Source, option: parser.Option) -> Iterator[Read]:
        line = source.line
        if _STRUCTURE.match(line.name):
            yield self._left(line, "holds for the lines below it, and options of the role have no conditions and loops")
        elif _ENDS.match(line.name) or _LISTS.match(line.name):
            yield self._left(line, "has no meaning among the options of the role")
        elif not known.is_option(line.name):
            if not option.certain or line.name not in self._referenced:
                yield self._left(line, _IGNORED if option.certain else option.flaw)
        else:
            yield self._option(source, option, self._inlined(line.value) if option.flaw else option.value)

    def _option(self, source: sources.Source, option: parser.Option, value: str) -> Read:
        line = source.line
        self._values += len(value)
        if self._values > _MOST_VALUES:
            raise NotReadError(f"has values of more than {_MOST_VALUES} characters, with what their placeholders stand for")
        why = _why_not(source, option, value)
        if why:
            return self._left(line, why)
        ends = value.strip(" \t\r") != value
        if (ends or (not option.flaw and ("$(" in value or "@(" in value))) and not line.fixed:
            if _MARKED.search(value) or writer.line_flaw(option.name, value):
                return self._left(line, "has blanks at its ends or signs that no text of the role's gives it; write it anew")
            return Read(option.name, value, self._line(line), source.note, literal=True)
        return Read(option.name, _raw(value), self._line(line), source.note)

    def _line(self, line: parser.Line) -> str:
        """A line for comments: a declared option that stands for many has it in each of them."""
        if line not in self._shown:
            self._shown[line] = _unmarked(secrets.shown(line.name, line.value)).replace(parser.UNKNOWN, "%?")
        return self._shown[line]

    def _left(self, line: parser.Line, why: str) -> Read:
        return Read(line.name, "", self._line(line), why, kept=False)

    def _inlined(self, value: str) -> str:
        """A value with its placeholders replaced by their definitions, as far as there are any."""
        for dummy in range(_MOST_STEPS):
            found = next((one for one in _REFERENCE.finditer(value) if one.group(1) in self._defined), None)
            self._work -= len(value)
            if found is None or len(value) > _MOST_TEXT or self._work < 0:
                break
            value = value[: found.start()] + self._defined[found.group(1)] + value[found.end() :]
        return value

    def _not_read(self, source: sources.Source) -> Read:
        line = source.line
        is_include = line.name in LOADS and line.certain and not line.flaw and not instance.FOREIGN.match(line.name)
        if not is_include or parser.UNKNOWN in line.value or not line.value:
            return self._left(line, source.why)
        why = _KEPT_INCLUDE.format(source.why.partition(",")[0])
        return Read(line.name, _raw(os.path.normpath(os.path.join(self._folder, line.value))), self._line(line), why)


def _why_not(source: sources.Source, option: parser.Option, value: str) -> str:
    """Why a value is not written for the role; empty where it is."""
    if not option.certain or (option.flaw and source.line.name != option.name):
        return option.flaw
    if parser.UNKNOWN in option.name + value:
        return _UNKNOWN
    if secrets.looks_secret(option.name, value):
        return _SECRET
    if not writer.is_option_name(option.name):
        return "is not a valid option name"
    return writer.raw_flaw(value) or ""


def _raw(value: str) -> str:
    """A value behind the magic variables as a file has it before them."""
    return _unmarked(_LONE.sub("%%", value))


def _unmarked(text: str) -> str:
    return _MARKED.sub(lambda found: "%" + chr(ord(found.group()) - _FIRST_MARK), text)
