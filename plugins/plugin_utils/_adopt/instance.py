# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One configuration file to what the roles have for an instance: a vassal, a router or an Emperor. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Union

from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import options
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import vassal as arguments
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance as ini_instance

from .._import import convert
from .._import.problems import NotReadError
from . import known, lines, secrets

VASSAL, ROUTER, EMPEROR, BROKEN = "vassal", "router", "emperor", "broken"
_USERS = ("uid", "immediate-uid")
_GROUPS = ("gid", "immediate-gid")
_RESERVED = re.compile(r"vassals\[0\]\.options\.([A-Za-z0-9_.-]+?)(\[\d+\]|\.literal)*\Z")
_ENTRY = re.compile(r"vassals\[0\]\.subscriptions\[(\d+)\]")
_PARAMETER = re.compile(r"vassals\[0\]\.((?:server|server_verification|client)_params)\.(\w+)")
# What a vassal of the role can't have, and why.
_REFUSED = {
    **dict.fromkeys(("daemonize", "daemonize2"), "would take it away from the Emperor, which also has its log"),
    **dict.fromkeys(("chroot", "cap"), "needs root, as which the role's vassals don't run"),
    "autoload": "depends on the plugins of the host; name those that it needs in emperor_plugins",
}
# So many times what the role refuses is taken out, all that is alike at once: for as many options and subscriptions together,
# since each time all of them are looked at.
_MOST_REFUSED = 64
_MOST_CHECKED = 2**14
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,9})\Z")


class Option(NamedTuple):
    """An option of an instance, with what there is to say about it.

    Attributes:
        values: as for ``options`` of the module ``uwsgi_vassals``; none where there is only something to say.
    """

    name: str
    values: list[Any]
    notes: list[str] = []  # noqa: RUF012 - never changed in place

    @property
    def value(self) -> Any:
        """One value, or a list of several."""
        return self.values[0] if len(self.values) == 1 else self.values

    def left(self, why: str) -> Option:
        """What is to be said in its place."""
        texts = [("false", "true")[one] if isinstance(one, bool) else str(options.content(one)) for one in self.values]
        return Option("", [], [*self.notes, f"{self.name} = {', '.join(texts)}: {why}"])


class Instance(NamedTuple):
    """What a file comes to.

    Attributes:
        kind: one of VASSAL, ROUTER, EMPEROR and BROKEN.
        owner, file_group: those of its file.
        options: those that are for ``options``, in their order.
        arguments: ``subscriptions`` and the groups.
        notes: what is to be said about its subscriptions.
        user, group: whom its own options name, empty for nobody.
        why: why it is not converted.
    """

    path: str
    name: str
    kind: str
    owner: str
    file_group: str
    options: list[Option] = []  # noqa: RUF012
    arguments: Mapping[str, Any] = {}
    notes: list[str] = []  # noqa: RUF012
    user: str = ""
    group: str = ""
    why: str = ""

    def option(self, *names: str) -> list[Any]:
        """The values of options, whichever of their names they have."""
        return [value for one in self.options if one.name in names for value in one.values]


def of_file(file: Mapping[str, Any]) -> Instance:
    """What a file comes to.

    Args:
        file: as the module ``uwsgi_config_info`` returns it.
    """
    path = _text(file, "path")
    name = os.path.basename(path).rpartition(".")[0] or os.path.basename(path)
    begun = Instance(path, name, VASSAL, owner=_text(file, "owner"), file_group=_text(file, "group"))
    if _text(file, "error"):
        return begun._replace(kind=BROKEN, why=_text(file, "error"))
    others = {str(one): str(text) for one, text in _mapping(file, "others").items()}
    text = _text(file, "text")
    try:
        read = lines.read(text, path, others)
        found = convert.converted(text, _dialect.V2_0, path, files=others, limits=lines.LIMITS)
    except (ArgumentError, NotReadError) as error:
        # What is wrong is the file's, and no argument's.
        return begun._replace(kind=BROKEN, why=error.problem if isinstance(error, ArgumentError) else str(error))
    missing = [f"{other} {why}, so what it says is missing here" for other, why in _mapping(file, "missing").items()]
    notes = [*missing, *_notes(found.left_over)]
    kind = _kind(read, found.arguments)
    whole = begun._replace(options=_options(read), arguments=found.arguments, notes=notes, kind=kind)
    return _checked(_as_vassal(whole)) if whole.kind in (VASSAL, ROUTER) else whole


def characters(file: Mapping[str, Any]) -> int:
    """How many characters are converted of a file and of those that it includes; none of what is too long to be looked at."""
    texts = [_text(file, "text"), *map(str, _mapping(file, "others").values())]
    count = sum(map(len, texts))
    return count if count <= 2 * lines.LIMITS.characters else 0


def wanted(file: Mapping[str, Any]) -> list[str]:
    """The paths of files that a file includes and that were not read with it."""
    others = {str(one): str(text) for one, text in _mapping(file, "others").items()}
    missing = _mapping(file, "missing")
    if _text(file, "error"):
        return []
    found = convert.wanted(_text(file, "text"), _dialect.V2_0, _text(file, "path"), others, lines.LIMITS)
    return [one for one in found if one not in missing]


