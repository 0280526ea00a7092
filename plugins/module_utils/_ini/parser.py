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
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

# Options that uWSGI acts on when it meets their line; it expands nothing in them (UWSGI_OPT_IMMEDIATE, core/uwsgi.c).
INCLUDES = ("include", "ini")
_DEFINES = ("set", "set-placeholder", "set-ph")
_BLANKS = " \t\r"
# Some come from the file's name (magic_sub, core/utils.c), "%(" is for later, all others depend on the host or the moment.
_MAGIC = re.compile(r"%(.?)", re.DOTALL)
_ELSEWHERE = (("$(", "the environment"), ("@(", "a file or a command"))
# They hold for the lines below them, up to one of the others.
_CONDITION = re.compile(r"(if-.*|for(-.*)?)\Z", re.DOTALL)
_ENDS = ("end", "endif", "end-if", "endfor", "end-for")
# One that names itself would never end.
_MOST_EXPANSIONS = 1000
# Stands for a magic variable that can't be known, in a place where no text has it.
_UNKNOWN = "\0"


class Line(NamedTuple):
    """An option as it stands in a file.

    Attributes:
        fixed: whether uWSGI takes the value as it is, without looking for variables in it.
        certain: whether uWSGI has the option at all, which it may not inside a condition or a loop.
    """

    name: str
    value: str
    fixed: bool = False
    certain: bool = True


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
    """
    found: List[Line] = []
    current = ""
    certain = True
    for line in _without_magic(text, path).split("\n"):
        stripped = line.strip(_BLANKS)
        if stripped.startswith("["):
            # uWSGI cuts the last character, whatever it is.
            current = stripped[1:-1]
        elif stripped and stripped[0] not in ";#" and current == section:
            left, dummy, right = stripped.partition("=")
            name, value = left.rstrip(_BLANKS), right.lstrip(_BLANKS)
            certain = certain or name in _ENDS
            found.append(Line(name, value, name in INCLUDES or name in _DEFINES, certain))
            if name in _DEFINES:
                own, dummy, content = value.partition("=")
                # What "set" defines is an option like any other.
                found.append(Line(own, content, name != "set", certain))
            elif _CONDITION.match(name):
                certain = False
    return found


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
    for at, line in enumerate(given):
        if not line.fixed and not found[at].flaw:
            found[at] = _expanded(found[at], lambda name: found[first[name]] if name in first else None)
    return found


def read(text: str, path: str, section: str = "uwsgi") -> List[Option]:
    """The options of one section of a file that is all that an instance has."""
    return expanded(lines(text, path, section))


def _without_magic(text: str, path: str) -> str:
    folder, base = os.path.split(path)
    values = {"%": "%", "(": "%(", "d": folder + "/", "n": os.path.splitext(base)[0], "p": path, "s": base}
    return _MAGIC.sub(lambda found: values.get(found.group(1), _UNKNOWN), text)


def _flaw(line: Line) -> str:
    if not line.certain:
        return "stands in a condition or a loop"
    if _UNKNOWN in line.name + line.value:
        return "has a magic variable that depends on the host"
    if not line.fixed:
        for opening, what in _ELSEWHERE:
            if opening in line.value:
                return f"depends on {what}"
    return ""


def _expanded(option: Option, lookup: Callable[[str], Optional[Option]]) -> Option:
    value = option.value
    start = 0
    for dummy in range(_MOST_EXPANSIONS):
        found = _placeholder(value, start)
        if found is None:
            return option._replace(value=value)
        begin, end = found
        name = value[begin + 2 : end - 1]
        brought = lookup(name)
        if brought is None:
            # uWSGI leaves it as it is, or does arithmetic with it.
            return option._replace(flaw=f"has a placeholder, %({name}), that the files don't define")
        if brought.flaw:
            return option._replace(flaw=f"has a placeholder, %({name}), that {brought.flaw}")
        value = value[:begin] + brought.value + value[end:]
        # It begins anew, for what the placeholder brought, and doesn't see a first character again.
        start = 1
    return option._replace(flaw="has a placeholder that names itself")


def _placeholder(value: str, start: int) -> Optional[Tuple[int, int]]:
    """The first placeholder at or behind an index: where it begins, and where what is behind it begins."""
    begin = depth = -1
    for at in range(start, len(value)):
        character = value[at]
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
