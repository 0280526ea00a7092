# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for all announcements of an instance, to entries that announce the same. Pure.

uWSGI sends it in place of what a subscription says itself (``uwsgi_subscription_ub``, core/subscription.c). In uWSGI 2.0 the
weight of a ``subscribe2`` line is also sent for what comes after it and has none, round by round.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.kinds import Unreadable, is_number, read_flag, read_number
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.subscription import fragment
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_1, Release
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import parser

from .problems import WIDE, LeftOver, NotReadError

_WEIGHT = "weight"
_AUTO_WEIGHT = "auto-weight"
_MODIFIER = "subscribe-with-modifier1"
# The options, and what of an entry says the same.
_ARGUMENTS = {_WEIGHT: "balancing_weight", _AUTO_WEIGHT: "balancing_weight", _MODIFIER: "modifier"}
_NO_ANNOUNCEMENT = "holds for the whole instance; give each subscription a {} instead"
_KEPT = "is announced with the weight {} of a subscribe2 line, which uWSGI 2.0 keeps"
_PROCESSES = ("processes", "workers")
# They change the number of cores, each in its own way (plugins/*).
_LOOPS = ("async", "gevent", "asyncio", "coroae", "goroutines", "tornado")


class Whole:
    """The announcements of an instance, and what holds for all of them.

    Attributes:
        entries: lines and the entries of ``subscriptions`` that they come to.

    Args:
        release: the uWSGI that reads them.
        options: all of the instance.
        most: entries that are taken.
    """

    def __init__(self, release: Release, options: list[parser.Option], most: int = WIDE.rows) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self._release = release
        self._options = options
        self._most = most
        # Those of subscribe2 lines, be these left over or not.
        self._weights: list[int] = []
        # What one round sends, in its order, the older lines first: an entry by its place, or None for the next of the weights.
        self._older: list[int] = []
        self._newer: list[int | None] = []
        self._given: dict[str, tuple[str, str]] = {}
        self._left_over: list[LeftOver] = []

    def see(self, fields: dict[str, str]) -> None:
        """The fields of a ``subscribe2`` line."""
        if "server" in fields and "key" in fields and _WEIGHT in fields:
            # What atoi makes of other text is no weight.
            self._weights.append(int(fields[_WEIGHT]) if is_number(fields[_WEIGHT]) else 0)
            self._newer.append(None)

    def add(self, line: str, entry: dict[str, Any], older: bool) -> None:
        """What a line announces; ``older`` is ``subscribe-to``."""
        if len(self.entries) >= self._most:
            raise NotReadError(f"announces more than {self._most} pairs of server and key")
        (self._older if older else self._newer).append(len(self.entries))
        self.entries.append((line, entry))

    def takes(self, line: str, option: parser.Option) -> bool:
        """Whether an option holds for all; then it is kept. The last of its name counts."""
        if option.name not in _ARGUMENTS:
            return False
        self._given[option.name] = (line, option.value)
        return True

    def apply(self) -> list[LeftOver]:
        """Have the entries say what holds for all of them; what can't be said so is given back."""
        newer = self._release >= V2_1
        if self._weights and not newer:
            self._weigh()
        for name in (_MODIFIER, _WEIGHT, _AUTO_WEIGHT):
            if name in self._given:
                line, value = self._given[name]
                try:
                    self._apply(name, value, newer)
                except (Unreadable, ArgumentError) as error:
                    self._left_over.append(LeftOver(line, str(error)))
        return self._left_over

    def _apply(self, name: str, value: str, newer: bool) -> None:
        automatic = name == _AUTO_WEIGHT
        if automatic and not read_flag(value):
            return
        if name == _WEIGHT and newer and read_flag(self._given.get(_AUTO_WEIGHT, ("", "no"))[1]):
            # Which beats it.
            return
        if not self.entries:
            raise Unreadable(_NO_ANNOUNCEMENT.format(_ARGUMENTS[name]))
        # Which of them it's for: subscribe2 of 2.1 looks at auto-weight alone (uwsgi_subscribe2, core/subscription.c).
        places = self._older if newer and not automatic else range(len(self.entries))
        if not places:
            raise Unreadable("says nothing to subscribe2 in uWSGI 2.1; give each subscription what it shall have")
        if name == _MODIFIER:
            first = read_number(value)
            self._change(places, lambda entry: {**entry, "modifier": _modifier(entry.get("modifier"), first)})
            return
        weight = _cores(self._options) if automatic else read_number(value)
        if not automatic and self._weights and not newer:
            raise Unreadable("is replaced by the weight of a subscribe2 line, since uWSGI 2.0 keeps the last that it read")
        if weight:
            own = newer or not automatic
            self._change(
                places, lambda entry: entry if own and "balancing_weight" in entry else {**entry, "balancing_weight": weight}
            )

    def _change(self, places: Collection[int], changed: Any) -> None:
        found = list(self.entries)
        for at in places:
            line, entry = found[at]
            found[at] = (line, changed(entry))
            fragment({"subscriptions": [found[at][1]]}, self._release)
        self.entries = found

    def _weigh(self) -> None:
        """Give each entry the weight that it has from the second round on: its own, or the last that was read before it."""
        left = iter(self._weights)
        weight = self._weights[-1]
        for turn in [*self._older, *self._newer]:
            if turn is None:
                weight = next(left)
                continue
            line, entry = self.entries[turn]
            if entry.get("balancing_weight") != weight:
                # Routers take 0 for 1, and of no weight uWSGI would make another's.
                entry["balancing_weight"] = weight or 1
                self._left_over.append(LeftOver(line, _KEPT.format(weight)))


def _modifier(given: Any, first: int) -> Any:
    return {**given, "modifier1": first} if isinstance(given, dict) else first


def _cores(options: list[parser.Option]) -> int:
    """Processes times threads, the weight that ``auto-weight`` sends."""
    for option in options:
        if option.name in _LOOPS:
            raise Unreadable(f"depends on {option.name}, too; give each subscription a balancing_weight, the number of its cores")
    found = 1
    for names in (_PROCESSES, ("threads",)):
        counts = [option for option in options if option.name in names]
        if counts:
            last = counts[-1]
            if last.flaw or not all(one.certain for one in counts) or not is_number(last.value) or not int(last.value):
                raise Unreadable(f"depends on {last.name}, which isn't known; give each subscription a balancing_weight")
            found *= int(last.value)
    return found
