# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A router handles announcements and requests as the task's arguments say."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from support.fleet import Router, running_node
from support.loopback import send, wait_for

KEY = "a.test"


def plain(key: str, address: str) -> bytes:
    return datagram.encode(datagram.SUBSCRIBE, [("key", key), ("address", address)])


# The share of nodes with the weights 1 and 3: of 40 requests one after the other, and of 8 at the same time.
ALGORITHMS = [
    ("weighted_round_robin", (10, 30), (2, 6)),
    ("wrr", (10, 30), (2, 6)),
    (None, (10, 30), (2, 6)),
    ("least_reference_count", (20, 20), (4, 4)),
    ("lrc", (20, 20), (4, 4)),
    ("weighted_least_reference_count", (20, 20), (2, 6)),
    ("wlrc", (20, 20), (2, 6)),
]


def asked(router: Router) -> tuple[int, int]:
    """How many of 40 requests, one after the other, each of the two nodes answers."""
    answers: Counter[str] = Counter()
    for dummy in range(40):
        answers[router.ask(KEY)] += 1
        # The client gets its answer before the router counts the request as done.
        wait_for("no request in flight", lambda: not any(node.in_flight for node in router.pools()[KEY].values()))
    return answers["light"], answers["heavy"]


@pytest.mark.proves("server_params.balancing_algo")
@pytest.mark.parametrize(("name", "in_turn", "at_once"), ALGORITHMS, ids=[str(case[0]) for case in ALGORITHMS])
def test_balancing_algo_decides_where_requests_go(
    name: str | None, in_turn: tuple[int, int], at_once: tuple[int, int], tmp_path: Path
) -> None:
    with Router(tmp_path, server_params={"balancing_algo": name} if name else {}) as router, ExitStack() as stack:
        for node, weight in (("light", 1), ("heavy", 3)):
            subscription = {"server": router.subscriptions, "key": KEY, "balancing_weight": weight}
            stack.enter_context(running_node(tmp_path, node, subscription))
        wait_for("both nodes", lambda: len(router.nodes(KEY)) == 2)
        # A node's new announcement resets its counters, so on a busy machine this may need several tries.
        tries = []
        while in_turn not in tries and len(tries) < 20:
            tries.append(asked(router))
        assert in_turn in tries, tries

        held: list[str] = []
        threads = [threading.Thread(target=lambda: held.append(router.ask(KEY, "/hold"))) for dummy in range(8)]
        for at, thread in enumerate(threads):
            thread.start()
            wait_for("a request in flight", lambda at=at: sum(n.in_flight for n in router.pools()[KEY].values()) == at + 1)
        (tmp_path / "release").touch()
        for thread in threads:
            thread.join()
        assert (held.count("light"), held.count("heavy")) == at_once


@pytest.mark.proves("server_params.key_dot_split")
@pytest.mark.parametrize("split", [True, False, None])
def test_key_dot_split_lets_a_domain_serve_its_subdomains(split: bool | None, tmp_path: Path) -> None:
    with Router(tmp_path, server_params={"key_dot_split": split}) as router:
        subscription = {"server": router.subscriptions, "key": ".example.com"}
        with running_node(tmp_path, "node", subscription) as address:
            router.wait_for_nodes(".example.com", address)
            hosts = (".example.com", "www.example.com", "a.b.example.com", "example.com", "example.org")
            answers = [router.ask(host) for host in hosts]
    assert answers == (["node", "node", "node", "", ""] if split else ["node", "", "", "", ""])


@pytest.mark.proves("server_params.tolerance")
def test_tolerance_is_the_silence_after_which_a_node_is_dropped(tmp_path: Path) -> None:
    with ExitStack() as stack:
        routers = {
            tolerance: stack.enter_context(Router(tmp_path / str(tolerance), server_params=given))
            for tolerance, given in ((1, {"tolerance": 1}), (60, {"tolerance": 60}), (17, {}))
        }
        # The node runs, but announces itself to neither of these routers.
        address = stack.enter_context(running_node(tmp_path, "node", {"server": "127.0.0.1:9", "key": KEY}))

        def answers(router: Router) -> bool:
            send(router.subscriptions, plain(KEY, address))
            return router.ask(KEY) == "node"

        for router in routers.values():
            # On a busy machine the shortest tolerance may end before the request.
            wait_for("an answer", partial(answers, router))
        # A router looks for silent nodes only when their key is requested. The default tolerance ends later than this wait.
        wait_for("the end of the shortest tolerance", lambda: not routers[1].ask(KEY), 10)
        assert routers[1].nodes(KEY) == []
        assert [routers[tolerance].ask(KEY) for tolerance in (60, 17)] == ["node", "node"]
