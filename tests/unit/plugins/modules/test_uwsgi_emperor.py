# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments of ``uwsgi_emperor`` and its refusals. What it does is in conformance/test_deployment.py."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Dict, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.emperor.vassals import gates_of
from support import keys, modules
from support.files import NOBODY, needs_root
from support.stream import serving

VASSAL = {"name": "shop", "options": {"master": True}}
ENTRY = {"server": "127.0.0.1:2626", "address": "127.0.0.1:1", "key": "a"}
CHECKED = {**VASSAL, "health": {"path": "/"}, "subscriptions": [ENTRY]}


def arguments(folder: Path, *vassals: Any, **given: Any) -> Dict[str, Any]:
    """The arguments to write vassals on a host without an Emperor."""
    path = {"path": str(folder / "vassals"), "directory_mode": "0755", "uwsgi_version": "2.0", "uwsgi_binary": "/nonexistent"}
    desired = {"signing_keys": {}, "health": {"path": str(folder / "health")}, "vassals": {**path, "vassals": list(vassals)}}
    found = {"state": "written", "desired": desired, "leaving_path": str(folder / "leaving"), "emperor_stats": "/nonexistent"}
    return {**found, **given}


REFUSED: List[Any] = [
    ({"router_tolerance": 0}, [VASSAL], "router_tolerance: 0 is too small; give 1 or more"),
    ({"timeout": 0}, [VASSAL], "timeout: 0 is too small; give 1 or more"),
    ({"emperor_stats": "here"}, [VASSAL], "emperor_stats: 'here' is not a stats server"),
    ({"router_stats": ["127.0.0.1:1", "x"]}, [VASSAL], "router_stats[1]: 'x' is not a stats server"),
    ({}, [{"name": "shop"}], "vassals[0].options: is missing"),
    ({}, [VASSAL, VASSAL], "vassals[1].name: 'shop' is the name of vassals[0] too"),
    ({}, [{**CHECKED, "health": {"interval": 0}}], "vassals[0].health"),
]


@pytest.mark.parametrize(("given", "vassals", "problem"), REFUSED)
def test_what_cannot_be_is_refused_by_its_name(tmp_path: Path, given: Dict[str, Any], vassals: List[Any], problem: str) -> None:
    found = modules.run("uwsgi_emperor", arguments(tmp_path, *vassals, **given))
    assert found.failed and found.msg.startswith(problem), found.msg
    assert list(tmp_path.rglob("*.ini")) == []


DAEMONS: List[Any] = [
    (None, "desired: must be a mapping with daemons"),
    ({}, "desired.daemons: must be a list"),
    ({"daemons": []}, "desired.daemons: is empty"),
    ({"daemons": [5]}, "desired.daemons[0]: must be a mapping of arguments"),
    ({"daemons": [{"ini": "/i", "pidfile": "/p", "state": "stopped"}, {"ini": "/i"}]}, "desired.daemons[1]: missing required"),
    ({"daemons": [{"ini": "/i", "pidfile": "/p"}]}, "log: is empty; give a path"),
]


@pytest.mark.parametrize(("desired", "problem"), DAEMONS)
def test_a_daemon_that_can_not_be_is_refused(desired: Any, problem: str) -> None:
    found = modules.run("uwsgi_emperor", {"state": "running", "desired": desired})
    assert found.failed and found.msg.startswith(problem), found.msg


def test_arguments_of_a_part_that_its_module_does_not_have_are_refused(tmp_path: Path) -> None:
    given = arguments(tmp_path, VASSAL)
    given["desired"]["vassals"]["pathh"] = "/x"
    found = modules.run("uwsgi_emperor", given)
    assert found.failed and found.msg.startswith("desired.vassals: "), found.msg
    assert "pathh" in found.msg


def test_it_writes_once_and_check_mode_writes_nothing(tmp_path: Path) -> None:
    given = arguments(tmp_path, CHECKED)
    planned = modules.run("uwsgi_emperor", given, check=True)
    assert (planned.failed, planned.changed, planned.data["created"]) == (False, True, ["shop"]), planned.msg
    assert list(tmp_path.iterdir()) == []
    written = modules.run("uwsgi_emperor", given)
    assert (written.failed, written.changed) == (False, True), written.msg
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["health/checks.json", "health/gate.pyz", "vassals/shop.ini"]
    again = modules.run("uwsgi_emperor", given)
    assert (again.failed, again.changed, again.data["left"], again.data["unused_keys"]) == (False, False, [], [])


