# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to an instance, over real sockets: what is sent, which answers are good, and how long to wait."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import probe
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.probe import Check, Target
from support.files import put
from support.loopback import wait_for
from support.stream import Part, refusing, serving, timed

TIMEOUT = 30
WELL = b"HTTP/1.1 200 OK\r\n\r\nhello"
ANNOUNCED = "subscribe2 = server=10.0.0.2:2626,key=a.test"


def read(folder: Path, *lines: str) -> instance.Instance:
    return instance.read("vassal", str(put(folder / "a.ini", "\n".join(["[uwsgi]", *lines, ""]))))


def at(address: str, http: bool = False, modifiers: Tuple[int, int] = (0, 0)) -> Target:
    return Target(address, http, modifiers, "a.test")


def decoded(packet: bytes) -> Tuple[Tuple[int, int], Dict[str, str]]:
    """The modifiers and the variables of a request in the uwsgi protocol."""
    modifier1, size, modifier2 = struct.unpack("<BHB", packet[:4])
    body, words = packet[4:], []
    assert len(body) == size
    while body:
        length = struct.unpack("<H", body[:2])[0]
        words.append(body[2 : 2 + length].decode("utf-8", "surrogateescape"))
        body = body[2 + length :]
    return (modifier1, modifier2), dict(zip(words[::2], words[1::2]))


# Where requests go

TARGETS: List[Tuple[str, List[str], Optional[str], Target]] = [
    ("a socket", ["socket = 10.0.0.7:3031"], None, Target("10.0.0.7:3031", False, (0, 0), "localhost")),
    ("by its other name", ["uwsgi-socket = :3031"], None, Target(":3031", False, (0, 0), "localhost")),
    ("http", ["http-socket = :80"], None, Target(":80", True, (0, 0), "localhost")),
    ("http/1.1", ["http11-socket = /run/a"], None, Target("/run/a", True, (0, 0), "localhost")),
    ("the first of several", ["fastcgi-socket = :1", "http-socket = :2", "socket = :3"], None,
     Target(":2", True, (0, 0), "localhost")),
    ("not a shared one", ["socket = =0", "socket = :3"], None, Target(":3", False, (0, 0), "localhost")),
    ("another host name", ["socket = :3"], "b.test", Target(":3", False, (0, 0), "b.test")),
    ("the first key", ["socket = 10.0.0.7:3", ANNOUNCED, ANNOUNCED + "2"], None, Target("10.0.0.7:3", False, (0, 0), "a.test")),
    ("with its modifiers", ["socket = 10.0.0.7:3", ANNOUNCED + ",modifier1=5,modifier2=6"], "b.test",
     Target("10.0.0.7:3", False, (5, 6), "b.test")),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "host", "target"), [case[1:] for case in TARGETS], ids=[case[0] for case in TARGETS])
def test_an_instance_is_asked_where_it_listens(tmp_path: Path, lines: List[str], host: Optional[str], target: Target) -> None:
    assert probe.target(read(tmp_path, *lines), host) == target


@pytest.mark.parametrize("lines", [[], ["fastcgi-socket = :1"], ["socket = =0"], ["socket = $(HERE)%h"]])
def test_an_instance_that_can_not_be_asked_is_an_error(tmp_path: Path, lines: List[str]) -> None:
    with pytest.raises(ArgumentError) as caught:
        probe.target(read(tmp_path, *lines))
    path = tmp_path / "a.ini"
    assert str(caught.value) == f"vassal: {path} has no socket that can be asked; check it with a command"


# What is sent


def test_a_request_of_the_uwsgi_protocol_has_what_an_application_reads() -> None:
    with serving(WELL) as server:
        assert probe.answers(at(server.address, modifiers=(5, 6)), "/up?full=1&x=\u00fc", TIMEOUT) == ""
    assert decoded(server.heard[0]) == (
        (5, 6),
        {
            "REQUEST_METHOD": "GET", "REQUEST_URI": "/up?full=1&x=\u00fc", "PATH_INFO": "/up", "QUERY_STRING": "full=1&x=\u00fc",
            "SERVER_PROTOCOL": "HTTP/1.0", "HTTP_HOST": "a.test", "SERVER_NAME": "a.test", "REMOTE_ADDR": "127.0.0.1",
        },
    )  # fmt: skip


def test_a_request_of_http_has_its_host() -> None:
    with serving(WELL) as server:
        assert probe.answers(at(server.address, http=True), "/up?x=\u00fc", TIMEOUT) == ""
    assert server.heard == ["GET /up?x=\u00fc HTTP/1.0\r\nHost: a.test\r\n\r\n".encode()]


def test_every_kind_of_address_is_reached(tmp_path: Path) -> None:
    for path in (str(tmp_path / "s"), f"@emperor-test-{os.getpid()}"):
        with serving(WELL, path=path) as server:
            assert probe.answers(at(server.address), "/", TIMEOUT) == ""
    with serving(WELL) as server:
        port = server.address.rpartition(":")[2]
        for host in ("", "*", "0.0.0.0", "127.0.0.1"):
            assert probe.answers(at(f"{host}:{port}"), "/", TIMEOUT) == ""


# Which answers are good

