# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real headless Chromium, if the machine has one."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BINARY = next((path for path in map(shutil.which, _NAMES) if path), None)
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--remote-debugging-pipe")
_SECONDS = 60


class Tab:
    """A page in a browser, controlled through the DevTools protocol: JSON messages that end with a NUL, on two pipes."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._rest = b""
        self._number = 0
        self._session: dict[str, str] = {}
        self.said: list[dict[str, Any]] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(domain + ".enable")

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result. Other messages of the browser go to ``said``."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params, **self._session}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            found = self._read()
            if found.get("id") == self._number:
                assert "error" not in found, found
                return dict(found["result"])
            self.said.append(found)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 1 << 20)
            assert part, "the browser is gone"
            self._rest += part
        message, dummy, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def open(self, page: Path | str, width: int = 1240, height: int = 900, dark: bool = False) -> None:
        """Load a page, a file or a URL, on a screen of the given size, and wait until it is loaded."""
        mobile = width < 600
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        self.do("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while not any(one.get("method") == "Page.loadEventFired" for one in self.said):
            self.said.append(self._read())

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        found = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Write a screenshot as PNG."""
        path.write_bytes(base64.b64decode(self.do("Page.captureScreenshot", format="png")["data"]))

    @property
    def complaints(self) -> list[str]:
        """Everything that was blocked, failed or raised."""
        methods = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return [json.dumps(one["params"]) for one in self.said if one.get("method") in methods]

    @property
    def requests(self) -> list[str]:
        """The addresses of everything that was loaded."""
        return [one["params"]["request"]["url"] for one in self.said if one.get("method") == "Network.requestWillBeSent"]


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """Run a browser with its profile in a folder."""
    assert BINARY is not None
    theirs_in, to_browser = os.pipe()
    from_browser, theirs_out = os.pipe()
    # The protocol uses descriptors 3 and 4, which may be anything in this process.
    command = f'exec 3<&{theirs_in} 4>&{theirs_out}; exec "$@"'
    process = subprocess.Popen(
        ["bash", "-c", command, "bash", BINARY, *_FLAGS, f"--user-data-dir={folder}"],
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        one = Tab(to_browser, from_browser)
        yield one
        one.do("Page.close")
    finally:
        os.close(to_browser)
        os.close(from_browser)
        process.terminate()
        process.wait(_SECONDS)
