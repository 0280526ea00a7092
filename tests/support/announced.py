# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real uWSGI announces for a configuration file of any format."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from functools import lru_cache
from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.datagram import Packet
from support.loopback import Listener, free_address, wait_for
from support.uwsgi import BINARY, RELEASE, wait_until_gone, without_app

# The fields of an announcement, as text.
Said = tuple[tuple[str, str], ...]

_WITHOUT_APP = ["--" + line.replace(" = ", "=") for line in without_app()]


@lru_cache
def reads(form: str) -> str:
    """How this uWSGI reads a format: not at all, with its own parser, or with a library."""
    if form == "ini":
        return "by itself"
    probe = {"yaml": "uwsgi:\n  x: 'a'\n", "json": '{"uwsgi": {"x": "a"}}', "xml": "<uwsgi><x>a</x></uwsgi>"}[form]
    found = subprocess.run(
        [BINARY, "--" + form, "/dev/stdin", "--get", "x"], input=probe, capture_output=True, text=True, timeout=30, check=False
    )
    return {"a": "by a library", "'a'": "by itself"}.get(found.stdout.strip(), "")


def said(packet: Packet) -> Said:
    """An announcement, without what differs each time."""
    fields = {**packet.fields, "load": ""}
    # Set by subscribe2 but not by subscribe-to; a router of 2.1 assumes the same.
    if RELEASE >= _dialect.V2_1:
        fields["weight"] = "1" if fields["weight"] == "0" else fields["weight"]
        fields = {name: value for name, value in fields.items() if (name, value) not in (("proto", "uwsgi"), ("backup", "0"))}
    return tuple(sorted((name, "" if name in ("unix", "sign") else value) for name, value in fields.items()))


# The announcements, by server and key.
Heard = dict[tuple[int, str], Said]


def announced(servers: tuple[Listener, Listener], folder: Path, arguments: list[str], count: int, rounds: int = 1) -> Heard:
    """What an instance announces.

    Args:
        folder: the working directory of the instance.
        count: the number of distinct announcements.
        rounds: the number of announcement rounds after which nothing changes any more.
    """
    start = [len(server.poll()) for server in servers]
    log = folder / "log"
    # Its remaining processes hold the pipe's other end, and sockets that the next instance wants.
    left, theirs = os.pipe()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [BINARY, *_WITHOUT_APP, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
            pass_fds=(theirs,),
        )
    os.close(theirs)

    def packets() -> list[tuple[int, Packet]]:
        return [(at, packet) for at, server in enumerate(servers) for packet in server.poll()[start[at] :]]

    def is_complete() -> bool:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        return len(packets()) >= count * rounds and b"spawned uWSGI" in log.read_bytes()

    try:
        wait_for(f"{count} announcements of {arguments}", is_complete)
        # A superfluous one comes at the same moment.
        time.sleep(0.05 if count else 0.5)
        return {(at, packet.fields["key"]): said(packet) for at, packet in packets()}
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        wait_until_gone(left)


class Bed:
    """Two servers, free addresses and a folder, which replace the words in a text."""

    def __init__(self, folder: Path, private: str, servers: tuple[Listener, Listener]) -> None:
        self.folder = folder
        self.servers = servers
        key = folder / "private.pem"
        key.write_text(private, encoding="ascii")
        self._words = {"<server>": servers[0].address, "<other>": servers[1].address, "<dir>": str(folder), "<key>": str(key)}
        self._words.update({"<a>": free_address(), "<b>": free_address()})

    def filled(self, text: str) -> str:
        for word, value in self._words.items():
            text = text.replace(word, value)
        return text

    def write(self, name: str, text: str) -> str:
        """Write a file, and return its path."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)
