# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers to requests, and how often the sources are asked for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import wsgi
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.config import Config
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.sources import Look
from support.looks import config, look, pools


class Clock:
    """A clock that can be set, and a host that can be asked."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked = 0
        self.seconds = 0.0

    def ask(self, dummy: Config) -> Look:
        self.asked += 1
        self.now += self.seconds
        return look(routers={"r1": pools(k={"a": {}})}, held={"v": ["operator"]})


def live(clock: Clock) -> wsgi.Live:
    return wsgi.Live(config(), clock.ask, lambda: clock.now)


def get(application: wsgi.Application, path: str, method: str = "GET", accept: str = "") -> tuple[str, dict[str, str], bytes]:
    said: list[Any] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_ACCEPT": accept}
    body = b"".join(application(environ, lambda *given: said.append(given)))
    return said[0][0], dict(said[0][1]), body


PATHS = [
    ("/", "200 OK", "text/html; charset=utf-8", "<!doctype html>"),
    ("/live.css", "200 OK", "text/css; charset=utf-8", ":root"),
    ("/live.js", "200 OK", "text/javascript; charset=utf-8", "use strict"),
    ("/favicon.ico", "200 OK", "image/svg+xml", "<svg"),
    ("/pools.json", "200 OK", "application/json", '"keys":[{"key":"k"'),
    ("/held.json", "200 OK", "application/json", '"held": {"v": ["operator"]}'),
    ("/healthz", "200 OK", "text/plain; charset=utf-8", "ok"),
    ("/other", "404 Not Found", "text/plain; charset=utf-8", "/metrics"),
    ("/pools.json/", "404 Not Found", "text/plain; charset=utf-8", "/metrics"),
    ("", "404 Not Found", "text/plain; charset=utf-8", "/metrics"),
]


@pytest.mark.parametrize(("path", "status", "kind", "part"), PATHS)
def test_each_path_has_its_answer_and_a_strict_policy(path: str, status: str, kind: str, part: str) -> None:
    application = wsgi.Application(live(Clock()))
    found, headers, body = get(application, path)
    assert (found, headers["Content-Type"], int(headers["Content-Length"])) == (status, kind, len(body))
    assert part in body.decode()
    policy = dict(one.split(" ", 1) for one in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and "unsafe" not in str(policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert get(application, path, "HEAD")[2] == b""
    assert get(application, path, "POST")[0] == "405 Method Not Allowed"


def test_metrics_are_in_the_format_that_is_asked_for() -> None:
    pytest.importorskip("prometheus_client")
    application = wsgi.Application(live(Clock()))
    for accept, kind in (
        ("", "text/plain"),
        ("x/openmetrics", "text/plain"),
        ("application/openmetrics-text;version=1", "application/openm"),
    ):
        status, headers, body = get(application, "/metrics", accept=accept)
        assert (status, headers["Content-Type"][: len(kind)]) == ("200 OK", kind)
        assert b'emperor_uwsgi_router_up{router="r1"} 1.0' in body


def test_metrics_without_the_library_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "prometheus_client", None)
    status, dummy, body = get(wsgi.Application(live(Clock())), "/metrics")
    assert status.startswith("503") and b"python3-prometheus-client" in body


def test_a_look_is_good_for_a_second_however_many_ask() -> None:
    clock = Clock()
    application = wsgi.Application(live(clock))
    for dummy in range(5):
        get(application, "/pools.json")
        get(application, "/held.json")
    assert clock.asked == 1
    clock.now += 0.5
    get(application, "/pools.json")
    assert clock.asked == 1
    clock.now += 1
    get(application, "/pools.json")
    assert clock.asked == 2


def test_who_waited_for_a_look_has_that_one() -> None:
    clock = Clock()
    one = live(clock)
    one.look()
    # That look ended after this request had started to wait.
    assert one._fresh(wanted=clock.now - 5) is one.look()
    clock.now += 9
    one._fresh(wanted=0)
    assert clock.asked == 1


def test_a_look_that_fails_is_no_look() -> None:
    clock = Clock()
    one = live(clock)
    first = one.look()
    clock.now += 2

    def down(dummy: Any) -> Any:
        raise RuntimeError("down")

    one._ask = down
    with pytest.raises(RuntimeError):
        one.look()
    one._ask = clock.ask
    assert one.look() is not first


def test_it_starts_on_the_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The real call would change the garbage collection of the tests' own process.
    monkeypatch.setattr(wsgi.gc, "set_threshold", lambda dummy: None)
    path = tmp_path / "live.json"
    path.write_text(json.dumps({"host": "h", "title": "The shop"}))
    assert b"<title>The shop</title>" in get(wsgi.start({wsgi.VARIABLE: str(path)}), "/")[2]
    with pytest.raises(ArgumentError, match="can't be read"):
        wsgi.start({})
