# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with one Emperor each, deployed by the module ``uwsgi_emperor``, and requests to their applications."""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from support import keys, modules
from support.fleet import Router, ask
from support.loopback import connectable, free_address, wait_for
from support.uwsgi import BINARY, Instance, plugin_lines

_APP = """\
import os
def application(environ, start_response):
    start_response("200 OK", [])
    return [os.environ["APPLICATION"].encode()]
"""
_OPTIONS: dict[str, Any] = {
    "strict": True,
    "master": True,
    "need-app": True,
    "vacuum": True,
    "die-on-term": True,
    "threads": 4,
    **({"need-plugins": "python3"} if plugin_lines("python3") else {}),
}
_OFTEN = {"announce_interval": 1}


class Load:
    """Requests for some keys, one after another for each key.

    Attributes:
        answers: how often each key was answered with each text; an answer is empty if the router had none.
    """

    def __init__(self, router: Router, *names: str) -> None:
        self.answers: Counter[tuple[str, str]] = Counter()
        self._router = router
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(name,)) for name in names]

    def _ask(self, name: str) -> None:
        while not self._stopped.wait(0.01):
            try:
                answer = ask(self._router.address, name)
            except OSError as exc:
                answer = f"lost: {exc.strerror}"
            self.answers[name, answer] += 1

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()


class Host:
    """A host in a folder.

    Attributes:
        etc: the folders of vassals, of keys and of leaving vassals.

    Args:
        routers: the routers to which its vassals announce themselves.
        freq: seconds between two scans by the Emperor.
    """

    def __init__(self, folder: Path, routers: list[Router]) -> None:
        folder.mkdir()
        self.etc = folder / "etc"
        for name in ("etc", "etc/vassals", "etc/suspend"):
            (folder / name).mkdir()
        (folder / "app.py").write_text(_APP, encoding="ascii")
        self._folder, self._routers = folder, routers
        self._addresses: dict[str, str] = {}
        self.stats = str(folder / "emperor.sock")
        options = ["emperor = " + str(self.etc / "vassals" / "*.ini"), "emperor-stats = " + self.stats, "emperor-freq = 1"]
        self.emperor = Instance(folder, *options, "emperor-graceful-shutdown = true", name="emperor")

    def address(self, name: str) -> str:
        """The address for a name, always the same."""
        return self._addresses.setdefault(name, free_address())

    def vassal(self, name: str, at: str = "", key: str = "", **options: Any) -> dict[str, Any]:
        """A vassal that answers with its name.

        Args:
            at: the name whose address it has; by default its own.
        """
        return {
            "name": name,
            "options": {
                "socket": self.address(at or name),
                "wsgi-file": str(self._folder / "app.py"),
                "env": "APPLICATION=" + name,
                **{option.replace("_", "-"): value for option, value in options.items()},
            },
            "subscriptions": [{"server": router.subscriptions, "key": key or name + ".test"} for router in self._routers],
        }

    def _arguments(self, state: str, desired: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        return {
            "state": state,
            "desired": desired,
            "leaving_path": str(self.etc / "leaving"),
            "emperor_stats": self.stats,
            "router_stats": [router.stats for router in self._routers],
            "timeout": 20,
            **given,
        }

    def written(self, *vassals: dict[str, Any], **given: Any) -> dict[str, Any]:
        """The arguments that write vassals."""
        names = {entry["key"] for one in vassals for entry in one["subscriptions"]}
        private = [{"file": name + ".pem", "content": keys.private("ec", name)} for name in sorted(names)]
        common = {"directory_mode": "0755", "purge": True}
        desired = {
            "signing_keys": {"path": str(self.etc / "keys"), **common, "signing_keys": private},
            "health": {"path": str(self.etc / "health")},
            "vassals": {
                "path": str(self.etc / "vassals"),
                **common,
                "validate": False,
                "uwsgi_binary": BINARY,
                "default_options": _OPTIONS,
                "default_client_params": _OFTEN,
                "default_signing": {"directory": str(self.etc / "keys")},
                "suspend_dir": str(self.etc / "suspend"),
                "vassals": list(vassals),
            },
        }
        return self._arguments("written", desired, given)

    def write(self, *vassals: dict[str, Any], check: bool = False, **given: Any) -> modules.Result:
        """Write vassals."""
        return modules.run("uwsgi_emperor", self.written(*vassals, **given), check=check)

    def start(self, *vassals: dict[str, Any], **given: Any) -> subprocess.Popen[str]:
        """Start writing vassals."""
        program = [modules.sys.executable, "-m", modules.PACKAGE + "uwsgi_emperor"]
        return modules.start(program, self.written(*vassals, **given))

    def serve(self, written: modules.Result, *vassals: dict[str, Any], **given: Any) -> modules.Result:
        """Wait until the written vassals serve."""
        desired = {
            "path": str(self.etc / "vassals"),
            "keys_path": str(self.etc / "keys"),
            "names": [one["name"] for one in vassals],
            "health": {},
            "failed_before": written.data.get("failed_before", {}),
            "unused_keys": written.data.get("unused_keys", []),
            "log": {"unit": "", "by_vassal": False, "file": str(self.emperor.log), "since": 0},
        }
        while True:
            found = modules.run("uwsgi_emperor", self._arguments("served", desired, given))
            if not found.data.get("pending") or found.failed:
                return found

    def deploy(self, *vassals: dict[str, Any], **given: Any) -> modules.Result:
        """Write vassals and wait until they serve; returns the first failure, if any."""
        written = self.write(*vassals, **given)
        return written if written.failed else self.serve(written, *vassals, **given)

    def files(self) -> dict[str, bytes]:
        """All files in its folders."""
        return {str(path.relative_to(self.etc)): path.read_bytes() for path in self.etc.rglob("*") if path.is_file()}


@contextmanager
def hosts(folder: Path, *names: str, routers: int = 1) -> Iterator[tuple[Router, ...] | Any]:
    """Routers that verify signatures with the keys of some vassals, and hosts with one Emperor each, in this order."""
    public = folder / "public"
    public.mkdir()
    for name in (*_NAMES, *names):
        (public / f"{name}.test.pem").write_text(keys.public("ec", f"{name}.test"), encoding="ascii")
    checked = {"digest_algo": "SHA256", "dir_cert": str(public)}
    with ExitStack() as stack:
        found = [
            stack.enter_context(Router(folder / f"router-{at}", server_verification_params=checked)) for at in range(routers)
        ]
        both = [Host(folder / name, found) for name in ("a", "b")]
        for one in both:
            stack.enter_context(one.emperor)
            # The file is there before the Emperor listens.
            wait_for("the Emperor's stats", lambda one=one: connectable(one.stats))  # type: ignore[misc]
        yield (*found, *both)


_NAMES = ("blog", "shop", "news")
