# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One fragment, written by the module as Ansible runs it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_1
from support import modules
from support.files import DRY_RUN, OLD, Watch, mode, needs_root, put, snapshot
from support.uwsgi import BINARY, RELEASE, VERSION

S = {"server": "10.0.0.2:2626", "key": "a.test"}
HEAD = "; Managed by Ansible, emperor.uwsgi.uwsgi_subscription\n[uwsgi]\n"
LINE = "subscribe2 = server=10.0.0.2:2626,key=a.test\n"


def run(path: Any, check: bool = False, **arguments: Any) -> modules.Result:
    given = {"path": str(path), "uwsgi_binary": BINARY, "uwsgi_version": "2.0.31", "validate": False, **arguments}
    return modules.run("uwsgi_subscription", given, check)


def difference(path: Path, before: str, after: str) -> list[dict[str, str]]:
    return [{"before_header": str(path), "after_header": str(path), "before": before, "after": after}]


@pytest.mark.parametrize("old", [None, "theirs\n"])
def test_check_mode_says_what_is_done_and_then_nothing_is_left_to_do(tmp_path: Path, old: str | None) -> None:
    path = tmp_path / "a.ini"
    if old is not None:
        put(path, old, 0o640)
    before = snapshot(tmp_path)
    first = run(path, check=True, subscriptions=[S], client_params={"announce_interval": 3})
    text = HEAD + "subscribe-freq = 3\n" + LINE
    assert (first.failed, first.changed, snapshot(tmp_path)) == (False, True, before)
    assert first.data["fragment"] == text
    assert first.data["options"] == [
        {"name": "subscribe-freq", "value": "3"}, {"name": "subscribe2", "value": "server=10.0.0.2:2626,key=a.test"},
    ]  # fmt: skip
    assert first.data["diff"] == difference(path, old or "", text)
    assert (first.data["path"], first.data["uwsgi_version"], first.data["touched"]) == (str(path), "2.0.31", [])

    second = run(path, subscriptions=[S], client_params={"announce_interval": 3})
    assert {name: second.data[name] for name in ("changed", "fragment", "diff")} == {
        name: first.data[name] for name in ("changed", "fragment", "diff")
    }
    assert (path.read_text(), os.listdir(tmp_path)) == (text, ["a.ini"])
    if old is not None:
        assert mode(path) == "0640"
    before = snapshot(tmp_path)
    for check in (True, False):
        again = run(path, check, subscriptions=[S], client_params={"announce_interval": 3})
        assert (again.changed, again.data["diff"], snapshot(tmp_path)) == (False, [], before)


def test_a_fragment_is_removed_once(tmp_path: Path) -> None:
    path = put(tmp_path / "a.ini", "old\n")
    assert (run(path, check=True, state="absent").changed, path.exists()) == (True, True)
    found = run(path, state="absent")
    assert (found.changed, found.data["fragment"], found.data["options"], path.exists()) == (True, "", [], False)
    assert found.data["diff"] == difference(path, "old\n", "")
    for folder in (tmp_path, tmp_path / "nowhere"):
        found = run(folder / "a.ini", state="absent")
        assert (found.failed, found.changed) == (False, False)


