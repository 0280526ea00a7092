# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vassals that start at their first request: the Emperor binds their socket and passes it as file descriptor 0.

The Emperor reads the address from a file beside the vassal's, up to the first byte that isn't printable ASCII. It reads it only
when it adds the vassal (``emperor_check_on_demand_socket`` and ``uwsgi_imperial_monitor_glob``, core/emperor.c). No such file
has a suffix that makes it a vassal itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Collection, Dict, Iterable, List, NamedTuple, Optional

from .._arguments.vassal import ADDRESS_SUFFIX, SUFFIX, Vassal
from .._errors import ArgumentError, HostError
from .._files import opened, temporary
from .._files.directory import Directory
from .._files.opened import Place
from .._files.plan import Plan, Wanted

if TYPE_CHECKING:
    from .emperor_stats import Vassal as RunningVassal

_ROOT = 0


class Names(NamedTuple):
    """The vassals of a plan, by what happens to them."""

    created: List[str]
    updated: List[str]
    removed: List[str]
    unchanged: List[str]


def wanted(name: str, place: str, found: str, marker: bytes, longest: int = 255) -> Wanted:
    """The file that holds an address.

    Args:
        name: the name of the vassal's file.
        marker: marks files of the module; here it follows the address, which must come first.
    """
    if len(name) + len(ADDRESS_SUFFIX) > longest:
        most = longest - len(ADDRESS_SUFFIX) - len(SUFFIX)
        raise ArgumentError(place + ".name", f"is too long for an on-demand vassal; give at most {most} characters")
    # Root's own if root writes it: whoever can change it could make an Emperor that runs as root bind and remove anything.
    owner = _ROOT if os.geteuid() == _ROOT else None
    content = found.encode("ascii") + b"\n" + marker
    return Wanted(name + ADDRESS_SUFFIX, content, place + ".on_demand", owner, None, 0o644)


def refuse_open_folder(place: str, found: str) -> None:
    """Refuse folders that others can write to: there an Emperor that runs as root could be tricked into making any file writable.

    It removes what is at the path, binds, and changes the mode by path (``on_demand_bind``).
    """
    if not found.startswith("/"):
        return
    folder = os.path.dirname(found)
    try:
        with Place(folder) as above:
            danger = above.danger
    except OSError:
        return
    if danger:
        raise ArgumentError(
            place + ".on_demand",
            f"{danger.strerror}, and a tyrant Emperor binds the socket as root; give one in a folder of root's own, such as the "
            "Emperor's /run/emperor-uwsgi",
        )


class Addresses:
    """The address files in one directory of vassals.

    Attributes:
        wanted: the files that must exist.
        unwanted: the module's files that must not: of vassals no longer on demand, and with purge those of others.

    Args:
        params: the module's arguments.
        found: the described vassals.
        tree: the directory of the vassals.
        there: the names of the existing address files.
        marker: marks files of the module.

    Raises:
        ArgumentError: if an address isn't safe to bind.
    """

    def __init__(
        self, params: Mapping[str, Any], found: Iterable[Vassal], tree: Directory, there: Iterable[str], marker: bytes
    ) -> None:
        self._stats, self._folder = params["emperor_stats"], params["path"]
        self._found = list(found)
        self.wanted = []
        for one in self._found:
            if one.on_demand:
                if params["tyrant"]:
                    refuse_open_folder(one.place, one.on_demand)
                self.wanted.append(wanted(one.name + SUFFIX, one.place, one.on_demand, marker))
        kept = {item.name for item in self.wanted}
        own = {one.name + SUFFIX + ADDRESS_SUFFIX for one in self._found}
        old = [name for name in there if name not in kept and (params["purge"] or name in own)]
        self.unwanted = {name for name in old if tree.ends_with(name, b"\n" + marker)}

    @staticmethod
    def names(plan: Plan) -> Names:
        """The vassals of a plan; a changed address counts as a change of its vassal."""

        def split(changes: Iterable[str], end: str) -> List[str]:
            return [name[: -len(end)] for name in changes if name.endswith(end)]

        moves = split([change.name for change in plan.created + plan.updated + plan.removed], SUFFIX + ADDRESS_SUFFIX)
        created = split([change.name for change in plan.created], SUFFIX)
        removed = split([change.name for change in plan.removed], SUFFIX)
        updated = split([change.name for change in plan.updated], SUFFIX)
        updated += [name for name in moves if name not in {*created, *updated, *removed}]
        unchanged = split(plan.unchanged, SUFFIX)
        return Names(created, updated, removed, [name for name in unchanged if name not in moves] if moves else unchanged)

    def renew(self, check_mode: bool) -> List[str]:
        """Make the Emperor stop the vassals that it runs with an outdated address, and add them again.

        Returns:
            their names.

        Raises:
            ArgumentError: if it isn't possible.
        """
        addresses = {
            one.name + SUFFIX: one.on_demand
            for one in self._found
            if one.on_demand or one.name + SUFFIX + ADDRESS_SUFFIX in self.unwanted
        }
        files = outdated(self._stats, self._folder, addresses) if addresses and self._stats else []
        if files and not check_mode:
            try:
                renew(self._stats, self._folder, files)
            except OSError as exc:
                raise HostError(str(exc.filename), f"{exc.strerror}; run it again") from exc
        return [name[: -len(SUFFIX)] for name in files]


def outdated(stats: str, folder: str, addresses: Dict[str, Optional[str]]) -> List[str]:
    """The vassals whose address in the Emperor differs from the written one.

    Args:
        stats: the Emperor's stats server. If it doesn't answer, there are none.
        addresses: the wanted ones, by the name of the vassal's file.
    """
    return [
        name
        for name, found in _listed(stats, folder).items()
        if name in addresses and not found.cursed and found.on_demand != addresses[name]
    ]


def renew(stats: str, folder: str, files: Collection[str]) -> None:
    """Make the Emperor stop vassals and add them again, by removing their files until it has noticed.

    Raises:
        OSError: if that isn't possible.
    """
    away: Dict[str, str] = {}
    with opened.folder(folder) as handle:
        try:
            for name, other in zip(files, temporary.names()):
                os.rename(name, other, src_dir_fd=handle, dst_dir_fd=handle)
                away[other] = name
            # It scans after every answer, so it sends the second answer only after a scan.
            for dummy in range(2):
                _listed(stats, folder)
            # Only an instance that has read the file since then counts as current, so the one that is about to end does not.
            for other in away:
                try:
                    opened.touch(os.path.join(folder, other))
                except OSError:
                    # Tenants can prevent it by giving their file a second name. Then only their own vassal may count too early.
                    pass
        finally:
            for other, name in away.items():
                os.rename(other, name, src_dir_fd=handle, dst_dir_fd=handle)


def _listed(stats: str, folder: str) -> Dict[str, RunningVassal]:
    """The vassals of a folder that an Emperor runs, by file name."""
    # Imported only to ask an Emperor: importing these takes longer than checking many vassals.
    from .._http import get  # noqa: PLC0415
    from .._pool.stats import ANSWER, StatsError  # noqa: PLC0415
    from . import emperor_stats  # noqa: PLC0415

    try:
        found = emperor_stats.ask(stats, ANSWER, get)
    except StatsError:
        return {}
    return {os.path.basename(one.id): one for one in found.vassals if os.path.dirname(one.id) in ("", folder)}
