# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node's way out of its pools and back: what the module ``uwsgi_drain`` does."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Optional, Tuple, TypeVar

from ansible.module_utils.basic import AnsibleModule

from .. import _http, _module
from .._addresses import stats_flaw
from .._arguments.subscription import fragment
from .._dialect import V2_1
from .._errors import ArgumentError, HostError
from .._files.child import Identity, on_behalf_of
from .._files.trust import UnsafePath
from .._ini import instance
from .._ini.instance import Announcement
from .._node import suspend
from .._node.unsubscribe import Farewell
from .._pool import presence, routers
from .._pool.presence import Seen
from .._pool.stats import Table

_POLL = 0.05
# A node signs and sends within milliseconds after it looked for its suspend file.
_SETTLE = 0.2
# Datagrams get lost.
_SEND_AGAIN = 1.0
# Seconds that a router has for its answer.
_ANSWER = 5
# uWSGI's own tolerance.
_MAX_AGE = 17
T = TypeVar("T")


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Take a node out, or bring it back.

    Returns:
        the module's result.

    Raises:
        ArgumentError: with nothing changed.
        HostError: with nothing changed where nothing could be held; when a router lags, what was asked for stays in force.
    """
    params = module.params
    started = time.monotonic()
    drained = params["state"] == "drained"
    _check(params)
    found, user = _announcements(params)
    paths = _suspend_files(found)
    farewell = Farewell(found, user) if drained else None
    node = Node(paths, params["reason"], user)
    watch = Watch(params, found)
    before = watch.look()
    if farewell and any(one.state in (presence.LISTED, presence.SILENT) for one in before):
        alone = watch.require(params["minimum"])
        if alone:
            module.warn(alone)
    changed = _drain(module, farewell, node, before) if farewell else _activate(module, node)
    held = sorted({reason for one in node.reasons() for reason in one})
    result: Dict[str, Any] = {"changed": changed, "suspend_files": paths, "held_by": held}
    result["before"] = [one.shown() for one in before]
    after = before if module.check_mode else _followed(module, watch, farewell, held, before, changed)
    result.update(after=[one.shown() for one in after], seconds=round(time.monotonic() - started, 3))
    if watch.lagging:
        raise HostError(f"timed out after {params['timeout']} s", watch.lagging, **result)
    return result


def _followed(
    module: AnsibleModule, watch: Watch, farewell: Optional[Farewell], held: List[str], before: List[Seen], changed: bool
) -> List[Seen]:
    """The node at its routers after they have followed, as far as that is waited for."""
    params = module.params
    if held and not farewell:
        module.warn(f"it stays out, held by: {', '.join(held)}")
    if params["wait"] and farewell:
        return watch.wait(lambda dummy, now: now.is_out, before, farewell.send, settle=changed)
    if params["wait"] and not held:
        return watch.wait(presence.came_in if changed else _is_fresh, before)
    return watch.look()


def _check(params: Dict[str, Any]) -> None:
    if not suspend.is_reason(params["reason"]):
        raise ArgumentError(
            "reason",
            f"{params['reason'][:80]!r} is no reason's name; give up to 64 lower case letters, digits, '-' and '_'",
        )
    for name, least in (("timeout", 1), ("minimum", 0)):
        if params[name] < least:
            raise ArgumentError(name, f"{params[name]} is too small; give {least} or more")
    if not params["router_stats"] and (params["wait"] or params["minimum"]):
        raise ArgumentError("router_stats", "is missing; give the routers' stats servers, or set wait to false and no minimum")
    for at, address in enumerate(params["router_stats"] or []):
        flaw = stats_flaw(address)
        if flaw:
            raise ArgumentError(f"router_stats[{at}]", f"{address!r} {flaw}")


def _announcements(params: Dict[str, Any]) -> Tuple[List[Announcement], Optional[Identity]]:
    """What the node announces, and the user whose file says so, where that is another than root and the caller."""
    for name in ("vassal", "fragment"):
        if params[name]:
            one = instance.read(name, params[name])
            return one.announcements(), one.user
    # What the running instance announces is asked for, so no release is too old for it.
    arguments = {"subscriptions": params["subscriptions"], "resolve_server": params["resolve_server"]}
    found = fragment(arguments, V2_1, _module.resolve)
    if not found.subscriptions:
        raise ArgumentError("subscriptions", "is empty; give at least one, or the vassal")
    lines = ((f"subscriptions[{at}]", line) for at, entry in enumerate(found.subscriptions) for line in entry.lines)
    return instance.of_lines(lines), None


def _suspend_files(found: List[Announcement]) -> List[str]:
    for one in found:
        if one.suspend_file is None:
            raise ArgumentError(
                one.place,
                f"the key {one.key!r} is announced without a suspend_file, so nothing keeps the node from announcing itself "
                "again; give the subscription one, and reload the vassal",
            )
    return instance.suspend_files(found)


class Node:
    """The suspend files of a node, and the reason that is added to them or taken away.

    Args:
        user: as whom that is done; None for whoever the files belong to.
    """

    def __init__(self, paths: List[str], reason: str, user: Optional[Identity]) -> None:
        self._paths = paths
        self._reason = reason
        self._user = user

    def reasons(self) -> List[List[str]]:
        """The reasons of each file."""
        return self._done("can't be used", lambda: [suspend.reasons(path) for path in self._paths])

    def hold(self) -> None:
        """Add the reason to all files, or to none."""

        def work() -> None:
            held = []
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

        self._done("nothing was changed", work)

    def release(self) -> None:
        """Take the reason away from all."""
        self._done("can't be removed", lambda: [suspend.release(path, self._reason) for path in self._paths])

    def _done(self, problem: str, work: Callable[[], T]) -> T:
        try:
            return on_behalf_of(self._user, work)
        except OSError as exc:
            raise HostError(str(exc.filename or self._paths[0]), f"{problem}: {exc.strerror}") from exc


def _drain(module: AnsibleModule, farewell: Farewell, node: Node, before: List[Seen]) -> bool:
    params = module.params
    new = any(params["reason"] not in one for one in node.reasons())
    if not module.check_mode:
        node.hold()
        failed = farewell.send()
        if failed and not params["wait"]:
            module.warn(f"a router was not told, and keeps the node until its tolerance ends: {failed}")
    return new or any(one.state == presence.LISTED for one in before)


def _activate(module: AnsibleModule, node: Node) -> bool:
    held = any(module.params["reason"] in one for one in node.reasons())
    if held and not module.check_mode:
        node.release()
    return held


def _is_fresh(before: Seen, now: Seen) -> bool:
    return now.state == presence.LISTED and time.time() - now.announced <= _MAX_AGE


class Watch:
    """The routers, asked again and again.

    Attributes:
        lagging: after ``wait``, who lags; empty where nobody does.
    """

    def __init__(self, params: Dict[str, Any], found: List[Announcement]) -> None:
        self._stats: List[str] = list(dict.fromkeys(params["router_stats"] or []))
        self._timeout = params["timeout"]
        self._pairs = list(dict.fromkeys((one.key, one.address) for one in found))
        self._errors: Dict[str, str] = {}
        self._last: Dict[str, Table] = {}
        self.lagging = ""

    def look(self) -> List[Seen]:
        """The node at every router, under every key."""
        answers = routers.ask(self._stats, min(self._timeout, _ANSWER), _http.get)
        self._errors = {answer.stats: answer.error for answer in answers if answer.table is None}
        self._last = {answer.stats: answer.table for answer in answers if answer.table is not None}
        return [one for router in self._stats for one in presence.look(router, self._last.get(router), self._pairs)]

    def require(self, minimum: int) -> str:
        """See that enough others stay, by the last look.

        Returns:
            what there is to warn of: a pool that is left without a node. Empty where none is.

        Raises:
            ArgumentError: when there would be fewer at any router, or one didn't answer.
        """
        if self._errors and minimum:
            raise ArgumentError("minimum", f"can't be seen to: {self._silent()}")
        if not self._last:
            return ""
        left, router, key = presence.fewest(self._last, self._pairs, time.time(), _MAX_AGE)
        if left < minimum:
            raise ArgumentError(
                "minimum",
                f"{router} would be left with {left} fresh nodes for {key!r} and {minimum} are wanted; bring others back first",
            )
        if left:
            return ""
        return f"{router} has no other fresh node for {key!r}, and nobody answers its requests; minimum refuses that"

    def wait(
        self,
        arrived: Callable[[Seen, Seen], bool],
        before: List[Seen],
        again: Optional[Callable[[], Any]] = None,
        settle: bool = False,
    ) -> List[Seen]:
        """Poll until every router has the node where it shall be, or the time is over.

        Args:
            arrived: says so of what was seen before and what is seen now.
            again: done from time to time until then.
            settle: do it once more when the node has arrived, and see that it's still there a moment later: an announcement may
                have been on its way while the suspend file was made.
        """
        deadline = time.monotonic() + self._timeout
        next_time = time.monotonic() + _SEND_AGAIN
        settled = not settle
        while True:
            now = self.look()
            late = [one for old, one in zip(before, now) if not arrived(old, one)]
            if not late and settled:
                return now
            if late and time.monotonic() >= deadline:
                self.lagging = self._late(late)
                return now
            settled = not settle or not late
            if again and (not late or time.monotonic() >= next_time):
                again()
                next_time = time.monotonic() + _SEND_AGAIN
            time.sleep(_POLL if late else _SETTLE)

    def _late(self, late: List[Seen]) -> str:
        words = [
            f"{one.router} still has {one.node} in {one.key!r} ({one.state}, {one.in_flight} requests in flight)"
            if one.state in (presence.LISTED, presence.DEAD)
            else f"{one.router} doesn't have {one.node} in {one.key!r}"
            for one in late
            if one.state != presence.SILENT
        ]
        return "; ".join(words + ([self._silent()] if self._errors else []))

    def _silent(self) -> str:
        return "; ".join(self._errors.values())
