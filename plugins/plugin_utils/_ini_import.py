# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the text of an ini file back to the arguments of ``uwsgi_subscription``: ``_subscription`` the other way round. Pure.

What no argument says is never dropped: it is given back, each line with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.kinds import SIGNING, Unreadable, is_number, read_number
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.subscription import GROUPS, fragment
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import SUBSCRIBE2, SUBSCRIBE_TO, V2_1, Release
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance, kvlist, parser

# What else changes an announcement, and what of an entry says the same (core/uwsgi.c).
_WHOLE = {"weight": "balancing_weight", "auto-weight": "balancing_weight", "subscribe-with-modifier1": "modifier"}
_ABOUT = re.compile(r"(un)?subscri")
_SIGN_CHECK = "subscriptions-sign-check"
_GROUPS = {row.name: (group, row) for group in GROUPS for row in table.GROUPS[group]}
# Of two arguments for one field it's the last, so the honest suspend_file and not check_file.
_FIELDS = {row.name: row for row in table.SUBSCRIPTION}
_OTHER_FIELDS = ("modifier2", "socket")
# As much as is read of a file on a host.
_MOST_TEXT = 2**20
# In place of a file's path that isn't known: as unknown to the reader as what depends on the host.
_NO_PATH = "\0/\0"


class LeftOver(NamedTuple):
    """A line that the arguments don't say, or not wholly, and why."""

    line: str
    why: str


class Migrated(NamedTuple):
    """What a text comes to.

    Attributes:
        arguments: ``subscriptions`` and the groups, those that aren't empty.
    """

    arguments: dict[str, Any]
    left_over: list[LeftOver]


def migrated(text: str, release: Release, path: str = "", section: str = "uwsgi") -> Migrated:
    """The arguments that a file's options come to.

    Args:
        release: the uWSGI that reads the file today. What only a newer one knows, it ignores.
        path: the file's absolute path, for the magic variables that depend on it.

    Raises:
        ArgumentError: when the text has no such section, as far as uWSGI sees one.
    """
    where = path or _NO_PATH
    if len(text) > _MOST_TEXT:
        raise ArgumentError("text", f"is longer than {_MOST_TEXT} characters, so it is no ini file that uWSGI runs with")
    try:
        every = parser.sections(text, where)
    except parser.TooMuchError as error:
        raise ArgumentError("text", str(error)) from error
    given = every.pop(section, None)
    if not given:
        raise ArgumentError("text", f"has no option in a section [{section}]; uWSGI would start without any")
    work = _Work(release)
    for line, option in zip(given, parser.expanded(given)):
        work.take(_shown(line), option)
    for other, lines in every.items():
        place = f"the section [{_known(other)}]" if other else "no section"
        for line in lines:
            if _is_about(line.name):
                work.leave(_shown(line), f"stands in {place}, where uWSGI doesn't read it")
    return work.result()


