# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the text of a configuration file to the arguments of ``uwsgi_subscription``. Pure.

What no argument says is never dropped: it is given back, each line with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.kinds import Unreadable
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.subscription import GROUPS, fragment
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import SUBSCRIBE2, SUBSCRIBE_TO, Release
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import kvlist, parser
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen

from . import declared, entries, formats
from .problems import WIDE, LeftOver, Limits, NotReadError
from .sources import Source, Sources
from .sources import options as every_option
from .whole import Whole

_ABOUT = re.compile(r"(un)?subscri")
_OF_ROUTERS = re.compile(r"(fastrouter|https?|rawrouter|sslrouter)-(subscription-|resubscribe)")
_ROUTER = "is an option of the router in this instance; keep it in the router's file, or use the role fastrouter"
_SETS_VASSALS = ("vassals-set", "vassal-set")
_SIGN_CHECK = "subscriptions-sign-check"
_GROUPS = {row.name: (group, row) for group in GROUPS for row in table.GROUPS[group]}
_KEYS = "has its keys in {}, which uWSGI reads at each announcement; the arguments have those of the given text"
_ZERG = "zerg"
_REFERENCE = re.compile(r"%\(([^()]*)\)")
# So many names of sections are shown in an error, and so much of each.
_MOST_NAMES = 20
_MOST_NAME = 100
# So much of what a declared option comes to is in a reason.
_MOST_SHOWN = 300


class Section(NamedTuple):
    """A section of the text.

    Attributes:
        read: whether its lines are those that were converted.
        reader: who reads it.
    """

    name: str
    read: bool
    reader: str


class Converted(NamedTuple):
    """What a text comes to.

    Attributes:
        arguments: ``subscriptions`` and the groups, those that aren't empty.
        sections: those that have any option.
    """

    arguments: dict[str, Any]
    left_over: list[LeftOver]
    sections: list[Section]


def converted(
    text: str,
    release: Release,
    path: str = "",
    section: str = formats.DEFAULT_SECTION,
    form: str = "",
    files: Mapping[str, str] | None = None,
    limits: Limits = WIDE,
) -> Converted:
    """The arguments that a file's options come to.

    Args:
        release: the uWSGI that reads the file today. What only a newer one knows, it ignores.
        path: the file's absolute path, for the magic variables that depend on it, maybe with a section behind a colon.
        section: the section that uWSGI reads; the path's is in place of the default.
        form: one of ``formats.FORMATS``; by default it's found out.
        files: the texts of files that are included or that have keys, by their paths.
        limits: how much is read.

    Raises:
        ArgumentError: when the text has no such section, as far as uWSGI sees one.
    """
    file, named = formats.split(path)
    asked = named if named and section == formats.DEFAULT_SECTION else section
    sources = Sources(text, file, asked, form, files or {}, limits=limits)
    every = sources.main.sections
    if not every.get(asked):
        raise ArgumentError("text", _no_section(asked, list(every)))
    try:
        work = _Work(release, sources, limits)
        read = sources.own_sections
        for other, lines in every.items():
            if other not in read:
                for line in lines:
                    if _is_about(line.name) or _about_vassals(line.name, line.value):
                        work.leave(_shown(line), _unread(other))
        return work.result([_section(name, name in read) for name in every])
    except NotReadError as error:
        raise ArgumentError("text", str(error)) from None


def wanted(text: str, release: Release, path: str, files: Mapping[str, str], limits: Limits = WIDE) -> list[str]:
    """The paths of files that an instance includes or has keys in, and that aren't given; what can't be read wants none."""
    try:
        sources = Sources(text, path, formats.DEFAULT_SECTION, "", files, limits=limits)
        _Work(release, sources, limits)
    except (ArgumentError, NotReadError):
        return []
    return list(dict.fromkeys(sources.wanted))


