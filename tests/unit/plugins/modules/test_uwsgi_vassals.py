# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory of vassals, written by the module as Ansible runs it, with the real uWSGI."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from support import modules
from support.files import DRY_RUN, Watch, mode, needs_root, put, snapshot
from support.uwsgi import BINARY

MARKER = "; Managed by Ansible, emperor.uwsgi.uwsgi_vassals\n"
HEAD = MARKER + "[uwsgi]\n"
SOCKET = "127.0.0.1:3031"
S = {"server": "10.0.0.2:2626", "key": "a.test", "address": SOCKET}


def vassal(name: str, /, **options: Any) -> dict[str, Any]:
    return {"name": name, "options": options or {"master": True}}


def run(folder: Path, *vassals: Any, check: bool = False, **arguments: Any) -> modules.Result:
    given = {"path": str(folder), "vassals": list(vassals), "uwsgi_binary": BINARY, "uwsgi_version": "2.0.31", **arguments}
    return modules.run("uwsgi_vassals", given, check)


def told(found: modules.Result) -> dict[str, list[str]]:
    """What a run reports as created, updated, removed and unchanged, without empty lists."""
    assert not found.failed, found.msg
    names = ("created", "updated", "removed", "unchanged")
    return {name: found.data[name] for name in names if found.data[name]}


def difference(folder: Path, name: str, before: str, after: str) -> dict[str, str]:
    header = str(folder / name)
    return {"before_header": header, "after_header": header, "before": before, "after": after}


MASTER = HEAD + "master = true\n"


def filled(folder: Path) -> None:
    """A folder with vassals of this module, and files of others."""
    put(folder / "same.ini", MASTER)
    put(folder / "text.ini", HEAD + "master = false\n", 0o640)
    put(folder / "mode.ini", MASTER, 0o600)
    put(folder / "old.ini", HEAD)
    put(folder / "old.txt", HEAD)
    put(folder / "theirs.ini", "[uwsgi]\nmaster = true\n")
    put(folder / "other.ini", HEAD.replace("uwsgi_vassals", "uwsgi_subscription"))


WANTED = (vassal("same"), vassal("text"), dict(vassal("mode"), mode="0644"), vassal("new", processes=2))


@pytest.mark.parametrize("purge", [False, True])
def test_check_mode_says_what_is_done_and_then_nothing_is_left_to_do(tmp_path: Path, purge: bool) -> None:
    filled(tmp_path)
    before = snapshot(tmp_path)
    names = {"created": ["new"], "updated": ["text", "mode"], "removed": ["old"], "unchanged": ["same"]}
    removed = [difference(tmp_path, "old.ini", HEAD, "")] if purge else []
    diff = [
        *removed,
        difference(tmp_path, "new.ini", "", HEAD + "processes = 2\n"),
        difference(tmp_path, "text.ini", HEAD + "master = false\n", MASTER),
        difference(tmp_path, "mode.ini", MASTER + "mode: 0600\n", MASTER + "mode: 0644\n"),
    ]
    first = run(tmp_path, *WANTED, check=True, purge=purge)
    assert told(first) == names if purge else {name: names[name] for name in names if name != "removed"}
    assert (first.changed, first.data["diff"], first.data["path"]) == (True, diff, str(tmp_path))
    assert (first.data["uwsgi_version"], first.data["invocation"]["module_args"]["vassals"]) == (
        "2.0.31", "4 of them",
    )
    assert snapshot(tmp_path) == before

    second = run(tmp_path, *WANTED, purge=purge)
    assert second.data == first.data
    after = snapshot(tmp_path)
    # Unchanged vassals keep even their mtime; otherwise the Emperor would reload them.
    for name in ("same.ini", "old.txt", "theirs.ini", "other.ini", *([] if purge else ["old.ini"])):
        assert after[name] == before[name]
    assert (after["mode.ini"][0], after["mode.ini"][4:]) == ("0o100644", before["mode.ini"][4:])
    assert (after["text.ini"][0], after["text.ini"][5]) == ("0o100640", MASTER.encode())
    assert (tmp_path / "new.ini").read_text() == HEAD + "processes = 2\n"
    assert set(after) == set(before) - ({"old.ini"} if purge else set()) | {"new.ini"}

    for check in (True, False):
        again = run(tmp_path, *WANTED, check=check, purge=purge)
        assert told(again) == {"unchanged": ["same", "text", "mode", "new"]}
        assert (again.changed, again.data["diff"]) == (False, [])
        assert snapshot(tmp_path) == after


