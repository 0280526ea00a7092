# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which release the host's own uWSGI is: the real one, and programs in its place."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Callable, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.command import Ended, start
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.uwsgi import Uwsgi
from support.uwsgi import BINARY


def scratch() -> str:
    raise AssertionError("nothing is tried to know a version")


def never(argv: List[str], cwd: Optional[str]) -> Callable[[], Ended]:
    raise AssertionError(argv)


def program(folder: Path, text: str) -> str:
    """A program in uWSGI's place."""
    path = folder / "program"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def test_the_binary_is_asked_for_its_version() -> None:
    real = subprocess.run([BINARY, "--version"], capture_output=True, check=True, timeout=60).stdout.decode().strip()
    assert re.match(r"2\.\d", real)
    assert Uwsgi(BINARY, start, scratch).version(None)() == Uwsgi(BINARY, start, scratch).version("")() == real


# Given version, whether there is a binary, and the version.
UNASKED: List[Tuple[Optional[str], Optional[str], str]] = [
    ("2.1", BINARY, "2.1"),
    ("2.0.31", None, "2.0.31"),
    (None, None, "2.0"),
    ("", None, "2.0"),
]


@pytest.mark.parametrize(("given", "binary", "version"), UNASKED)
def test_a_given_version_and_a_missing_binary_ask_nobody(given: Optional[str], binary: Optional[str], version: str) -> None:
    assert Uwsgi(binary, never, scratch).version(given)() == version


def test_the_binary_is_asked_at_once_and_waited_for_later() -> None:
    did: List[str] = []

    def begin(argv: List[str], cwd: Optional[str]) -> Callable[[], Ended]:
        did.append(f"begun {argv[1:]} in {cwd}")

        def end() -> Ended:
            did.append("waited")
            return Ended(0, " 2.0.28\n", "words")

        return end

    told = Uwsgi("/bin/uwsgi", begin, scratch).version(None)
    assert did == ["begun ['--version'] in None"]
    assert told() == "2.0.28"
    assert did[1:] == ["waited"]


FAILING = [
    ("echo 2.0; echo words >&2; exit 3", "words"),
    ("echo 2.0; exit 3", "2.0"),
    ("echo; echo words >&2", "words"),
    ("exit 0", ""),
]


@pytest.mark.parametrize(("text", "words"), FAILING)
def test_a_binary_without_a_version_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    binary = program(tmp_path, text)
    told = Uwsgi(binary, start, scratch).version(None)
    with pytest.raises(ArgumentError) as caught:
        told()
    assert str(caught.value) == f"uwsgi_binary: {binary} --version failed: {words}; give uwsgi_version"


def test_a_binary_that_can_not_be_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="can't be run: "):
        Uwsgi(str(tmp_path), start, scratch).version(None)
