# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interrupted and concurrent runs: a file has its old or its new content, never a part of either."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.temporary import is_temporary
from support import keys, modules
from support.files import mode

# Suffixes that an Emperor runs as vassals (core/emperor.c).
VASSALS = (".ini", ".xml", ".yml", ".yaml", ".js", ".json")
# More steps than any of the runs below has.
MOST_STEPS = 200


def vassals(folder: Path, value: str) -> tuple[str, dict[str, Any]]:
    """Four vassals: one is new with each value, one changes, one stays, one is removed."""
    names = {"old": ["changes", "stays", "goes"], "new": ["changes", "stays", "comes"]}[value]
    items = [{"name": name, "options": {"env": "A=" + ("x" if name == "stays" else value) * 5000}} for name in names]
    return "uwsgi_vassals", {"path": str(folder), "vassals": items, "purge": True, "mode": "0640", "validate": False}


def fragment(folder: Path, value: str) -> tuple[str, dict[str, Any]]:
    entry = {"server": "10.0.0.2:2626", "key": value * 50}
    return "uwsgi_subscription", {"path": str(folder / "a.ini"), "subscriptions": [entry], "validate": False}


def signing_keys(folder: Path, value: str) -> tuple[str, dict[str, Any]]:
    items = [{"file": name, "content": keys.private("ec", value + name)} for name in ("a.pem", "b.pem")]
    return "uwsgi_signing_keys", {"path": str(folder), "signing_keys": items, "purge": True}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", [vassals, fragment, signing_keys], ids=lambda kind: kind.__name__)
def test_a_run_that_is_killed_leaves_whole_files(kind: Any, tmp_path: Path) -> None:
    old_folder, new_folder = tmp_path / "old", tmp_path / "new"
    states = {}
    for folder, value in ((old_folder, "old"), (new_folder, "new")):
        folder.mkdir()
        assert not modules.run(*kind(folder, value)).failed
        states[value] = contents(folder)
    killed = 0
    for step in range(1, MOST_STEPS):
        folder = tmp_path / str(step)
        folder.mkdir()
        assert not modules.run(*kind(folder, "old")).failed
        result = modules.run_with_fault(*kind(folder, "new"), "kill", step, folder)
        if result.code == 0:
            assert contents(folder) == states["new"]
            break
        assert result.code == -signal.SIGKILL, result.output
        killed += 1
        for name, content in contents(folder).items():
            if name in states["old"] or name in states["new"]:
                assert content in (states["old"].get(name), states["new"].get(name)), (step, name)
            else:
                assert not name.endswith(VASSALS), (step, name)
        # The next run cleans up.
        assert not modules.run(*kind(folder, "new")).failed
        assert contents(folder) == states["new"], step
    assert MOST_STEPS > killed >= 8


def test_a_run_that_is_killed_leaves_no_folder_for_long(tmp_path: Path) -> None:
    found = set()
    for step in range(1, MOST_STEPS):
        folder = tmp_path / str(step)
        folder.mkdir()
        given = {"path": str(folder / "new"), "directory_mode": "0711", "signing_keys": []}
        result = modules.run_with_fault("uwsgi_signing_keys", given, "kill", step, folder)
        if result.code == 0:
            break
        assert result.code == -signal.SIGKILL, result.output
        left = [path.name for path in folder.iterdir()]
        found.add("a temporary one" if any(map(is_temporary, left)) else "the folder" if left else "nothing")
        assert len(left) <= 1
        # The next run cleans up.
        assert not modules.run("uwsgi_signing_keys", given).failed
        assert [path.name for path in folder.iterdir()] == ["new"]
        assert (mode(folder / "new"), list((folder / "new").iterdir())) == ("0711", [])
    assert found == {"nothing", "a temporary one", "the folder"}


def test_a_folder_that_vanishes_is_an_error(tmp_path: Path) -> None:
    vanished = failed = 0
    for step in range(1, MOST_STEPS):
        folder = tmp_path / str(step)
        folder.mkdir()
        assert not modules.run(*vassals(folder, "old")).failed
        result = modules.run_with_fault(*vassals(folder, "new"), "vanish", step, folder)
        if folder.exists():
            break
        vanished += 1
        # After the last rename only the temporary names of replaced files remain to be removed.
        if result.failed:
            failed += 1
            # Only the path of a folder that never existed is an invalid argument.
            assert result.data.get("argument", "path") == "path", (step, result.msg)
            assert str(folder) in result.msg
    assert MOST_STEPS > vanished >= failed >= 8


def test_two_runs_at_once_end_as_one_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    many = {
        value: [{"name": f"v{at}", "options": {"env": "A=" + value * 100}} for at in range(60)]
        for value in ("one", "two")
    }
    states = {}
    for value, items in many.items():
        alone = tmp_path / value
        alone.mkdir()
        assert not modules.run("uwsgi_vassals", {"path": str(alone), "vassals": items, "validate": False}).failed
        states[value] = contents(alone)
    for dummy in range(5):
        program = [sys.executable, "-m", modules.PACKAGE + "uwsgi_vassals"]
        given = [{"path": str(folder), "vassals": items, "validate": False, "purge": True} for items in many.values()]
        for process in [modules.start(program, arguments) for arguments in given]:
            assert not modules.finish(process).failed
        assert contents(folder) in states.values()
