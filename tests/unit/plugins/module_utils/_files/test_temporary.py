# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of files that aren't in their place yet."""

from __future__ import annotations

import itertools
import re

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import temporary

STRAY = ".emperor-uwsgi-0123abcd-17.tmp"
NAMES = [
    (STRAY, True),
    (".emperor-uwsgi-ffffffff-0.tmp", True),
    ("", False),
    ("shop.ini", False),
    (STRAY[1:], False),
    ("x" + STRAY, False),
    (STRAY + "x", False),
    (STRAY + "\n", False),
    (STRAY.replace("0123abcd", "0123abc"), False),
    (STRAY.replace("0123abcd", "0123abcde"), False),
    (STRAY.replace("a", "A"), False),
    (STRAY.replace("-17", "-"), False),
    (STRAY.replace("-17", "-x"), False),
    (STRAY.replace(".tmp", "-tmp"), False),
    (STRAY.replace(".tmp", ".ini"), False),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_temporary_name_is_known_by_its_form(name: str, expected: bool) -> None:
    assert temporary.is_temporary(name) is expected


def test_every_name_is_known_as_temporary_and_used_once() -> None:
    first, second = (list(itertools.islice(temporary.names(), 12)) for dummy in range(2))
    assert [re.sub("-[0-9a-f]{8}-", "-STAMP-", name) for name in first] == [
        f".emperor-uwsgi-STAMP-{at}.tmp" for at in range(12)
    ]
    assert all(temporary.is_temporary(name) for name in first + second)
    # Two runs at the same time share no name.
    assert len(set(first + second)) == 24
