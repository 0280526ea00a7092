# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a uWSGI ini file to its options: what L(_ini) writes, and what people write. Pure, and free of Ansible.

The parser is C(uwsgi_ini_config) (C(core/ini.c)). What depends on more than the file (the environment, other files) is kept with
the reason why its value isn't known, and is an error only for who needs it.
"""

from __future__ import annotations

import os
import re
from typing import Dict, List, NamedTuple, Tuple

_BLANKS = " \t\r"
# Some come from the file's name (C(magic_sub), core/config.c), "%(" is for later, all others depend on the host or the moment.
_MAGIC = re.compile(r"%(.)", re.DOTALL)
_PLACEHOLDER = re.compile(r"%\(([^)%]*)\)")
_ELSEWHERE = (("$(", "the environment"), ("@(", "a file or a command"))
_DEFINES = ("set-placeholder", "set-ph", "set")
# One that names itself would never end.
_MOST_EXPANSIONS = 100
# Stands for a magic variable that can't be known, in a place where no text has it.
_UNKNOWN = "\x00"


class Option(NamedTuple):
    """One line.

    :ivar value: as uWSGI will have it.
    :ivar flaw: why the value can't be known from the file, empty where it can.
    """

    name: str
    value: str
    flaw: str = ""


def read(text: str, path: str, section: str = "uwsgi") -> List[Option]:
    """The options of one section, in their order, expanded.

    :param path: the file's absolute path, for the magic variables C(%d), C(%n), C(%p) and C(%s).
    """
    found: List[Tuple[str, str]] = []
    current = ""
    for line in _without_magic(text, path).split("\n"):
        stripped = line.strip(_BLANKS)
        if not stripped or stripped[0] in ";#":
            continue
        if stripped[0] == "[":
            current = stripped[1:].partition("]")[0]
        elif current == section:
            name, dummy, value = stripped.partition("=")
            found.append((name.strip(_BLANKS), value.strip(_BLANKS)))
    # An option is a placeholder as well; the first of a name counts (uwsgi_get_exported_opt, core/config.c).
    known: Dict[str, str] = {}
    for name, value in found:
        own, dummy, content = value.partition("=") if name in _DEFINES else (name, "", value)
        known.setdefault(own, content)
    return [_expanded(name, value, known) for name, value in found if name not in _DEFINES]


def fields(value: str) -> Dict[str, str]:
    """The fields of C(subscribe2): commas part them, and a backslash takes the next character as it is.

    The format is that of C(uwsgi_kvlist_parse) (C(core/utils.c)); of a field that stands there twice the last counts.
    """
    parts = [""]
    characters = iter(value)
    for character in characters:
        if character == "\\":
            parts[-1] += next(characters, "")
        elif character == ",":
            parts.append("")
        else:
            parts[-1] += character
    return {name: content for name, dummy, content in (part.partition("=") for part in parts)}


def _without_magic(text: str, path: str) -> str:
    folder, base = os.path.split(path)
    values = {"%": "%", "(": "%(", "d": folder + "/", "n": os.path.splitext(base)[0], "p": path, "s": base}
    return _MAGIC.sub(lambda found: values.get(found.group(1), _UNKNOWN), text)


def _expanded(name: str, value: str, known: Dict[str, str]) -> Option:
    for opening, what in _ELSEWHERE:
        if opening in value:
            return Option(name, value, "depends on {0}".format(what))
    for dummy in range(_MOST_EXPANSIONS):
        found = _PLACEHOLDER.search(value)
        if not found:
            break
        if found.group(1) not in known:
            # uWSGI leaves it as it is, unless another file of the instance has it.
            return Option(name, value, "has a placeholder, {0}, that the file doesn't define".format(found.group()))
        # What it brings is looked through for more of its kind, and for nothing else.
        value = value[: found.start()] + known[found.group(1)] + value[found.end() :]
    else:
        return Option(name, value, "names itself")
    if _UNKNOWN in value:
        return Option(name, value, "has a magic variable that depends on the host")
    return Option(name, value)