def plain(value: str) -> Any:
    """A value as people write it in YAML; the role makes the same text of it."""
    if value in ("true", "false"):
        return value == "true"
    return int(value) if _NUMBER.match(value) else value


def _options(read: Iterable[lines.Read]) -> list[Option]:
    """Those of one name together, at the place of the first."""
    found: dict[int | str, Option] = {}
    for at, one in enumerate(read):
        notes = [f"{one.line}: {one.why}"] if one.why else []
        if not one.kept:
            # A place of its own, so that it stays between its neighbours.
            found[at] = Option("", [], notes)
            continue
        option = found.setdefault(one.name, Option(one.name, [], []))
        option.values.append({options.LITERAL: one.value} if one.literal else plain(one.value))
        option.notes.extend(notes)
    return list(found.values())


def _notes(left_over: Iterable[Any]) -> list[str]:
    found = []
    # One line may be left over for many reasons.
    shown: dict[str, str] = {}
    for one in left_over:
        name, dummy, value = one.line.partition(" = ")
        # What the lines say of them is at their own place.
        if name in (*lines.LOADS, "vassals-include") or ini_instance.FOREIGN.match(name) or convert.is_router(name):
            continue
        if one.line not in shown:
            shown[one.line] = secrets.shown(name, value)
        found.append(f"{shown[one.line]}: {one.why}")
    return list(dict.fromkeys(found))


def _kind(read: Iterable[lines.Read], found: Mapping[str, Any]) -> str:
    names = {one.name for one in read if one.kept}
    if "emperor" in names:
        return EMPEROR
    if any((name in _dialect.ROUTERS and not name.startswith("http")) or convert.is_router(name) for name in names):
        return ROUTER
    is_front = names & {"http", "https", "https2"} and "http-to" in names
    return ROUTER if is_front and not any(map(known.is_app, names)) and "subscriptions" not in found else VASSAL


def _as_vassal(one: Instance) -> Instance:
    """Without what another argument says, and with notes in the place of what the role's vassals can't have."""
    found = []
    user = group = ""
    for option in one.options:
        if option.name in _USERS and option.values:
            user = str(option.values[-1])
        elif option.name in _GROUPS and option.values:
            group = str(option.values[-1])
        elif option.name in _REFUSED and option.values:
            found.append(option.left(_REFUSED[option.name]))
        else:
            found.append(option)
    return one._replace(options=found, user=user, group=group)


def _checked(one: Instance) -> Instance:
    """Without what the module refuses, which is said in its place."""
    left = _MOST_CHECKED
    for dummy in range(_MOST_REFUSED):
        left -= sum(len(option.values) for option in one.options) + len(one.arguments.get("subscriptions", ()))
        if left < 0:
            break
        try:
            entry = {"name": one.name, "options": {"need-app": True, **given_options(one)}, **one.arguments}
            arguments.vassals([entry], _dialect.V2_0, lambda host: host)
        except ArgumentError as error:
            smaller = _without(one, error)
            if smaller is None:
                return one._replace(kind=BROKEN, why=f"{error.path.partition('.')[2]} {error.problem}")
            one = smaller
        else:
            return one
    return one._replace(kind=BROKEN, why="has too much that the role refuses")


def given_options(one: Instance) -> dict[str, Any]:
    """What is for ``options`` of the module."""
    return {option.name: option.value for option in one.options if option.values}


def _without(one: Instance, error: ArgumentError) -> Instance | None:
    option, entry, parameter = (pattern.match(error.path) for pattern in (_RESERVED, _ENTRY, _PARAMETER))
    if option:
        return _without_option(one, option.group(1), error.problem)
    given = dict(one.arguments)
    if entry:
        gone = given["subscriptions"][int(entry.group(1))]
        alike = [other for other in given["subscriptions"] if _rest(other) == _rest(gone)]
        given["subscriptions"] = [other for other in given["subscriptions"] if _rest(other) != _rest(gone)]
        more = f" and {len(alike) - 1} {'others' if len(alike) > 2 else 'other'}" if len(alike) > 1 else ""
        note = f"{_summary(gone)}{more}: {error.path.rpartition('.')[2]} {error.problem}"
    elif parameter:
        group, member = parameter.groups()
        given[group] = {name: value for name, value in given[group].items() if name != member}
        note = f"{group}.{member}: {error.problem}"
    else:
        return None
    return one._replace(arguments={name: value for name, value in given.items() if value}, notes=[*one.notes, note])


def _without_option(one: Instance, name: str, problem: str) -> Instance:
    return one._replace(options=[option.left(problem) if option.name == name else option for option in one.options])


def _rest(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of a subscription is wrong, where server and key are right: these were looked at one by one."""
    return {name: value for name, value in entry.items() if name not in ("server", "key")}


def _summary(entry: Mapping[str, Any]) -> str:
    return f"the subscription of {entry.get('key')} to {entry.get('server')}"


def _text(file: Mapping[str, Any], name: str) -> str:
    value = file.get(name, "")
    if not isinstance(value, str):
        raise ArgumentError(f"files.{name}", "must be text, as uwsgi_config_info returns it")
    return str(value)


def _mapping(file: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value: Union[Mapping[str, Any], Any] = file.get(name) or {}
    if not isinstance(value, Mapping):
        raise ArgumentError(f"files.{name}", "must be a mapping, as uwsgi_config_info returns it")
    return value
