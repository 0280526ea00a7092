# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each module that changes things, run as root in a tree that other users partly own, with its system calls traced.

Root may use no name in a folder that another user can change, since that user decides where the name leads. Such work
is done by a child process that has become that user.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import keys, modules, strace
from support.files import NOBODY, filled, needs_root, put
from support.uwsgi import BINARY

pytestmark = [needs_root, pytest.mark.skipif(strace.STRACE is None, reason="there is no strace here")]
SERVER = "{theirs}/router.sock"
INI = """[uwsgi]
socket = {theirs}/app.sock
subscribe2 = server={theirs}/router.sock,key=a.test,sign=SHA256:{theirs}/key.pem,check={theirs}/a
"""
SUBSCRIPTION = {"server": "10.0.0.2:2626", "key": "a.test", "address": "10.0.0.7:3031"}
VASSAL = {"name": "a", "options": {"include": "{theirs}/app.ini"}, "subscriptions": [SUBSCRIPTION], "health": {"path": "/"}}
OWN = {"path": "{roots}", "directory_mode": "0711", "directory_owner": "root", "owner": "nobody"}
TAKEN = {"path": "{taken}", "directory_mode": "0711", "directory_owner": "root"}
GATE = {"path": "{roots}/health"}
OWNED = {**VASSAL, "owner": "nobody"}
TENANTS = {**OWN, "tyrant": True, "suspend_dir": "{roots}/suspend", "uwsgi_version": "2.0", "validate": False}
TLS = {"router": "a", "address": SERVER, "certificate": "{theirs}/a.crt", "key": "{theirs}/key.pem"}
# A module, its arguments, and whether it succeeds.
CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("uwsgi_vassals", {**OWN, "vassals": [VASSAL], "user": "nobody", "suspend_dir": "{roots}/suspend", "validate": True}, True),
    ("uwsgi_vassals", {**OWN, "vassals": [{**VASSAL, "owner": "nobody"}], "tyrant": True, "suspend_dir": "{roots}/suspend",
                       "uwsgi_binary": "{theirs}/uwsgi"}, True),
    ("uwsgi_vassals", {"path": "{theirs}", "owner": "nobody", "vassals": [VASSAL]}, True),
    ("uwsgi_vassals", {"path": "{theirs}", "vassals": [VASSAL], "uwsgi_version": "2.0"}, False),
    ("uwsgi_vassals", {**TAKEN, "purge": True, "vassals": [VASSAL]}, True),
    ("uwsgi_vassals", {**OWN, "vassals": [{**VASSAL, "on_demand": "{theirs}/d.sock"}], "tyrant": True}, False),
    # A previous vassal leaves, according to its own file.
    ("uwsgi_emperor", {"desired": {"health": GATE, "vassals": {**TENANTS, "vassals": [OWNED]}}}, True),
    ("uwsgi_emperor", {"desired": {"health": GATE, "vassals": {**TENANTS, "path": "{taken}", "vassals": []}}}, True),
    ("uwsgi_signing_keys", {**TAKEN, "owner": "nobody", "purge": True}, True),
    ("uwsgi_signing_keys", {"path": "{theirs}", "owner": "nobody"}, True),
    ("uwsgi_signing_keys", {"path": "{theirs}"}, False),
    ("uwsgi_subscription", {"path": "{theirs}/b.ini", "owner": "nobody", "vassals": ["{theirs}/a.ini"]}, True),
    ("uwsgi_subscription", {"path": "{roots}/b.ini", "vassals": ["{theirs}/a.ini"], "backup": True, "mode": "u=rw"}, True),
    ("uwsgi_subscription", {"path": "{theirs}/b.ini", "state": "absent"}, False),
    ("uwsgi_health", {"path": "{theirs}/health", "owner": "nobody", "directory_mode": "0700"}, True),
    ("uwsgi_health", {"path": "{roots}/health", "owner": "nobody", "directory_mode": "0711", "directory_owner": "root"}, True),
    ("uwsgi_drain", {"vassal": "{theirs}/a.ini", "state": "drained", "wait": False}, True),
    ("uwsgi_drain", {"vassal": "{roots}/a.ini", "state": "drained", "wait": False}, True),
    ("uwsgi_drain", {"vassal": "{roots}/a.ini", "state": "active", "router_stats": [SERVER], "timeout": 1}, False),
    ("uwsgi_drain", {"vassal": "{theirs}/link.ini", "state": "drained", "wait": False}, False),
    ("uwsgi_reload", {"vassal": "{theirs}/a.ini", "emperor_stats": SERVER, "health": {"path": "/"}, "timeout": 1}, False),
    ("uwsgi_reload", {"vassal": "{theirs}/a.ini", "emperor_stats": "127.0.0.1:1", "health": {"command": "true"}}, False),
    ("uwsgi_reload", {"vassal": "{roots}/a.ini", "emperor_stats": "127.0.0.1:1", "user": "nobody", "timeout": 1}, False),
    ("uwsgi_reload", {"vassal": "{roots}/a.ini", "emperor_stats": "127.0.0.1:1", "timeout": 1,
                      "routers": [{"vassal": "{roots}/a.ini", "stats": SERVER}]}, False),
    ("uwsgi_daemon", {"ini": "{roots}/a.ini", "pidfile": "{theirs}/pid", "state": "stopped"}, True),
    ("uwsgi_daemon", {"ini": "{roots}/a.ini", "pidfile": "{theirs}/pid", "log": "{theirs}/log", "state": "started"}, False),
    ("uwsgi_router_info", {"router_stats": [SERVER], "timeout": 1}, False),
    ("uwsgi_certificate_info", {"certificates": [TLS], "timeout": 1}, False),
    ("uwsgi_certificate_info", {"certificates": [TLS], "timeout": 1, "user": "nobody"}, False),
]
NEEDED: dict[str, dict[str, Any]] = {
    "uwsgi_emperor": {
        "state": "written", "leaving_path": "{roots}/leaving", "emperor_stats": "127.0.0.1:1", "router_tolerance": 1,
        "allow_outage": True,
    },
    "uwsgi_signing_keys": {"signing_keys": [{"file": "key.pem", "content": keys.private("ec")}]},
    "uwsgi_subscription": {"subscriptions": [SUBSCRIPTION], "uwsgi_binary": BINARY},
    "uwsgi_vassals": {"uwsgi_binary": BINARY},
    "uwsgi_health": {"vassals": [VASSAL], "vassals_path": "{roots}"},
    "uwsgi_daemon": {"uwsgi_binary": BINARY, "timeout": 1},
}


