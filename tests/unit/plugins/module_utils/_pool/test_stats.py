# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stats of routers: fetched over real sockets, read and judged."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import stats
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import Listed, ListedPool, StatsError, Table
from hypothesis import given
from hypothesis import strategies as st
from support.stream import computed

TIMEOUT = 30
ANSWER = b'{"version":"2.0.31","subscriptions":[]}'


def never(url: str, timeout: float) -> bytes:
    raise AssertionError(url)


@contextmanager
def serving(family: int, address: Any, *parts: bytes, closes: bool = True) -> Iterator[str]:
    """A server that sends the parts to whoever connects; yields its address."""
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(address)
        server.listen(1)
        done = threading.Event()

        def serve() -> None:
            try:
                stream = server.accept()[0]
            except OSError:
                # Nobody connected.
                return
            with stream:
                try:
                    for part in parts:
                        stream.sendall(part)
                except OSError:
                    # The client has stopped reading.
                    pass
                if not closes:
                    done.wait(TIMEOUT)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield "{}:{}".format(*server.getsockname()) if family == socket.AF_INET else address
        finally:
            done.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(TIMEOUT)


@pytest.mark.parametrize("parts", [(ANSWER,), (ANSWER[:5], ANSWER[5:]), (b"x" * 200000, b"\xff", b"y" * 100000), ()])
def test_all_that_a_server_sends_is_read(tmp_path: Path, parts: Tuple[bytes, ...]) -> None:
    with serving(socket.AF_INET, ("127.0.0.1", 0), *parts) as address:
        assert stats.fetch(address, TIMEOUT, never) == b"".join(parts)
    with serving(socket.AF_UNIX, str(tmp_path / "s"), *parts) as address:
        assert stats.fetch(address, TIMEOUT, never) == b"".join(parts)


def test_a_unix_socket_is_asked_as_whoever_can_put_another_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: List[Any] = []

    def where_it_belongs(ask: Callable[[], str], timeout: float) -> str:
        seen.append(timeout)
        return ask()

    monkeypatch.setattr(stats, "where_it_belongs", where_it_belongs)
    monkeypatch.setattr(stats.opened, "secure", seen.append)
    with serving(socket.AF_INET, ("127.0.0.1", 0), ANSWER) as address:
        assert (stats.fetch(address, TIMEOUT, never), seen) == (ANSWER, [])
    with serving(socket.AF_UNIX, str(tmp_path / "s"), ANSWER) as address:
        assert (stats.fetch(address, TIMEOUT, never), seen) == (ANSWER, [TIMEOUT + 1, address])


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://router.test/stats"])
def test_urls_are_fetched_by_the_one_who_can(url: str) -> None:
    seen = []

    def get(*given_: Any) -> bytes:
        seen.append(given_)
        return ANSWER

    assert stats.fetch(url, 7, get) == ANSWER
    assert seen == [(url, 7)]


CHECK = "; check that the router runs and has this stats server"


@pytest.mark.parametrize("error", [OSError("no route"), ValueError("no url")])
def test_an_url_that_can_not_be_fetched_is_an_error(error: Exception) -> None:
    def get(url: str, timeout: float) -> bytes:
        raise error

    with pytest.raises(StatsError) as caught:
        stats.fetch("http://a/", 1, get)
    assert str(caught.value) == f"http://a/ does not answer: {error}" + CHECK


@pytest.mark.parametrize("address", ["router:1", "127.0.0.1", "127.0.0.1:0", "[::1]:1", "run/s", "", "ftp://a", "@s"])
def test_what_is_no_address_is_an_error(address: str) -> None:
    with pytest.raises(StatsError) as caught:
        stats.fetch(address, TIMEOUT, never)
    assert str(caught.value) == (
        f"{address!r} is not a stats server; give IPV4:PORT, the absolute path of a unix socket, or an http URL"
    )


def test_a_router_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as bound:
        # Bound but not listening, so nobody else can take the port in the meantime.
        bound.bind(("127.0.0.1", 0))
        tcp = f"127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(StatsError) as caught:
            stats.fetch(tcp, TIMEOUT, never)
    assert str(caught.value) == tcp + " does not answer: [Errno 111] Connection refused" + CHECK
    path = str(tmp_path / "gone")
    with pytest.raises(StatsError) as caught:
        stats.fetch(path, TIMEOUT, never)
    assert str(caught.value) == path + " does not answer: [Errno 2] No such file or directory" + CHECK
    with pytest.raises(StatsError, match="does not answer: AF_UNIX path too long"):
        stats.fetch("/" + "s" * 200, TIMEOUT, never)