def is_about(name: str, value: str) -> bool:
    """Whether ``converted`` says all that there is to say about an option, which it doesn't of those that make a router."""
    return name in table.ARGUMENTS or bool(_ABOUT.match(name)) or _about_vassals(name, value)


def is_router(name: str) -> bool:
    """Whether an option is about the subscriptions of a router in the instance, so that ``converted`` only gives it back."""
    return bool(_OF_ROUTERS.match(name))


def _no_section(asked: str, names: list[str]) -> str:
    start = f"has no option in a section [{_name(asked)}]"
    sections = [f"[{_name(name)}]" for name in names if name]
    if not sections:
        return start + "; uWSGI would start without any"
    more = f" and {len(sections) - _MOST_NAMES} more" if len(sections) > _MOST_NAMES else ""
    return f"{start}, only in {', '.join(sections[:_MOST_NAMES])}{more}; name the one to read with the argument section"


def _name(name: str) -> str:
    return seen(_known(name))[:_MOST_NAME]


def _reader(section: str) -> str:
    if not section:
        return "nobody"
    return "zergs of an Emperor in broodlord mode" if section == _ZERG else f"uWSGI started with FILE:{_name(section)}"


def _unread(section: str) -> str:
    if not section:
        return "stands in no section, where uWSGI doesn't read it"
    return f"stands in the section [{_name(section)}], which this instance doesn't read; its reader is {_reader(section)}"


def _section(name: str, read: bool) -> Section:
    return Section(_name(name), read, "this instance" if read else _reader(name))


class _Work:
    """The arguments of an instance's lines.

    Args:
        release: the uWSGI that reads them.
    """

    def __init__(self, release: Release, sources: Sources, limits: Limits) -> None:
        self._release = release
        self._most = limits.rows
        self._sources = sources
        self._groups: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, str] = {}
        self._left_over: list[LeftOver] = []
        given = sources.read()
        self._names = {name for one in given for name in _REFERENCE.findall(one.line.value)}
        lines = [one.line for one in given]
        options = every_option(given)
        self._whole = Whole(release, options, limits.rows)
        self._take_all(given, options, declared.Declared(lines, options))

    def leave(self, line: str, why: str) -> None:
        """Give a line back."""
        if len(self._left_over) >= self._most:
            raise NotReadError(f"has more than {self._most} lines that no argument says")
        self._left_over.append(LeftOver(line, why))

    def result(self, sections: list[Section]) -> Converted:
        """What all lines come to."""
        self._left_over += self._whole.apply()
        arguments: dict[str, Any] = {}
        found = list(entries.merged([entry for dummy, entry in self._whole.entries]))
        if found:
            arguments["subscriptions"] = found
        arguments.update(self._groups)
        return Converted(arguments, self._left_over, sections)

    def _take_all(self, given: list[Source], options: list[parser.Option], own: declared.Declared) -> None:
        for at, (source, option) in enumerate(zip(given, options)):
            line = _shown(source.line)
            stands = own.stands_for(at)
            if source.why:
                self.leave(line, source.why)
            elif stands is not None:
                self._take_declared(line, stands, source.note)
            elif at and _is_placeholder(given[at - 1].line, source.line):
                if option.name in table.ARGUMENTS:
                    self.leave(line, "is an option and so can't be a placeholder; uWSGI doesn't start")
            else:
                self._take(line, option, source.note)
        for at, name, template in own.unused():
            if any(_is_about(part.partition("=")[0]) for part in template.split(";")):
                self.leave(_shown(given[at].line), f"declares the option {name}, which no line uses")

    def _take_declared(self, line: str, options: list[parser.Option], note: str) -> None:
        """The options that one stands for; a reason that several have is given once."""
        before = len(self._left_over)
        for one in map(_set, options):
            self._take(line, one, note, f"comes to {_cut(_known(one.name + ' = ' + one.value).rstrip())}, which ")
        self._left_over[before:] = dict.fromkeys(self._left_over[before:])

    def _take(self, line: str, option: parser.Option, note: str, prefix: str = "") -> None:
        """One option, which may have nothing to do with subscriptions."""
        if _about_vassals(option.name, option.value):
            self.leave(line, prefix + _for_vassals(option.value))
        elif not _is_about(option.name):
            return
        elif option.flaw:
            self.leave(line, option.flaw)
        else:
            try:
                self._convert(line, option, prefix)
            except (Unreadable, ArgumentError) as error:
                self.leave(line, prefix + str(error))
            else:
                if note:
                    self.leave(line, note)

    def _convert(self, line: str, option: parser.Option, prefix: str) -> None:
        if option.name in _GROUPS:
            self._take_option(line, option)
        elif option.name == SUBSCRIBE2:
            fields = kvlist.parse(option.value)
            self._whole.see(fields)
            self._announce(line, entries.of_fields(fields, self._release), False)
            for name in fields:
                why = entries.ignored(name, self._release)
                if why:
                    self.leave(line, prefix + why)
        elif option.name in SUBSCRIBE_TO:
            found, file = entries.of_older(option.value, self._sources.text)
            for entry in found:
                self._announce(line, entry, True)
            if file:
                self.leave(line, prefix + _KEYS.format(file))
        elif self._whole.takes(line, option):
            return
        elif _OF_ROUTERS.match(option.name):
            raise Unreadable(_ROUTER)
        elif option.name not in self._names:
            raise Unreadable("is not an option of uWSGI 2, which ignores it unless it is strict")

    def _announce(self, line: str, entry: dict[str, Any], older: bool) -> None:
        fragment({"subscriptions": [entry]}, self._release)
        self._whole.add(line, entry, older)

    def _take_option(self, line: str, option: parser.Option) -> None:
        group, row = _GROUPS[option.name]
        found = _sign_check(option.value) if option.name == _SIGN_CHECK else {row.argument: row.kind.read(option.value)}
        fragment({group: found}, self._release)
        members = self._groups.setdefault(group, {})
        if row.kind.repeats:
            members.setdefault(row.argument, []).extend(found[row.argument])
            return
        if option.name in self._lines:
            self.leave(self._lines[option.name], "is followed by another of its name, and uWSGI takes the last")
        self._lines[option.name] = line
        members.update(found)


