# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module reloads a real router under a real Emperor: its nodes come back, and requests in flight are answered."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import restarts
from support import modules
from support.fleet import running_node
from support.loopback import connectable, free_address, wait_for
from support.uwsgi import Instance, plugin_lines


class Front:
    """An http router under an Emperor, with a node."""

    def __init__(self, folder: Path) -> None:
        self._release = folder / "release"
        self._emperor_stats, self.stats, self.address = free_address(), free_address(), free_address()
        self.subscriptions = free_address()
        (folder / "routers").mkdir()
        self.file = folder / "routers" / "web.ini"
        lines = ["[uwsgi]", *plugin_lines("http"), "master = true", "http = " + self.address, "http-stats = " + self.stats]
        self.file.write_text("\n".join([*lines, "http-subscription-server = " + self.subscriptions, ""]), encoding="ascii")
        told = f"emperor = {folder / 'routers'}", "emperor-stats = " + self._emperor_stats
        self.emperor = Instance(folder, *told, name="emperor")

    @property
    def key(self) -> str:
        return "a.test:" + self.address.rpartition(":")[2]

    def state(self) -> restarts.Router:
        return restarts.look(self.stats, 10, lambda *dummy: b"", 17)

    def reload(self, **more: Any) -> modules.Result:
        given = {"vassal": str(self.file), "emperor_stats": self._emperor_stats, "timeout": 30}
        return modules.run("uwsgi_reload", {**given, "routers": [{"vassal": str(self.file), "stats": self.stats}], **more})

    def held(self, answers: list[str]) -> threading.Thread:
        """Begin a request that the node answers after ``release``."""

        def ask() -> None:
            try:
                connection = http.client.HTTPConnection(*self.address.split(":"), timeout=30)
                connection.request("GET", "/hold", headers={"Host": self.key})
                answers.append(connection.getresponse().read().decode())
            except (OSError, http.client.HTTPException):
                answers.append("cut")

        thread = threading.Thread(target=ask)
        thread.start()
        wait_for("the request", lambda: self.state().sessions == 1)
        return thread

    def release(self) -> None:
        self._release.touch()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    one = Front(tmp_path)
    with one.emperor:
        wait_for("the router", lambda: connectable(one.stats))
        with running_node(tmp_path, "node", {"server": one.subscriptions, "key": one.key}, "subscribe-freq = 1"):
            wait_for("the node", lambda: one.state().nodes)
            yield one


def test_it_is_another_process_with_the_same_nodes(front: Front) -> None:
    before = front.state()
    done = front.reload(cut_sessions=False)
    assert (done.failed, done.data["cut_sessions"]) == (False, 0), done.msg
    assert (front.state().pid != before.pid, front.state().nodes) == (True, before.nodes)


def test_a_request_in_flight_is_waited_for_and_answered(front: Front) -> None:
    answers: list[str] = []
    before = front.state()
    request = front.held(answers)
    refused = front.reload(cut_sessions=False)
    assert refused.failed and "still has 1 sessions after 0 s, so nothing was reloaded" in refused.msg
    assert front.state().pid == before.pid
    timer = threading.Timer(1, front.release)
    timer.start()
    done = front.reload(cut_sessions=False, sessions_timeout=30)
    request.join()
    timer.join()
    assert (done.failed, answers, front.state().pid != before.pid) == (False, ["node"], True), done.msg


def test_a_request_in_flight_is_cut_where_that_is_allowed(front: Front) -> None:
    answers: list[str] = []
    request = front.held(answers)
    done = front.reload()
    request.join()
    front.release()
    assert (done.failed, done.data["cut_sessions"], answers) == (False, 1, ["cut"]), done.msg
    assert len(done.warnings) == 1
