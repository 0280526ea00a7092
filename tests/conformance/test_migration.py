# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real uWSGI announces for hand-written lines, it announces for the arguments that they come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import subscription
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import writer
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.datagram import Packet
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _ini_import
from support import keys
from support.loopback import Listener, free_address, wait_for
from support.uwsgi import Instance

# The fields of an announcement.
Said = tuple[tuple[str, str], ...]
# Each announces a key of its own; words in angle brackets stand for what is known only when the test runs.
LINES = (
    "subscribe2 = server=<server>,key=plain",
    "subscribe2=key=turned,server=<server>",
    "subscribe2 = server=<server>,key=com\\,m\\a,addr=/run/a\\,b",
    "subscribe2 = server=<server>,key=second,socket=1",
    "subscribe2 = server=<server>,key=refined,modifier2=7",
    "subscribe2 = server=<server>,key=both,modifier1=5,modifier2=7",
    "subscribe2 = server=<server>,key=twice,key=last,addr=10.0.0.7:1,addr=10.0.0.7:2",
    "subscribe2 = server=<server>,key=ignored,foo=1,backup=2",
    "subscribe2 = server=<server>,key=signed,sign=SHA256:<private>",
    "subscribe2 = server=<server>,key=absent,check=<folder>/absent",
    "set-ph = name=held",
    "subscribe2 = server=<server>,key=%(name).by.%n.at.100%%",
    "subscribe-to = <server>:old",
    "subscribe = <server>:port:80",
    "st = <server>:modified,5",
    "st = <server>:old-signed,0,SHA256:<private>",
    "st = 10.0.0.7:3031=<server>:addressed",
)
# Nothing is announced for these, and no arguments come of them.
SILENT = (
    "subscribe2 = server = <server>,key=blank",
    "subscribe2 = server=<server>, key=space",
    "subscribe2 = junk",
    "subscribe-to = <server>",
    "; subscribe2 = server=<server>,key=comment",
)


def said(packet: Packet) -> Said:
    """An announcement without what differs from one to the next."""
    return tuple(sorted((name, "" if name in ("unix", "sign") else value) for name, value in packet.fields.items()))


def heard(folder: Path, server: Listener, sockets: tuple[str, str], lines: list[str], count: int) -> set[Said]:
    """What an instance announces, from the start until that many different announcements have come."""
    before = len(server.poll())
    own = [*("socket = " + one for one in sockets), *lines, "subscribe-freq = 1"]

    def found() -> set[Said]:
        return {said(packet) for packet in server.poll()[before:]}

    with Instance(folder, *own, name="shop"):
        wait_for(f"{count} announcements", lambda: len(found()) >= count)
    return found()


@pytest.fixture
def hand_written(tmp_path: Path) -> list[str]:
    """The lines, all but the server in its place."""
    private = tmp_path / "private.pem"
    private.write_text(keys.private("ec"), encoding="ascii")
    words = {"<private>": str(private), "<folder>": str(tmp_path)}
    lines = list(LINES + SILENT)
    for word, value in words.items():
        lines = [line.replace(word, value) for line in lines]
    return lines


def test_the_arguments_announce_what_the_lines_did(tmp_path: Path, hand_written: list[str]) -> None:
    count = sum("<server>" in line for line in LINES)
    sockets = free_address(), free_address()
    with Listener() as server:
        lines = [line.replace("<server>", server.address) for line in hand_written]
        text = "[uwsgi]\n" + "\n".join(lines) + "\n"
        found = _ini_import.migrated(text, _dialect.V2_0, str(tmp_path / "shop.ini"))
        written = writer.render("uwsgi", subscription.fragment(found.arguments, _dialect.V2_0).lines).splitlines()[1:]
        before = heard(tmp_path, server, sockets, lines, count)
        after = heard(tmp_path, server, sockets, written, count)
    assert len(before) == count
    assert after == before
    # Two fields that 2.0 doesn't know, and the silent lines but for the comment.
    assert len(found.left_over) == 2 + len(SILENT) - 1
