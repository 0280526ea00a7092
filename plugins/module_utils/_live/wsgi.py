# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live page's WSGI application, which uWSGI serves: the page, its data, and metrics. It is read-only.

Configuration and results are kept in memory, so it needs a single process; several threads may use it at once.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from . import families, metrics, page, script, sources, view
from .config import VARIABLE, Config, read
from .history import STEP, History
from .sources import HELD, Look

# Seconds for which a look is reused, so a router is asked at most once in this time, however many clients there are.
_GOOD = 1.0
# A scrape of thousands of nodes creates some hundred thousand short-lived objects without cycles. By default Python would
# scan all memory several times meanwhile.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
# The page may only run, load or frame its own two files.
_HEADERS = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
]
_OPENMETRICS = "application/openmetrics-text"
_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"

Answer = Tuple[str, str, bytes]


class Live:
    """The latest look, kept up to date.

    Args:
        ask: asks all sources once.
        clock: like ``time.monotonic``.
    """

    def __init__(
        self, config: Config, ask: Callable[[Config], Look] = sources.look, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.config = config
        self.history = History()
        self._ask, self._clock = ask, clock
        self._lock = threading.Lock()
        self._look: Optional[Look] = None
        self._asked = 0.0
        # The texts made from this look, by what made them.
        self._made: Dict[Any, Any] = {}

    def look(self) -> Look:
        """A look that is at most a second old, or that was started while this call waited."""
        wanted = self._clock()
        with self._lock:
            return self._fresh(wanted)

    def _fresh(self, wanted: float) -> Look:
        if self._look is None or (self._asked < wanted and self._clock() - self._asked >= _GOOD):
            self._made.clear()
            self._look = None
            self._look = self._ask(self.config)
            self._asked = self._clock()
            self.history.add(self._look, self.config.max_age)
        return self._look

    def made(self, kind: str, make: Callable[[Look], Any]) -> Any:
        """The text made from a look, made only once per look."""
        wanted = self._clock()
        with self._lock:
            found = self._fresh(wanted)
            if kind not in self._made:
                self._made[kind] = make(found)
            return self._made[kind]

    def keep(self, stopped: threading.Event) -> None:
        """Keep looking while there are no clients, for the history of the last minutes."""
        while not stopped.wait(STEP):
            try:
                self.look()
            except Exception as exc:  # the next look may succeed
                # This is uWSGI's log; nothing else writes to it here.
                sys.stderr.write(f"emperor-uwsgi live: {type(exc).__name__}: {exc}\n")
                sys.stderr.flush()


class Application:
    """Answers requests from a ``Live``."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._pages: Dict[str, Callable[[str], Answer]] = {
            "/": lambda dummy: ("200 OK", "text/html; charset=utf-8", page.html(live.config.title).encode("utf-8")),
            "/live.css": lambda dummy: ("200 OK", "text/css; charset=utf-8", page.STYLE.encode("utf-8")),
            "/live.js": lambda dummy: ("200 OK", "text/javascript; charset=utf-8", script.SCRIPT.encode("utf-8")),
            "/favicon.ico": lambda dummy: ("200 OK", "image/svg+xml", page.ICON.encode("utf-8")),
            "/pools.json": lambda dummy: ("200 OK", _JSON, live.made("pools", self._pools)),
            "/metrics": self._metrics,
            HELD: lambda dummy: ("200 OK", _JSON, live.made("held", self._held)),
            "/healthz": lambda dummy: ("200 OK", _TEXT, b"ok\n"),
        }

    def __call__(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, kind, body = self._answer(environ)
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *_HEADERS]
        start_response(status, headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def _answer(self, environ: Dict[str, Any]) -> Answer:
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return "405 Method Not Allowed", _TEXT, b"Only GET.\n"
        found = self._pages.get(environ.get("PATH_INFO", ""))
        if found is None:
            return "404 Not Found", _TEXT, b"There is /, /pools.json, /metrics and /healthz.\n"
        return found(environ.get("HTTP_ACCEPT", ""))

    def _pools(self, found: Look) -> bytes:
        return json.dumps(view.picture(self._live.config, found, self._live.history), separators=(",", ":")).encode("ascii")

    def _held(self, found: Look) -> bytes:
        held: Dict[str, List[str]] = found.held
        return json.dumps({"host": self._live.config.host, "time": found.time, "held": held}).encode("ascii")

    def _metrics(self, accept: str) -> Answer:
        # One of two values for any header, since the result is cached.
        wanted = _OPENMETRICS if _OPENMETRICS in (one.partition(";")[0].strip() for one in accept.split(",")) else "text/plain"

        def make(found: Look) -> Tuple[bytes, str]:
            return families.exposition(metrics.families(self._live.config, found, self._live.history), wanted)

        try:
            content, kind = self._live.made(wanted, make)
        except ImportError:
            return "503 Service Unavailable", _TEXT, b"prometheus_client is not installed; install python3-prometheus-client.\n"
        return "200 OK", kind, content


def start(environ: Dict[str, str]) -> Application:
    """The application for the configuration that the environment names.

    Raises:
        ArgumentError: if the configuration is invalid.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    live = Live(read(environ.get(VARIABLE, "/nonexistent")))
    threading.Thread(target=live.keep, args=(threading.Event(),), daemon=True).start()
    return Application(live)


def from_environment() -> Application:
    """As ``start``, for the module in the archive."""
    return start(dict(os.environ))
