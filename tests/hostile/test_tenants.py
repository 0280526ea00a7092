# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant has changed its own vassal's file: root only uses the file as that tenant."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import keys, modules
from support.files import NOBODY, needs_root, put, snapshot

LINE = "[uwsgi]\nsocket = 127.0.0.1:3031\nsubscribe2 = server=127.0.0.1:9,key=a.test{0}\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of root's that everybody may enter, with a key that only root may read."""
    found = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-tests-"))
    found.chmod(0o755)
    put(found / "key.pem", keys.private("ec"), 0o400)
    yield found
    shutil.rmtree(str(found))


def run(folder: Path, fields: str) -> modules.Result:
    vassal = folder / "a.ini"
    put(vassal, LINE.format(fields.format(folder)), 0o400)
    os.chown(vassal, NOBODY, NOBODY)
    return modules.run("uwsgi_drain", {"vassal": str(vassal), "state": "drained", "wait": False, "tyrant": True})


REFUSED = [
    (",check={0}/suspend", "{0}/suspend: Permission denied; nothing was changed"),
    (",check={0}/suspend,sign=SHA256:{0}/key.pem", "{0}/key.pem, the key that signs the announcements, can't be read"),
]


@needs_root
@pytest.mark.parametrize(("fields", "problem"), REFUSED)
def test_nothing_is_written_or_read_that_the_tenant_may_not(folder: Path, fields: str, problem: str) -> None:
    put(folder / "a.ini", "")
    before = snapshot(folder)
    found = run(folder, fields)
    assert found.failed
    assert problem.format(folder) in found.msg
    assert set(snapshot(folder)) == set(before)


@needs_root
def test_what_the_tenant_may_is_done(folder: Path) -> None:
    own = folder / "own"
    own.mkdir()
    os.chown(own, NOBODY, NOBODY)
    found = run(folder, ",check={0}/own/a")
    assert not found.failed, found.msg
    assert (own / "a" / "operator").stat().st_uid == NOBODY
