# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vassals that a real Emperor starts at their first request, written by the module."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.on_demand import emperor_options
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import stats
from support import modules
from support.fleet import APP, Router, ask
from support.loopback import connectable, free_address, wait_for
from support.uwsgi import BINARY, RELEASE, Instance, plugin_lines

KEY = "a.test"


class Emperor:
    """An Emperor with a folder of vassals."""

    def __init__(self, folder: Path) -> None:
        self.stats = free_address()
        self.folder = folder / "vassals"
        self.folder.mkdir()
        options = {"emperor": f"{self.folder}/*.ini", "emperor-stats": self.stats}
        options.update({"emperor-on-demand-extension": ".socket", "emperor-graceful-shutdown": "true"})
        lines = [f"{name} = {value}" for name, value in emperor_options(options, RELEASE, has_on_demand=True).items()]
        self.instance = Instance(folder, *lines, name="emperor")
        # An Emperor has no master.
        ini = folder / "emperor.ini"
        ini.write_text(ini.read_text().replace("master = true\n", ""))

    def write(self, *vassals: dict[str, Any], check: bool = False) -> modules.Result:
        """Write vassals with the module."""
        given = {"path": str(self.folder), "vassals": list(vassals), "emperor_stats": self.stats, "purge": True}
        found = modules.run("uwsgi_vassals", {**given, "uwsgi_binary": BINARY}, check)
        assert not found.failed, found.msg
        return found

    def vassal(self, name: str) -> dict[str, Any]:
        """What the Emperor says about a vassal."""
        vassals = json.loads(stats.fetch(self.stats, 10, lambda *dummy: b""))["vassals"]
        return next((one for one in vassals if one["id"].endswith("/" + name + ".ini")), {})

    def sleeps(self, name: str, address: str) -> bool:
        """Whether a vassal waits for its first request."""
        found = self.vassal(name)
        return bool(found) and found["pid"] == -1 and found["on_demand"] == address

    def is_current(self, name: str) -> bool:
        """Whether a vassal has read its file, so that it counts as deployed."""
        path = self.folder / (name + ".ini")
        return int(self.vassal(name).get("last_mod", 0)) >= int(path.stat().st_mtime)

    def always_runs(self, name: str) -> bool:
        """Whether a vassal serves without having waited for a request."""
        found = self.vassal(name)
        return bool(found) and found["accepting"] == 1 and not found["on_demand"]


def vassal(name: str, address: str, folder: Path, **options: Any) -> dict[str, Any]:
    plugins = {line.partition(" = ")[0]: line.partition(" = ")[2] for line in plugin_lines("python3")}
    own = {"strict": True, "master": True, "need-app": True, "wsgi-file": str(APP), "vacuum": True}
    env = {"env": ["NODE=" + name, f"RELEASE={folder / 'release'}"]}
    return {"name": name, "on_demand": address, "options": {**plugins, **own, **env, **options}}


def test_it_runs_at_the_first_request_until_nobody_asks(tmp_path: Path) -> None:
    emperor, address, release = Emperor(tmp_path), free_address(), tmp_path / "release"
    answers: list[str] = []
    with emperor.instance:
        wait_for("the Emperor", lambda: connectable(emperor.stats))
        emperor.write(vassal("a", address, tmp_path, idle=3, **{"die-on-idle": True}))
        wait_for("the vassal", lambda: emperor.sleeps("a", address))
        for dummy in range(2):
            # It can't end before the Emperor is asked: while it has a request it isn't idle.
            asking = threading.Thread(target=lambda: answers.append(ask(address, KEY, "/hold")))
            asking.start()
            wait_for("its process", lambda: emperor.vassal("a").get("pid", -1) > 0)
            release.touch()
            asking.join()
            release.unlink()
            wait_for("its end", lambda: emperor.sleeps("a", address))
        assert answers == ["a", "a"]
        # A sleeping vassal needs no reload, and gets none.
        given = {"vassal": str(emperor.folder / "a.ini"), "emperor_stats": emperor.stats, "timeout": 10}
        assert not modules.run("uwsgi_reload", given).failed
        assert emperor.sleeps("a", address)


def test_another_address_and_none_at_all_are_taken_at_once(tmp_path: Path) -> None:
    emperor, first, second = Emperor(tmp_path), free_address(), free_address()
    with emperor.instance:
        wait_for("the Emperor", lambda: connectable(emperor.stats))
        emperor.write(vassal("a", first, tmp_path))
        wait_for("the vassal", lambda: emperor.sleeps("a", first))
        assert ask(first, KEY) == "a"
        moved = vassal("a", second, tmp_path)
        assert emperor.write(moved, check=True).data["renewed"] == ["a"]
        assert ask(first, KEY) == "a"
        done = emperor.write(moved)
        assert (done.data["updated"], done.data["renewed"]) == (["a"], ["a"])
        # Its file is as it was, but the one that is about to end doesn't count.
        assert not emperor.is_current("a") or emperor.vassal("a")["on_demand"] == second
        wait_for("the other address", lambda: emperor.vassal("a").get("on_demand") == second)
        assert ask(second, KEY) == "a"
        assert not emperor.write(moved).changed
        own = {name: value for name, value in vassal("a", "", tmp_path, socket=first).items() if name != "on_demand"}
        assert emperor.write(own).data["renewed"] == ["a"]
        # The one with an address may have read the new file, and bound the socket in it, before the Emperor stopped it.
        wait_for("a vassal that always runs", lambda: emperor.always_runs("a"))
        wait_for("its socket", lambda: connectable(first))
        assert ask(first, KEY) == "a"


def test_another_vassal_announces_it(tmp_path: Path) -> None:
    emperor, address = Emperor(tmp_path), free_address()
    with emperor.instance, Router(tmp_path / "router") as router:
        wait_for("the Emperor", lambda: connectable(emperor.stats))
        announcer = vassal("b", "", tmp_path, socket=free_address())
        del announcer["on_demand"]
        announcer["subscriptions"] = [{"server": router.subscriptions, "key": KEY, "address": address}]
        emperor.write(vassal("a", address, tmp_path), announcer)
        router.wait_for_nodes(KEY, address)
        assert emperor.sleeps("a", address)
        assert router.ask(KEY) == "a"
        assert emperor.vassal("a")["pid"] > 0
