# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health gate as its own process, with real nodes that hang, a real router, and operators who drain the same nodes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import modules
from support.drained import KEY, Fleet, fleet
from support.fleet import Node
from support.loopback import wait_for

# The application hangs on this path until the file "release" exists.
HEALTH = {"path": "/hold", "interval": 1, "timeout": 1, "fall": 1, "rise": 1}


def write(folder: Path, nodes: list[Node], **health: Any) -> modules.Result:
    """Write the gate's program and its checks for some nodes."""
    vassals = [
        {"name": node.file.stem, "subscriptions": [{"server": "10.0.0.2:2626", "key": KEY}], "health": {**HEALTH, **health}}
        for node in nodes
    ]
    where = str(nodes[0].file.parent if nodes else folder)
    arguments = {"path": str(folder / "gate"), "directory_mode": "0755", "vassals_path": where, "vassals": vassals}
    result = modules.run("uwsgi_health", arguments)
    assert not result.failed, result.msg
    return result


@contextmanager
def running(folder: Path, python: str = modules.PYTHONS[0]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the gate with Python's standard library alone."""
    argv = [python, "-I", "-S", str(folder / "gate" / "gate.pyz"), str(folder / "gate" / "checks.json")]
    with (folder / "gate.log").open("ab") as log, subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_nodes(all_of_it: Fleet, *nodes: Node) -> None:
    addresses = sorted(node.address for node in nodes)
    wait_for("the living nodes", lambda: all_of_it.where() == [addresses] * len(all_of_it.where()))


@pytest.mark.parametrize("python", modules.PYTHONS)
def test_a_hung_node_goes_out_and_comes_back(python: str, tmp_path: Path) -> None:
    with fleet(tmp_path, kind="ec", routers=2) as all_of_it:
        one, two = all_of_it.node("one"), all_of_it.node("two")
        assert write(tmp_path, [one]).changed
        assert not write(tmp_path, [one]).changed
        with running(tmp_path, python) as gate:
            wait_for_nodes(all_of_it, two)
            assert all_of_it.held() == {"one": ["health"]}
            (tmp_path / "release").touch()
            wait_for_nodes(all_of_it, one, two)
            assert all_of_it.held() == {}
            gate.send_signal(signal.SIGTERM)
            assert gate.wait(20) == 0


def test_operators_and_the_gate_undo_nothing_of_each_other(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        one, two = all_of_it.node("one"), all_of_it.node("two")
        write(tmp_path, [one])
        with running(tmp_path):
            wait_for("the gate", lambda: all_of_it.held() == {"one": ["health"]})
            assert all_of_it.run("drained", one).changed
            assert all_of_it.held() == {"one": ["health", "operator"]}
            active = all_of_it.run("active", one)
            assert (active.changed, active.data["held_by"]) == (True, ["health"])
            assert "health" in active.warnings[0]
            assert all_of_it.run("drained", one).changed
            (tmp_path / "release").touch()
            wait_for("the gate to let go", lambda: all_of_it.held() == {"one": ["operator"]})
            wait_for_nodes(all_of_it, two)
            assert all_of_it.run("active", one).changed
            wait_for_nodes(all_of_it, one, two)


def test_nothing_stays_out_when_its_check_or_the_gate_goes(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        one = all_of_it.node("one")
        write(tmp_path, [one])
        with running(tmp_path) as gate:
            wait_for("the gate", lambda: all_of_it.held() == {"one": ["health"]})
            # The same process reads the new checks.
            assert write(tmp_path, []).changed
            wait_for_nodes(all_of_it, one)
            assert gate.poll() is None
            write(tmp_path, [one])
            wait_for("the gate", lambda: all_of_it.held() == {"one": ["health"]})
            gate.send_signal(signal.SIGTERM)
            assert gate.wait(20) == 0
            assert all_of_it.held() == {}


def test_a_gate_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        one = all_of_it.node("one")
        write(tmp_path, [one], rise=2)
        with running(tmp_path) as gate:
            wait_for("the gate", lambda: all_of_it.held() == {"one": ["health"]})
            gate.kill()
        assert all_of_it.held() == {"one": ["health"]}
        (tmp_path / "release").touch()
        with running(tmp_path):
            wait_for_nodes(all_of_it, one)


def test_a_command_decides(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    with fleet(tmp_path) as all_of_it:
        one = all_of_it.node("one")
        write(tmp_path, [one], path=None, command=f"test ! -e {flag}")
        with running(tmp_path):
            flag.touch()
            wait_for_nodes(all_of_it)
            flag.unlink()
            wait_for_nodes(all_of_it, one)
            assert os.listdir(all_of_it.suspend) == []


def test_what_could_not_be_held_at_one_check_is_held_at_the_next(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it:
        one = all_of_it.node("one")
        write(tmp_path, [one])
        all_of_it.suspend.rmdir()
        with running(tmp_path):
            wait_for("a check that fails", lambda: "not checked" in (tmp_path / "gate.log").read_text())
            all_of_it.suspend.mkdir()
            wait_for_nodes(all_of_it)
            assert all_of_it.held() == {"one": ["health"]}