def test_a_section_and_a_router_s_side(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    checks = {"digest_algo": "SHA256", "dir_cert": "/k"}
    found = run(path, section="router", server_params={"tolerance": 17}, server_verification_params=checks)
    assert not found.failed, found.msg
    assert path.read_text() == HEAD.replace("[uwsgi]", "[router]") + (
        "subscription-tolerance = 17\nsubscriptions-sign-check = SHA256:/k\n"
    )


def test_one_line_for_each_pair_of_server_and_key(tmp_path: Path) -> None:
    found = run(tmp_path / "a.ini", subscriptions=[{"server": ["10.0.0.2:1", "10.0.0.3:1"], "key": ["a", "b"]}])
    assert [one["value"] for one in found.data["options"]] == [
        f"server={server},key={key}" for server in ("10.0.0.2:1", "10.0.0.3:1") for key in ("a", "b")
    ]


def test_vassals_are_touched_when_it_changed_and_only_then(tmp_path: Path) -> None:
    path, vassal, other = tmp_path / "a.ini", put(tmp_path / "v.ini"), put(tmp_path / "w.ini")
    vassals = [str(vassal), str(vassal)]
    assert run(path, check=True, subscriptions=[S], vassals=vassals).data["touched"] == [str(vassal)]
    assert vassal.stat().st_mtime == OLD
    assert run(path, subscriptions=[S], vassals=vassals).data["touched"] == [str(vassal)]
    assert (vassal.stat().st_mtime > OLD, other.stat().st_mtime) == (True, OLD)
    os.utime(vassal, (OLD, OLD))
    # A change of mode is no change of the fragment.
    for arguments in ({}, {"mode": "0600"}):
        found = run(path, subscriptions=[S], vassals=vassals, **arguments)
        assert (found.changed, found.data["touched"], vassal.stat().st_mtime) == (bool(arguments), [], OLD)
    assert run(path, state="absent", vassals=vassals).data["touched"] == [str(vassal)]


def test_a_copy_of_the_old_file_is_kept_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    assert "backup_file" not in run(path, subscriptions=[S], backup=True).data
    assert "backup_file" not in run(path, subscriptions=[S], backup=True).data
    other = {**S, "key": "b.test"}
    assert "backup_file" not in run(path, check=True, subscriptions=[other], backup=True).data
    found = run(path, subscriptions=[other], backup=True)
    copy = Path(found.data["backup_file"])
    assert (copy.parent, copy.read_text()) == (tmp_path, HEAD + LINE)
    assert "b.test" in Path(run(path, state="absent", backup=True).data["backup_file"]).read_text()


MODES = [("0600", "0600"), ("644", "0644"), ("u=rw,g=r,o=", "0640"), ("g=r,o=", "0640")]


@pytest.mark.parametrize(("given", "expected"), MODES)
@pytest.mark.parametrize("there", [False, True])
def test_a_mode_is_as_ansible_has_it(tmp_path: Path, given: str, expected: str, there: bool) -> None:
    path = tmp_path / "a.ini"
    if there:
        put(path, HEAD + LINE, 0o666)
    assert run(path, subscriptions=[S], mode=given).changed
    assert mode(path) == expected
    assert not run(path, subscriptions=[S], mode=given).changed


@needs_root
def test_an_owner_and_a_group_are_set(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    assert run(path, subscriptions=[S], owner="nobody", group="5").changed
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 5)


def test_the_file_is_never_seen_in_parts(tmp_path: Path) -> None:
    path = put(tmp_path / "a.ini", "old\n")
    with Watch(tmp_path) as watch:
        run(path, subscriptions=[S])
        assert [event for event in watch.events() if event[1] == "a.ini"] == [("moved to", "a.ini")]


WARNED: list[tuple[dict[str, Any], str]] = [
    ({"subscriptions": [{**S, "check_file": "/run/x"}]}, "subscriptions[0].check_file"),
    ({"subscriptions": [{**S, "signing": ["SHA256", "/no/such/key.pem"]}], "user": "nobody"}, "subscriptions[0].signing"),
]


@pytest.mark.parametrize(("arguments", "words"), WARNED)
def test_what_will_probably_fail_is_warned_of(tmp_path: Path, arguments: dict[str, Any], words: str) -> None:
    found = run(tmp_path / "a.ini", **arguments)
    assert (found.failed, found.changed) == (False, True)
    assert [words in one for one in found.warnings] == [True]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"path": "/"}, "path"),
    ({"path": "/tmp/"}, "path"),
    ({"path": "/no/such/folder/a.ini"}, "path"),
    ({"section": "a]"}, "section"),
    ({"subscriptions": [{**S, "server": "router:2626"}]}, "subscriptions[0].server"),
    ({"subscriptions": [S, {**S, "balancing_algo": "wrr"}]}, "subscriptions[1].balancing_algo"),
    ({"server_params": {"mountpoints_depth": 2}}, "server_params.mountpoints_depth"),
    ({"client_params": {"announce_interval": 0}}, "client_params.announce_interval"),
    ({"uwsgi_version": "newest"}, "uwsgi_version"),
    ({"mode": "rwx"}, "mode"),
    ({"vassals": ["/etc"]}, "vassals[0]"),
    ({"validate": True, "uwsgi_binary": "/no/such/uwsgi"}, "validate"),
]


@pytest.mark.parametrize(("arguments", "argument"), REFUSED)
def test_bad_arguments_write_nothing(tmp_path: Path, arguments: dict[str, Any], argument: str) -> None:
    path = put(tmp_path / "a.ini", "old\n")
    before = snapshot(tmp_path)
    given = {"path": path, "subscriptions": [S], **arguments}
    # In check mode an earlier task might have created a folder that is missing.
    for check in (False,) if "/no/" in str(arguments) else (True, False):
        found = run(check=check, **given)
        assert (found.failed, found.data.get("argument")) == (True, argument), found.msg
        assert found.msg.startswith(argument + ": ")
        assert found.data["path"] == str(given["path"])
        assert snapshot(tmp_path) == before


def test_a_vassal_that_is_not_there_may_be_an_earlier_task_s(tmp_path: Path) -> None:
    vassals = [str(tmp_path / "v.ini")]
    assert not run(tmp_path / "a.ini", check=True, subscriptions=[S], vassals=vassals).failed
    found = run(tmp_path / "a.ini", subscriptions=[S], vassals=vassals)
    assert (found.failed, found.data["argument"], os.listdir(tmp_path)) == (True, "vassals[0]", [])


def test_what_the_host_s_uwsgi_refuses_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    digest = {"digest_algo": "NOSUCH", "dir_cert": "/k"}
    found = run(path, server_verification_params=digest, validate=True, **DRY_RUN)
    assert (found.data["argument"], path.exists()) == ("path", False)
    assert f"uWSGI refuses {path}: " in found.msg
    assert run(path, subscriptions=[S], validate=True).changed


@pytest.mark.parametrize("validate", [None, True, False])
def test_another_release_than_that_of_the_host_s_uwsgi_is_refused_where_that_reads_the_file(
    validate: bool | None, tmp_path: Path
) -> None:
    path = tmp_path / "a.ini"
    other = "2.0" if RELEASE >= V2_1 else "2.1"
    found = run(path, server_params={"tolerance": 20}, uwsgi_version=other, validate=validate)
    if validate is False:
        assert (found.failed, path.exists()) == (False, True)
        return
    assert (found.data["argument"], path.exists()) == ("uwsgi_version", False)
    assert f"{other} is another release than that of " in found.msg and f", which is {VERSION}" in found.msg