def test_no_vassal_at_all_is_purged_to(tmp_path: Path) -> None:
    filled(tmp_path)
    assert told(run(tmp_path, purge=True)) == {"removed": ["mode", "old", "same", "text"]}
    assert sorted(os.listdir(tmp_path)) == ["old.txt", "other.ini", "theirs.ini"]


# The file was written now, or by a clock that is ahead.
@pytest.mark.parametrize("ahead", [0, 1000.7])
def test_a_changed_vassal_has_always_a_later_whole_second(tmp_path: Path, ahead: float) -> None:
    run(tmp_path, vassal("a", processes=0))
    path = tmp_path / "a.ini"
    os.utime(path, (time.time() + ahead,) * 2)
    for number in range(1, 4):
        before = path.stat().st_mtime
        assert told(run(tmp_path, vassal("a", processes=number))) == {"updated": ["a"]}
        assert int(path.stat().st_mtime) > int(before)


def test_the_emperor_never_sees_a_vassal_in_parts_or_under_another_name(tmp_path: Path) -> None:
    filled(tmp_path)
    with Watch(tmp_path) as watch:
        run(tmp_path, *WANTED, purge=True)
        seen = [event for event in watch.events() if event[1].endswith(".ini") and event[0] != "attrib"]
    assert seen == [("delete", "old.ini"), ("moved to", "new.ini"), ("moved to", "text.ini"), ("moved to", "mode.ini")]
    assert [name for name in os.listdir(tmp_path) if not name.endswith((".ini", ".txt"))] == []


def test_defaults_come_first_and_a_vassal_s_own_win(tmp_path: Path) -> None:
    defaults = {"strict": True, "master": True, "processes": 2, "env": ["A=1"]}
    own = {"name": "a", "options": {"env": ["B=%n", "C=$(HOME)"], "master": None, "threads": 3}}
    signed = {"name": "b", "subscriptions": [S], "client_params": {"start_unsubscribed": True}}
    found = run(tmp_path, own, signed, default_options=defaults, default_client_params={"announce_interval": 5})
    assert told(found) == {"created": ["a", "b"]}
    assert (tmp_path / "a.ini").read_text() == HEAD + "strict = true\nprocesses = 2\nenv = B=%n\nenv = C=$(HOME)\nthreads = 3\n"
    assert (tmp_path / "b.ini").read_text() == HEAD + (
        "strict = true\nmaster = true\nprocesses = 2\nenv = A=1\nstart-unsubscribed = true\nsubscribe-freq = 5\n"
        "subscribe2 = server=10.0.0.2:2626,key=a.test,addr=127.0.0.1:3031\n"
    )


def test_subscriptions_are_signed_by_default(tmp_path: Path) -> None:
    signing = {"directory": "/keys", "succeeding": ["b.test.pem"]}
    entry = {"server": "10.0.0.2:2626", "key": ["a.test", "b.test"], "address": SOCKET}
    items = [{"name": "a", "subscriptions": [entry]}, {"name": "c", "subscriptions": [dict(entry, key="c.test", signing=False)]}]
    assert told(run(tmp_path, *items, default_signing=signing)) == {"created": ["a", "c"]}
    line = "subscribe2 = server=10.0.0.2:2626,key={0}.test,addr=127.0.0.1:3031"
    signs = [",sign=SHA256:/keys/" + name for name in ("a.test.pem", "b.test.pem", "next/b.test.pem")]
    lines = [line.format(key) + sign for key, sign in zip("abb", signs)]
    assert (tmp_path / "a.ini").read_text() == HEAD + "\n".join(lines) + "\n"
    assert (tmp_path / "c.ini").read_text() == HEAD + line.format("c") + "\n"
    refused = run(tmp_path, *items, default_signing={"directory": "keys"})
    assert refused.data["argument"] == "default_signing.directory"


# The release of the host, that of the routers, the key's file, and whether a warning says that they differ.
MOUNTPOINTS = [
    ("2.0", None, "a.test_blog.pem", False),
    ("2.0", "2.0", "a.test_blog.pem", False),
    ("2.0", "2.1", "a.test.pem", False),
    ("2.1", None, "a.test.pem", False),
    ("2.1", "2.0", "a.test_blog.pem", True),
    ("2.1", "2.1", "a.test.pem", False),
]


