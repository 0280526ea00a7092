# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The value of ``subscribe2`` or ``subscribe-to`` to entries of ``subscriptions``, and many of those to few. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.kinds import SIGNING, Unreadable, is_number, read_number
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import Release

Entry = dict[str, Any]
# Of two arguments for one field it's the last, so the honest suspend_file and not check_file.
_FIELDS = {row.name: row for row in table.SUBSCRIPTION}
_OTHER_FIELDS = ("modifier2", "socket")


def ignored(name: str, release: Release) -> str:
    """Why a field of ``subscribe2`` says nothing to uWSGI; empty where it does."""
    row = _FIELDS.get(name)
    if row is None:
        return "" if name in _OTHER_FIELDS else f"has the field {name!r}, which uWSGI doesn't know and ignores"
    return f"has the field {name!r}, which uWSGI 2.0 ignores" if release < row.since else ""


def of_fields(fields: dict[str, str], release: Release) -> Entry:
    """An entry from the fields of ``subscribe2``."""
    missing = [name for name in ("server", "key") if not fields.get(name)]
    if missing:
        raise Unreadable(f"has no {' and no '.join(missing)}, so uWSGI announces nothing")
    if "address" in fields:
        raise Unreadable("has address=, which uWSGI 2.0 ignores and 2.1 takes as addr=; write addr=")
    if "addr" in fields and "socket" in fields:
        raise Unreadable("has addr= and socket=; which of them counts depends on the instance's sockets; leave one of them")
    if "addr" in fields and is_number(fields["addr"]):
        raise Unreadable(f"has addr={fields['addr']}, which uWSGI takes as a path; for a socket's number write socket=")
    entry: Entry = {}
    for name, row in _FIELDS.items():
        if name not in fields or release < row.since:
            continue
        entry[row.argument] = row.kind.read(fields[name])
    if "socket" in fields:
        entry["address"] = read_number(fields["socket"])
    if "modifier2" in fields:
        entry["modifier"] = {"modifier1": entry.get("modifier", 0), "modifier2": read_number(fields["modifier2"])}
    return entry


def of_older(value: str, content: Callable[[str], str | None]) -> tuple[list[Entry], str]:
    """Entries from ``[ADDRESS=]SERVER:KEY[,MODIFIER1[,SIGN]]`` (``uwsgi_subscribe``, core/subscription.c); it has no escapes.

    Args:
        content: a file's text, None where it isn't given.

    Returns:
        the entries, and the file that their keys are from, if that is where they are.
    """
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
    common: Entry = {"server": server, "address": address} if equals else {"server": server}
    if behind.startswith("@"):
        # All that is behind it is the file's name.
        return [{**common, **one} for one in _of_file(behind[1:], content(behind[1:]))], behind[1:]
    key, comma, rest = behind.partition(",")
    entry = {**common, "key": key}
    if comma:
        modifier, dummy, sign = rest.partition(",")
        entry["modifier"] = read_number(modifier)
        if sign:
            entry["signing"] = SIGNING.read(sign)
    return [entry], ""


def _of_file(name: str, text: str | None) -> Iterator[Entry]:
    """A key a line, each with its modifier if it has one."""
    if text is None:
        raise Unreadable(f"has its keys in the file {name}, which is not given; give its text in files, or the keys")
    for line in text.partition("\0")[0].split("\n"):
        if line and not line.startswith("#"):
            key, comma, modifier = line.partition(",")
            yield {"key": key, "modifier": read_number(modifier)} if comma else {"key": key}


def merged(entries: list[Entry]) -> Iterator[Entry]:
    """Entries that only differ in server and key as one, where it comes to the same lines in the same order."""

    def others(entry: Entry) -> list[tuple[str, str]]:
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
