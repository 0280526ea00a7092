# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user that this process becomes, and when it has to."""

from __future__ import annotations

import os

from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity, identity, is_other
from support.files import NOBODY, needs_root, ordinary_user

OTHER = Identity(NOBODY, NOBODY)


@needs_root
def test_a_user_never_has_roots_group() -> None:
    assert identity(4000000) == Identity(4000000, 4000000)
    assert identity(NOBODY).gid != 0
    assert identity(NOBODY).name == "nobody"


def test_only_root_can_be_another_user() -> None:
    assert [is_other(user) for user in (None, Identity(0, 0), Identity(os.geteuid(), 0))] == [False] * 3
    assert is_other(OTHER) is (os.geteuid() == 0)
    with ordinary_user():
        assert not is_other(Identity(1, 1))
