# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs whole modules as root while another user replaces its own files and folders by links: python -m hostile.races COUNT

Modules may succeed or fail. But nothing of root's may change, and nothing that only root knows may leak.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support import keys, modules
from support.attacker import swapping
from support.files import NOBODY, filled, put, snapshot
from support.loopback import Listener
from support.uwsgi import BINARY

SECRET = "known-to-root-alone"
ROOTS_KEY, THEIR_KEY = keys.private("ec", "root's"), keys.private("ec", "theirs")
# The part that is unique to one key; all have the same beginning.
_PIECES = set(keys.leaked(ROOTS_KEY, ROOTS_KEY)) - set(keys.leaked(THEIR_KEY, ROOTS_KEY))
_SUBSCRIPTION = {"server": "10.0.0.2:2626", "key": "a.test", "address": "10.0.0.7:3031"}
_INI = """[uwsgi]
socket = 127.0.0.1:3031
subscribe2 = server={theirs}/router.sock,key=a.test,sign=SHA256:{theirs}/key.pem,check={theirs}/suspend/a
"""
_ROOTS_INI = "[uwsgi]\nset-ph = password=" + SECRET + "\nsubscribe2 = server={theirs}/router.sock,key=" + SECRET + "\n"
_VASSALS = {"vassals": [{"name": "a", "options": {"include": "{theirs}/app.ini"}, "subscriptions": [_SUBSCRIPTION]}],
            "uwsgi_binary": BINARY}  # fmt: skip
_TAKEN = {"path": "{taken}", "directory_mode": "0711", "directory_owner": "root", "owner": "nobody", "purge": True}
_KEYS = {"signing_keys": [{"file": "key.pem", "content": THEIR_KEY}]}
_HEALTH = {"vassals": [{**_VASSALS["vassals"][0], "health": {"path": "/"}}], "vassals_path": "{theirs}"}  # type: ignore[dict-item, index]


class Case(NamedTuple):
    """A module, and what the other user swaps meanwhile: paths, each with the target of the link that replaces it."""

    module: str
    arguments: dict[str, Any]
    swaps: dict[str, str]


CASES: dict[str, Case] = {
    "vassals": Case(
        "uwsgi_vassals",
        {**_VASSALS, "path": "{theirs}/folder", "owner": "nobody", "user": "nobody", "suspend_dir": "{theirs}/suspend"},
        {"theirs/folder": "roots", "theirs/folder/a.ini": "roots/a.ini", "theirs/app.ini": "roots/a.ini"},
    ),
    "vassals-taken": Case(
        "uwsgi_vassals", {**_VASSALS, **_TAKEN, "user": "nobody", "suspend_dir": "{taken}/suspend"},
        {"taken/a.ini": "roots/a.ini", "taken/.emperor-uwsgi.lock": "roots/a.ini", "taken/suspend": "roots"},
    ),
    "keys": Case(
        "uwsgi_signing_keys", {**_KEYS, "path": "{theirs}/folder", "owner": "nobody", "purge": True},
        {"theirs/folder": "roots", "theirs/folder/key.pem": "roots/key.pem"},
    ),
    "keys-taken": Case(
        "uwsgi_signing_keys", {**_KEYS, **_TAKEN},
        {"taken/key.pem": "roots/key.pem", "taken/.emperor-uwsgi.lock": "roots/key.pem"},
    ),
    "health": Case(
        "uwsgi_health", {**_HEALTH, "path": "{theirs}/folder/health", "owner": "nobody", "directory_mode": "0700"},
        {"theirs/folder": "roots", "theirs/folder/health": "roots/below"},
    ),
    "drain": Case(
        "uwsgi_drain", {"vassal": "{theirs}/a.ini", "wait": False},
        {"theirs/a.ini": "roots/a.ini", "theirs/key.pem": "roots/key.pem", "theirs/suspend": "roots",
         "theirs/suspend/a": "roots/below"},
    ),
    "drain-roots": Case(
        "uwsgi_drain", {"vassal": "{own}/a.ini", "wait": False},
        {"theirs/key.pem": "roots/key.pem", "theirs/suspend": "roots", "theirs/suspend/a": "roots/below"},
    ),
}  # fmt: skip


