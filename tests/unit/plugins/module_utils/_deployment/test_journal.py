# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder that remembers vassals until they can be forgotten."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.journal import Journal
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes


def test_the_journal_keeps_texts_until_they_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "shop.ini"
    path.write_text("[uwsgi]\n", encoding="ascii")
    path.chmod(0o640)
    journal = Journal(str(tmp_path / "leaving"), Attributes(None, None, 0o711))
    assert journal.names() == []
    journal.remove(["shop"])
    journal.add([], str(tmp_path))
    assert not (tmp_path / "leaving").exists()
    journal.add(["shop"], str(tmp_path))
    kept = tmp_path / "leaving" / "shop.ini"
    assert (kept.read_bytes(), stat.S_IMODE(kept.stat().st_mode)) == (path.read_bytes(), 0o640)
    assert stat.S_IMODE(os.stat(tmp_path / "leaving").st_mode) == 0o711
    assert (journal.names(), journal.file("shop")) == (["shop"], str(kept))
    journal.remove(["shop"])
    assert journal.names() == []
