# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module uwsgi_vassals refuses, and what it warns about."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import modules
from support.files import DRY_RUN, put, snapshot
from support.uwsgi import BINARY

HEAD = "; Managed by Ansible, emperor.uwsgi.uwsgi_vassals\n[uwsgi]\n"
SOCKET = "127.0.0.1:3031"
S = {"server": "10.0.0.2:2626", "key": "a.test"}


def vassal(name: str, *subscriptions: Any, **options: Any) -> dict[str, Any]:
    return {"name": name, "options": options or {"master": True}, "subscriptions": list(subscriptions)}


def run(folder: Path, *vassals: Any, check: bool = False, **arguments: Any) -> modules.Result:
    given = {"path": str(folder), "vassals": list(vassals), "uwsgi_binary": BINARY, "uwsgi_version": "2.0.31", **arguments}
    # Without this an unknown user would cause a warning, which is not tested here.
    given.setdefault("validate", False)
    return modules.run("uwsgi_vassals", given, check)


GOOD = vassal("good")
ADDRESS = "vassals[{0}].subscriptions[0].address"
REFUSED: list[tuple[str, list[Any], dict[str, Any], str, str]] = [
    ("a name twice", [GOOD, vassal("b"), GOOD], {}, "vassals[2].name",
     "'good' is the name of vassals[0] too; give each vassal its own"),
    ("a socket twice", [vassal("a", socket="/run/a"), vassal("b", **{"http-socket": "10.0.0.7:1", "socket": "/run/a"})], {},
     "vassals[1].options", "the socket '/run/a' is that of vassals[0] too, so only one of them would start; give each its own"),
    ("a name with a slash", [GOOD, vassal("../b")], {}, "vassals[1].name", "'../b' can't name a vassal's file"),
    ("no name", [GOOD, {"options": {"a": 1}}], {}, "vassals[1].name", "is missing; it names the vassal's file"),
    ("an argument", [GOOD, dict(vassal("b"), option=1)], {}, "vassals[1].option", "unknown argument; did you mean 'options'?"),
    ("an option's value", [GOOD, vassal("b", a={})], {}, "vassals[1].options.a",
     "must be a value, a list of values or {literal: TEXT}"),
    ("a socket that's not there", [GOOD, vassal("b", S)], {}, ADDRESS.format(1), "have none; give it a socket"),
    ("a wildcard", [GOOD, vassal("b", S, socket=":1")], {}, ADDRESS.format(1), "is a wildcard"),
    ("a socket by name", [vassal("b", S, socket="localhost:1")], {}, ADDRESS.format(0), "is not an IPv4 address"),
    ("a relative socket", [vassal("b", S, socket="a.sock")], {}, ADDRESS.format(0), "is a relative path"),
    ("a default socket", [vassal("b", S)], {"default_options": {"socket": "*:1"}}, ADDRESS.format(0), "is a wildcard"),
    ("a server", [GOOD, vassal("b", dict(S, server="x", address=SOCKET))], {}, "vassals[1].subscriptions[0].server",
     "is neither an IPv4"),
    ("a default option", [GOOD], {"default_options": {"a b": 1}}, "default_options['a b']", "is not a valid option name"),
    ("a default for clients", [vassal("b", dict(S, address=SOCKET))], {"default_client_params": {"announce_interval": 0}},
     "vassals[0].client_params.announce_interval", "0 is not between 1"),
    ("an owner", [GOOD], {"owner": "no-such-user"}, "owner", "the host has no user 'no-such-user'; create it first"),
    ("its own group", [GOOD, dict(vassal("b"), group="no-such-group")], {}, "vassals[1].group", "the host has no group"),
    ("a mode", [GOOD], {"mode": 0o644}, "mode", "420 is not an octal mode; give one in quotes, such as '0640'"),
    ("its own mode", [GOOD, dict(vassal("b"), mode="rw")], {}, "vassals[1].mode", "'rw' is not an octal mode"),
    ("a directory's mode", [GOOD], {"directory_mode": "9"}, "directory_mode", "'9' is not an octal mode"),
    ("a release", [GOOD], {"uwsgi_version": "1.9"}, "uwsgi_version", "uWSGI 1.9 is not supported"),
    ("a folder in its place", [GOOD, vassal("folder")], {}, "vassals[1]",
     "is a directory and not a regular file; remove it first"),
    ("a user", [GOOD, vassal("b", dict(S, signing=["SHA1", "/k"], address=SOCKET))], {"user": "no-such-user"}, "user",
     "the host has no user 'no-such-user'"),
    ("its own user", [vassal("b", dict(S, signing=["SHA1", "/k"], address=SOCKET), uid="no-such-user")], {"user": "root"},
     "vassals[0].options.uid", "the host has no user 'no-such-user'"),
]


