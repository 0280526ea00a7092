# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of files that aren't in their place yet, in the folder that they are for.

No such name has a suffix that an Emperor takes for a vassal (``uwsgi_emperor_is_valid``, core/emperor.c).
"""

from __future__ import annotations

import itertools
import os
import re
from typing import Iterator

_NAME = re.compile(r"\.emperor-uwsgi-[0-9a-f]{8}-[0-9]+\.tmp\Z")


def names() -> Iterator[str]:
    """Names that nobody else has, without end."""
    stamp = os.urandom(4).hex()
    return (f".emperor-uwsgi-{stamp}-{at}.tmp" for at in itertools.count())


def is_temporary(name: str) -> bool:
    """Say whether ``name`` is one of those."""
    return bool(_NAME.match(name))
