# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live page's WSGI application, which uWSGI serves: the page, its data, and metrics. It reads, and changes nothing.

What it was told and what it found is in memory, so it wants one process; several threads may ask at once.
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

# Seconds for which a look is good: a router is asked once in them at most, however many ask.
_GOOD = 1.0
# A scrape of thousands of nodes makes some hundred thousand short-lived objects, and no circles of them. By default Python would
# go through all of memory several times meanwhile.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
# Nothing that the page shows may run, load or be framed but the two files of our own.
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
    """What was found, kept up to date.

    Args:
        ask: asks everything once.
        clock: as ``time.monotonic``.
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
        # What was made of this look: its text and what it is.
        self._made: Dict[Any, Any] = {}

    def look(self) -> Look:
        """A look that is a second old at most, or was asked for while this one waited."""
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
        """What is made of a look, once for each."""
        wanted = self._clock()
        with self._lock:
            found = self._fresh(wanted)
            if kind not in self._made:
                self._made[kind] = make(found)
            return self._made[kind]

    def keep(self, stopped: threading.Event) -> None:
        """Look from time to time also while nobody asks, for the lines of the last minutes."""
        while not stopped.wait(STEP):
            try:
                self.look()
            except Exception as exc:  # the next look may do
                # uWSGI's log, where no one else writes it.
                sys.stderr.write(f"emperor-uwsgi live: {type(exc).__name__}: {exc}\n")
                sys.stderr.flush()


class Application:
    """Answers requests for what a ``Live`` knows."""

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
        # One of two, whatever the header is, since what is made is kept.
        wanted = _OPENMETRICS if _OPENMETRICS in (one.partition(";")[0].strip() for one in accept.split(",")) else "text/plain"

        def make(found: Look) -> Tuple[bytes, str]:
            return families.exposition(metrics.families(self._live.config, found, self._live.history), wanted)

        try:
            content, kind = self._live.made(wanted, make)
        except ImportError:
            return "503 Service Unavailable", _TEXT, b"prometheus_client is not installed; install python3-prometheus-client.\n"
        return "200 OK", kind, content


def start(environ: Dict[str, str]) -> Application:
    """The application on the configuration that the environment names.

    Raises:
        ArgumentError: when that can't be used.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    live = Live(read(environ.get(VARIABLE, "/nonexistent")))
    threading.Thread(target=live.keep, args=(threading.Event(),), daemon=True).start()
    return Application(live)


def from_environment() -> Application:
    """As ``start``, for the archive's own module."""
    return start(dict(os.environ))
