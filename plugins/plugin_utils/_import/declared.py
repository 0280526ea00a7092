# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that a file declares itself (``declare-option`` and ``declare-option2``) to what they stand for. Pure.

The first kind is declared when its line is read. From then on uWSGI acts on a line that uses it at once, with no variable
expanded in it; one above it is acted on at the end, like all others. The second kind is declared at the end, where its turn is,
so that a line above it does nothing (``uwsgi_opt_add_custom_option``, core/uwsgi.c, and ``uwsgi_opt_custom``, core/config.c).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import IMMEDIATE, ROUTERS, SOCKETS
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import parser

AT_ONCE = "declare-option"
AT_THE_END = "declare-option2"
# Options of these names are uWSGI's own, whatever a file declares.
_OWN = frozenset([*table.ARGUMENTS, *SOCKETS, *IMMEDIATE, *ROUTERS, AT_THE_END])
# One that stands for itself would never end.
_MOST_DEPTH = 16
_MOST_VALUE = 2**16
_MOST_WORK = 2**22
# What an option takes beside its characters.
_EACH = 64
_TOO_MUCH = "stands for more than is read here"


class Declaration(NamedTuple):
    """An option that a file declares.

    Attributes:
        at: the place of its line.
        immediate: whether it's declared when its line is read.
        template: what it stands for.
        flaw: why that isn't known.
    """

    at: int
    immediate: bool
    template: str
    flaw: str


class Declared:
    """The options that the lines of an instance declare.

    Args:
        given: its lines.
        options: what they come to.
    """

    def __init__(self, given: Sequence[parser.Line], options: Sequence[parser.Option]) -> None:
        self._given = given
        self._options = options
        self._found: dict[str, Declaration] = {}
        self._work = 0
        self._used: set[str] = set()
        # Whether the rest is no longer looked at.
        self._gone = False
        # Of two with one name it's the first, and those that are declared at once are before all others.
        for immediate, option_name in ((True, AT_ONCE), (False, AT_THE_END)):
            for at, (line, option) in enumerate(zip(given, options)):
                if option.name == option_name:
                    name, equals, template = (line.value if immediate else option.value).partition("=")
                    flaw = _flaw_at_once(line) if immediate else option.flaw
                    if equals and name not in _OWN:
                        self._found.setdefault(name, Declaration(at, immediate, template, flaw))

    def unused(self) -> list[tuple[int, str, str]]:
        """Options that no line uses: the place of the line that declares one, its name, and what it stands for."""
        return [(one.at, name, one.template) for name, one in self._found.items() if name not in self._used]

    def stands_for(self, at: int) -> list[parser.Option] | None:
        """What the option at a place comes to; None where it's not a declared one. One that isn't known has a flaw."""
        option = self._options[at]
        if option.name not in self._found:
            return None
        one = self._found[option.name]
        if one.immediate and one.at < at:
            line = self._given[at]
            option = option._replace(value=line.value, flaw=_flaw_at_once(line))
        try:
            if not one.immediate and at < one.at:
                self._used.add(option.name)
                return self._unknown(one, f"is above the {AT_THE_END} that declares it, so uWSGI ignores it")
            return list(self._expanded(option, _MOST_DEPTH))
        except _TooMuchError as error:
            if self._gone:
                return []
            # What any of them would bring is said with the reason, once for all of them.
            self._gone = True
            self._used.update(self._found)
            names = [name for declaration in self._found.values() for name in _names(declaration.template)]
            return [parser.Option(name, "", str(error)) for name in dict.fromkeys(names)]

    def _unknown(self, one: Declaration, why: str) -> list[parser.Option]:
        """What a declaration stands for, with the reason why it isn't known."""
        self._charge(one, len(one.template))
        return [parser.Option(name, "", why) for name in _names(one.template)]

    def _charge(self, one: Declaration, work: int) -> None:
        """Count what it takes to see what a declaration stands for, of which each option is looked at by itself."""
        self._work += work + _EACH * (1 + one.template.count(";"))
        if self._work > _MOST_WORK:
            raise _TooMuchError(_TOO_MUCH)

    def _expanded(self, option: parser.Option, depth: int) -> Iterator[parser.Option]:
        one = self._found.get(option.name)
        if one is None:
            yield option
            return
        self._used.add(option.name)
        flaw = option.flaw or one.flaw
        if flaw:
            yield from self._unknown(one, flaw)
            return
        if depth <= 0:
            raise _TooMuchError(f"stands for itself, or for options more than {_MOST_DEPTH} deep; write what it stands for")
        self._charge(one, (len(one.template) + 1) * (option.value.count(" ") + 1) + len(option.value) * one.template.count("$"))
        for name, value in _filled(one.template, option.value):
            yield from self._expanded(parser.Option(name, value), depth - 1)


class _TooMuchError(ValueError):
    """Options that never end, or that are more than anybody writes."""


def _flaw_at_once(line: parser.Line) -> str:
    """Why a line isn't known in which uWSGI expands nothing but magic variables."""
    if not line.certain:
        return "is inside a condition or a loop"
    return line.flaw or ("has a magic variable that depends on the host" if parser.UNKNOWN in line.value else "")


def _names(template: str) -> list[str]:
    return [part.partition("=")[0] for part in template.split(";") if "=" in part]


def _filled(template: str, value: str) -> Iterator[tuple[str, str]]:
    """The options of a template, with the words of a value in place of ``$1``, ``$2`` and so on."""
    words = [word for word in value.split(" ") if word] if value else [""]
    for part in template.split(";"):
        if not part:
            continue
        name, equals, text = part.partition("=")
        if not equals:
            # uWSGI reads no further.
            return
        for at, word in enumerate(words, 1):
            name, text = name.replace(f"${at}", word), text.replace(f"${at}", word)
            if len(name) + len(text) > _MOST_VALUE:
                raise _TooMuchError(_TOO_MUCH)
        yield name, text
