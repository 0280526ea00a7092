# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vassals of several tenants, and on-demand vassals, written by the module as Ansible runs it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from support import modules
from support.files import Watch, mode, needs_root, put, snapshot
from support.uwsgi import BINARY

MARKER = "; Managed by Ansible, emperor.uwsgi.uwsgi_vassals\n"
MASTER = MARKER + "[uwsgi]\nmaster = true\n"
SOCKET, OTHER = "127.0.0.1:3031", "/run/emperor-uwsgi/a.sock"
S = {"server": "10.0.0.2:2626", "key": "a.test", "address": SOCKET}


def vassal(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "options": {"master": True}, **more}


def run(folder: Path, *vassals: Any, check: bool = False, **arguments: Any) -> modules.Result:
    given = {"path": str(folder), "vassals": list(vassals), "uwsgi_binary": BINARY, "uwsgi_version": "2.0.31", **arguments}
    return modules.run("uwsgi_vassals", given, check)


def told(found: modules.Result) -> dict[str, list[str]]:
    assert not found.failed, found.msg
    names = ("created", "updated", "removed", "unchanged", "renewed")
    return {name: found.data[name] for name in names if found.data[name]}


# The vassals wanted in each run, what the module reports, and the file of the address afterwards.
STEPS: list[tuple[list[Any], dict[str, Any], dict[str, list[str]], str]] = [
    ([vassal("a", on_demand=SOCKET), vassal("b")], {}, {"created": ["a", "b"]}, SOCKET),
    ([vassal("a", on_demand=OTHER), vassal("b")], {}, {"updated": ["a"], "unchanged": ["b"]}, OTHER),
    ([vassal("b")], {}, {"unchanged": ["b"]}, OTHER),
    ([vassal("a"), vassal("b")], {}, {"updated": ["a"], "unchanged": ["b"]}, ""),
    ([vassal("a", on_demand=SOCKET)], {"purge": True}, {"updated": ["a"], "removed": ["b"]}, SOCKET),
    ([], {"purge": True}, {"removed": ["a"]}, ""),
]


def test_an_address_is_written_and_removed_with_its_vassal(tmp_path: Path) -> None:
    for wanted, arguments, names, address in STEPS:
        before = snapshot(tmp_path)
        planned = run(tmp_path, *wanted, check=True, **arguments)
        assert snapshot(tmp_path) == before
        done = run(tmp_path, *wanted, **arguments)
        assert told(done) == told(planned) == names
        assert done.changed == planned.changed == bool(set(names) - {"unchanged"})
        assert done.data["diff"] == planned.data["diff"]
        path = tmp_path / "a.ini.socket"
        assert (path.read_text() if path.exists() else "") == (address and address + "\n" + MARKER)
        assert not path.exists() or mode(path) == "0644"
        again = run(tmp_path, *wanted, **arguments)
        assert (again.changed, again.data["diff"]) == (False, [])


def test_an_emperor_sees_the_address_before_the_vassal(tmp_path: Path) -> None:
    with Watch(tmp_path) as watch:
        run(tmp_path, vassal("a", on_demand=SOCKET))
        assert [name for kind, name in watch.events() if kind == "moved to"] == ["a.ini.socket", "a.ini"]


def test_addresses_of_others_stay(tmp_path: Path) -> None:
    put(tmp_path / "a.ini.socket", SOCKET + "\n")
    put(tmp_path / "b.ini.socket", SOCKET + "\n")
    assert told(run(tmp_path, vassal("a"), purge=True)) == {"created": ["a"]}
    assert sorted(os.listdir(tmp_path)) == ["a.ini", "a.ini.socket", "b.ini.socket"]


@needs_root
def test_each_tenant_has_its_files_in_folders_that_root_shares(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    folder, suspend = tmp_path / "vassals", tmp_path / "suspend"
    # The folders from before there were tenants.
    for path in (folder, suspend):
        path.mkdir()
        os.chown(path, 6, 6)
    items = [
        vassal("a", owner="nobody", subscriptions=[S]),
        vassal("b", owner=6, group=7, on_demand="127.0.0.1:3032"),
    ]
    given = {"tyrant": True, "mode": "0400", "directory_mode": "0711", "suspend_dir": str(suspend)}
    for check in (True, False):
        found = run(folder, *items, check=check, **given)
        assert (told(found), found.changed) == ({"created": ["a", "b"]}, True)
        assert os.listdir(folder) == [] or not check
    paths = {folder: (0, 0, "0711"), folder / "a.ini": (nobody.pw_uid, nobody.pw_gid, "0400"), folder / "b.ini": (6, 7, "0400")}
    paths.update({folder / "b.ini.socket": (0, 0, "0644"), suspend: (0, 0, "0711")})
    paths[suspend / "nobody"] = (nobody.pw_uid, nobody.pw_gid, "0700")
    assert {path: (path.stat().st_uid, path.stat().st_gid, mode(path)) for path in paths} == paths
    assert os.listdir(suspend) == ["nobody"]
    assert f",check={suspend}/nobody/a" in (folder / "a.ini").read_text()
    assert not run(folder, *items, **given).changed
    folder.chmod(0o755)
    assert run(folder, *items, check=True, **given).changed
    assert mode(folder) == "0755"
    assert run(folder, *items, **given).changed
    assert mode(folder) == "0711"


REFUSED = [
    ({}, "vassals[0].owner", "so give 'a' one"),
    ({"owner": "root"}, "vassals[0].owner", "give 'a' a user of its own"),
    ({"owner": "nobody", "group": "root"}, "vassals[0].group", "is root's, and a tyrant Emperor runs no vassal as root"),
    ({"owner": "00"}, "vassals[0].owner", "is root's, and a tyrant Emperor runs no vassal as root; give 'a' another"),
    ({"owner": "no-such-user"}, "vassals[0].owner", "the host has no user 'no-such-user'"),
]


@pytest.mark.parametrize(("given", "argument", "problem"), REFUSED)
def test_a_tyrant_runs_nobody_as_root(tmp_path: Path, given: dict[str, Any], argument: str, problem: str) -> None:
    found = run(tmp_path, vassal("a", **given), tyrant=True)
    assert (found.failed, found.data["argument"]) == (True, argument)
    assert problem in found.msg
    assert list(tmp_path.iterdir()) == []