@pytest.mark.parametrize(("release", "routers", "file", "warned"), MOUNTPOINTS)
def test_the_routers_release_names_the_keys_of_mountpoints(
    tmp_path: Path, release: str, routers: Any, file: str, warned: bool
) -> None:
    signing = {"directory": "/keys", **({"router_version": routers} if routers else {})}
    item = {"name": "a", "subscriptions": [dict(S, key="a.test/blog"), dict(S, key="a.test/free", signing=False)]}
    found = run(tmp_path, item, default_signing=signing, uwsgi_version=release, validate=False)
    assert told(found) == {"created": ["a"]}
    assert f"sign=SHA256:/keys/{file}" in (tmp_path / "a.ini").read_text()
    named = [words for words in found.warnings if "router_version" in words]
    assert [words.startswith("vassals[0].subscriptions[0].key: a.test/blog is signed") for words in named] == [True] * warned


def test_a_release_of_routers_that_is_none_is_refused(tmp_path: Path) -> None:
    found = run(tmp_path, vassal("a"), default_signing={"directory": "/keys", "router_version": "new"})
    assert found.data["argument"] == "default_signing.router_version"


@pytest.mark.parametrize("place", ["the module", "the vassal", "the subscription"])
def test_names_of_servers_are_resolved_on_demand(tmp_path: Path, place: str) -> None:
    entry = {"server": "localhost:2626", "key": "a.test", "address": SOCKET}
    assert run(tmp_path, {"name": "a", "subscriptions": [entry]}).data["argument"] == "vassals[0].subscriptions[0].server"
    wants = {"resolve_server": True}
    item = {"name": "a", "subscriptions": [dict(entry, **wants) if place == "the subscription" else entry]}
    item.update(wants if place == "the vassal" else {})
    assert told(run(tmp_path, item, **(wants if place == "the module" else {}))) == {"created": ["a"]}
    assert "server=127.0.0.1:2626," in (tmp_path / "a.ini").read_text()


@needs_root
def test_files_and_the_directory_have_their_owner_and_mode(tmp_path: Path) -> None:
    folder = tmp_path / "vassals"
    items = (vassal("a"), dict(vassal("b"), owner="6", group=7, mode="0600"))
    given = {"owner": "nobody", "group": "5", "mode": "0640", "directory_mode": "0750", "directory_owner": "root"}
    for check in (True, False):
        found = run(folder, *items, check=check, **given)
        assert (found.changed, folder.exists()) == (True, not check)
        assert told(found) == {"created": ["a", "b"]}
    assert [(path.stat().st_uid, path.stat().st_gid, mode(path)) for path in (folder, folder / "a.ini", folder / "b.ini")] == [
        (0, 0, "0750"), (65534, 5, "0640"), (6, 7, "0600"),
    ]
    assert not run(folder, *items, **given).changed
    assert told(run(folder, vassal("a"), vassal("b"), owner="root")) == {"updated": ["a", "b"]}


def test_a_missing_directory_is_an_error_or_made(tmp_path: Path) -> None:
    folder = tmp_path / "vassals"
    found = run(folder, vassal("a"))
    assert (found.data["argument"], found.failed) == ("path", True)
    assert f"the directory {folder} is not there; create it first" in found.msg
    assert told(run(folder, vassal("a"), check=True)) == {"created": ["a"]}
    assert list(tmp_path.iterdir()) == []
    assert run(folder, directory_mode="0711").changed
    assert mode(folder) == "0711"
    assert not run(folder, directory_mode="0700").changed


# The dry run

VALIDATED: list[tuple[dict[str, Any], str]] = [
    (DRY_RUN, BINARY),
    ({"validate": True, **DRY_RUN}, BINARY),
    ({"validate": False}, ""),
    ({"uwsgi_binary": "no-such-uwsgi"}, ""),
    ({"uwsgi_binary": "no-such-uwsgi", "validate": False}, ""),
]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("given", "judge"), VALIDATED)
def test_vassals_are_read_by_uwsgi_before_they_are_written(
    tmp_path: Path, given: dict[str, Any], judge: str, check: bool
) -> None:
    put(tmp_path / "a.ini", HEAD)
    before = snapshot(tmp_path)
    found = run(tmp_path, vassal("a"), vassal("b", nosuch=1), check=check, **given)
    if not judge:
        assert told(found) == {"created": ["b"], "updated": ["a"]}
        return
    assert (found.failed, found.data["argument"]) == (True, "vassals[1]")
    assert found.msg == f"vassals[1]: uWSGI refuses {tmp_path / 'b.ini'}: [strict-mode] unknown config directive: nosuch"
    assert snapshot(tmp_path) == before


