# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look asks; whatever one source does, the answers of the others are kept."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import config, sources
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import StatsError
from hypothesis import given
from hypothesis import strategies as st
from support import keys
from support.loopback import free_address


def served(content: bytes, asked: bool = False) -> str:
    """The address of a server that sends this once: when somebody connects, or only after a request."""
    address = free_address()
    host, dummy, port = address.rpartition(":")
    listener = socket.create_server((host, int(port)))

    def serve() -> None:
        stream, dummy = listener.accept()
        if asked:
            stream.recv(4096)
        stream.sendall(content)
        stream.close()
        listener.close()

    threading.Thread(target=serve, daemon=True).start()
    return address


def table(*pools: Any) -> bytes:
    return json.dumps({"version": "2.0.31", "subscriptions": list(pools)}).encode()


def http(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n\r\n" + body


def test_all_is_asked_and_each_is_alone(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "operator").touch()
    (tmp_path / "cert.pem").write_text(keys.certificate("shop"))
    results = {
        "/v/a.ini": {"well": False, "out": True, "seconds": 0.5, "time": 9},
        "/v/other.ini": {"well": True, "out": False, "seconds": 1, "time": 9},
    }
    (tmp_path / "results.json").write_text(json.dumps(results))
    (tmp_path / "bad.json").write_text('{"/v/a.ini": {"seconds": "x"}}')
    node = {"name": "10.0.0.7:1", "last_check": 5}
    asked = config.parse(
        {
            "host": "here",
            "routers": [
                {
                    "name": "good",
                    "stats": served(table({"key": "k", "hits": 2, "nodes": [node, node]}, {"key": "k", "nodes": [node]})),
                },
                {"name": "odd", "stats": served(b"nonsense")},
                {"name": "off", "stats": free_address()},
            ],
            "emperor": served(b'{"vassals": [{"id": "/v/a.ini", "accepting": 1, "respawns": 4}]}'),
            "vassals": [
                {
                    "name": "a",
                    "file": "/v/a.ini",
                    "suspend": [str(tmp_path / "held")],
                    "stats": served(b'{"workers": [], "sockets": []}'),
                },
                {"name": "b", "file": "/v/b.ini", "suspend": [str(tmp_path / "none")]},
                {"name": "c", "file": "/v/c.ini", "suspend": [str(tmp_path)]},
            ],
            "gates": [str(tmp_path / "results.json"), str(tmp_path / "bad.json")],
            "certificates": [str(tmp_path / "cert.pem"), str(tmp_path / "none.pem")],
            "ask": [
                {"host": "h1", "address": served(http(b'{"held": {"shop": ["operator", "No Reason", "operator"]}}'), True)},
                {"host": "h2", "address": served(http(b"{}"), True)},
            ],
        }
    )
    found = sources.look(asked)
    assert set(found.routers) == {"good"}
    assert {key: list(nodes) for key, nodes in found.routers["good"].pools.items()} == {"k": ["10.0.0.7:1"]}
    assert found.routers["good"].hits == {"k": 2}
    assert found.emperor is not None and found.emperor.vassals[0].respawns == 4
    assert found.held == {"a": ["operator"], "b": []}
    assert found.results == {"a": sources.Result(False, True, 0.5, 9)}
    assert set(found.workers) == {"a"}
    assert list(found.certificates) == [str(tmp_path / "cert.pem")]
    assert found.others == {"h1": {"shop": ["operator"]}}
    failed = {"router:odd", "router:off", "held:c", f"gate:{tmp_path}/bad.json", f"certificate:{tmp_path}/none.pem", "host:h2"}
    assert set(found.errors) == failed
    assert all(found.errors.values())


def test_no_more_nodes_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_NODES", 3)
    nodes = [{"name": f"10.0.0.{at}:1", "last_check": 5} for at in range(5)]
    router = config.Router("r", "127.0.0.1:1")
    found = sources._router(router, lambda dummy: table({"key": "k" * 999, "nodes": nodes}))
    assert (len(found.pools["k" * 255]), found.dropped) == (3, 2)
    with pytest.raises(StatsError, match="lists more than 3 keys"):
        sources._router(router, lambda dummy: table(*({"key": str(at)} for at in range(4))))


ANSWERS = [
    http(b"[]"),
    http(b'{"held": []}'),
    http(b'{"held": {"a": "operator"}}'),
    http(b'{"held": {}}', b"404 Not Found"),
    b"",
    b"\xff" * 99,
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_no_live_page_is_an_error(answer: bytes) -> None:
    with pytest.raises(StatsError, match="is not a live page"):
        sources._others(config.Peer("h", served(answer, asked=True)), 5)


def failing(error: BaseException) -> Callable[..., Any]:
    def work(*dummy: object) -> Any:
        raise error

    return work


def test_an_error_that_nobody_thought_of_is_one_of_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_router", failing(RecursionError("secret")))
    asked = config.parse({"host": "h", "routers": [{"name": "r", "stats": "127.0.0.1:1"}]})
    assert sources.look(asked).errors == {"router:r": "RecursionError"}


@given(st.binary(max_size=200))
def test_any_results_of_the_gate_are_read_or_an_error(content: bytes) -> None:
    import tempfile  # noqa: PLC0415

    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        with pytest.raises(ValueError):
            assert sources._results(file.name) == {}
            raise ValueError