class _Work:
    """The arguments so far."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._groups: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, str] = {}
        self._entries: list[tuple[str, dict[str, Any]]] = []
        self._left_over: list[LeftOver] = []

    def leave(self, line: str, why: str) -> None:
        self._left_over.append(LeftOver(line, why))

    def take(self, line: str, option: parser.Option) -> None:
        """One option, which may have nothing to do with subscriptions."""
        if option.name in (*parser.INCLUDES, "inherit") or instance.FOREIGN.match(option.name):
            self.leave(line, "brings the options of another file, which are not read here; give that file's text too")
        elif not _is_about(option.name):
            return
        elif option.flaw:
            self.leave(line, option.flaw)
        else:
            try:
                self._take(line, option)
            except (Unreadable, ArgumentError) as error:
                self.leave(line, str(error))

    def _take(self, line: str, option: parser.Option) -> None:
        if option.name in _GROUPS:
            self._take_option(line, option)
        elif option.name == SUBSCRIBE2:
            fields = kvlist.parse(option.value)
            self._announce(line, _entry(fields, self._release))
            for name in fields:
                why = _ignored(name, self._release)
                if why:
                    self.leave(line, why)
        elif option.name in SUBSCRIBE_TO:
            self._announce(line, _older_entry(option.value))
        elif option.name in _WHOLE:
            raise Unreadable(f"holds for the whole instance; give each subscription a {_WHOLE[option.name]} instead")
        else:
            raise Unreadable("is no option of uWSGI 2, which ignores it unless it is strict")

    def _announce(self, line: str, entry: dict[str, Any]) -> None:
        fragment({"subscriptions": [entry]}, self._release)
        self._entries.append((line, entry))

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

    def result(self) -> Migrated:
        if self._release < V2_1:
            self._give_one_weight()
        arguments: dict[str, Any] = {}
        entries = list(_merged([entry for dummy, entry in self._entries]))
        if entries:
            arguments["subscriptions"] = entries
        arguments.update(self._groups)
        return Migrated(arguments, self._left_over)

    def _give_one_weight(self) -> None:
        """The weight that uWSGI 2.0 gives to all: the last that it read (``uwsgi_subscribe2``, core/subscription.c)."""
        weights = [entry["balancing_weight"] for dummy, entry in self._entries if "balancing_weight" in entry]
        for line, entry in self._entries:
            if weights and entry.get("balancing_weight") != weights[-1]:
                entry["balancing_weight"] = weights[-1]
                self.leave(line, f"gets the weight {weights[-1]}, the last in the file, since uWSGI 2.0 has one for all")


def _is_about(name: str) -> bool:
    """Whether an option, or what was meant as one, is about subscriptions."""
    return name in _GROUPS or name in SUBSCRIBE_TO or name in _WHOLE or bool(_ABOUT.match(name))


def _shown(line: parser.Line) -> str:
    return _known(f"{line.name} = {line.value}").rstrip()


def _known(text: str) -> str:
    """A text with a sign for what depends on the host."""
    return text.replace("\0", "%?")


def _sign_check(value: str) -> dict[str, Any]:
    digest, colon, directory = value.partition(":")
    if not colon:
        raise Unreadable("has no colon between the digest and the folder of keys")
    return {"digest_algo": digest, "dir_cert": directory}


def _ignored(name: str, release: Release) -> str:
    """Why a field of ``subscribe2`` says nothing to uWSGI; empty where it does."""
    row = _FIELDS.get(name)
    if row is None:
        return "" if name in _OTHER_FIELDS else f"has the field {name!r}, which uWSGI doesn't know and ignores"
    return f"has the field {name!r}, which uWSGI 2.0 ignores" if release < row.since else ""


def _entry(fields: dict[str, str], release: Release) -> dict[str, Any]:
    """An entry of ``subscriptions`` from the fields of ``subscribe2``."""
    missing = [name for name in ("server", "key") if not fields.get(name)]
    if missing:
        raise Unreadable(f"has no {' and no '.join(missing)}, so uWSGI announces nothing")
    if "address" in fields:
        raise Unreadable("has address=, which uWSGI 2.0 ignores and 2.1 takes as addr=; write addr=")
    if "addr" in fields and "socket" in fields:
        raise Unreadable("has addr= and socket=; which of them counts depends on the instance's sockets; leave one of them")
    if "addr" in fields and is_number(fields["addr"]):
        raise Unreadable(f"has addr={fields['addr']}, which uWSGI takes as a path; for a socket's number write socket=")
    entry: dict[str, Any] = {}
    for name, row in _FIELDS.items():
        if name not in fields or release < row.since:
            continue
        entry[row.argument] = row.kind.read(fields[name])
    if "socket" in fields:
        entry["address"] = read_number(fields["socket"])
    if "modifier2" in fields:
        entry["modifier"] = {"modifier1": entry.get("modifier", 0), "modifier2": read_number(fields["modifier2"])}
    return entry


def _older_entry(value: str) -> dict[str, Any]:
    """An entry from ``[ADDRESS=]SERVER:KEY[,MODIFIER1[,SIGN]]`` (``uwsgi_subscribe``, core/subscription.c); it has no escapes."""
    address, equals, rest = value.partition("=")
    if equals and not address:
        raise Unreadable("names a shared socket by its number, which no argument does; give its address")
    target = rest if equals else value
    # A unix socket's path ends at the first colon, an address behind its port.
    server, dummy, behind = target.partition(":")
    if not target.startswith("/"):
        port, dummy, behind = behind.partition(":")
        server += ":" + port
    if not behind:
        raise Unreadable("has no SERVER:KEY, so uWSGI announces nothing")
    key, comma, rest = behind.partition(",")
    if key.startswith("@"):
        raise Unreadable("has its keys in a file that uWSGI reads at each announcement; give the keys")
    entry: dict[str, Any] = {"server": server, "key": key}
    if equals:
        entry["address"] = address
    if comma:
        modifier, dummy, sign = rest.partition(",")
        entry["modifier"] = read_number(modifier)
        if sign:
            entry["signing"] = SIGNING.read(sign)
    return entry


def _merged(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Entries that only differ in server and key as one, where it comes to the same lines in the same order."""

    def others(entry: dict[str, Any]) -> list[tuple[str, str]]:
        return sorted((name, repr(value)) for name, value in entry.items() if name not in ("server", "key"))

    for dummy, group in groupby(entries, others):
        alike = list(group)
        pairs = [(entry["server"], entry["key"]) for entry in alike]
        servers, keys = (list(dict.fromkeys(pair[at] for pair in pairs)) for at in (0, 1))
        # To count them first spares making a list that grows with the square of theirs.
        if len(pairs) == len(servers) * len(keys) and pairs == [(server, key) for server in servers for key in keys]:
            yield {**alike[0], "server": _one_or_all(servers), "key": _one_or_all(keys)}
        else:
            yield from alike


def _one_or_all(values: list[str]) -> Any:
    return values if len(values) > 1 else values[0]
