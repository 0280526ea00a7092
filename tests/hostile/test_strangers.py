# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root's run on a host with a hostile user: each kind of attack, and its outcome.

The hostile user is ``nobody``. What must not change belongs to root and isn't readable for others.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import child, opened
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.directory import Directory
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.plan import Wanted
from support import keys, modules, playbook
from support.files import NOBODY, mode, needs_root, put
from support.stream import serving
from support.uwsgi import BINARY

pytestmark = needs_root
SECRET = "known to root alone"
LINE = "[uwsgi]\nsocket = 127.0.0.1:3031\nsubscribe2 = server=127.0.0.1:9,key=a.test"
RACES = 1000


@pytest.fixture
def host() -> Iterator[Path]:
    """A folder of root's that everybody may enter, with a secret, and a folder of the hostile user's."""
    folder = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-tests-"))
    folder.chmod(0o755)
    put(folder / "secret", SECRET, 0o600)
    theirs(folder / "theirs")
    before = (folder / "secret").stat()
    yield folder
    after = (folder / "secret").stat()
    shutil.rmtree(str(folder))
    assert [getattr(after, name) for name in ("st_uid", "st_gid", "st_mode", "st_mtime_ns", "st_size")] == [
        getattr(before, name) for name in ("st_uid", "st_gid", "st_mode", "st_mtime_ns", "st_size")
    ]


def theirs(path: Path, content: str | None = None, bits: int = 0o755) -> Path:
    """A file of the hostile user's, or without content a folder."""
    if content is None:
        path.mkdir()
        path.chmod(bits)
    else:
        put(path, content, bits)
    os.chown(path, NOBODY, NOBODY)
    return path


def drain(vassal: Path, **given: Any) -> modules.Result:
    return modules.run("uwsgi_drain", {"vassal": str(vassal), "state": "drained", "wait": False, **given})


def reload(vassal: Path, **given: Any) -> modules.Result:
    return modules.run("uwsgi_reload", {"vassal": str(vassal), "emperor_stats": "127.0.0.1:1", "timeout": 1, **given})


def vassals(folder: Path, *items: Any, **given: Any) -> modules.Result:
    arguments = {"path": str(folder), "vassals": list(items), "uwsgi_binary": BINARY, "validate": False, **given}
    return modules.run("uwsgi_vassals", arguments)


# Links that are swapped in while root works


