# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that several modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """The arguments about the host's own uWSGI."""

    DOCUMENTATION = r"""
options:
  uwsgi_version:
    description:
      - The release that will read the files, such as V(2.0.31) or V(2.1). What it would drop silently is refused.
      - By default O(uwsgi_binary) is asked, and V(2.0) is assumed where the host has none.
      - Another release than that of O(uwsgi_binary) is refused, unless O(validate) is V(false).
    type: str
  uwsgi_binary:
    description: The uWSGI of the host, a path or a name that is looked up in E(PATH).
    type: str
    default: uwsgi
  validate:
    description:
      - Whether uWSGI reads what is about to be written, in its dry run (C(uwsgi --strict --ini FILE --get strict)), which
        binds nothing and loads no application. What it refuses is not written, and its words are in the error.
      - By default it does where the host has O(uwsgi_binary). With V(true) a missing binary is an error.
    type: bool
  user:
    description:
      - The user that the vassals run as. It is used to warn of signing keys that this user can't read, with which uWSGI
        would announce unsigned.
    type: str
"""
