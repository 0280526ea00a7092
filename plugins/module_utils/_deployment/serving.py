# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks whether a deployment serves: by the Emperor, the vassals' health checks, and the routers."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Dict, FrozenSet, List, Mapping, NamedTuple, Optional

from .._dialect import SOCKETS
from .._errors import ArgumentError, HostError
from .._files import opened
from .._files.identity import Identity
from .._files.trust import ROOT
from .._host import emperor_stats
from .._ini import instance
from .._pool import presence
from .._pool.stats import ANSWER, StatsError, Table
from .journal import SUFFIX
from .leaver import Leaver, leaver, reasons
from .settings import Settings

if TYPE_CHECKING:
    from .._node.probe import Check

# One may have begun before the change.
_FAILED = 2
# Seconds after which an instance that can't bind its sockets has exited.
_SETTLED = 2


class Wanted(NamedTuple):
    """What must serve.

    Attributes:
        path: the folder of the vassals' files.
        names: the vassals.
        checks: those whose health check must pass.
        failed: how often each had failed to start before the change.
        user: as whom the vassals run; None if unknown, or if the owner of each file decides.
    """

    path: str
    names: List[str]
    checks: Mapping[str, Check]
    failed: Mapping[str, int]
    user: Optional[Identity] = None


class Outcome(NamedTuple):
    """What one look found.

    Attributes:
        pending: why a vassal doesn't serve yet, by name.
        failed: why a vassal won't serve, by name.
        held: the reasons that hold a vassal out, by name.
        warnings: about routers that can't be asked, and checks that were skipped.
    """

    pending: Dict[str, str]
    failed: Dict[str, str]
    held: Dict[str, List[str]]
    warnings: List[str]


class EmperorSilent(HostError):
    """The Emperor doesn't answer."""


def look(wanted: Wanted, settings: Settings) -> Outcome:
    """Look once.

    Raises:
        EmperorSilent: if the Emperor doesn't answer.
    """
    try:
        emperor = emperor_stats.ask(settings.emperor_stats, ANSWER, settings.get)
    except StatsError as error:
        raise EmperorSilent("the Emperor", str(error)) from error
    running = {os.path.basename(one.id): one for one in emperor.vassals if os.path.dirname(one.id) in ("", wanted.path)}
    failing = {os.path.basename(name): count for name, count in emperor.failing.items()}
    found = Outcome({}, {}, {}, [])
    for name in wanted.names:
        tries = failing.get(name + SUFFIX, 0)
        before = min(wanted.failed.get(name, 0), tries)
        one = running.get(name + SUFFIX)
        why = _state(os.path.join(wanted.path, name + SUFFIX), one)
        # The Emperor remembers failed starts of a vassal that runs now. A run without changes has no earlier count to compare.
        if tries - before >= _FAILED and (why or not one or time.time() < one.started + _SETTLED):
            found.failed[name] = f"does not start ({tries - before} tries)"
        elif why:
            found.pending[name] = why
    up = [name for name in wanted.names if name not in found.pending and name not in found.failed]
    asleep = {name for name in up if running[name + SUFFIX].asleep}
    for name in up:
        if name in wanted.checks and name not in asleep:
            why = _health(name, wanted, found.warnings)
            if why:
                found.pending[name] = why
    if settings.router_stats:
        _ask_routers([name for name in up if name not in asleep], wanted, settings, found)
    return found


def _state(path: str, running: Optional[emperor_stats.Vassal]) -> str:
    """Why the Emperor doesn't run a vassal as written; empty if it does."""
    if running is None:
        return "the Emperor has not started it"
    try:
        modified = int(opened.status(path).st_mtime)
    except OSError as exc:
        return f"its file can't be read: {exc.strerror}"
    if running.modified < modified:
        return "the Emperor has not read its last change"
    if running.asleep or running.accepting or running.ready or _is_up_again(path, running):
        return ""
    return "it takes no requests yet"


def _is_up_again(path: str, running: emperor_stats.Vassal) -> bool:
    """Whether a vassal without workers, such as a router, has survived its reload. It reports nothing after that."""
    if not running.respawns or time.time() < running.started + _SETTLED:
        return False
    try:
        found = instance.read("vassals", path)
    except ArgumentError:
        return False
    return not any(option.name in SOCKETS for option in found.options)


def _health(name: str, wanted: Wanted, warnings: List[str]) -> str:
    # Only for a vassal that changed.
    from .._node import probe  # noqa: PLC0415

    check = wanted.checks[name]
    try:
        one = instance.read("vassals", os.path.join(wanted.path, name + SUFFIX))
        one = one if one.user else one._replace(user=wanted.user)
        if check.command and one.user is None and os.geteuid() == ROOT:
            # Another user may be able to change the program.
            warnings.append(f"the health of {name} isn't checked, since its command is not run as root; set emperor_user")
            return ""
        flaw = probe.flaw(one, check)
    except (ArgumentError, HostError) as error:
        flaw = error.problem
    return "it does not answer well: " + flaw if flaw else ""


def _ask_routers(names: List[str], wanted: Wanted, settings: Settings, found: Outcome) -> None:
    """Find nodes that are not held out and that a router doesn't list as fresh under each of their keys."""
    from .._pool import routers  # noqa: PLC0415 - where there are any

    announcing = [leaver(name, os.path.join(wanted.path, name + SUFFIX)) for name in names]
    announcing = [one for one in announcing if one.announcements]
    if not announcing:
        return
    answers = routers.ask(settings.router_stats, ANSWER, settings.get)
    found.warnings.extend(
        f"a router can't be asked whether it has the vassals: {one.error}" for one in answers if one.table is None
    )
    listed = [(one.stats, _fresh(one.table, one.time, settings.max_age)) for one in answers if one.table is not None]
    for one in announcing:
        missing = [
            f"{router} doesn't have {node} in {key!r}" for router, fresh in listed for key, node in sorted(one.pairs - fresh)
        ]
        if not missing:
            continue
        held = _reasons(one)
        if held:
            found.held[one.name] = held
        else:
            found.pending.setdefault(one.name, "; ".join(missing))


def _fresh(table: Table, now: float, max_age: float) -> FrozenSet[presence.Pair]:
    return frozenset(
        (pool.key, node.address)
        for pool in table.pools
        for node in pool.nodes
        if not node.dead and now - node.last_check <= max_age
    )


def _reasons(one: Leaver) -> List[str]:
    try:
        return reasons(one)
    except (HostError, OSError):
        return []


def failing(settings: Settings) -> Dict[str, int]:
    """How often each vassal has failed to start so far, by name."""
    try:
        emperor = emperor_stats.ask(settings.emperor_stats, ANSWER, settings.get)
    except StatsError:
        return {}
    ends = {os.path.basename(name): count for name, count in emperor.failing.items()}
    return {name[: -len(SUFFIX)]: count for name, count in ends.items() if name.endswith(SUFFIX)}
