# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Some races of every case in ``races``; "make nightly" runs many more, different each time."""

from __future__ import annotations

import pytest
from hostile import races
from support.files import needs_root

COUNT = 3


@needs_root
@pytest.mark.parametrize("name", races.CASES)
def test_roots_run_serves_nobody_but_root(name: str) -> None:
    for number in range(COUNT):
        races.race(name, number)
