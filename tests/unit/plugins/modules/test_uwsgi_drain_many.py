# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many keys and several vassals drained at once, by the module as Ansible runs it, at routers that count what they are sent."""

from __future__ import annotations

import json
import os
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from support import modules
from support.files import put
from support.loopback import free_address, wait_for

OTHER = "10.0.0.99:3031"


class Router:
    """A router with an ordinary socket's queue, which needs some time for each datagram.

    Attributes:
        heard: how often it was told to remove a node, by key.
        table: the nodes of each key.

    Args:
        deaf: keys of which it misses the first datagram.
    """

    def __init__(self, seconds: float = 0.0002, deaf: Collection[str] = (), asked: bool = True) -> None:
        self.heard: Counter[str] = Counter()
        self.table: dict[str, list[str]] = {}
        self._seconds, self._deaf = seconds, deaf
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._stats = socket.socket()
        self.server, self.stats = free_address(), free_address()
        for one, address in ((self._datagrams, self.server), (self._stats, self.stats)):
            host, dummy, port = address.rpartition(":")
            one.bind((host, int(port)))
        self._stats.listen(16)
        self._asked = asked
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Router:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._closed.set()
        self._thread.join()
        self._datagrams.close()
        self._stats.close()

    def _serve(self) -> None:
        while not self._closed.is_set():
            ready = select.select([self._datagrams, self._stats], [], [], 0.1)[0]
            # Only who has heard everything answers: otherwise, on a busy machine, it is told again what is still in its queue.
            if self._datagrams in ready:
                self._hear()
            elif ready:
                self._answer()

    def _hear(self) -> None:
        packet = datagram.decode(self._datagrams.recv(4096))
        assert packet.command == datagram.UNSUBSCRIBE
        key, node = packet.fields["key"], packet.fields["address"]
        self.heard[key] += 1
        if key not in self._deaf or self.heard[key] > 1:
            self.table[key] = [one for one in self.table.get(key, []) if one != node]
        time.sleep(self._seconds)

    def entry(self, node: str) -> dict[str, Any]:
        """A node as it is in the stats."""
        return {"name": node, "last_check": int(time.time())}

    def _answer(self) -> None:
        stream = self._stats.accept()[0]
        with stream:
            pools = [
                {"key": key, "nodes": [self.entry(node) for node in nodes]}
                for key, nodes in list(self.table.items())
            ]
            found = {"version": "2.0.31", "fastrouter": [self.server] if self._asked else [], "subscriptions": pools}
            stream.sendall(json.dumps(found).encode())


def vassals(folder: Path, routers: list[Router], *pools: list[str]) -> list[str]:
    """The files of vassals with keys, which all routers list."""
    found = []
    (folder / "suspend").mkdir()
    for at, keys in enumerate(pools):
        node = f"10.0.0.7:{3031 + at}"
        lines = [f"socket = {node}"]
        for key in keys:
            for router in routers:
                lines.append(f"subscribe2 = server={router.server},key={key},check={folder}/suspend/{at}")
                router.table.setdefault(key, []).append(node)
        found.append(str(put(folder / f"{at}.ini", "\n".join(["[uwsgi]", *lines, ""]))))
    return found


def run(state: str, paths: list[str], routers: list[Router], check: bool = False, **more: Any) -> modules.Result:
    given = {"state": state, "vassals": paths, "router_stats": [router.stats for router in routers], "timeout": 20, **more}
    return modules.run("uwsgi_drain", given, check)


def held(folder: Path) -> dict[str, list[str]]:
    return {name: sorted(os.listdir(folder / "suspend" / name)) for name in sorted(os.listdir(folder / "suspend"))}


KEYS = [f"k{at}.test" for at in range(600)]


def test_each_router_is_sent_each_datagram_once_and_what_it_missed_again(tmp_path: Path) -> None:
    missed = KEYS[100:110]
    with Router() as fine, Router(deaf=missed) as deaf:
        paths = vassals(tmp_path, [fine, deaf], KEYS)
        found = run("drained", paths, [fine, deaf], timeout=50)
        assert (found.failed, found.changed) == (False, True), found.msg
        # This is far more than the queue of either router holds.
        assert fine.heard == Counter(KEYS)
        assert deaf.heard == Counter(KEYS + missed)
        assert {seen["state"] for seen in found.data["after"]} == {"absent"}


