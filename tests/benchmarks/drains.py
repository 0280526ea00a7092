# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drains: for how long a node still gets new requests, and how long many keys at several routers take."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram, paced
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.signature import PrivateKey
from benchmarks.measure import Line, scratch
from support import keys, modules
from support.drained import KEY, fleet
from support.fleet import Router
from support.loopback import free_address, wait_for

_RUNS = 20
_WORKERS = 4
# The numbers of routers and of keys, and the number of vassals that share the keys.
_ROUTERS = (4, 8)
_KEYS, _VASSALS = 1000, 10
_NODE = "10.0.0.7:{}"
_LOOKS = 50
_KIND = "ec"


class Load:
    """Several threads, each of which sends requests one after the other.

    Attributes:
        answers: when each request was sent, and who answered.
    """

    def __init__(self, ask: Callable[[str], str]) -> None:
        self._ask = ask
        self._stopped = threading.Event()
        self.answers: list[tuple[float, str]] = []
        self._threads = [threading.Thread(target=self._run) for dummy in range(_WORKERS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.01):
            sent = time.monotonic()
            self.answers.append((sent, self._ask(KEY)))


def to_the_last_request(runs: int) -> list[float]:
    """For each drain, the seconds from the start of the module's process to the last request that the node got."""
    taken = []
    with scratch() as folder, fleet(folder, kind="ec") as all_of_it:
        one = all_of_it.node("one")
        all_of_it.node("two")
        with Load(all_of_it.routers[0].ask) as load:
            for dummy in range(runs):
                begin = time.monotonic()
                assert all_of_it.run("drained", one).changed
                last = max((sent for sent, name in list(load.answers) if name == "one"), default=begin)
                taken.append(max(0.0, last - begin))
                assert all_of_it.run("active", one).changed
        assert "" not in {name for dummy, name in load.answers}, "a request was lost"
    return taken


class Many(NamedTuple):
    """The figures of a drain of many keys.

    Attributes:
        seconds: how long it took.
        lost: how many datagrams the kernel dropped.
        polled: the share of the time that a router spent answering queries of its stats; the highest of all routers.
    """

    seconds: float
    lost: int
    polled: float


class Counted:
    """A proxy for a router's stats server that counts the queries.

    Attributes:
        looks: the number of queries.
    """

    def __init__(self, router: Router) -> None:
        self._router = router
        self.stats = free_address()
        self.looks = 0

    def __enter__(self) -> Counted:
        host, dummy, port = self.stats.rpartition(":")
        self._listener = socket.create_server((host, int(port)))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        # This wakes the thread that waits for a connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        host, dummy, port = self._router.stats.rpartition(":")
        while True:
            try:
                client, dummy_peer = self._listener.accept()
            except OSError:
                return
            self.looks += 1
            with client, socket.create_connection((host, int(port))) as server:
                while text := server.recv(1 << 16):
                    client.sendall(text)

    def seconds_a_look(self) -> float:
        """CPU seconds that a query of the router's present table costs in the process that also handles requests."""
        begin = computed(self._router)
        for dummy in range(_LOOKS):
            self._router.pools()
        return (computed(self._router) - begin) / _LOOKS


def computed(router: Router) -> float:
    """CPU seconds of a router's processes, without its master."""
    pid = router.instance.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    spent = [Path(f"/proc/{child}/schedstat").read_text(encoding="ascii").split()[0] for child in children]
    return sum(map(int, spent)) / 1e9


def many(count: int, number: int = _KEYS) -> Many:
    """Drain vassals with ``number`` signed keys at ``count`` routers."""
    with scratch() as folder, ExitStack() as stack:
        names = [f"k{at}.test" for at in range(number)]
        for half in ("private", "public"):
            (folder / half).mkdir()
        for name in names:
            (folder / "private" / f"{name}.pem").write_text(keys.private(_KIND, name))
            (folder / "public" / f"{name}.pem").write_text(keys.public(_KIND, name))
        params = {"server_verification_params": {"digest_algo": "SHA256", "dir_cert": str(folder / "public")}}
        routers = [stack.enter_context(Router(folder / f"router-{at}", **params)) for at in range(count)]
        announce(folder, routers, names)
        vassals = [str(vassal(folder, routers, at, names[at::_VASSALS])) for at in range(_VASSALS)]
        counted = [stack.enter_context(Counted(router)) for router in routers]
        # Measured with the whole table, which gets shorter during the drain.
        each = [one.seconds_a_look() for one in counted]
        before = dropped(routers)
        stats = [one.stats for one in counted]
        begin = time.monotonic()
        found = modules.run("uwsgi_drain", {"state": "drained", "vassals": vassals, "router_stats": stats, "minimum": 0})
        seconds = time.monotonic() - begin
        assert not found.failed and found.changed, found.msg
        assert all(not router.pools() for router in routers)
        polled = max(one.looks * cost for one, cost in zip(counted, each)) / seconds
        return Many(seconds, dropped(routers) - before, polled)


def announce(folder: Path, routers: list[Router], names: list[str]) -> None:
    """Announce a node for each key, until every router has all of them."""
    packets = []
    for at, name in enumerate(names):
        key = PrivateKey((folder / "private" / f"{name}.pem").read_bytes())
        fields = [("key", name), ("address", address(at)), ("unix", str(int(time.time())))]
        packets.append(datagram.encode(datagram.SUBSCRIBE, fields, lambda body, key=key: key.sign("SHA256", body)))

    def arrived() -> bool:
        paced.send({router.subscriptions: packets for router in routers if len(router.pools()) < len(names)})
        return all(len(router.pools()) == len(names) for router in routers)

    wait_for("all keys at all routers", arrived, 60)


def address(at: int) -> str:
    """The address of a key's node, by the number in the key's name."""
    return _NODE.format(3031 + at % _VASSALS)


def vassal(folder: Path, routers: list[Router], number: int, names: list[str]) -> Path:
    """The file of a vassal that announces some keys to all routers."""
    (folder / "suspend").mkdir(exist_ok=True)
    lines = []
    for name in names:
        own = f"key={name},sign=SHA256:{folder}/private/{name}.pem,check={folder}/suspend/{number}"
        lines += [f"subscribe2 = server={router.subscriptions},{own}" for router in routers]
    path = folder / f"vassal-{number}.ini"
    path.write_text("\n".join(["[uwsgi]", f"socket = {address(number)}", *lines, ""]), encoding="ascii")
    return path


def dropped(routers: list[Router]) -> int:
    """How many datagrams to the routers the kernel dropped, because a queue was full."""
    ports = {int(router.subscriptions.rpartition(":")[2]) for router in routers}
    rows = [line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(int(row[-1]) for row in rows if int(row[1].rpartition(":")[2], 16) in ports)


def lines() -> list[Line]:
    """The lines of the table about drains."""
    taken = to_the_last_request(_RUNS)
    times = {"least": min(taken), "median": statistics.median(taken), "most": max(taken)}
    found = [Line(8, "a drain, from its start to the node's last new request", 0.5, "less", "s", times["median"], times)]
    for count in _ROUTERS:
        of_all = many(count)
        what = f"a drain of {_KEYS:,} signed keys at {count} routers"
        found.append(Line(8, what, 4, "less", "s", of_all.seconds, {f"{count} routers": of_all.seconds}))
        found.append(Line(8, f"{what}, datagrams lost", 0, "less", "datagrams", of_all.lost, {}))
        found.append(Line(8, f"{what}, time of a router that its looks take", 5, "less", "%", 100 * of_all.polled, {}))
    return found
