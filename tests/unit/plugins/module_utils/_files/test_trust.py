# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can change what, by owner, mode and group."""

from __future__ import annotations

import os
import stat
from typing import List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import trust
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import ANYBODY

ME = 4321
DIR, FILE, LINK = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK
# Type and mode, owner and group, who else can change it, and who else can if it is a folder on the way.
CASES: List[Tuple[int, int, int, Optional[int], Optional[int]]] = [
    (DIR | 0o755, 0, 0, None, None),
    (DIR | 0o755, ME, ME, None, None),
    (DIR | 0o700, ME, 0, None, None),
    (DIR | 0o755, 65534, 0, 65534, 65534),
    (DIR | 0o775, 0, 0, None, None),
    # Root's own group, also on a folder of the caller.
    (DIR | 0o775, ME, 0, None, None),
    # Root is the owner, but the group is not root's own.
    (DIR | 0o775, 0, 65534, ANYBODY, ANYBODY),
    (DIR | 0o757, 0, 0, ANYBODY, ANYBODY),
    (DIR | 0o1777, 0, 0, ANYBODY, None),
    (DIR | 0o1777, ME, 0, ANYBODY, None),
    (DIR | 0o1775, 0, 65534, ANYBODY, None),
    (DIR | 0o1777, 65534, 0, 65534, 65534),
    (FILE | 0o644, 0, 65534, None, None),
    (FILE | 0o664, 0, 65534, ANYBODY, ANYBODY),
    (FILE | 0o666, ME, 0, ANYBODY, ANYBODY),
    (LINK | 0o777, 0, 0, None, None),
    (LINK | 0o777, 65534, 0, 65534, 65534),
]


def status_of(mode: int, uid: int, gid: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))


@pytest.mark.parametrize(("mode", "uid", "gid", "changing", "passing"), CASES)
def test_what_root_and_the_caller_own_and_nobody_else_can_write_is_trusted(
    mode: int, uid: int, gid: int, changing: Optional[int], passing: Optional[int]
) -> None:
    found = status_of(mode, uid, gid)
    assert (trust.stranger(found, ME), trust.crossing(found, ME)) == (changing, passing)


def test_a_group_of_the_users_own_name_is_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def __init__(self, name: str) -> None:
            self.gr_name = self.pw_name = name

    monkeypatch.setattr(trust.grp, "getgrgid", lambda gid: Entry({7: "me", 8: "we"}[gid]))
    monkeypatch.setattr(trust.pwd, "getpwuid", lambda uid: Entry({ME: "me"}[uid]))
    trust._is_own.cache_clear()
    found = [trust.stranger(status_of(DIR | 0o775, ME, gid), ME) for gid in (7, 8, 9)]
    trust._is_own.cache_clear()
    assert found == [None, ANYBODY, ANYBODY]


def test_errors_name_who_can_change_it() -> None:
    assert trust.UnsafePath("/a", ANYBODY).strerror == "/a can be changed by several users"
    assert trust.UnsafePath("/a", 0).strerror == "/a can be changed by root"
    assert trust.UnsafePath("/a", 4000000).strerror == "/a can be changed by the user 4000000"