SERVICES = [("2.0", True, True), ("2.0", False, True), ("2.1", True, False), ("2.1", False, True)]


@pytest.mark.parametrize(("release", "on_demand", "graceful"), SERVICES)
def test_an_emperor_of_2_1_lets_on_demand_vassals_sleep(tmp_path: Path, release: str, on_demand: bool, graceful: bool) -> None:
    given = arguments(tmp_path, parts=["service"])
    options = {"emperor": "/nonexistent/*.ini", "emperor-graceful-shutdown": True}
    given["desired"]["service"] = {
        "path": str(tmp_path), "uwsgi_binary": "/nonexistent", "uwsgi_version": release, "on_demand": on_demand,
        "vassals": [{"name": "emperor", "options": options}],
    }  # fmt: skip
    assert modules.run("uwsgi_emperor", given).msg == ""
    assert ("emperor-graceful-shutdown = true\n" in (tmp_path / "emperor.ini").read_text()) is graceful
    assert not modules.run("uwsgi_emperor", given).changed


def service(tmp_path: Path, **given: Any) -> Dict[str, Any]:
    """The module's arguments for the part ``service`` alone, with some of that part's own."""
    found = arguments(tmp_path, parts=["service"])
    vassals = [{"name": "emperor", "options": {"emperor": "/nonexistent/*.ini"}}]
    part = {"path": str(tmp_path / "etc"), "directory_mode": "0755", "uwsgi_binary": "/nonexistent", "uwsgi_version": "2.0"}
    found["desired"]["service"] = {**part, "vassals": vassals, **given}
    return found


def test_the_folders_of_a_daemon_are_made_and_amended(tmp_path: Path) -> None:
    run = tmp_path / "run"
    given = service(tmp_path, folders=[{"path": str(run), "owner": "", "group": "", "mode": "0755"}])
    assert modules.run("uwsgi_emperor", given, check=True).changed
    assert not run.exists()
    for changed in (True, False):
        assert modules.run("uwsgi_emperor", given).changed is changed
    run.chmod(0o700)
    assert modules.run("uwsgi_emperor", given).data["configured"] is False
    assert run.stat().st_mode & 0o777 == 0o755


FOLDERS: List[Any] = [
    (5, "desired.service.folders[0]: must be a mapping with path, owner, group, mode"),
    ({"owner": "", "group": ""}, "desired.service.folders[0]: must be a mapping with path, owner, group, mode"),
    ({"owner": "nobody-here", "group": "", "mode": "0755"}, "the host has no user 'nobody-here'; create it first"),
    ({"owner": "", "group": "", "mode": "worldwide"}, "'worldwide' is not an octal mode"),
]


@pytest.mark.parametrize(("folder", "problem"), FOLDERS)
def test_a_folder_that_can_not_be_made_changes_nothing(tmp_path: Path, folder: Any, problem: str) -> None:
    whole = {"path": str(tmp_path / "run"), **folder} if isinstance(folder, dict) else folder
    found = modules.run("uwsgi_emperor", service(tmp_path, folders=[whole]))
    assert found.failed and problem in found.msg
    assert not (tmp_path / "run").exists() and not (tmp_path / "etc").exists()


