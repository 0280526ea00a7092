# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All files of a host to the variables of the roles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import vassal as arguments
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

from .._roles.emperor import DEFAULT_OPTIONS as DEFAULTS
from . import emperor, instance, known, router
from .document import Note, Rows
from .emperor import Emperor
from .instance import BROKEN, EMPEROR, ROUTER, VASSAL, Instance, Option
from .variables import Variable, option_rows, without_defaults

# So many characters of a host's files are converted, which takes some seconds: those of a thousand vassals.
_MOST_CHARACTERS = 2**21
_TOO_MUCH = (
    f"is not converted, since the files before it have {_MOST_CHARACTERS} characters; name it in adopt_paths, in a run of its own"
)
_ROOT = ("", "root", "0")
NO_APP = "The file names no application, and the role's vassals need one by default."
_NO_USER = "No file names a user. The role runs the vassals as emperor_user, by default www-data."
_AS_ROOT = "ran as root, as which the role runs no vassal; give it an owner of its own"
_ALL_AS_ROOT = "The vassals ran as root, as which the role runs none. It runs them as emperor_user, by default www-data."
_UNSIGNED = "What is announced today is not signed by the roles. With true they sign it, and routers check it."
_SECOND = "is a second Emperor; the role runs one, so merge the two"


class Host(NamedTuple):
    """What the files of a host come to.

    Attributes:
        vassals: those that are converted, and those that can't be.
        variables: the others, but those of routers.
        routers: those of the role ``fastrouter``.
        further: its ``fastrouter_vassals``.
        defaults: options that an Emperor sets in every vassal.
        owned: whether each vassal has an owner of its own.
    """

    name: str
    vassals: list[Instance]
    variables: list[Variable]
    routers: list[Variable]
    further: list[Instance]
    defaults: list[Option]
    owned: bool

    @property
    def adopted(self) -> list[Instance]:
        """The vassals that are converted."""
        return [one for one in self.vassals if one.kind == VASSAL]

    @property
    def left(self) -> int:
        """How many things are only said in comments."""
        every = [*self.vassals, *self.further]
        notes = [note for one in every for option in one.options for note in option.notes]
        notes += [note for one in every for note in one.notes]
        return len([note for note in notes if note != NO_APP]) + len([one for one in every if one.kind == BROKEN])


def of_files(name: str, files: Sequence[Mapping[str, Any]]) -> Host:
    """What the files of a host come to.

    Args:
        files: as the module ``uwsgi_config_info`` returns them.
    """
    every = list(_instances(files))
    vassals = _consistent([one for one in every if one.kind in (VASSAL, BROKEN)])
    emperors = [one for one in every if one.kind == EMPEROR]
    vassals += [one._replace(kind=BROKEN, why=_SECOND) for one in emperors[1:]]
    paths = [one.path for one in vassals if one.kind == VASSAL]
    found = emperor.emperor(emperors[0], paths) if emperors else Emperor()
    routers = router.Routers([one for one in every if one.kind == ROUTER] + ([found.router] if found.router else []))
    vassals, users = _with_users(vassals, found)
    shown = [_settled(one) for one in vassals]
    signing = [Variable("emperor_signing", False, [_UNSIGNED])] if _announces(shown) or routers.variables else []
    owned = any(one.name == "emperor_tyrant" for one in users)
    return Host(name, shown, [*found.variables, *users, *signing], routers.variables, routers.further, found.defaults, owned)


def _instances(files: Iterable[Mapping[str, Any]]) -> Iterator[Instance]:
    left = _MOST_CHARACTERS
    for one in files:
        left -= instance.characters(one)
        yield instance.of_file(one if left >= 0 else {**one, "error": _TOO_MUCH})


def entry(one: Instance, owned: bool) -> Rows:
    """An item of ``emperor_vassals``."""
    found = Rows([Note(one.path), ("name", one.name)])
    if owned:
        found += [(name, value) for name, value in (("owner", one.user), ("group", one.group)) if value]
    options = option_rows(one.options)
    if options:
        found.append(("options", options))
    found += map(Note, one.notes)
    found += list(one.arguments.items())
    return found


def _announces(vassals: Sequence[Instance]) -> bool:
    return any("subscriptions" in one.arguments for one in vassals)


def _settled(one: Instance) -> Instance:
    """A vassal without what the role says of each, and with what it must not say of this one."""
    if one.kind != VASSAL:
        return one
    options = without_defaults(one.options, DEFAULTS)
    if not any(known.is_app(option.name) for option in one.options):
        options = [Option("need-app", [None], [NO_APP]), *options]
    return one._replace(options=options)


def _consistent(vassals: list[Instance]) -> list[Instance]:
    """Vassals of which each has a name and sockets of its own."""
    found: list[Instance] = []
    paths: dict[str, str] = {}
    taken = arguments.Taken()
    for one in vassals:
        if one.kind == VASSAL and one.name in paths:
            why = f"has the name of {paths[one.name]} but for its folder or ending; rename one of them"
            one = one._replace(kind=BROKEN, why=why)  # noqa: PLW2901 - the same vassal
        paths.setdefault(one.name, one.path)
        found.append(_alone(one, taken) if one.kind == VASSAL else one)
    return found


def _alone(one: Instance, taken: arguments.Taken) -> Instance:
    """A vassal, broken where another has one of its sockets."""
    [vassal] = arguments.vassals(
        [{"name": one.name, "options": {"need-app": True, **instance.given_options(one)}}], _dialect.V2_0
    )
    try:
        taken.take(vassal._replace(place=one.path))
    except ArgumentError as error:
        return one._replace(kind=BROKEN, why=error.problem)
    return one


def _with_users(vassals: list[Instance], found: Emperor) -> tuple[list[Instance], list[Variable]]:
    """Vassals with whom each runs as, and the variables that say so."""
    if found.tyrant:
        owned = [_owned(one, one.owner, one.file_group) for one in vassals]
        return owned, [_tyrant(found, "as with emperor-tyrant, each runs as its file's owner")]
    named = [one._replace(user=one.user or found.user, group=one.group or found.group) for one in vassals]
    users = {(one.user, one.group) for one in named if one.kind == VASSAL}
    if not users or users == {("", "")}:
        said = [Variable("", None, [_NO_USER])] if users else []
        return named, said
    if len(users) == 1:
        [(user, group)] = users
        if user in _ROOT:
            return named, [Variable("", None, [_ALL_AS_ROOT])]
        more = [Variable("emperor_group", group)] if group and group != user else []
        return named, [Variable("emperor_user", user), *more]
    owned = [_owned(one, one.user or one.owner, one.group) for one in named]
    return owned, [_tyrant(found, "the files name several users, so each vassal has its own")]


def _tyrant(found: Emperor, why: str) -> Variable:
    user = f" The Emperor's own user was {found.user}." if found.user else ""
    return Variable("emperor_tyrant", True, [f"{why[0].upper()}{why[1:]}.{user}"])


def _owned(one: Instance, owner: str, group: str) -> Instance:
    if one.kind != VASSAL:
        return one
    notes = list(one.notes)
    if one.user and one.user != owner:
        notes.append(f"uid = {one.user}: a tyrant Emperor runs it as its file's owner, {owner}")
    if owner in _ROOT:
        return one._replace(kind=BROKEN, why=_AS_ROOT)
    return one._replace(user=owner, group=group, notes=notes)
