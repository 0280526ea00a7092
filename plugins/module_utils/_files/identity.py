# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user that this process becomes for a part of its work, where that is another one."""

from __future__ import annotations

import os
import pwd
from typing import NamedTuple, Optional

from .trust import ROOT, user_name


class Identity(NamedTuple):
    """The user to become."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        """For errors."""
        return user_name(self.uid)


def identity(uid: int) -> Identity:
    """A user with its own group, never root's group."""
    try:
        gid = pwd.getpwuid(uid).pw_gid
    except KeyError:
        gid = uid
    return Identity(uid, gid if gid != ROOT else uid)


def is_other(user: Optional[Identity]) -> bool:
    """Whether this process must, and can, become the user."""
    return user is not None and os.geteuid() == ROOT and user.uid != ROOT