@pytest.fixture
def tree() -> Iterator[Path]:
    """A folder of root's, with one folder of root's and two of the other user's."""
    folder = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-tests-"))
    folder.chmod(0o755)
    for name in ("roots", "theirs", "taken"):
        (folder / name).mkdir(mode=0o755)
    names = {"theirs": folder / "theirs"}
    put(folder / "roots" / "secret.ini", "[uwsgi]\n", 0o600)
    put(folder / "roots" / "a.ini", INI.format(**names))
    theirs = folder / "theirs"
    put(theirs / "a.ini", INI.format(**names))
    put(theirs / "app.ini", "[uwsgi]\nmaster = true\n")
    put(theirs / "key.pem", keys.private("ec"), 0o400)
    put(theirs / "a.crt", keys.certificate("a.test"))
    put(theirs / "pid", "1")
    put(theirs / "uwsgi", "#!/bin/sh\necho 2.0.31\n", 0o755)
    (theirs / "link.ini").symlink_to(folder / "roots" / "secret.ini")
    put(folder / "taken" / "key.pem", "old")
    put(folder / "taken" / "a.ini", "old")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as router, socket.socket(socket.AF_UNIX) as app:
        router.bind(str(theirs / "router.sock"))
        app.bind(str(theirs / "app.sock"))
        for path in (theirs, *theirs.iterdir(), folder / "taken", *(folder / "taken").iterdir()):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        yield folder
    shutil.rmtree(str(folder))


@pytest.mark.parametrize(("module", "arguments", "well"), CASES, ids=[f"{at} {case[0]}" for at, case in enumerate(CASES)])
def test_root_uses_no_name_where_another_user_can_change_it(
    tree: Path, tmp_path: Path, module: str, arguments: dict[str, Any], well: bool
) -> None:
    names = {name: str(tree / name) for name in ("roots", "theirs", "taken")}
    given = filled({**NEEDED.get(module, {}), **arguments}, names)
    found = modules.run(module, given, prefix=strace.prefix(tmp_path))
    assert found.failed is not well, found.msg
    # A folder that root took over is root's by now.
    assert strace.offences(tmp_path, tree) == []


# Python code, in which t is the other user's folder.
OFFENDING = [
    "open(t + '/a.ini').read()", "os.stat(t + '/a.ini')", "os.chmod(t + '/a.ini', 0o600)",
    "os.rename(t + '/a.ini', t + '/b.ini')",
    "os.utime(t + '/a.ini')", "os.listdir(t + '/below')", "os.unlink(t + '/a.ini')", "os.chdir(t + '/below')",
    "os.stat('a.ini', dir_fd=os.open(t, os.O_PATH))", "socket.socket(socket.AF_UNIX).connect_ex(t + '/app.sock')",
    "os.fork() or os.stat(t + '/a.ini')",
]
HARMLESS = [
    "os.setresuid(65534, 65534, 65534); open(t + '/a.ini').read()", "os.open(t + '/a.ini', os.O_PATH | os.O_NOFOLLOW)",
    "os.fork() or (os.setresuid(65534, 65534, 65534), os.fork(), os.stat(t + '/a.ini'))",
]


def traced(tree: Path, tmp_path: Path, code: str) -> list[str]:
    (tree / "theirs" / "below").mkdir()
    code = f"import os, socket\nt = {str(tree / 'theirs')!r}\n{code}"
    subprocess.run([*strace.prefix(tmp_path), sys.executable, "-c", code], check=True, timeout=60)
    return strace.offences(tmp_path, tree)


@pytest.mark.parametrize("code", OFFENDING)
def test_what_root_must_not_do_is_found(tree: Path, tmp_path: Path, code: str) -> None:
    assert traced(tree, tmp_path, code)


@pytest.mark.parametrize("code", HARMLESS)
def test_what_is_allowed_is_not(tree: Path, tmp_path: Path, code: str) -> None:
    assert traced(tree, tmp_path, code) == []