@contextmanager
def swapping(folder: Path, name: str, target: Path) -> Iterator[None]:
    """The hostile user replaces a file by a link and back, as fast as it can."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            os.chdir(folder)
            while True:
                Path("file").write_text("x")
                os.rename("file", name)
                os.symlink(target, "link")
                os.rename("link", name)
        except OSError:
            signal.pause()
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def change(folder: Path) -> None:
    with Directory(str(folder)) as tree:
        tree.apply(tree.compare([Wanted("a.ini", b"new", "", NOBODY, NOBODY, 0o644)]))


ACTS: list[tuple[str, Callable[[Path], Any]]] = [
    ("read", lambda folder: opened.read(str(folder / "a.ini"))),
    ("read as that user", lambda folder: child.where_it_belongs(lambda: opened.read(str(folder / "a.ini")).decode())),
    ("touch", lambda folder: opened.touch(str(folder / "a.ini"))),
    ("change", change),
]


@pytest.mark.parametrize("act", [one[1] for one in ACTS], ids=[one[0] for one in ACTS])
def test_a_link_that_is_swapped_in_leads_nowhere(host: Path, act: Callable[[Path], Any]) -> None:
    folder = host / "theirs"
    read = set()
    with swapping(folder, "a.ini", host / "secret"):
        for dummy in range(RACES):
            try:
                read.add(act(folder))
            except (ArgumentError, HostError, OSError):
                pass
    assert read <= {None, "", "x"}


def test_a_folder_that_root_takes_over_is_safe_from_then_on(host: Path) -> None:
    folder = host / "theirs"
    with swapping(folder, "a.ini", host / "secret"):
        with Directory(str(folder), create=Attributes(0, 0, 0o711), amend=True) as tree:
            (folder / "a.ini").unlink(missing_ok=True)
            tree.apply(tree.compare([Wanted("a.ini", b"new", "", NOBODY, NOBODY, 0o400)]))
        assert (folder / "a.ini").read_bytes() == b"new"
    assert (folder.stat().st_uid, mode(folder)) == (0, "0711")


def test_after_an_error_nothing_is_given_away(host: Path) -> None:
    folder = host / "vassals"
    folder.mkdir(mode=0o755)
    theirs(folder / "a.ini", "old", 0o400)

    def fails() -> None:
        raise HostError("a", "is down")

    with Directory(str(folder)) as tree, pytest.raises(HostError):
        tree.apply(tree.compare([Wanted("a.ini", b"old", "", 0, 0, 0o600), Wanted("b.ini", b"", "", NOBODY)]), fails)
    assert [(path.name, path.stat().st_uid, mode(path)) for path in folder.iterdir()] == [("a.ini", NOBODY, "0400")]


# Files that another user owns, and their content


STEALING = [
    "include = {0}/secret.ini",
    "ini = {0}/secret.ini:uwsgi",
    "include = {0}/theirs/link.ini",
    "subscribe2 = server=127.0.0.1:9,key=a,check={0}/theirs/a,sign=SHA256:{0}/secret.ini",
]


@pytest.mark.parametrize("line", STEALING)
@pytest.mark.parametrize("below", [False, True])
def test_a_vassal_that_names_roots_files_gets_nothing_of_them(host: Path, line: str, below: bool) -> None:
    put(host / "secret.ini", "[uwsgi]\nset-ph = password=" + SECRET + "\nsubscribe2 = server=127.0.0.1:9,key=" + SECRET, 0o600)
    (host / "theirs" / "link.ini").symlink_to(host / "secret.ini")
    vassal = theirs(host / "theirs" / "a.ini", LINE + f",check={host}/theirs/a\n" + line.format(host) + "\n")
    if below:
        # Root's own file, which includes theirs.
        vassal = put(host / "a.ini", f"[uwsgi]\ninclude = {vassal}\n")
    for found in (drain(vassal), reload(vassal, health={"path": "/"})):
        assert found.failed
        assert SECRET not in found.output
        assert not (host / "theirs" / "a").exists()


def test_two_users_have_no_say_in_one_vassal(host: Path) -> None:
    other = put(host / "other.ini", "[uwsgi]\nsubscribe2 = server=127.0.0.1:9,key=b,check=/tmp/x\n", 0o644)
    os.chown(other, 1, 1)
    vassal = theirs(host / "a.ini", LINE + f",check={host}/theirs/a\ninclude = {other}\n")
    found = drain(vassal)
    assert (found.failed, found.data["argument"]) == (True, "vassal")
    assert f"{other} can be changed by " in found.msg


WHERE = ["{0}/new/a", "{0}/secret", "/etc/cron.d/a", "{0}/folder"]


@pytest.mark.parametrize("state", ["drained", "active"])
@pytest.mark.parametrize("where", WHERE)
def test_suspend_files_are_where_the_user_may_put_them(host: Path, where: str, state: str) -> None:
    (host / "folder").mkdir()
    put(host / "folder" / "operator")
    include = theirs(host / "theirs" / "a.ini", LINE + ",check=" + where.format(host) + "\n")
    found = drain(put(host / "a.ini", f"[uwsgi]\ninclude = {include}\n"), state=state)
    assert found.failed or not found.changed
    assert (host / "folder" / "operator").exists()
    assert sorted(path.name for path in host.iterdir()) == ["a.ini", "folder", "secret", "theirs"]


@pytest.mark.parametrize("state", ["drained", "active"])
def test_a_link_in_a_suspend_files_place_leads_nowhere(host: Path, state: str) -> None:
    (host / "folder").mkdir()
    put(host / "folder" / "operator")
    (host / "theirs" / "a").symlink_to(host / "folder")
    found = drain(put(host / "a.ini", LINE + f",check={host}/theirs/a\n"), state=state)
    assert found.failed is (state == "drained")
    assert os.listdir(host / "folder") == ["operator"]


def test_a_command_of_a_tenants_vassal_runs_as_the_tenant(host: Path) -> None:
    vassal = theirs(host / "a.ini", LINE + "\n", 0o400)
    found = reload(vassal, health={"command": "id -u"})
    assert "127.0.0.1:1 does not answer" in found.msg
    own = put(host / "b.ini", LINE + "\n")
    found = reload(own, health={"command": str(theirs(host / "theirs" / "check", "#!/bin/sh\n"))})
    assert (found.failed, found.data["argument"]) == (True, "health.command")


# The dry run


EVIL = [
    "exec-asap = touch {0}/theirs/done; cat {0}/secret > {0}/theirs/stolen",
    "hook-asap = exec:touch {0}/theirs/done; cat {0}/secret > {0}/theirs/stolen",
    "env = A=@(exec://touch {0}/theirs/done; cat {0}/secret > {0}/theirs/stolen)",
]


@pytest.mark.parametrize("line", EVIL)
def test_what_a_vassal_includes_is_never_run_as_root(host: Path, line: str) -> None:
    theirs(host / "theirs" / "app.ini", "[uwsgi]\n" + line.format(host) + "\n")
    (host / "vassals").mkdir(mode=0o755)
    item = {"name": "a", "options": {"include": f"{host}/theirs/app.ini"}}
    for given in ({}, {"user": "root"}, {"user": "nobody"}):
        for check in (True, False):
            arguments = {"path": str(host / "vassals"), "vassals": [item], "uwsgi_binary": BINARY, **given}
            modules.run("uwsgi_vassals", arguments, check)
            done = host / "theirs" / "done"
            if check or given.get("user") != "nobody":
                assert not done.exists()
            elif done.exists():
                assert done.stat().st_uid == NOBODY
            stolen = host / "theirs" / "stolen"
            assert not stolen.exists() or SECRET not in stolen.read_text()
            shutil.rmtree(str(host / "vassals"))
            (host / "vassals").mkdir(mode=0o755)


@pytest.mark.parametrize("module", ["uwsgi_vassals", "uwsgi_reload"])
def test_what_runs_as_a_tenant_has_nothing_of_roots_environment(host: Path, module: str) -> None:
    # As in a task with "environment".
    prefix = ("env", "TOKEN=" + SECRET)
    stolen = host / "theirs" / "stolen"
    if module == "uwsgi_vassals":
        (host / "vassals").mkdir(mode=0o755)
        theirs(host / "theirs" / "app.ini", f"[uwsgi]\nexec-asap = env > {stolen}\n")
        item = {"name": "a", "options": {"include": f"{host}/theirs/app.ini"}}
        arguments: dict[str, Any] = {"path": str(host / "vassals"), "vassals": [item], "uwsgi_binary": BINARY, "user": "nobody"}
        modules.run(module, arguments, prefix=prefix)
    else:
        vassal = theirs(host / "theirs" / "a.ini", LINE + "\n")
        stats = {"vassals": [{"id": str(vassal), "last_mod": 2**40, "accepting": 1}]}
        with serving(json.dumps(stats).encode("ascii"), asked=False) as emperor:
            arguments = {"vassal": str(vassal), "emperor_stats": emperor.address, "health": {"command": f"env > {stolen}"}}
            modules.run(module, {**arguments, "timeout": 10}, prefix=prefix)
    assert "PATH=" in stolen.read_text()
    assert SECRET not in stolen.read_text()


def test_a_program_of_another_users_is_not_run_as_root(host: Path) -> None:
    binary = theirs(host / "theirs" / "uwsgi", f"#!/bin/sh\nid -u > {host}/theirs/ran\necho 2.0.31\n", 0o755)
    (host / "vassals").mkdir(mode=0o755)
    found = vassals(host / "vassals", {"name": "a", "options": {"master": True}}, uwsgi_binary=str(binary))
    assert not found.failed, found.msg
    assert (host / "theirs" / "ran").read_text() == f"{NOBODY}\n"
    found = vassals(
        host / "vassals", {"name": "b", "options": {"master": True}}, uwsgi_binary=str(binary), user="daemon", validate=True
    )
    assert (found.failed, found.data["argument"]) == (True, "uwsgi_binary")
    for name in ("ini", "pidfile", "log", "uwsgi_binary"):
        good = {"ini": str(host / "a.ini"), "pidfile": str(host / "pid"), "log": str(host / "log"), "uwsgi_binary": BINARY}
        found = modules.run("uwsgi_daemon", {**good, name: str(binary), "state": "started"})
        assert (found.failed, found.data["argument"]) == (True, name)


# Ownership that moves from one user to another


def test_a_file_that_gets_another_owner_is_another_file(host: Path) -> None:
    folder = host / "vassals"
    item = {"name": "a", "options": {"master": True}}
    assert vassals(folder, item, directory_mode="0711", owner="nobody", directory_owner="root", mode="0600").changed
    with (folder / "a.ini").open("r+") as kept:
        assert vassals(folder, item, owner="daemon", mode="0600").changed
        kept.write("[uwsgi]\nexec-asap = id\n")
    assert "exec-asap" not in (folder / "a.ini").read_text()


# Attempts to make root wait, or use up all memory


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 42)


@pytest.mark.parametrize("make", [os.mkfifo, endless, sparse], ids=["a pipe", "a device", "a file of 4 TB"])
@pytest.mark.parametrize("name", ["a.ini", "included.ini"])
def test_what_has_no_end_is_not_waited_for(host: Path, make: Callable[[Path], Any], name: str) -> None:
    theirs(host / "theirs" / "a.ini", LINE + f"\ninclude = {host}/theirs/included.ini\n")
    if name == "a.ini":
        (host / "theirs" / "a.ini").unlink()
    make(host / "theirs" / name)
    for found in (drain(host / "theirs" / "a.ini"), reload(host / "theirs" / "a.ini", health={"path": "/"})):
        assert found.failed


@pytest.mark.parametrize("purge", [False, True])
def test_a_tenant_who_makes_its_file_large_fills_no_memory(host: Path, purge: bool) -> None:
    folder = host / "vassals"
    arguments = {"tyrant": True, "directory_mode": "0711", "mode": "0600", "purge": True}
    assert vassals(folder, tenant("a", "nobody"), **arguments).changed
    os.truncate(folder / "a.ini", opened.MOST_BYTES)
    found = vassals(folder, tenant("b" if purge else "a", "nobody"), **arguments)
    assert (found.failed, found.data["removed" if purge else "updated"]) == (False, ["a"])
    # Its content is in the diff, where one byte may become six.
    assert len(found.output) < 2**20


def test_a_lock_that_another_user_holds_keeps_nobody_waiting(host: Path) -> None:
    folder = host / "vassals"
    folder.mkdir(mode=0o755)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        assert vassals(folder, {"name": "a", "options": {"master": True}}).changed
    finally:
        os.close(handle)


# Tenants among themselves


def tenant(name: str, owner: str, **options: Any) -> dict[str, Any]:
    entry = {"server": "10.0.0.2:2626", "key": name + ".test", "address": "127.0.0.1:3031"}
    return {"name": name, "owner": owner, "options": {"master": True, **options}, "subscriptions": [entry]}


def test_a_tenant_whose_vassal_is_refused_is_alone(host: Path) -> None:
    folder = host / "vassals"
    broken = theirs(host / "theirs" / "broken.ini", "[uwsgi]\nno-such-option = 1\n")
    items = [tenant("a", "daemon"), tenant("b", "nobody", include=str(broken)), tenant("c", "daemon")]
    found = vassals(folder, *items, tyrant=True, directory_mode="0711", mode="0400", validate=True)
    assert (found.failed, found.data.get("argument", found.msg), found.data.get("created")) == (True, "vassals[1]", ["a", "c"])
    assert "no-such-option" in found.msg
    assert sorted(os.listdir(folder)) == ["a.ini", "c.ini"]


def test_what_a_tenant_puts_in_its_suspend_folder_is_no_concern_of_others(host: Path) -> None:
    folder, suspend = host / "vassals", host / "suspend"
    given = {"tyrant": True, "directory_mode": "0711", "mode": "0400", "suspend_dir": str(suspend)}
    assert vassals(folder, tenant("a", "daemon"), tenant("b", "nobody"), **given).changed
    (suspend / "nobody" / ".emperor-uwsgi-0123abcd-17.tmp").mkdir()
    found = vassals(folder, tenant("a", "daemon"), tenant("b", "nobody"), tenant("c", "daemon"), **given)
    assert (found.failed, found.data["created"]) == (False, ["c"])


@pytest.mark.parametrize("kind", ["folder", "link", "link to roots"])
def test_who_had_the_suspend_folder_before_has_none_of_a_tenants(host: Path, kind: str) -> None:
    folder, suspend = host / "vassals", theirs(host / "suspend")
    (host / "roots").mkdir(mode=0o755)
    if kind == "folder":
        theirs(suspend / "daemon")
    else:
        (suspend / "daemon").symlink_to(host / ("theirs" if kind == "link" else "roots"))
        os.chown(suspend / "daemon", NOBODY, NOBODY, follow_symlinks=False)
    given = {"tyrant": True, "directory_mode": "0711", "mode": "0400", "suspend_dir": str(suspend)}
    found = vassals(folder, tenant("a", "daemon"), **given)
    if kind == "folder":
        assert not found.failed, found.msg
        assert (pwd.getpwuid((suspend / "daemon").stat().st_uid).pw_name, mode(suspend / "daemon")) == ("daemon", "0700")
        assert not vassals(folder, tenant("a", "daemon"), **given).changed
    else:
        assert (found.failed, found.data["argument"]) == (True, "suspend_dir")
        assert f"{suspend / 'daemon'} can be changed by nobody" in found.msg
    assert [(host / name).stat().st_uid for name in ("roots", "theirs")] == [0, NOBODY]


def test_keys_are_given_to_their_owner_in_a_folder_of_roots(host: Path) -> None:
    arguments = {"path": str(host / "keys"), "directory_mode": "0711", "directory_owner": "root", "owner": "nobody"}
    result = modules.run("uwsgi_signing_keys", {**arguments, "signing_keys": [{"file": "a.pem", "content": keys.private("ec")}]})
    assert not result.failed, result.msg
    found = [(path.stat().st_uid, mode(path)) for path in (host / "keys", host / "keys" / "a.pem")]
    assert found == [(0, "0711"), (NOBODY, "0400")]


# Root in a user's folder, in the way Ansible runs it


def test_in_a_users_folder_the_gate_is_made_as_that_user(host: Path, tmp_path: Path) -> None:
    folder = host / "theirs" / "health"
    given = {"path": str(folder), "owner": "nobody", "directory_mode": "0700", "vassals_path": "/v"}
    vassal = {"name": "shop", "subscriptions": [{"server": "10.0.0.2:2626", "key": "a.test"}], "health": {"path": "/up"}}
    task = {"emperor.uwsgi.uwsgi_health": {**given, "vassals": [vassal]}}
    # Unlike in these tests, a task's modules are in an archive that only root can read.
    first, again = playbook.tasks(tmp_path, [task, task]).results
    assert (first.get("msg"), first["changed"], again["changed"]) == (None, True, False)
    assert {path.stat().st_uid for path in (folder, *folder.iterdir())} == {NOBODY}
