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
      - The release that will read the files, such as V(2.0.31) or V(2.1). Options that this release would silently ignore are
        refused.
      - By default the release of O(uwsgi_binary), or V(2.0) if the host has no uWSGI.
      - It must be the release of O(uwsgi_binary), unless O(validate) is V(false).
    type: str
  uwsgi_binary:
    description: The host's uWSGI, as a path or as a name that is looked up in E(PATH).
    type: str
    default: uwsgi
  validate:
    description:
      - Check the files with uWSGI before they are written (C(uwsgi --strict --ini FILE --get strict)). This dry run binds
        nothing and loads no application. If uWSGI refuses a file, nothing is written, and the error has uWSGI's message.
      - By default V(true) if the host has O(uwsgi_binary). If it is set to V(true), a missing binary is an error.
    type: bool
  user:
    description:
      - The user that the vassals run as. A warning names signing keys that this user cannot read, because uWSGI would then
        send unsigned announcements.
    type: str
"""