ANSWERS: List[Tuple[List[Part], str]] = [
    ([WELL], ""),
    ([b"HTTP/1.0 204 No Content\r\n\r\n"], ""),
    ([b"HTTP/1.1 302 Found\r\n\r\n"], ""),
    ([b"HTTP/1.1 200"], ""),
    ([b"HTT", 0.05, b"P/1.1 2", 0.05, b"00 OK"], ""),
    ([b"HTTP/1.1 100 Continue\r\n\r\n"], "status 100"),
    ([b"HTTP/1.1 404 Not Found\r\n\r\n"], "status 404"),
    ([b"HTTP/1.0 500 Internal Server Error\r\n\r\n"], "status 500"),
    ([], "an answer without a status"),
    ([b"HTTP/1.1 20"], "an answer without a status"),
    ([b"hello, world"], "an answer without a status"),
    ([b" HTTP/1.1 200 OK\r\n"], "an answer without a status"),
    ([b"HTTP/2.0 200 OK\r\n"], "an answer without a status"),
]


@pytest.mark.parametrize("http", [False, True])
@pytest.mark.parametrize(("parts", "problem"), ANSWERS)
def test_2xx_and_3xx_are_well(parts: List[Part], problem: str, http: bool) -> None:
    with serving(*parts) as server:
        assert probe.answers(at(server.address, http), "/", TIMEOUT) == problem


SLOW: List[Tuple[str, List[Part]]] = [
    ("it says nothing", []),
    ("it stops in its status", [b"HTTP/1.1"]),
    ("each part is in time, but not the whole answer", [b"HTTP/1.1 ", *[0.2, b"2"] * 50]),
]


@pytest.mark.parametrize("parts", [case[1] for case in SLOW], ids=[case[0] for case in SLOW])
def test_an_instance_has_so_much_time_and_no_more(parts: List[Part]) -> None:
    with serving(*parts, closes=False) as server, timed(0.4, 9):
        assert probe.answers(at(server.address), "/", 0.5) == "no answer within 0.5 s"


def test_nobody_waits_for_the_rest_of_an_answer() -> None:
    with serving(WELL, closes=False) as server, timed(0, 10):
        assert probe.answers(at(server.address), "/", TIMEOUT) == ""


def test_one_that_can_not_be_reached_has_its_reason(tmp_path: Path) -> None:
    with refusing() as address:
        assert probe.answers(at(address), "/", TIMEOUT) == "Connection refused"
    assert probe.answers(at(str(tmp_path / "gone")), "/", TIMEOUT) == "No such file or directory"
    assert probe.answers(at("/" + "s" * 200), "/", TIMEOUT) == "AF_UNIX path too long"
    assert probe.answers(at("10.0.0.7"), "/", TIMEOUT) == "'10.0.0.7' has no port from 1 to 65535"


@pytest.mark.parametrize("size", [40000, 70000])
def test_a_request_that_is_too_long_for_the_protocol_is_told(size: int) -> None:
    with serving(WELL) as server:
        found = probe.answers(at(server.address), "/" + "a" * size, TIMEOUT)
    assert found == "the request has more than 65535 bytes; give a shorter path or host"


# Commands

COMMANDS = [("true", ""), ("exit 3", "exit code 3"), ("kill -9 $$", "exit code -9"), ("/nonexistent", "exit code 127"),
            ("test -z \"$(cat)\"", "")]  # fmt: skip


@pytest.mark.parametrize(("command", "problem"), COMMANDS)
def test_a_command_is_well_that_ends_with_0(command: str, problem: str) -> None:
    assert probe.succeeds(command, TIMEOUT) == problem


def test_a_command_prints_nothing_into_others_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert probe.succeeds("echo out; echo err >&2", TIMEOUT) == ""
    assert tuple(capfd.readouterr()) == ("", "")


def test_a_command_that_takes_too_long_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with timed(0.4, 20):
        assert probe.succeeds(f"sleep 600 & echo $! $$ >{pids}; wait", 0.5) == "no end within 0.5 s"

    def alive() -> str:
        return subprocess.run(["ps", "-o", "pid=,stat=", "-p", pids.read_text().strip().replace(" ", ",")],
                              capture_output=True, text=True, check=False).stdout  # fmt: skip

    wait_for("both to end", lambda: all(" Z" in line for line in alive().splitlines()))


# Checks


def test_a_check_asks_the_instance_or_the_command(tmp_path: Path) -> None:
    with serving(b"HTTP/1.1 503 Busy\r\n\r\n") as server:
        one = read(tmp_path, "http-socket = " + server.address)
        assert probe.flaw(one, Check(path="/up", host="b.test", timeout=TIMEOUT)) == "status 503"
        assert probe.flaw(one, Check(timeout=TIMEOUT)) == "status 503"
        assert probe.flaw(one, Check(command="exit 4", timeout=TIMEOUT)) == "exit code 4"
    assert server.heard == [
        b"GET /up HTTP/1.0\r\nHost: b.test\r\n\r\n", b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n",
    ]  # fmt: skip


def test_an_instance_without_a_socket_can_be_checked_by_a_command_alone(tmp_path: Path) -> None:
    one = read(tmp_path, "master = true")
    assert probe.flaw(one, Check(command="true")) == ""
    with pytest.raises(ArgumentError):
        probe.flaw(one, Check(path="/"))