def _is_about(name: str) -> bool:
    """Whether an option, or what was meant as one, is about subscriptions."""
    return name in table.ARGUMENTS or bool(_ABOUT.match(name)) or bool(_OF_ROUTERS.match(name))


def _about_vassals(name: str, value: str) -> bool:
    return name in _SETS_VASSALS and _is_about(value.partition("=")[0])


def _for_vassals(value: str) -> str:
    name = value.partition("=")[0]
    what = f"give each of them {table.ARGUMENTS[name]}" if name in table.ARGUMENTS else "give it to each of them"
    return f"sets {name} in every vassal of this Emperor, and not in this instance; {what}"


def _is_placeholder(before: parser.Line, line: parser.Line) -> bool:
    """Whether a line is what the one before it defines as a placeholder."""
    return before.name in parser.PLACEHOLDERS and before.value.partition("=")[0] == line.name


def _set(option: parser.Option) -> parser.Option:
    """The option that ``set`` sets, which a declared one may stand for; any other as it is."""
    if option.name != "set":
        return option
    name, dummy, value = option.value.partition("=")
    return option._replace(name=name, value=value)


def _shown(line: parser.Line) -> str:
    return _known(f"{line.name} = {line.value}").rstrip()


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "..."


def _known(text: str) -> str:
    """A text with a sign for what depends on the host."""
    return text.replace(parser.UNKNOWN, "%?")


def _sign_check(value: str) -> dict[str, Any]:
    digest, colon, directory = value.partition(":")
    if not colon:
        raise Unreadable("has no colon between the digest and the folder of keys")
    return {"digest_algo": digest, "dir_cert": directory}
