# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archive that uWSGI serves the page from: it is complete, and every Python runs it without anything else."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _archive
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import program, wsgi
from support.modules import PYTHONS

_ASK = """
import sys
sys.path.insert(0, sys.argv[1])
from emperor_uwsgi_live import application
said = []
body = b"".join(application({"REQUEST_METHOD": "GET", "PATH_INFO": "/pools.json"}, lambda *given: said.append(given)))
print(said[0][0], b'"title":"uWSGI pools"' in body)
print([name for name in sys.modules if name.startswith("ansible.")])
"""


def test_it_is_always_the_same_and_whole() -> None:
    assert program.program() == program.program.__wrapped__()
    with zipfile.ZipFile(io.BytesIO(program.program())) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert program.MODULE + ".py" in names
    for name in _archive.parts(wsgi.__name__):
        assert name.replace(".", "/") + ".py" in names
    assert not [name for name in names if "/_run/" in name or "/_module" in name]


@pytest.mark.parametrize("python", PYTHONS)
def test_it_runs_with_nothing_but_python(python: str, tmp_path: Path) -> None:
    (tmp_path / "live.zip").write_bytes(program.program())
    (tmp_path / "live.json").write_text(json.dumps({"host": "here"}))
    found = subprocess.run(
        [python, "-I", "-S", "-c", _ASK, str(tmp_path / "live.zip")],
        env={wsgi.VARIABLE: str(tmp_path / "live.json")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (found.stderr, found.stdout.split("\n")[:2]) == ("", ["200 OK True", "[]"])
