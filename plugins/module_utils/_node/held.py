# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes the suspend files of one or many vassals: adds a reason to all or none of them, or removes it."""

from __future__ import annotations

from typing import Callable, Dict, Iterable, List, Optional, Tuple, TypeVar

from .._errors import HostError
from .._files.child import on_behalf_of
from .._files.identity import Identity
from .._files.trust import UnsafePath
from . import suspend

T = TypeVar("T")
# For each suspend file its reasons, sorted, and the Unix time since when each holds.
Reasons = Dict[str, Dict[str, float]]


class Held:
    """The suspend files of several vassals.

    Args:
        vassals: the suspend files of each, and the user who changes them; None for whoever owns the files.
        reason: the reason to add or remove.
    """

    def __init__(self, vassals: Iterable[Tuple[List[str], Optional[Identity]]], reason: str) -> None:
        users: Dict[Identity, List[str]] = {}
        own: List[_Files] = []
        for paths, user in vassals:
            if user is None:
                # Different users may be able to change different files.
                own.append(_Files(paths, reason, None))
            else:
                users.setdefault(user, []).extend(paths)
        self._files = own + [_Files(list(dict.fromkeys(paths)), reason, user) for user, paths in users.items()]

    def reasons(self) -> Reasons:
        """The reasons of each file."""
        found: Reasons = {}
        for one in self._files:
            found.update(one.reasons())
        return found

    def hold(self) -> None:
        """Add the reason to all files, or to none; raises HostError."""
        done: List[Tuple[_Files, List[str]]] = []
        try:
            for one in self._files:
                done.append((one, one.hold()))
        except HostError:
            for one, new in done:
                one.release(new)
            raise

    def release(self) -> None:
        """Remove the reason from all; raises HostError."""
        for one in self._files:
            one.release()


class _Files:
    """The files that are changed as one user."""

    def __init__(self, paths: List[str], reason: str, user: Optional[Identity]) -> None:
        self._paths = paths
        self._reason = reason
        self._user = user

    def reasons(self) -> Reasons:
        return self._done("can't be used", lambda: {path: suspend.times(path) for path in self._paths})

    def hold(self) -> List[str]:
        """Add the reason to all, or to none; returns the new ones."""

        def work() -> List[str]:
            held: List[str] = []
            try:
                for path in self._paths:
                    if suspend.hold(path, self._reason):
                        held.append(path)
            except OSError as exc:
                for one in held:
                    suspend.release(one, self._reason)
                problem = f"{exc.strerror}; nothing was changed. Make its folder, or remove what is there"
                if isinstance(exc, UnsafePath):
                    raise
                raise HostError(path, problem) from exc
            return held

        return self._done("nothing was changed", work)

    def release(self, paths: Optional[List[str]] = None) -> None:
        """Remove the reason, by default from all."""
        given = self._paths if paths is None else paths
        self._done("can't be removed", lambda: [suspend.release(path, self._reason) for path in given])

    def _done(self, problem: str, work: Callable[[], T]) -> T:
        try:
            return on_behalf_of(self._user, work)
        except OSError as exc:
            raise HostError(str(exc.filename or self._paths[0]), f"{problem}: {exc.strerror}") from exc