@pytest.mark.parametrize("parts", [(), (ANSWER,)])
def test_a_server_that_does_not_come_to_an_end_is_an_error(parts: Tuple[bytes, ...]) -> None:
    with serving(socket.AF_INET, ("127.0.0.1", 0), *parts, closes=False) as address, pytest.raises(StatsError) as caught:
        stats.fetch(address, 0.05, never)
    assert str(caught.value) == address + " does not answer: timed out" + CHECK


def test_a_server_whose_every_step_is_in_time_and_the_whole_is_not_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((10.0, 11.5, 12.0))
    monkeypatch.setattr(stats.time, "monotonic", lambda: next(clock))
    left = []

    def receive(seconds: float) -> bytes:
        left.append(seconds)
        return b"x"

    with pytest.raises(OSError, match=r"^timed out$"):
        stats.read_all(receive, 12.0)
    assert left == [2.0, 0.5]


def test_a_server_that_sends_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stats._MOST_BYTES == 67108864
    monkeypatch.setattr(stats, "_MOST_BYTES", 100000)
    with serving(socket.AF_INET, ("127.0.0.1", 0), b"x" * 99999) as address:
        assert len(stats.fetch(address, TIMEOUT, never)) == 99999
    more = serving(socket.AF_INET, ("127.0.0.1", 0), b"x" * 100000, closes=False)
    with more as address, pytest.raises(StatsError) as caught:
        stats.fetch(address, TIMEOUT, never)
    assert str(caught.value) == address + " does not answer: it sends more than 100000 bytes" + CHECK
    with serving(socket.AF_INET, ("127.0.0.1", 0), b"xyz", closes=False) as address, pytest.raises(StatsError) as caught:
        stats.fetch(address, TIMEOUT, never, most=3)
    assert str(caught.value) == address + " does not answer: it sends more than 3 bytes" + CHECK


