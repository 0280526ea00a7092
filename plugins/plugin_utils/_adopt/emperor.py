# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of an Emperor to variables of the role ``emperor``. Pure."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Collection
from typing import Any, NamedTuple

from .instance import Instance, Option, plain
from .variables import Variable, accepted, option_rows

_NUMBERS = {"max-fd": "emperor_max_fd", "emperor-max-throttle": "emperor_max_throttle"}
_SETS = ("vassals-set", "vassal-set")
_TYRANT = ("emperor-tyrant", "emperor-tyrant-nofollow")
# Patterns that are compared with the paths of all vassals. To find the end of a set in one takes all that is behind it.
_MOST_PATTERNS = 64
_MOST_PATTERN = 1024
_MOST_SETS = 8
_ROUTERS = ("fastrouter", "http", "rawrouter", "sslrouter")


class Emperor(NamedTuple):
    """What the file of an Emperor comes to.

    Attributes:
        defaults: what it sets in every vassal.
        router: what of it is a router, None where it's none.
    """

    variables: list[Variable] = []  # noqa: RUF012 - never changed in place
    defaults: list[Option] = []  # noqa: RUF012
    tyrant: bool = False
    user: str = ""
    group: str = ""
    router: Instance | None = None


def emperor(one: Instance, adopted: Collection[str]) -> Emperor:
    """What the file of an Emperor comes to.

    Args:
        adopted: the paths of the vassals that were read.
    """
    found: list[Variable] = []
    rest: list[Option] = []
    defaults: list[Option] = []
    of_router = [option for option in one.options if option.name.startswith(_ROUTERS)]
    for option in one.options:
        if option.name.startswith(_ROUTERS) or option.name in (*_TYRANT, "uid", "gid"):
            continue
        if option.name == "emperor":
            rest.append(_folders(option, adopted))
        elif option.name in _NUMBERS and len(option.values) == 1:
            found.append(Variable(_NUMBERS[option.name], option.value, option.notes))
        elif option.name in _SETS:
            defaults += [_set(str(value)) for value in option.values]
        else:
            rest.append(option)
    rows = option_rows(accepted(rest, "emperor_options", {"strict": True}))
    notes = [f"The Emperor, {one.path}:", *one.notes]
    if "subscriptions" in one.arguments:
        notes.append("It announces itself, which the role's Emperor does not; give its subscriptions to a vassal.")
    found.append(Variable("emperor_options", rows))
    found[0] = found[0]._replace(notes=[*notes, *found[0].notes])
    server = {name: value for name, value in one.arguments.items() if name.startswith("server_")}
    return Emperor(
        variables=found,
        defaults=defaults,
        tyrant=any(value not in (False, 0, "off") for value in one.option("emperor-tyrant")),
        user=_last(one.option("uid")),
        group=_last(one.option("gid")),
        router=one._replace(name="fastrouter", options=of_router, arguments=server, notes=[]) if of_router else None,
    )


def _folders(option: Option, adopted: Collection[str]) -> Option:
    """Where else there are vassals: those of a folder that was read are variables now."""
    kept, notes = [], list(option.notes)
    places = {*adopted, *map(os.path.dirname, adopted)}
    for at, value in enumerate(option.values):
        text = str(value)
        if text in places or text.rstrip("/") in places or (at < _MOST_PATTERNS and _matches(text, adopted)):
            notes.append(f"emperor = {text}: its vassals are in emperor_vassals")
        else:
            kept.append(value)
            notes.append(f"emperor = {text}: is kept beside the folders of the role, and its vassals were not read")
    return Option("emperor", kept, notes)


def _matches(pattern: str, paths: Collection[str]) -> bool:
    """Whether a pattern has any of the paths; one that is longer than a path can be has none."""
    if len(pattern) > _MOST_PATTERN or pattern.count("[") > _MOST_SETS:
        return False
    compiled = re.compile(fnmatch.translate(pattern))
    return any(map(compiled.match, paths))


def _set(text: str) -> Option:
    name, dummy, value = text.partition("=")
    return Option(name, [plain(value)])


def _last(values: list[Any]) -> str:
    return str(values[-1]) if values else ""
