# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel says about processes that run, that have ended, and that never existed."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import process
from support.loopback import wait_for


def test_a_process_was_started_between_two_looks_at_the_clock() -> None:
    # The kernel counts in hundredths of a second.
    before = time.time() - 0.02
    with subprocess.Popen(["sleep", "600"]) as child:
        try:
            found = process.started(child.pid)
            assert found is not None and before <= found <= time.time() + 0.02
            assert not process.is_zombie(child.pid)
        finally:
            child.kill()


def test_a_process_that_nobody_waited_for_is_a_zombie() -> None:
    with subprocess.Popen(["true"]) as child:
        wait_for("its end", lambda: process.is_zombie(child.pid))
    assert not process.is_zombie(child.pid)


def test_a_process_names_the_file_that_it_was_started_on() -> None:
    with subprocess.Popen(["sleep", "600", "601"]) as child:
        try:
            # Until it has started sleep, the child is still Python.
            wait_for("its start", lambda: process.names(child.pid, "601"))
            assert not any(process.names(child.pid, path) for path in ("60", "/etc/uwsgi/emperor.ini"))
        finally:
            child.kill()
    assert not process.names(child.pid, "601")


@pytest.mark.parametrize("pid", [0, -1, 2**31 - 1])
def test_nothing_is_known_of_a_process_that_is_not_there(pid: int) -> None:
    assert (process.started(pid), process.is_zombie(pid)) == (None, False)


def test_a_name_with_brackets_and_spaces_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = " ".join(["Z", *map(str, range(1, 19)), "700", "20"])
    monkeypatch.setattr(process.opened, "read", lambda *dummy, **given: f"5 (a) R (b) {fields}\n".encode())
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert process.is_zombie(5)
    assert process.started(5) == pytest.approx(boot + 700 / os.sysconf("SC_CLK_TCK"), abs=1)