EMPTY: Dict[str, Any] = {"version": "2", "subscriptions": []}
NONE = Table("2", None, [])
ONE = Table("2", None, [ListedPool("a", 0, [])])
READ: List[Tuple[str, bytes, Any]] = [
    ("plain", ANSWER, Table("2.0.31", None, [])),
    ("a dangling comma in a list", b'{"version":"2","subscriptions":[{"key":"a"},\n\t]}', ONE),
    ("a dangling comma in an object", b'{"version":"2","subscriptions":[{"key":"a", },]\n,}', ONE),
    ("commas in text stay if none dangles", b'{"version":",]","subscriptions":[]}', Table(",]", None, [])),
    ("nor at a control character", b'{"version":",]\x01","subscriptions":[]}', Table(",]\x01", None, [])),
    ("invalid UTF-8", b'{"version":"2","subscriptions":[],"proto":"\xff"}', NONE),
    ("a control character", b'{"version":"2","subscriptions":[],"proto":"\x01\n"}', NONE),
    ("quotes in a key", b'{"version":"2","subscriptions":[{"key":"a"b\\\n","hash":1,"hits":3}]}',
     Table("2", None, [ListedPool('a"b\\\n', 3, [])])),
    ("what would be an escape",
     b'{"version":"2","subscriptions":[{"key":"a","hash":1,"nodes":[{"name":"\\ud800",\n\t"modifier1":0,"last_check":1}]}]}',
     Table("2", None, [ListedPool("a", 0, [Listed("\\ud800", 1)])])),
    ("a folder with quotes", b'{"version":"2","cwd":"/"a"","active_sessions":0,"pid":7,"subscriptions":[]}', Table("2", 7, [])),
    ("all of it", b'{"version":"2","subscriptions":[{"key":"\x80","hash":1,},],"a":"\t"}',
     Table("2", None, [ListedPool("\ufffd", 0, [])])),
    ("a node of 2.1",
     b'{"version":"2.1-dev","subscriptions":[{"key":"a","hash":1,"hits":0,"algo":"lrc","nodes":[{"name":"10.0.0.7:1",\n\t"vassal":'
     b'"a"b\\.ini",\n\t"modifier1":5,"last_check":9,"weight":3,"backup":1,"proto":"\xbf","ref":2}]}]}',
     Table("2.1-dev", None, [ListedPool("a", 0, [
         Listed("10.0.0.7:1", 9, weight=3, modifier1=5, in_flight=2, vassal='a"b\\.ini', backup=1)], "lrc")])),
    *[("the protocol " + repr(byte),
       b'{"version":"2.1-dev","subscriptions":[{"key":"a","hash":1,"nodes":[{"name":"x","vassal":"","modifier1":0,"last_check":9,'
       b'"proto":"' + byte + b'",\n"wrr":0},{"name":"y","vassal":"","modifier1":0,"last_check":9}]}]}',
       Table("2.1-dev", None, [ListedPool("a", 0, [Listed("x", 9, protocol=protocol), Listed("y", 9)])]))
      for byte, protocol in ((b"h", "http"), (b"u", "uwsgi"), (b"H", ""), (b'"', ""), (b"\\", ""), (b"\x00", ""), (b"\xff", ""))],
    ("a node that only looks like two",
     b'{"version":"2","subscriptions":[{"key":"a","hash":1,"nodes":[{"name":"x","modifier":1,"name":"y","modifier1":0,"last_check":1}]}]}',
     Table("2", None, [ListedPool("a", 0, [Listed('x","modifier":1,"name":"y', 1)])])),
    ("a key with a member out of place",
     b'{"version":"2","subscriptions":[{"key":"a","modifier1":"b","hash":1,"hits":3},{"key":"c","hash":1}]}',
     Table("2", None, [ListedPool('a","modifier1":"b', 3, []), ListedPool("c", 0, [])])),
    ("an empty key and another", b'{"version":"2","subscriptions":[{"key":"","hash":1},{"key":"b","hash":1}]}',
     Table("2", None, [ListedPool("", 0, []), ListedPool("b", 0, [])])),
    # 2.1 lists this for a vassal that was cleared.
    ("an empty address and another",
     b'{"version":"2","subscriptions":[{"key":"a","hash":1,"nodes":[{"name":"","modifier1":0,"last_check":1},'
     b'{"name":"y","modifier1":0,"last_check":2}]}]}',
     Table("2", None, [ListedPool("a", 0, [Listed("", 1), Listed("y", 2)])])),
    ("the addresses of all kinds of router", b'{"version":"2","http":["0.0.0.0:80"],"fastrouter":["10.0.0.2:1","/run/r.sock"],'
     b'"else":["x"],"subscriptions":[]}', Table("2", None, [], ("10.0.0.2:1", "/run/r.sock", "0.0.0.0:80"))),
    ("the longest key", b'{"version":"2","subscriptions":[{"key":"%s"","hash":1}]}' % (b"k" * 4095),
     Table("2", None, [ListedPool("k" * 4095 + '"', 0, [])])),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_what_routers_write_is_read(raw: bytes, expected: Any) -> None:
    assert stats.parse(raw) == expected


NO_JSON = "its answer is not the JSON of a stats server: "
NO_STATS = "its answer is not that of a uWSGI stats server"
NO_ROUTER = "it is not the stats server of a router with a subscription server"
UNREAD: List[Tuple[bytes, str]] = [
    (b"", NO_JSON + "Expecting value: line 1 column 1 (char 0)"),
    (b"HTTP/1.0 200 OK", NO_JSON + "Expecting value"),
    (ANSWER[:-1], NO_JSON),
    (ANSWER + b"x", NO_JSON + "Extra data"),
    (b'{"version":"2","subscriptions":[{"key":"%s"","hash":1}]}' % (b"k" * 4096), NO_JSON),
    (b"[" * 100000, NO_JSON + "it is nested too deeply"),
    (b"[]", NO_STATS),
    (b'"version"', NO_STATS),
    (b'{"subscriptions":[]}', NO_STATS),
    (b'{"version":"2","workers":[]}', NO_ROUTER),
    (b'{"version":"2","pid":%s,"subscriptions":[]}' % (b"1" * 4301), NO_JSON + "a number has more than 4300 digits"),
    # A careless reader would need quadratic time for these.
    (b'"key":"' * 1000000, NO_JSON),
    (b'","' * 1000000, NO_JSON),
    (b'","vassal":"' * 250000, NO_JSON),
    (b'"name":"x",' + b" " * 3000000, NO_JSON),
    (b'{"version":"2","a":' + b"7" * 5000000, NO_JSON + "a number has more than 4300 digits"),
]


@pytest.mark.parametrize(("raw", "problem"), UNREAD, ids=range(len(UNREAD)))
def test_what_no_router_writes_is_an_error(raw: bytes, problem: str) -> None:
    with computed(8), pytest.raises(StatsError) as caught:
        stats.parse(raw)
    # The rest is the text of Python's own JSON reader.
    found = str(caught.value)
    assert found.startswith(problem) if problem.startswith(NO_JSON) else found == problem


def test_a_process_has_sessions_and_with_a_subscription_server_a_table() -> None:
    front = b'{"version":"2","pid":7,"cwd":"/"a"","active_sessions":3,"http":["0.0.0.0:80"]}'
    assert stats.process(front) == stats.Process(7, 3, None)
    assert stats.process(front[:-1] + b',"subscriptions":[]}') == stats.Process(7, 3, Table("2", 7, [], ("0.0.0.0:80",)))
    no_sessions = "its answer has no valid sessions"
    for raw, problem in ((ANSWER, no_sessions), (b"[]", NO_STATS), (front.replace(b"3", b"true"), no_sessions)):
        with pytest.raises(StatsError) as caught:
            stats.process(raw)
        assert str(caught.value) == problem


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_an_error(number: str) -> None:
    with pytest.raises(StatsError) as caught:
        stats.parse(b'{"version":"2","subscriptions":[{"key":"a","hits":%s}]}' % number.encode())
    assert str(caught.value) == NO_JSON + number + " is not a number of JSON"


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.one_of(st.sampled_from(list(EMPTY)), st.text()), inner)),
)