def test_what_is_no_folder_is_an_error_and_those_that_were_made_go(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folders = [{"path": str(tmp_path / name), "owner": "", "group": "", "mode": "0755"} for name in ("run", "file")]
    found = modules.run("uwsgi_emperor", service(tmp_path, folders=folders))
    assert found.failed and "can't be used as a directory" in found.msg
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_daemon_of_the_last_release_is_known_by_its_pid_file(tmp_path: Path) -> None:
    given = service(tmp_path, former_pidfile=str(tmp_path / "emperor.pid"))
    assert modules.run("uwsgi_emperor", given).data["former"] is False
    (tmp_path / "emperor.pid").touch()
    assert modules.run("uwsgi_emperor", given).data["former"] is True


def test_a_page_is_written_with_its_vassal_and_removed_after_it(tmp_path: Path) -> None:
    given = arguments(tmp_path, VASSAL)
    page = {"path": str(tmp_path / "metrics"), "owned": True, "config": {"host": "node1"}, "program": ""}
    given["desired"]["metrics"] = page
    for changed in (True, False):
        found = modules.run("uwsgi_emperor", given)
        assert (found.failed, found.changed) == (False, changed), found.msg
    assert sorted(path.name for path in (tmp_path / "metrics").iterdir()) == ["live.json", "live.zip"]
    given["desired"]["metrics"] = {**page, "config": None}
    for changed in (True, False):
        found = modules.run("uwsgi_emperor", given)
        assert (found.failed, found.changed) == (False, changed), found.msg
    assert not (tmp_path / "metrics").exists()


NEEDED = {"module": "nowhere", "plugin": "", "binary": "/nonexistent", "why": "install it"}
NO_PROGRAMS: List[Dict[str, Any]] = [{}, {"program": None}, {"program": "?"}, {"program": "\xe9"}]
PAGES: List[Any] = [
    ({"metrics": 5}, "desired.metrics: must be a mapping with path, owned and config"),
    ({"metrics": {"path": "/p", "config": {}, "program": ""}}, "host: is not text"),
    *(({"metrics": {"path": "/p", "config": {"host": "h"}, **given}}, "desired.metrics.program: ") for given in NO_PROGRAMS),
    ({"imports": 5}, "desired.imports: must be a mapping with module, plugin, binary, why"),
    ({"imports": {**NEEDED, "why": None}}, "desired.imports: must be a mapping with module, plugin, binary, why"),
    ({"imports": NEEDED}, "the Python module nowhere: can't be imported by uWSGI, which is not there; install it"),
]


READERS: List[Any] = [
    (5, "desired.stats_readers: must be a mapping with group, user"),
    ({"group": "nogroup"}, "desired.stats_readers: must be a mapping with group, user"),
    ({"group": "no-such-group", "user": "root"}, "emperor_group: "),
    ({"group": "nogroup", "user": "root"}, "emperor_group: nogroup has nobody in it, and with emperor_metrics it reads"),
]


@pytest.mark.parametrize(("readers", "problem"), READERS)
def test_a_tenant_whose_own_group_reads_the_stats_is_refused(tmp_path: Path, readers: Any, problem: str) -> None:
    given = arguments(tmp_path, {**VASSAL, "owner": "nobody"}, {**VASSAL, "name": "other", "owner": "no-such-user"})
    given["desired"]["stats_readers"] = readers
    found = modules.run("uwsgi_emperor", given)
    assert found.failed and found.msg.startswith(problem), found.msg
    assert list(tmp_path.rglob("*.ini")) == []


@pytest.mark.parametrize("readers", [{}, {"group": "root", "user": "root"}, {"group": "nogroup", "user": "nobody"}])
def test_others_and_the_page_itself_are_not(tmp_path: Path, readers: Any) -> None:
    given = arguments(tmp_path, {**VASSAL, "owner": "nobody"})
    given["desired"]["stats_readers"] = readers
    assert not modules.run("uwsgi_emperor", given, check=True).failed


@pytest.mark.parametrize(("pages", "problem"), PAGES)
def test_a_page_that_can_not_be_is_refused_before_anything_changes(tmp_path: Path, pages: Any, problem: str) -> None:
    given = arguments(tmp_path, VASSAL)
    given["desired"].update(pages)
    found = modules.run("uwsgi_emperor", given)
    assert found.failed and found.msg.startswith(problem), found.msg
    assert list(tmp_path.rglob("*.ini")) == []


def test_new_public_keys_come_and_none_goes_where_there_are_routers(tmp_path: Path) -> None:
    def installed(part: str, *names: str) -> List[Any]:
        given = arguments(tmp_path, parts=[part])
        halves = [{"file": name, "content": keys.public("ec", name)} for name in names]
        given["desired"][part] = {"path": str(tmp_path / "public"), "purge": True, "signing_keys": halves}
        if part == "public_keys":
            given["desired"][part]["directory_mode"] = "0755"
        found = modules.run("uwsgi_emperor", given)
        assert not found.failed, found.msg
        return [found.changed, sorted(path.name for path in tmp_path.glob("public/*"))]

    assert installed("new_keys", "a.pem") == [False, []]
    assert installed("public_keys", "a.pem", "b.pem") == [True, ["a.pem", "b.pem"]]
    assert installed("new_keys", "b.pem", "c.pem") == [True, ["a.pem", "b.pem", "c.pem"]]
    assert installed("new_keys", "b.pem", "c.pem") == [False, ["a.pem", "b.pem", "c.pem"]]
    assert installed("public_keys", "b.pem", "c.pem") == [True, ["b.pem", "c.pem"]]


def test_who_gives_an_address_away_goes_first_also_without_a_pool(tmp_path: Path) -> None:
    def swapped(first: str, second: str) -> Dict[str, Any]:
        both = {"a": first, "b": second}
        return arguments(tmp_path, *({"name": name, "options": {"socket": socket}} for name, socket in both.items()))

    assert not modules.run("uwsgi_emperor", swapped("127.0.0.1:1", "127.0.0.1:2")).failed
    planned = modules.run("uwsgi_emperor", swapped("127.0.0.1:2", "127.0.0.1:1"), check=True)
    assert planned.data["left"] == ["a", "b"]
    found = modules.run("uwsgi_emperor", swapped("127.0.0.1:2", "127.0.0.1:1"))
    assert (found.failed, found.data["left"], found.data["updated"]) == (False, ["a", "b"], ["a", "b"]), found.msg
    assert not (tmp_path / "leaving" / "a.ini").exists()


def test_a_port_that_the_system_gives_is_nobodys_own(tmp_path: Path) -> None:
    given = arguments(tmp_path, *({"name": name, "options": {"socket": "127.0.0.1:0"}} for name in ("a", "b")))
    found = modules.run("uwsgi_emperor", given)
    assert (found.failed, found.data.get("left")) == (False, []), found.msg


@needs_root
@pytest.mark.parametrize("user", ["", "nobody"])
def test_a_health_command_never_runs_as_root(tmp_path: Path, user: str) -> None:
    vassals = filled_folder(tmp_path)
    answer = {"vassals": [{"id": str(vassals / "shop.ini"), "last_mod": 2**40, "accepting": 1}]}
    with serving(json.dumps(answer).encode("ascii"), asked=False) as server, tempfile.TemporaryDirectory() as said:
        # Other users can't enter the test's own folder.
        Path(said).chmod(0o777)
        desired = {
            "path": str(vassals), "keys_path": str(tmp_path), "names": ["shop"], "failed_before": {}, "unused_keys": [],
            "health": {"shop": {"command": f"id -u > {said}/uid"}}, "user": user,
            "log": {"unit": "", "by_vassal": False, "file": "", "since": 0},
        }  # fmt: skip
        given = {"state": "served", "desired": desired, "leaving_path": str(tmp_path / "leaving")}
        found = modules.run("uwsgi_emperor", {**given, "emperor_stats": server.address, "last": True})
        ran = "".join(path.read_text().strip() for path in Path(said).iterdir())
    assert not found.failed, found.msg
    assert ran == (str(NOBODY) if user else "")
    assert any("is not run as root" in warning for warning in found.warnings) is not bool(user)


def filled_folder(folder: Path) -> Path:
    """A folder with a vassal that belongs to root."""
    folder.chmod(0o755)
    vassals = folder / "vassals"
    vassals.mkdir()
    (vassals / "shop.ini").write_text("[uwsgi]\nmaster = true\n", encoding="ascii")
    return vassals


def gates(tyrant: bool, *vassals: Any) -> List[Any]:
    params = {"path": "/v", "tyrant": tyrant, "vassals": list(vassals)}
    found = gates_of({"path": "/h"}, params)
    return [(one["path"], one["mode"], [item["name"] for item in one["vassals"]]) for one in found]


def test_there_is_a_gate_for_all_or_one_for_each_tenant() -> None:
    mine, yours = {**CHECKED, "owner": 7}, {**CHECKED, "name": "blog", "owner": "ann"}
    assert gates(False, VASSAL) == gates(True, VASSAL) == gates(True) == []
    assert gates(False, VASSAL, mine, yours) == [("/h", "0644", ["shop", "blog"])]
    assert gates(True, mine, VASSAL, yours, mine) == [
        ("/h/emperor-health-7", "0400", ["shop", "shop"]),
        ("/h/emperor-health-ann", "0400", ["blog"]),
    ]
