# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the examples of the documentation: creates what they expect, and replaces their paths and addresses by a test's."""

from __future__ import annotations

import getpass
import grp
import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from support import keys
from support.fleet import APP, Router
from support.loopback import free_address, send
from support.uwsgi import Instance, plugin_lines

KEY, BLOG = "shop.example.com", "blog.example.com"
NODES = ("10.0.0.7:3031", "10.0.0.8:3031")
# The user who owns the tenants' files in examples: not root, but one to whom this user may give files.
TENANT = getpass.getuser() if os.geteuid() else "nobody"
# Those of the routers, and of the one that is a vassal of the shop's Emperor.
_STATS = ("10.0.0.2:2627", "10.0.0.3:2627", "127.0.0.1:2627")
# The folders in the examples, and those of a test.
_FOLDERS = {
    "/etc/prometheus": "www",
    "/etc/uwsgi": "etc",
    "/home/me/uwsgi": "home",
    "/run/emperor-uwsgi": "run",
    "/run/uwsgi-drain": "run",
    "/srv/www": "www",
    "~/.cache/uwsgi-inventory": "cache",
}


def moved(text: str, folder: Path, *stats: str) -> str:
    """An example with all paths in a folder of the test, with its user, and with the stats of its routers."""
    for old, new in _FOLDERS.items():
        text = text.replace(old, str(folder / new))
    for old, new in zip(_STATS, stats):
        text = text.replace(old, new)
    text = text.replace("owner: www-data", "owner: " + getpass.getuser())
    text = text.replace("group: www-data", "group: " + grp.getgrgid(os.getgid()).gr_name)
    for tenant in ("alice", "bob"):
        text = text.replace("owner: " + tenant, "owner: " + TENANT)
    # The user that a vassal runs as is only looked up.
    text = text.replace("user: www-data", "user: " + getpass.getuser())
    # In this uWSGI Python isn't a separate plugin file.
    return text.replace("          need-plugins: python3\n", "")


def prepared(folder: Path) -> Path:
    """Create what the examples expect: folders, vassals, keys beside the playbook, an Emperor's configuration."""
    for name in ("subscriptions", "vassals", "keys/private", "keys/public"):
        (folder / "etc" / name).mkdir(parents=True)
    for name in ("home/run", "home/vassals", "signing_keys", "www"):
        (folder / name).mkdir(parents=True)
    (folder / "etc" / "vassals" / "shop.ini").write_text("[uwsgi]\n", encoding="ascii")
    (folder / "etc" / "common.ini").write_text("[uwsgi]\nmaster = true\n", encoding="ascii")
    (folder / "etc" / "domains").write_text(KEY + "\n", encoding="ascii")
    private = keys.private("ec", "examples")
    (folder / "signing_keys" / (KEY + ".pem")).write_text(private, encoding="ascii")
    (folder / "home" / "emperor.ini").write_text(f"[uwsgi]\nemperor = {folder / 'home' / 'vassals'}\n", encoding="ascii")
    return folder


@contextmanager
def two_routers(folder: Path) -> Iterator[tuple[str, str]]:
    """The stats of two real routers that have the examples' nodes."""
    with routers(folder) as (one, two):
        yield one.stats, two.stats


@contextmanager
def routers(folder: Path) -> Iterator[tuple[Router, Router]]:
    """Two real routers that have the examples' nodes."""
    (folder / "routers").mkdir()
    with Router(folder / "routers" / "1") as one, Router(folder / "routers" / "2") as two:
        for router in (one, two):
            router.announce(KEY, *NODES)
        yield one, two


@contextmanager
def running_shop(folder: Path, where: tuple[Router, Router]) -> Iterator[tuple[str]]:
    """The examples' vassals on a real Emperor: the shop, and a blog that also has other nodes, announced to routers, and a
    router of the host's own, whose stats this yields.
    """
    for name in ("run", "etc/suspend"):
        (folder / name).mkdir(exist_ok=True)
    addresses = {name: free_address() for name in ("shop", "blog")}
    for name, address in addresses.items():
        lines = ["[uwsgi]", "master = true", "socket = " + address, f"wsgi-file = {APP}", "need-app = true"]
        lines += [f"env = NODE={name}", "env = RELEASE=/", "subscribe-freq = 1", *plugin_lines("python3")]
        fields = f"key={name}.example.com,check={folder / 'etc' / 'suspend' / name}"
        lines += [f"subscribe2 = server={router.subscriptions},{fields}" for router in where]
        (folder / "etc" / "vassals" / f"{name}.ini").write_text("\n".join([*lines, ""]), encoding="utf-8")
    own = free_address()
    lines = ["[uwsgi]", "master = true", f"fastrouter = {free_address()}", f"fastrouter-subscription-server = {free_address()}"]
    lines += ["fastrouter-stats = " + own, *plugin_lines("fastrouter")]
    (folder / "etc" / "vassals" / "fastrouter.ini").write_text("\n".join([*lines, ""]), encoding="utf-8")
    stats = f"emperor-stats = {folder / 'run' / 'emperor-stats.sock'}"
    with Instance(folder, f"emperor = {folder / 'etc' / 'vassals'}", stats, name="emperor"), _announced(where, KEY, BLOG):
        for router in where:
            for name, address in addresses.items():
                router.wait_for_nodes(f"{name}.example.com", *NODES, address)
        yield (own,)


@contextmanager
def _announced(where: tuple[Router, Router], *names: str) -> Iterator[None]:
    """Keep the examples' nodes fresh under some keys, however long an example runs."""
    stopped = threading.Event()

    def announce() -> None:
        while not stopped.is_set():
            for router, key, node in itertools.product(where, names, NODES):
                pairs = [("key", key), ("address", node)]
                send(router.subscriptions, datagram.encode(datagram.SUBSCRIBE, pairs))
            stopped.wait(2)

    thread = threading.Thread(target=announce)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