@given(st.one_of(st.binary(), st.text('{}[]",:ab1\\ \n').map(str.encode), JSON.map(lambda found: json.dumps(found).encode())))
def test_any_bytes_are_stats_or_an_error(raw: bytes) -> None:
    try:
        found = stats.parse(raw)
    except StatsError:
        return
    json.dumps(found, allow_nan=False).encode("ascii")
    for pool in found.pools:
        pool.key.encode("utf-8")


@given(JSON)
def test_whatever_else_a_router_says_does_not_matter(other: Any) -> None:
    assert stats.parse(json.dumps(dict(EMPTY, other=other)).encode()) == NONE


FULL = Listed("10.0.0.7:1", 90, 3, 5, 6, 7, 8, 9)


def test_a_node_is_read_with_all_its_figures() -> None:
    node = {"name": "10.0.0.7:1", "last_check": 90, "weight": 3, "modifier1": 5, "modifier2": 6, "requests": 7, "failcnt": 8,
            "ref": 9, "death_mark": 1}  # fmt: skip
    raw = json.dumps(dict(EMPTY, subscriptions=[{"key": "k", "hits": 4, "nodes": [node]}])).encode()
    assert stats.parse(raw) == Table("2", None, [ListedPool("k", 4, [FULL._replace(dead=True)])])


def test_figures_that_a_router_leaves_out_are_those_of_a_new_node() -> None:
    raw = json.dumps(dict(EMPTY, subscriptions=[{"key": "k", "nodes": [{"name": "a", "last_check": 90}]}])).encode()
    assert stats.parse(raw) == Table("2", None, [ListedPool("k", 0, [Listed("a", 90, 1, 0, 0, 0, 0, 0, False)])])


def node_with(**figures: Any) -> Any:
    return [{"key": "a", "nodes": [{"name": "n", "last_check": 1, **figures}]}]


NO_TABLES: List[Any] = [
    {}, "", [[]], [{"key": "a", "nodes": {}}], [{"key": "a", "nodes": ""}], [{"key": "a", "nodes": [[]]}],
    5, [5], [{}], [{"key": "a", "nodes": [{}]}], [{"key": "a", "nodes": 5}], [{"key": "a", "nodes": [5]}], [{"key": ["a"]}],
    [{"key": 5}], [{"key": "\ud800"}], [{"key": "a", "hits": "5"}], [{"key": "a", "hits": None}], [{"key": "a", "hits": True}],
    [{"key": "a", "hits": 1.5}], node_with(name=None), node_with(name="\udfff"), node_with(last_check=None),
    *[node_with(**{name: value}) for name in ("weight", "modifier1", "modifier2", "requests", "failcnt", "ref", "death_mark")
      for value in (None, [], "1", 1e3, 2**64, -(2**63) - 1)],
]  # fmt: skip


@pytest.mark.parametrize("subscriptions", NO_TABLES, ids=range(len(NO_TABLES)))
def test_a_table_of_something_else_is_an_error(subscriptions: Any) -> None:
    with pytest.raises(stats.StatsError) as caught:
        stats.parse(json.dumps({"version": "2", "subscriptions": subscriptions}).encode())
    assert str(caught.value) == "its answer has no valid table of nodes"


@pytest.mark.parametrize(
    "more", [{"version": 2}, {"version": None}, {"pid": "7"}, {"pid": 1.5}, {"fastrouter": ""}, {"http": [5]}]
)
def test_a_version_a_pid_and_addresses_of_something_else_are_an_error(more: Dict[str, Any]) -> None:
    with pytest.raises(stats.StatsError, match="no valid table of nodes"):
        stats.parse(json.dumps({**EMPTY, **more}).encode())
