# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health gate and its checks, written by the module as Ansible runs it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import modules
from support.files import mode, needs_root, snapshot

S = {"server": "10.0.0.2:2626", "key": "a.test"}
DEFAULTS = {"command": None, "host": None, "interval": 5, "timeout": 1, "fall": 3, "rise": 2}
CHECK = {"vassal": "/v/shop.ini", "path": "/up", **DEFAULTS}


def vassal(name: str = "shop", **fields: Any) -> dict[str, Any]:
    return {"name": name, "subscriptions": [S], "health": {"path": "/up"}, **fields}


def run(folder: Path, *vassals: Any, check: bool = False, **arguments: Any) -> modules.Result:
    given = {"path": str(folder), "vassals_path": "/v", "vassals": list(vassals), **arguments}
    return modules.run("uwsgi_health", given, check)


def test_check_mode_says_what_is_done_and_then_nothing_is_left_to_do(tmp_path: Path) -> None:
    first = run(tmp_path, vassal(), check=True)
    assert (first.failed, first.changed, list(tmp_path.iterdir())) == (False, True, [])
    checks = json.dumps([CHECK], indent=1, sort_keys=True) + "\n"
    program, file = str(tmp_path / "gate.pyz"), str(tmp_path / "checks.json")
    assert first.data["diff"] == [
        {"before_header": program, "after_header": program, "before": "", "after": "(the program)\n"},
        {"before_header": file, "after_header": file, "before": "", "after": checks},
    ]
    second = run(tmp_path, vassal())
    assert second.data == first.data
    assert (second.data["path"], second.data["program"], second.data["checks"]) == (str(tmp_path), program, [CHECK])
    assert (tmp_path / "checks.json").read_text() == checks
    before = snapshot(tmp_path)
    assert sorted(before) == ["checks.json", "gate.pyz"]
    for check in (True, False):
        again = run(tmp_path, vassal(), check=check)
        assert (again.changed, again.data["diff"]) == (False, [])
        assert snapshot(tmp_path) == before


def test_another_check_leaves_the_program_alone(tmp_path: Path) -> None:
    run(tmp_path, vassal())
    before = snapshot(tmp_path)["gate.pyz"]
    found = run(tmp_path, vassal(health={"command": "true", "interval": 9}))
    assert [one["after_header"] for one in found.data["diff"]] == [str(tmp_path / "checks.json")]
    assert found.data["checks"] == [{**CHECK, "path": None, "command": "true", "interval": 9}]
    assert snapshot(tmp_path)["gate.pyz"] == before


def test_a_program_that_somebody_changed_is_written_again(tmp_path: Path) -> None:
    run(tmp_path, vassal())
    program = (tmp_path / "gate.pyz").read_bytes()
    (tmp_path / "gate.pyz").write_bytes(b"theirs")
    assert run(tmp_path, vassal()).changed
    assert (tmp_path / "gate.pyz").read_bytes() == program


@pytest.mark.parametrize("python", modules.PYTHONS)
def test_the_program_runs_with_nothing_but_python(tmp_path: Path, python: str) -> None:
    run(tmp_path)
    argv = [python, "-I", "-S", str(tmp_path / "gate.pyz"), str(tmp_path / "checks.json")]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout
        # It prints this line once it can handle signals.
        said = process.stdout.readline()
        process.terminate()
        rest, dummy = process.communicate(timeout=30)
    assert (process.returncode, said + rest) == (0, b"emperor-uwsgi health: 0 checks\n")


# Vassals, and the files of those that have a check.
VASSALS: list[tuple[list[Any], list[str]]] = [
    ([], []),
    ([{"name": "a"}, {"name": "b", "health": None}], []),
    ([vassal("a"), {"name": "b", "subscriptions": [S]}, vassal("c")], ["/v/a.ini", "/v/c.ini"]),
    # A name can't lead out of the vassals' folder.
    ([vassal("../a")], ["/v/a.ini"]),
]


@pytest.mark.parametrize(("vassals", "files"), VASSALS)
def test_every_vassal_with_health_has_its_check(tmp_path: Path, vassals: list[Any], files: list[str]) -> None:
    found = run(tmp_path, *vassals)
    assert [check["vassal"] for check in found.data["checks"]] == files
    assert found.data["invocation"]["module_args"]["vassals"] == files


REFUSED: list[tuple[dict[str, Any], str]] = [
    (vassal(subscriptions=[]), "vassals[1].health: is of a vassal without subscriptions"),
    (vassal(subscriptions=None), "vassals[1].health: is of a vassal without subscriptions"),
    (vassal(name=None), "vassals[1].name: must be text, not null"),
    (vassal(health={}), "vassals[1].health: needs path, to send the application a request, or command"),
    (vassal(health={"path": "/", "command": "true"}), "vassals[1].health: give either path or command, not both"),
    (vassal(health={"path": "up"}), "vassals[1].health.path: 'up' does not begin with a slash"),
    (vassal(health={"path": "/", "interval": 0}), "vassals[1].health.interval: 0 is not between 1 and 86400"),
    (vassal(health="text"), "vassals[1].health: must be a mapping"),
    (vassal(health={"paht": "/"}), "vassals[1].health.paht: "),
]


@pytest.mark.parametrize(("second", "problem"), REFUSED)
def test_what_is_no_check_is_refused_and_nothing_is_written(tmp_path: Path, second: dict[str, Any], problem: str) -> None:
    for check in (True, False):
        found = run(tmp_path, vassal("first"), second, check=check)
        assert found.failed
        assert found.msg.startswith(problem)
        assert (found.data["argument"], found.data["path"]) == (problem.partition(": ")[0], str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_directory_is_made_on_demand(tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    refused = run(folder, vassal())
    assert (refused.failed, refused.data["argument"], folder.exists()) == (True, "path", False)
    for check in (True, False):
        assert run(folder, vassal(), check=check, directory_mode="0750", mode="0640").changed
        assert folder.exists() is not check
    assert [mode(path) for path in (folder, folder / "gate.pyz", folder / "checks.json")] == ["0750", "0640", "0640"]


@needs_root
def test_files_have_their_owner(tmp_path: Path) -> None:
    run(tmp_path, vassal(), owner="nobody", group="5")
    assert {(path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()} == {(65534, 5)}
    assert run(tmp_path, vassal(), owner="no-such-user").data["argument"] == "owner"
