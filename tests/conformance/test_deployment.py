# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two hosts whose vassals change under load, by the role and with real Emperors: every request is answered, by the right application."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import playbook, role
from support.fleet import ask
from support.loopback import free_address, wait_for

KEYS = ("blog.test", "shop.test")
_APP = """\
import os
def application(environ, start_response):
    start_response("200 OK", [])
    return [os.environ["APPLICATION"].encode()]
"""


class Load:
    """Requests for each of some keys, one after the other, each on threads of its own."""

    def __init__(self, router: str, *keys: str) -> None:
        self.answers: Counter[tuple[str, str]] = Counter()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(router, key)) for key in keys for dummy in range(2)]

    def _ask(self, router: str, key: str) -> None:
        while not self._stopped.wait(0.005):
            try:
                answer = ask(router, key)
            except OSError as exc:
                answer = f"lost: {exc.strerror}"
            self.answers[key, answer] += 1

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()


class Fleet:
    """A router and two hosts, each with a folder and an Emperor of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.router = role.base(folder / "router")
        self.common = {"emperor_signing_keys_dir": str(folder / "keys"), "emperor_rolling_timeout": 30, "emperor_wait": True}
        self.addresses = {(host, name): free_address() for host in "ab" for name in ("blog", "shop", "spare")}
        (folder / "app.py").write_text(_APP, encoding="ascii")
        for name in ("router", "a", "b"):
            (folder / name).mkdir()

    def vassal(self, host: str, name: str, address: str = "", key: str = "", **options: Any) -> dict[str, Any]:
        """A vassal that answers with its name."""
        return {
            "name": name,
            "options": {
                "socket": address or self.addresses[host, name],
                "wsgi-file": str(self.folder / "app.py"),
                "env": "APPLICATION=" + name,
                **options,
            },
            "subscriptions": [{"server": self.router["fastrouter_subscription_server"], "key": key or name + ".test"}],
        }

    def deploy(self, host: str, *vassals: dict[str, Any], **variables: Any) -> playbook.Run:
        """Run the role on a host."""
        given = {"emperor_router_stats": [self.router["fastrouter_stats"]], **self.common, **variables}
        return role.apply(self.folder / host, "emperor", emperor_vassals=list(vassals), **given)

    def route(self, *keys: str) -> None:
        """Run the role on the router."""
        subscriptions = [{"key": key} for key in keys]
        given = {**self.router, **self.common, "fastrouter_subscriptions": subscriptions, "fastrouter_nodes": []}
        run = role.apply(self.folder / "router", "fastrouter", **given)
        assert run.code == 0, run.output

    def remove(self) -> None:
        """Stop all Emperors."""
        for name in ("a", "b", "router"):
            role.apply(self.folder / name, "emperor", **self.common, emperor_state="absent")


@contextmanager
def fleet(folder: Path) -> Iterator[Fleet]:
    """Two hosts that serve two keys."""
    found = Fleet(folder)
    try:
        found.route(*KEYS, "news.test")
        for host in "ab":
            run = found.deploy(host, found.vassal(host, "blog"), found.vassal(host, "shop"))
            assert run.code == 0, run.output
        yield found
    finally:
        found.remove()


def test_whatever_changes_every_request_is_answered_by_the_right_application(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        blog, shop = all_of_it.addresses["a", "blog"], all_of_it.addresses["a", "shop"]
        steps = {
            "swapped": [all_of_it.vassal("a", "blog", shop), all_of_it.vassal("a", "shop", blog)],
            "another backlog": [all_of_it.vassal("a", "blog", shop, listen=50), all_of_it.vassal("a", "shop", blog)],
            "another key": [all_of_it.vassal("a", "blog", shop, "news.test"), all_of_it.vassal("a", "shop", blog)],
            "the address of one that is removed": [all_of_it.vassal("a", "shop", shop)],
        }
        for step, vassals in steps.items():
            with Load(all_of_it.router["fastrouter_listen"], *KEYS) as load:
                run = all_of_it.deploy("a", *vassals)
            assert run.code == 0, (step, run.output)
            wrong = {pair: count for pair, count in load.answers.items() if pair[0] != pair[1] + ".test"}
            assert (step, wrong) == (step, {})
            assert set(load.answers) == {(key, key.partition(".")[0]) for key in KEYS}
        assert "changed=0" in all_of_it.deploy("a", *vassals).output
