# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module, as its own process, reloads a real Emperor's vassals and waits for them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import emperor_stats
from support import modules
from support.fleet import APP
from support.loopback import connectable, free_address, wait_for
from support.uwsgi import BINARY, plugin_lines


class Emperor:
    """An Emperor with one vassal."""

    def __init__(self, folder: Path) -> None:
        self.stats, self.address = free_address(), free_address()
        self.folder = folder / "vassals"
        self.folder.mkdir()
        self.release = folder / "release"
        self.vassal = self.folder / "shop.ini"
        self.write()
        argv = [BINARY, "--emperor", f"{self.folder}/*.ini", "--emperor-stats", self.stats]
        with (folder / "emperor.log").open("wb") as log:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True
            )

    def write(self, *lines: str) -> None:
        """Rewrite the vassal."""
        section = ["[uwsgi]", *plugin_lines("python3"), "strict = true", "master = true", "socket = " + self.address]
        section += [f"wsgi-file = {APP}", "need-app = true", "env = NODE=shop", f"env = RELEASE={self.release}"]
        scratch = self.folder / "shop.tmp"
        scratch.write_text("\n".join([*section, *lines, ""]), encoding="utf-8")
        # The Emperor notices only one change per second.
        newer = max(time.time(), self.vassal.stat().st_mtime + 1 if self.vassal.exists() else 0)
        os.utime(scratch, (newer, newer))
        os.replace(scratch, self.vassal)

    def state(self) -> emperor_stats.Vassal:
        """What the Emperor says about the vassal; empty if it doesn't run."""
        return self._said().running or emperor_stats.Vassal("")

    def tries(self) -> int:
        """How often the vassal failed to start."""
        return self._said().failing

    def _said(self) -> emperor_stats.State:
        return emperor_stats.state(emperor_stats.ask(self.stats, 10, lambda *dummy: b""), str(self.vassal))

    def run(self, check: bool = False, **more: Any) -> modules.Result:
        """Run the module."""
        given = {"vassal": str(self.vassal), "emperor_stats": self.stats, "timeout": 20, **more}
        return modules.run("uwsgi_reload", given, check=check)

    def stop(self) -> None:
        """Kill the Emperor and the vassal."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture()
def emperor(tmp_path: Path) -> Iterator[Emperor]:
    one = Emperor(tmp_path)
    try:
        wait_for("the Emperor", lambda: connectable(one.stats))
        wait_for("the vassal", lambda: one.state().accepting)
        yield one
    finally:
        one.stop()


def test_a_reload_is_over_when_the_vassal_serves_again(emperor: Emperor) -> None:
    before = emperor.state()
    planned = emperor.run(check=True)
    assert (planned.failed, planned.changed, emperor.state()) == (False, True, before)
    done = emperor.run()
    assert (done.failed, done.changed) == (False, True), done.msg
    assert emperor.state().accepting
    assert emperor.state().modified > before.modified
    assert connectable(emperor.address)


def test_current_waits_for_what_was_written(emperor: Emperor) -> None:
    before = emperor.state()
    os.utime(emperor.vassal, (before.modified + 2, before.modified + 2))
    done = emperor.run(state="current")
    assert (done.failed, done.changed) == (False, False), done.msg
    assert emperor.state().modified == before.modified + 2
    assert emperor.state().accepting


def test_the_application_must_answer_well(emperor: Emperor) -> None:
    # Without a reload, whose end might come after the timeout.
    slow = emperor.run(state="current", timeout=5, health={"path": "/hold", "timeout": 1})
    assert slow.failed
    assert slow.msg.startswith(f"{emperor.vassal}: does not answer well: no answer within 1 s")
    emperor.release.touch()
    assert not emperor.run(health={"path": "/hold", "timeout": 1}).failed


def test_a_vassal_that_does_not_start_is_an_error(emperor: Emperor) -> None:
    emperor.write("wsgi-file = /nonexistent.py")
    result = emperor.run()
    assert result.failed
    assert result.msg.startswith((f"{emperor.vassal}: does not start", f"{emperor.vassal}: is not up again"))


def test_a_mended_vassal_is_fine_however_often_it_failed_before(emperor: Emperor) -> None:
    emperor.write("wsgi-file = /nonexistent.py")
    wait_for("three tries", lambda: emperor.tries() >= 3)
    emperor.write()
    mended = emperor.run(timeout=40)
    assert not mended.failed, mended.msg
    assert emperor.state().accepting


REFUSED = [
    ({"vassal": "/nonexistent.ini"}, "vassal: /nonexistent.ini is not a file"),
    ({"emperor_stats": "127.0.0.1:1"}, "the Emperor: 127.0.0.1:1"),
    ({"health": {"path": "here"}}, "health.path: 'here' does not begin with a slash"),
    ({"health": {}}, "health: needs path, to send the application a request, or command"),
    ({"health": {"paht": "/"}}, "health.paht: unknown argument"),
]


@pytest.mark.parametrize(("wrong", "words"), REFUSED)
def test_bad_arguments_reload_nothing(wrong: dict[str, Any], words: str, emperor: Emperor) -> None:
    before = emperor.state()
    result = emperor.run(**wrong)
    assert result.failed
    assert result.msg.startswith(words)
    assert emperor.state() == before
