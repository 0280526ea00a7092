# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""URLs fetched from real servers: complete answers, and servers that are slow, endless, gone or not web servers."""

from __future__ import annotations

from typing import List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _http
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import stats
from support.stream import Part, refusing, serving, timed

TIMEOUT = 30
HEAD = b"HTTP/1.0 200 OK\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BIG = b"x" * 300000

WHOLE: List[Tuple[str, List[Part], bytes]] = [
    ("a body", [HEAD + b"hello"], b"hello"),
    ("no body", [HEAD], b""),
    ("a body in parts", [HEAD[:9], 0.05, HEAD[9:] + b"he", 0.05, b"llo"], b"hello"),
    ("a body of some size", [SIZED + b"hello"], b"hello"),
    ("a long body", [HEAD, BIG], BIG),
    ("chunks", [CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"], b"hello"),
]


@pytest.mark.parametrize(("parts", "body"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_all_of_an_answer_is_read(parts: List[Part], body: bytes) -> None:
    with serving(*parts) as server:
        assert _http.get(f"http://{server.address}/stats", TIMEOUT) == body
        assert server.heard[0].startswith(b"GET /stats HTTP/1.")


SLOW: List[Tuple[str, List[Part]]] = [
    ("it says nothing", []),
    ("it stops in its header", [b"HTTP/1.0 200"]),
    ("it stops before its body", [HEAD]),
    ("it stops in its body", [HEAD + b"he"]),
    ("each part is in time, but not the whole answer", [HEAD, *[0.2, b"x"] * 50]),
]


@pytest.mark.parametrize("parts", [case[1] for case in SLOW], ids=[case[0] for case in SLOW])
def test_a_slow_server_has_so_much_time_and_no_more(parts: List[Part]) -> None:
    with serving(*parts, closes=False) as server, timed(0.4, 9), pytest.raises(OSError, match="timed out"):
        _http.get(f"http://{server.address}/", 0.5)


def test_a_header_that_comes_slowly_has_so_much_time_and_no_more() -> None:
    slowly: List[Part] = [b"HTTP/1.0 200 OK\r\n", *[0.2, b"X: y\r\n"] * 50]
    with serving(*slowly, closes=False) as server, timed(0.4, 9), pytest.raises(OSError, match="timed out"):
        _http.get(f"http://{server.address}/", 0.5)


def test_a_server_that_sends_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "_MOST_BYTES", 100000)
    with serving(HEAD, BIG, closes=False) as server, pytest.raises(ValueError, match="it sends more than 100000 bytes"):
        _http.get(f"http://{server.address}/", TIMEOUT)


@pytest.mark.parametrize("status", [b"500 Internal Server Error", b"404 Not Found", b"503 Busy"])
def test_another_status_than_200_is_an_error(status: bytes) -> None:
    with serving(b"HTTP/1.0 " + status + b"\r\n\r\nhello") as server, pytest.raises(OSError) as caught:
        _http.get(f"http://{server.address}/", TIMEOUT)
    assert str(caught.value) == f"HTTP Error {status[:3].decode()}: {status[4:].decode()}"


NO_ANSWERS: List[Tuple[str, bytes]] = [
    ("nothing", b""),
    ("something else", b"hello\r\n"),
    ("bytes", b"\xff\xfe\x00"),
    ("an invalid status", b"HTTP/1.0 many\r\n\r\n"),
    ("a cut chunk", CHUNKED + b"9\r\nhe"),
    ("a header without end", HEAD[:-2] + b"X: " + BIG),
]


@pytest.mark.parametrize("answer", [case[1] for case in NO_ANSWERS], ids=[case[0] for case in NO_ANSWERS])
def test_what_is_no_answer_is_an_error_with_words(answer: bytes) -> None:
    with serving(answer) as server, pytest.raises((OSError, ValueError)) as caught:
        _http.get(f"http://{server.address}/", TIMEOUT)
    assert str(caught.value)


def test_a_server_that_is_not_there_is_an_error() -> None:
    with refusing() as address, pytest.raises(OSError, match="Connection refused"):
        _http.get(f"http://{address}/", TIMEOUT)


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:x/", "http://127.0.0.1:99999/", "https://127.0.0.1:1/"])
def test_what_can_not_be_a_url_is_an_error(url: str) -> None:
    with pytest.raises((OSError, ValueError)):
        _http.get(url, TIMEOUT)