@pytest.mark.parametrize(("items", "given", "path", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_an_error_names_its_argument_and_leaves_everything_as_it_was(
    tmp_path: Path, items: list[Any], given: dict[str, Any], path: str, problem: str
) -> None:
    put(tmp_path / "good.ini", HEAD)
    put(tmp_path / "old.ini", HEAD)
    (tmp_path / "folder.ini").mkdir()
    before = snapshot(tmp_path)
    found = run(tmp_path, *items, **{"purge": True, **given})
    assert (found.failed, found.code, found.data["argument"], found.data["path"]) == (True, 1, path, str(tmp_path))
    assert found.msg.startswith(path + ": ")
    assert problem in found.msg
    assert snapshot(tmp_path) == before


@pytest.fixture
def key() -> Iterator[Path]:
    """A private key that only its owner can read, in a folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-tests-"))
    folder.chmod(0o755)
    yield put(folder / "a.pem", "key", 0o400)
    shutil.rmtree(folder)


def signing(key: Path, **options: Any) -> dict[str, Any]:
    return vassal("a", dict(S, address=SOCKET), dict(S, address=SOCKET, signing=["SHA1", str(key)]), **options)


def warned(key: Path, words: str) -> list[str]:
    text = "vassals[0].subscriptions[1].signing: {0}: {1}; uWSGI will announce unsigned until it can read this key"
    return [text.format(key, words)]


def test_a_uwsgi_that_can_not_be_run_is_an_error(tmp_path: Path) -> None:
    binary = put(tmp_path / "binary", "#!/nonexistent\n", bits=0o755)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.geteuid() and parent not in (Path("/tmp"), Path("/")):
            parent.chmod(parent.stat().st_mode | 0o011)
    found = run(tmp_path / "vassals", GOOD, uwsgi_binary=str(binary), directory_mode="0755", validate=True, **DRY_RUN)
    assert (found.failed, found.data["argument"]) == (True, "uwsgi_binary")
    who = " as nobody" if DRY_RUN else ""
    words = f"{binary}: can't be run{who}: No such file or directory; give another, or make it executable"
    assert found.msg == "uwsgi_binary: " + words
    assert not (tmp_path / "vassals").exists()


# The vassal's options, the arguments, and the user who the warning says may not read the key.
READERS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, ""),
    ({"uid": "daemon"}, {}, "daemon"),
    ({}, {"user": "daemon"}, "daemon"),
    ({"uid": "daemon"}, {"user": "root"}, "daemon"),
    ({"uid": "root"}, {"user": "daemon"}, ""),
    ({}, {"user": "root"}, ""),
    # A tyrant runs a vassal as the owner of its file, but never as root.
    ({}, {"owner": "daemon"}, "daemon"),
    ({}, {"owner": "root"}, ""),
    ({}, {"owner": "0"}, ""),
    ({}, {"owner": "daemon", "user": "root"}, ""),
]


@pytest.mark.parametrize(("options", "given", "reader"), READERS)
def test_a_key_that_its_user_can_not_read_is_warned_of(
    tmp_path: Path, key: Path, options: dict[str, Any], given: dict[str, Any], reader: str
) -> None:
    # In check mode an ordinary user can name any owner too.
    found = run(tmp_path, signing(key, **options), check=True, **given)
    assert not found.failed, found.msg
    assert found.warnings == (warned(key, reader + " may not read it") if reader else [])


def test_a_vassal_s_own_owner_counts(tmp_path: Path, key: Path) -> None:
    found = run(tmp_path, dict(signing(key), owner="daemon"), owner="root", check=True)
    assert found.warnings == warned(key, "daemon may not read it")


def test_a_key_that_is_not_there_is_warned_of_but_not_in_check_mode(tmp_path: Path, key: Path) -> None:
    gone = key.with_name("gone.pem")
    assert run(tmp_path, signing(gone), check=True).warnings == []
    assert run(tmp_path, signing(gone), check=True, user="no-such-user").warnings == []
    assert run(tmp_path, signing(gone)).warnings == warned(gone, "it is not there")
    # The warning appears even if nothing changes.
    again = run(tmp_path, signing(gone))
    assert (again.changed, again.warnings) == (False, warned(gone, "it is not there"))


def test_of_many_warnings_some_are_shown_and_the_rest_is_counted(tmp_path: Path) -> None:
    def items(count: int) -> list[Any]:
        return [vassal(f"v{at:02}", S, socket=f"/run/{at}") for at in range(count)]

    words = "vassals[{0}].subscriptions[0].address: the vassal announces a unix socket"
    assert len(run(tmp_path, *items(20), check=True).warnings) == 20
    found = run(tmp_path, *items(23), check=True).warnings
    assert [one.partition(";")[0] for one in found[:-1]] == [words.format(at) for at in range(20)]
    assert found[-1] == "and 3 more warnings of this kind"
