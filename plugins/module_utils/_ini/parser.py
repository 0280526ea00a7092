# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of uWSGI ini files to its options: what ``writer`` writes, and what people write. Pure, and free of Ansible.

The parser is ``uwsgi_ini_config`` (``core/ini.c``). What depends on more than the files (the environment, a condition) is kept
with the reason why it isn't known, and is an error only for who needs it.
"""

from __future__ import annotations

import os
import re
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

# Options that uWSGI acts on when it meets their line; it expands nothing in them (UWSGI_OPT_IMMEDIATE, core/uwsgi.c).
INCLUDES = ("include", "ini")
PLACEHOLDERS = ("set-placeholder", "set-ph")
DEFINES = ("set", *PLACEHOLDERS)
# It makes a placeholder, too.
_RESOLVES = "resolve"
_RESOLVED = "depends on what a host name resolves to"
_BLANKS = " \t\r"
# Some come from the file's name (magic_sub, core/utils.c), "%(" is for later, all others depend on the host or the moment.
_MAGIC = re.compile(r"%(.?)", re.DOTALL)
_ELSEWHERE = (("$(", "the environment"), ("@(", "a file or a command"))
# They hold for the lines below them, up to one of the others.
_CONDITION = re.compile(r"(if-.*|for(-.*)?)\Z", re.DOTALL)
_ENDS = ("end", "endif", "end-if", "endfor", "end-for")
# One that names itself would never end.
_MOST_EXPANSIONS = 1000
# A value that placeholders double again and again would fill the memory.
_MOST_EXPANDED = 2**16
# The characters that are looked through or brought for all placeholders together, which takes half a second at most; one
# placeholder takes the time of so many.
_MOST_WORK = 2**21
_STEP = 64
# Magic variables make a text longer, by as much as the path of its file is long.
_MOST_TEXT = 2**22
# Why a value isn't known may have a reason in turn.
_MOST_REASON = 500
# Stands for a magic variable that can't be known, in a place where no text has it.
UNKNOWN = "\0"


class TooMuchError(ValueError):
    """Text that is longer than anybody writes one; says how long it may be."""


class Line(NamedTuple):
    """An option as it stands in a file.

    Attributes:
        fixed: whether uWSGI takes the value as it is, without looking for variables in it.
        certain: whether uWSGI has the option at all, which it may not inside a condition or a loop.
        flaw: why the value can't be known, where the text itself doesn't show it.
    """

    name: str
    value: str
    fixed: bool = False
    certain: bool = True
    flaw: str = ""


class Option(NamedTuple):
    """An option as uWSGI has it.

    Attributes:
        flaw: why the value can't be known from the files, empty where it can.
        certain: as that of ``Line``.
    """

    name: str
    value: str
    flaw: str = ""
    certain: bool = True


def lines(text: str, path: str, section: str = "uwsgi") -> List[Line]:
    """The lines of one section, in their order, each placeholder that one defines behind it.

    Args:
        path: the file's absolute path, for the magic variables ``%d``, ``%n``, ``%p`` and ``%s``.

    Raises:
        TooMuchError: when magic variables make the text too long.
    """
    return sections(text, path).get(section, [])


def sections(text: str, path: str, more: Optional[Mapping[str, str]] = None) -> Dict[str, List[Line]]:
    """The lines of each section that has any; those above the first are of the one without a name.

    Args:
        more: magic variables beside those of the path.

    Raises:
        TooMuchError: when magic variables make the text too long.
    """
    found = Sections()
    current = ""
    for line in with_magic(text, path, more).split("\n"):
        stripped = line.strip(_BLANKS)
        if stripped.startswith("["):
            # uWSGI cuts the last character, whatever it is.
            current = stripped[1:-1]
        elif stripped and stripped[0] not in ";#":
            left, dummy, right = stripped.partition("=")
            found.add(current, left.rstrip(_BLANKS), right.lstrip(_BLANKS))
    return found.lines


class Sections:
    """The options of a file's sections, in the order in which uWSGI meets them, whatever format the file has.

    Attributes:
        lines: those of each section, each placeholder that one defines behind it.
    """

    def __init__(self) -> None:
        self.lines: Dict[str, List[Line]] = {}
        # Of each section, whether its next line is certain.
        self._uncertain: Dict[str, bool] = {}

    def add(self, section: str, name: str, value: str, flaw: str = "") -> None:
        """The next option of a section (``add_exported_option``, core/config.c)."""
        found = self.lines.setdefault(section, [])
        certain = not self._uncertain.get(section) or name in _ENDS
        found.append(Line(name, value, name in INCLUDES or name in DEFINES or name == _RESOLVES, certain, flaw))
        if name in DEFINES or name == _RESOLVES:
            own, dummy, content = value.partition("=")
            # What "set" defines is an option like any other.
            found.append(Line(own, content, name != "set", certain, _RESOLVED if name == _RESOLVES else flaw))
        elif _CONDITION.match(name):
            certain = False
        self._uncertain[section] = not certain


def expanded(given: List[Line]) -> List[Option]:
    """The options that the lines of all files of an instance come to (``uwsgi_apply_config_pass``, core/utils.c).

    A placeholder stands for the first option of its name, wherever that is, as far as it's expanded itself by then.
    """
    found = [Option(line.name, line.value, _flaw(line), line.certain) for line in given]
    first: Dict[str, int] = {}
    for at, line in enumerate(given):
        first.setdefault(line.name, at)
    # That is the file that uWSGI was started with.
    first.pop("ini", None)
    expansion = _Expansion(lambda name: found[first[name]] if name in first else None)
    for at, line in enumerate(given):
        if not line.fixed and not found[at].flaw:
            found[at] = expansion.of(found[at])
    return found


def read(text: str, path: str, section: str = "uwsgi") -> List[Option]:
    """The options of one section of a file that is all that an instance has."""
    return expanded(lines(text, path, section))


def with_magic(text: str, path: str, more: Optional[Mapping[str, str]] = None) -> str:
    """A file's text with its magic variables replaced (``magic_sub``, core/utils.c); ``\\0`` stands for one that isn't known.

    Args:
        more: variables beside those of the path.

    Raises:
        TooMuchError: when that makes the text too long.
    """
    values = {"%": "%", "(": "%(", **path_variables(path), **(more or {})}
    if len(text) + sum(text.count("%" + name) * len(value) for name, value in values.items()) > _MOST_TEXT:
        raise TooMuchError(f"is longer than {_MOST_TEXT} characters with its magic variables; use fewer")
    return _MAGIC.sub(lambda found: values.get(found.group(1), UNKNOWN), text)


def path_variables(path: str) -> Dict[str, str]:
    """The magic variables that a file's path decides (``config_magic_table_fill``, core/uwsgi.c)."""
    folder, base = os.path.split(path)
    stem, dot, ending = base.rpartition(".")
    found = {"d": folder.rstrip("/") + "/", "n": stem if dot else base, "p": path, "s": base}
    if UNKNOWN not in path:
        parts = [part for part in folder.split("/") if part]
        found.update(c=os.path.basename(folder), e=ending if dot else "")
        found.update((str(at), parts[at] if at < len(parts) else "") for at in range(10))
    return found


