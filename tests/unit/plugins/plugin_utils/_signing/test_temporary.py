# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that get their name only when they are complete."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing import temporary
from support.files import mode


def test_a_file_is_whole_and_its_own_before_it_is_renamed(tmp_path: Path) -> None:
    with temporary.written(str(tmp_path), b"text", 0o600) as path:
        assert (Path(path).read_bytes(), mode(Path(path)), os.path.dirname(path)) == (b"text", "0600", str(tmp_path))
        os.replace(path, tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"]


def test_nothing_is_left_of_a_file_that_was_not_renamed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), temporary.written(str(tmp_path), b"text", 0o600):
        raise ValueError("stop")
    with pytest.raises(OSError, match="No such file"), temporary.written(str(tmp_path / "none"), b"text", 0o600):
        pass
    assert os.listdir(tmp_path) == []