@contextmanager
def _tree() -> Iterator[Path]:
    """A folder with files of root, of the other user, and of both."""
    top = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-tests-"))
    top.chmod(0o755)
    theirs, roots = {"theirs": str(top / "theirs")}, top / "roots"
    for folder in ("roots/below", "own", "theirs/folder/health", "theirs/suspend/a", "taken/suspend"):
        (top / folder).mkdir(parents=True)
    for path, text, bits in (
        (roots / "a.ini", _ROOTS_INI.format(**theirs), 0o600),
        (roots / "key.pem", ROOTS_KEY, 0o400),
        (roots / "below" / "operator", SECRET, 0o600),
        (roots / "a", "", 0o644),
        (top / "own" / "a.ini", _INI.format(**theirs), 0o644),
        (top / "theirs" / "a.ini", _INI.format(**theirs), 0o644),
        (top / "theirs" / "app.ini", "[uwsgi]\nmaster = true\n", 0o644),
        (top / "theirs" / "key.pem", THEIR_KEY, 0o400),
        (top / "theirs" / "folder" / "a.ini", "theirs", 0o644),
        (top / "theirs" / "folder" / "key.pem", "theirs", 0o600),
        (top / "taken" / "a.ini", "theirs", 0o644),
        (top / "taken" / "key.pem", "theirs", 0o600),
        (top / "taken" / ".emperor-uwsgi.lock", "1", 0o666),
    ):
        put(path, text, bits)
    for one in ("theirs", "taken"):
        for path in (top / one, *(top / one).rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    try:
        yield top
    finally:
        shutil.rmtree(str(top))


def race(name: str, number: int) -> modules.Result:
    """Run a module against the other user.

    Args:
        number: the seed of the other user's choices, whose timing is still random.

    Raises:
        AssertionError: if it served the other user.
    """
    case = CASES[name]
    with _tree() as top, ExitStack() as stack:
        listener = stack.enter_context(Listener(top / "theirs" / "router.sock"))
        os.chown(listener.address, NOBODY, NOBODY)
        before = _roots(top)
        given = filled(case.arguments, {one.name: str(one) for one in top.iterdir()})
        if case.module == "uwsgi_drain":
            given["state"] = ("drained", "active")[number % 2]
        swaps = [(top / path, top / target) for path, target in case.swaps.items()]
        # One of them alone, or all at once, which more often fails at the first.
        with swapping(swaps[number % (len(swaps) + 1) :][:1] or swaps, number):
            found = modules.run(case.module, given)
        assert _roots(top) == before, f"what is root's has changed: {found.output}"
        for packet in listener.poll():
            assert SECRET not in str(packet.pairs), f"root's words were sent: {packet.pairs}"
            assert not (packet.signature and _is_roots(packet.signature, packet.signed)), "root's key has signed"
        _refuse_secrets(found.output, "the result")
        for path in top.rglob("*"):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and (status.st_uid == NOBODY or status.st_mode & stat.S_IROTH):
                _refuse_secrets(path.read_text("utf-8", "replace"), str(path))
        assert "unexpected" not in found.msg, found.msg
        return found


def _roots(top: Path) -> Any:
    """The complete state of root's own files."""
    found = [(one.st_mode, one.st_uid, one.st_gid) for one in map(Path.stat, (top, top / "roots", top / "own"))]
    return found, [snapshot(top / folder) for folder in ("roots", "roots/below", "own")]


def _is_roots(signature: bytes, signed: bytes) -> bool:
    public = serialization.load_pem_public_key(keys.public("ec", "root's").encode("ascii"))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _refuse_secrets(text: str, where: str) -> None:
    assert SECRET not in text, f"a secret of root's is in {where}: {text}"
    assert not any(piece in text for piece in _PIECES), f"a key of root's is in {where}"


def main() -> int:
    """Returns the exit code: 0 if root served nobody."""
    arguments = argparse.ArgumentParser(description="Run modules as root while another user changes its own files.")
    arguments.add_argument("count", type=int, help="the runs of each case")
    arguments.add_argument("cases", nargs="*", choices=[[], *CASES], metavar="case", help=", ".join(CASES))
    given = arguments.parse_args()
    if os.geteuid() != 0:
        print("races: skipped, since only root can run against another user")
        return 0
    for name in given.cases or CASES:
        failed = 0
        for dummy in range(given.count):
            number = random.SystemRandom().getrandbits(32)
            try:
                failed += race(name, number).failed
            except BaseException:
                print(f"races: {name} failed with the number {number}", file=sys.stderr)
                raise
        print(f"races: {name}: {given.count} runs, {failed} of which were refused", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