def test_a_router_that_nobody_can_ask_is_told_everything_again(tmp_path: Path) -> None:
    # The first router's stats don't say where it gets announcements; the second router's stats are not given.
    with Router(asked=False) as unnamed, Router() as unasked, Router() as asked:
        paths = vassals(tmp_path, [unnamed, unasked, asked], KEYS[:5])
        assert not run("drained", paths, [unnamed, asked]).failed
        # Nobody asks the second one, so it may not have heard everything yet.
        wait_for("the datagrams", lambda: unnamed.heard == unasked.heard == Counter(KEYS[:5] * 2))
        assert asked.heard == Counter(KEYS[:5])


def test_several_vassals_go_out_and_come_back_together(tmp_path: Path) -> None:
    with Router() as router:
        paths = vassals(tmp_path, [router], ["a", "b"], ["b"], ["c"])
        planned = run("drained", paths, [router], check=True)
        assert (planned.failed, planned.changed, held(tmp_path), router.heard) == (False, True, {}, Counter())
        found = run("drained", [*paths, paths[0]], [router])
        assert (found.failed, found.changed) == (False, True), found.msg
        assert held(tmp_path) == {"0": ["operator"], "1": ["operator"], "2": ["operator"]}
        assert router.table == {"a": [], "b": [], "c": []}
        since = [(one.pop("held"), (tmp_path / "suspend" / str(at) / "operator").stat().st_mtime)
                 for at, one in enumerate(found.data["vassals"])]  # fmt: skip
        assert all(held == [{"reason": "operator", "since": int(mtime)}] for held, mtime in since)
        assert found.data["vassals"] == [
            dict(vassal=path, changed=True, suspend_files=[f"{tmp_path}/suspend/{at}"], held_by=["operator"], lagging=[])
            for at, path in enumerate(paths)
        ]
        assert found.data["suspend_files"] == [f"{tmp_path}/suspend/{at}" for at in range(3)]
        assert [(seen["key"], seen["node"]) for seen in found.data["after"]] == [
            ("a", "10.0.0.7:3031"), ("b", "10.0.0.7:3031"), ("b", "10.0.0.7:3032"), ("c", "10.0.0.7:3033"),
        ]  # fmt: skip
        for check in (True, False):
            again = run("drained", paths, [router], check)
            assert (again.failed, again.changed, [one["changed"] for one in again.data["vassals"]]) == (False, False, [False] * 3)
        # One of them is also held for another reason.
        assert run("drained", paths[1:2], [router], reason="deploy").changed
        back = run("active", paths, [router], wait=False)
        assert (back.failed, back.changed, held(tmp_path)) == (False, True, {"1": ["deploy"]})
        assert [one["held_by"] for one in back.data["vassals"]] == [[], ["deploy"], []]
        assert back.data["held_by"] == ["deploy"]
        assert back.warnings == [f"{paths[1]} stays out, held by: deploy"]


def test_only_those_that_nobody_holds_are_waited_for(tmp_path: Path) -> None:
    with Router() as router:
        paths = vassals(tmp_path, [router], ["a"], ["b"])
        assert not run("drained", paths, [router]).failed
        assert not run("drained", paths[:1], [router], reason="deploy").failed
        router.table["b"] = ["10.0.0.7:3032"]
        found = run("active", paths, [router])
        assert (found.failed, found.changed) == (False, True), found.msg
        lagging = run("active", paths, [router], reason="deploy", timeout=1)
        assert (lagging.failed, lagging.msg) == (
            True, f"timed out after 1 s: {router.stats} doesn't have 10.0.0.7:3031 in 'a'",
        )  # fmt: skip
        assert [one["lagging"] for one in lagging.data["vassals"]] == [[router.stats], []]
        assert [one["changed"] for one in lagging.data["vassals"]] == [True, False]


# The keys of three vassals, the other nodes that stay, and the highest minimum that can be kept.
MINIMUM = [
    ([["a"], ["b"], ["c"]], {"a": 1, "b": 2, "c": 1}, 1),
    # Both vassals with the same key leave, so neither counts as staying for the other.
    ([["a"], ["a"], ["c"]], {"a": 1, "c": 1}, 1),
    ([["a"], ["a"], ["a"]], {"a": 0}, 0),
    ([["a", "b"], ["b"], ["a"]], {"a": 3, "b": 2}, 2),
]


