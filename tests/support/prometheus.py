# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Prometheus, if the machine has it (Debian's package prometheus)."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from support.loopback import free_address, wait_for

BINARY = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(BINARY is None, reason="prometheus is not here (Debian: apt-get install prometheus)")
_TIMEOUT = 30


class Prometheus:
    """Prometheus on a configuration, running until the end of the block.

    Args:
        folder: for its file, data and log.
    """

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._address = folder, free_address()
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")

    def __enter__(self) -> Prometheus:
        assert BINARY is not None
        command = [
            BINARY,
            f"--config.file={self._folder}/prometheus.yml",
            f"--storage.tsdb.path={self._folder}/data",
            f"--web.listen-address={self._address}",
        ]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for("Prometheus", self._ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        self._process.terminate()
        self._process.wait(_TIMEOUT)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self._address}/-/ready", timeout=_TIMEOUT):
                return True
        except OSError:
            return False

    def ask(self, path: str, **arguments: str) -> list[Any]:
        """The result of a query; an invalid query raises ``AssertionError`` with the error."""
        url = f"http://{self._address}/api/v1/{path}?{urllib.parse.urlencode(arguments)}"
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
                found: list[Any] = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{arguments}: {error.read().decode('utf-8')}") from error
        return found
