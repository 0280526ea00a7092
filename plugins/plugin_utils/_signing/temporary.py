# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes files of the controller's store completely before they get their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def written(directory: str, content: bytes, mode: int) -> Iterator[str]:
    """Write a file under a temporary name, which is removed at the end unless the file was renamed."""
    path = os.path.join(directory, f".{os.urandom(8).hex()}.tmp")
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(content)
        yield path
    finally:
        if os.path.lexists(path):
            os.unlink(path)