def test_validation_that_is_asked_for_needs_a_uwsgi(tmp_path: Path) -> None:
    found = run(tmp_path, vassal("a"), uwsgi_binary="no-such-uwsgi", validate=True)
    assert found.msg == "validate: the host has no no-such-uwsgi; install uWSGI first, or set uwsgi_binary"
    assert os.listdir(tmp_path) == []


def test_only_what_is_written_is_read(tmp_path: Path) -> None:
    put(tmp_path / "a.ini", HEAD + "nosuch = 1\n")
    found = run(tmp_path, dict(vassal("a", nosuch=1), mode="0600"), vassal("b"))
    assert told(found) == {"created": ["b"], "updated": ["a"]}


def test_what_the_dry_run_would_carry_out_is_written_with_a_warning(tmp_path: Path) -> None:
    found = run(tmp_path, vassal("a", **{"exec-asap": f"touch {tmp_path}/done", "nosuch": 1}))
    assert found.warnings == ["vassals[0]: not validated, since the dry run would carry out exec-asap"]
    assert os.listdir(tmp_path) == ["a.ini"]


def test_the_release_is_the_binary_s_where_nobody_says_it(tmp_path: Path) -> None:
    found = run(tmp_path, vassal("a"), uwsgi_version=None)
    assert found.data["uwsgi_version"].startswith("2.")
    assert run(tmp_path, vassal("a"), uwsgi_version=None, uwsgi_binary="no-such-uwsgi").data["uwsgi_version"] == "2.0"
    found = run(tmp_path, {"name": "b", "subscriptions": [dict(S, inactive=True)]}, uwsgi_version="2.0")
    assert (found.data["argument"], "needs uWSGI 2.1" in found.msg) == ("vassals[0].subscriptions[0].inactive", True)


def test_the_folder_of_suspend_files_is_made_once(tmp_path: Path) -> None:
    (tmp_path / "vassals").mkdir()
    shop = dict(vassal("shop", socket=SOCKET), subscriptions=[S])
    given: dict[str, Any] = {"suspend_dir": str(tmp_path / "suspend")}
    before = os.umask(0o077)
    try:
        planned = run(tmp_path / "vassals", shop, check=True, **given)
        assert (planned.changed, sorted(os.listdir(tmp_path))) == (True, ["vassals"])
        assert run(tmp_path / "vassals", shop, **given).changed
        assert mode(tmp_path / "suspend") == "0755"
        assert f",check={tmp_path}/suspend/shop\n" in (tmp_path / "vassals" / "shop.ini").read_text()
        # An existing folder is kept as it is, with everything in it that holds vassals out.
        (tmp_path / "suspend").chmod(0o750)
        (tmp_path / "suspend" / "shop").mkdir()
        for check in (True, False):
            assert not run(tmp_path / "vassals", shop, check=check, **given).changed
        assert (mode(tmp_path / "suspend"), os.listdir(tmp_path / "suspend")) == ("0750", ["shop"])
        (tmp_path / "suspend" / "shop").rmdir()
        (tmp_path / "suspend").rmdir()
        assert run(tmp_path / "vassals", shop, **given).changed
    finally:
        os.umask(before)


def test_a_folder_of_suspend_files_is_not_left_by_a_run_that_fails(tmp_path: Path) -> None:
    shop = dict(vassal("shop", no_such_option=1), subscriptions=[S])
    found = run(tmp_path, shop, suspend_dir=str(tmp_path / "suspend"), **DRY_RUN)
    assert (found.failed, os.listdir(tmp_path)) == (True, [])


@pytest.mark.parametrize("check", [True, False])
def test_the_last_vassal_stays_unless_it_may_go(tmp_path: Path, check: bool) -> None:
    vassal = {"name": "a", "options": {"master": True}}
    # A file of others does not count as a vassal that stays.
    put(tmp_path / "theirs.ini", "[uwsgi]")
    assert run(tmp_path, vassal).changed
    found = run(tmp_path, check=check, purge=True, allow_empty=False)
    assert (found.failed, found.data["argument"]) == (True, "allow_empty")
    assert found.msg.startswith(f"allow_empty: nothing would be left in {tmp_path}, where a.ini would be removed; ")
    assert (tmp_path / "a.ini").exists()
    assert run(tmp_path, dict(vassal, name="b"), check=check, purge=True, allow_empty=False).data["removed"] == ["a"]
    assert run(tmp_path, purge=True).changed