def _flaw(line: Line) -> str:
    if not line.certain:
        return "is inside a condition or a loop"
    if line.flaw:
        return line.flaw
    if UNKNOWN in line.name + line.value:
        return "has a magic variable that depends on the host"
    if not line.fixed:
        for opening, what in _ELSEWHERE:
            if opening in line.value:
                return f"depends on {what}"
    return ""


class _Expansion:
    """Placeholders to what they stand for, until all of it together is too much.

    Args:
        lookup: the option that a placeholder names, as far as it's expanded.
    """

    def __init__(self, lookup: Callable[[str], Optional[Option]]) -> None:
        self._lookup = lookup
        self._left = _MOST_WORK

    def of(self, option: Option) -> Option:
        """An option with its placeholders expanded, or with the reason why they can't be."""
        value = option.value
        start = 0
        for dummy in range(_MOST_EXPANSIONS):
            begin = value.find("%(", start)
            if begin < 0:
                return option._replace(value=value)
            if self._left < 0:
                return option._replace(flaw="has a placeholder, and the files have too many of them")
            found = _placeholder(value, begin)
            # What was looked through, and what copying the value takes beside that.
            self._left -= (found[1] if found else len(value)) - begin + len(value) // 16 + _STEP
            if found is None:
                return option._replace(value=value)
            begin, end = found
            name = value[begin + 2 : end - 1]
            brought = self._lookup(name)
            if brought is None:
                # uWSGI leaves it as it is, or does arithmetic with it.
                return option._replace(flaw=_reason(name, "the files don't define"))
            if brought.flaw:
                return option._replace(flaw=_reason(name, brought.flaw))
            self._left -= len(brought.value)
            if len(value) + len(brought.value) > _MOST_EXPANDED:
                return option._replace(flaw=f"has placeholders that stand for more than {_MOST_EXPANDED} characters")
            value = value[:begin] + brought.value + value[end:]
            # It begins anew, for what the placeholder brought, and doesn't see a first character again. Before the last per
            # cent sign there is nothing to be found.
            seen = value.rfind("%", 1, begin)
            start = max(1, begin if seen < 0 else seen)
        return option._replace(flaw="has a placeholder that names itself")


def _reason(name: str, why: str) -> str:
    reason = f"has a placeholder, %({name}), that {why}"
    return reason if len(reason) <= _MOST_REASON else reason[:_MOST_REASON] + "..."


def _placeholder(value: str, start: int) -> Optional[Tuple[int, int]]:
    """The first placeholder at or behind an index: where it begins, and where what is behind it begins."""
    begin = depth = -1
    # Behind the last parenthesis none ends.
    for at, character in enumerate(value[start : value.rfind(")") + 1], start):
        if character == "%":
            begin, depth = at, -1
        elif begin < 0:
            continue
        elif depth < 0:
            if character == "(":
                depth = 0
            else:
                begin = -1
        elif character == "(":
            depth += 1
        elif character == ")" and depth > 0:
            depth -= 1
        elif character == ")":
            if at > begin + 2:
                return begin, at + 1
            # One without a name is none.
            begin = -1
    return None
