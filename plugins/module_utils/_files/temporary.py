# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Temporary names for files that aren't in place yet, in their target folder.

None of them has a suffix that an Emperor reads as a vassal (``uwsgi_emperor_is_valid``, core/emperor.c).
"""

from __future__ import annotations

import itertools
import os
import re
from typing import Iterator

_NAME = re.compile(r"\.emperor-uwsgi-[0-9a-f]{8}-[0-9]+\.tmp\Z")


def names() -> Iterator[str]:
    """An endless sequence of unused names."""
    stamp = os.urandom(4).hex()
    return (f".emperor-uwsgi-{stamp}-{at}.tmp" for at in itertools.count())


def is_temporary(name: str) -> bool:
    """Say whether ``name`` is a temporary name."""
    return bool(_NAME.match(name))
