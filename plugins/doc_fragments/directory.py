# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that several modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """The arguments about a directory whose files a module manages; ``mode`` stands in the modules, with its default."""

    DOCUMENTATION = r"""
options:
  path:
    description: The directory. In check mode one that isn't there yet counts as empty.
    type: path
    required: true
  directory_mode:
    description:
      - Make the directory when it's missing, with this mode in octal, such as V('0755'), and with O(owner) and O(group).
        Without it a missing directory is an error. One that is there stays as it is.
    type: raw
  owner:
    description: The owner of the files, a name or a number. By default that of the old file, or of the process.
    type: str
  group:
    description: The group of the files, a name or a number. By default that of the old file, or of the process.
    type: str
"""

    PURGE = r"""
options:
  purge:
    description: Remove the files that this module wrote and that are no longer described. Files of others stay.
    type: bool
    default: false
"""
