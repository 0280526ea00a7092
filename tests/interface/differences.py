# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every difference from the last release that can break what users wrote, in one table."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """A difference that can break what users wrote.

    Attributes:
        where: its path, as ``tests/unit/test_interface.py`` says it; of a behaviour, the plugin and the part of it.
        reason: why it can't stay as it was.
        note: what users have to do when they upgrade.
        test: for a behaviour, which a snapshot can't show: the test that shows it, as ``PATH::NAME``. Empty for all others.
    """

    where: str
    reason: str
    note: str
    test: str = ""


DIFFERENCES = [
    Difference(
        where="every module / returns / argument",
        reason="For a failure of the host (disk full, uWSGI does not start, a router lags) it named an argument not at fault.",
        note="A module that fails because of the host no longer returns argument. Read msg, which every failure has.",
        test="tests/hostile/test_faults.py::test_a_folder_that_vanishes_is_an_error",
    ),
]