@pytest.mark.parametrize(("pools", "others", "most"), MINIMUM)
def test_the_minimum_is_counted_once_for_all(
    tmp_path: Path, pools: list[list[str]], others: dict[str, int], most: int
) -> None:
    with Router() as router:
        paths = vassals(tmp_path, [router], *pools)
        for key, count in others.items():
            router.table[key] += [f"10.0.0.8:{at + 1}" for at in range(count)]
        refused = run("drained", paths, [router], minimum=most + 1)
        assert (refused.failed, refused.data["argument"], held(tmp_path)) == (True, "minimum", {})
        assert f"{most} fresh nodes for" in refused.msg
        found = run("drained", paths, [router], minimum=most)
        assert (found.failed, found.changed, len(found.warnings)) == (False, True, 0 if most else 1), found.msg
        # Vassals that are already out may stay out, even if other nodes have gone in the meantime.
        for key in others:
            router.table[key] = []
        assert not run("drained", paths, [router], minimum=most).failed


@pytest.mark.parametrize(("counted", "refused"), [(None, "b"), (["a", "b"], "b"), (["a"], ""), (["c"], ""), ([], "")])
def test_keys_that_nobody_shall_announce_any_more_need_no_others(
    tmp_path: Path, counted: list[str] | None, refused: str
) -> None:
    with Router() as router:
        paths = vassals(tmp_path, [router], ["a", "b"])
        router.table["a"].append(OTHER)
        found = run("drained", paths, [router], minimum=1, minimum_keys=counted)
        assert (found.failed, found.changed, found.warnings) == (bool(refused), not refused, []), found.msg
        assert (f"0 fresh nodes for {refused!r}" in found.msg) == bool(refused)


def test_the_keys_of_a_vassal_that_is_out_already_count_no_more(tmp_path: Path) -> None:
    with Router() as router:
        paths = vassals(tmp_path, [router], ["a"], ["b"])
        router.table["b"].append(OTHER)
        assert not run("drained", paths[:1], [router]).failed
        found = run("drained", paths, [router], minimum=1)
        assert (found.failed, [one["changed"] for one in found.data["vassals"]]) == (False, [False, True]), found.msg


def test_all_are_held_or_none(tmp_path: Path) -> None:
    with Router() as router:
        paths = vassals(tmp_path, [router], ["a"], ["b"])
        (tmp_path / "suspend" / "1").mkdir()
        (tmp_path / "suspend" / "1" / "Something Else").touch()
        found = run("drained", paths, [router])
        assert (found.failed, found.changed, "argument" in found.data) == (True, False, False)
        assert found.msg.startswith(f"{tmp_path}/suspend/1: ")
        assert held(tmp_path) == {"1": ["Something Else"]}
        assert router.heard == Counter()


class Busy(Router):
    """A router whose nodes always have a request in flight."""

    def entry(self, node: str) -> dict[str, Any]:
        return {**super().entry(node), "death_mark": 1, "ref": 1}


def test_who_lags_is_named_for_each_vassal_and_in_few_words(tmp_path: Path) -> None:
    with Router() as fine, Busy(deaf=KEYS[:50]) as router:
        paths = vassals(tmp_path, [fine, router], ["a"], KEYS[:50])
        found = run("drained", paths, [fine, router], timeout=2)
    assert found.failed
    assert [one["lagging"] for one in found.data["vassals"]] == [[], [router.stats]]
    assert found.msg.startswith(f"timed out after 2 s: {router.stats} still has 10.0.0.7:3032 in 'k0.test' (dead, 1 requests in")
    assert found.msg.endswith("; and 30 more")
    # A node that the router lists as dead has already been told.
    assert fine.heard == router.heard == Counter(["a", *KEYS[:50]])


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"vassals": []}, "vassals: is empty; give at least one", "vassals"),
    ({"vassals": ["{0}", "/nonexistent.ini"]}, "vassals[1]: /nonexistent.ini can't be read: ", "vassals[1]"),
    ({"vassals": ["{0}", "{0}", "/dev/null"]}, "vassals[2]: /dev/null can't be read: ", "vassals[2]"),
    ({"vassal": "{0}"}, "parameters are mutually exclusive: vassal|fragment|subscriptions|vassals", ""),
    ({"subscriptions": []}, "parameters are mutually exclusive: vassal|fragment|subscriptions|vassals", ""),
]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("arguments", "words", "argument"), REFUSED)
def test_bad_arguments_hold_nothing(
    tmp_path: Path, arguments: dict[str, Any], words: str, argument: str, check: bool
) -> None:
    with Router() as router:
        paths = vassals(tmp_path, [router], ["a"])
        given = json.loads(json.dumps(arguments).replace("{0}", paths[0]))
        found = run("drained", given.pop("vassals", paths), [router], check, **given)
    assert found.failed
    assert found.msg.startswith(words)
    assert found.data.get("argument", "") == argument
    assert (held(tmp_path), router.heard) == ({}, Counter())
