# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that several modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """The arguments about a directory whose files a module manages. Each module documents ``mode`` itself, with its default."""

    DOCUMENTATION = r"""
options:
  path:
    description: The directory. In check mode a missing one counts as empty.
    type: path
    required: true
  directory_mode:
    description:
      - Create the directory if it is missing, with this mode in octal, such as V('0755'), and with O(owner) and O(group).
        Without it a missing directory is an error. An existing directory is not changed.
      - The directory and all folders above it must belong to root or to the user who runs the task, and nobody else may write
        to them, except for folders such as C(/tmp). In a directory of another user, root works as that user if O(owner) is that
        user. Otherwise the task fails, because that user could put links there.
    type: raw
  directory_owner:
    description:
      - The owner of the directory, a name or a number, by default O(owner). If it or O(directory_group) is set, an existing
        directory gets this owner, O(directory_group) and O(directory_mode) too.
    type: str
    version_added: 1.1.0
  directory_group:
    description: The group of the directory, a name or a number, see O(directory_owner).
    type: str
    version_added: 1.1.0
  owner:
    description: The owner of the files, a name or a number. By default the old file's owner, or the process's user.
    type: str
  group:
    description: The group of the files, a name or a number. By default the old file's group, or the process's group.
    type: str
"""

    PURGE = r"""
options:
  purge:
    description: Remove files that this module wrote and that are no longer listed. Other files stay.
    type: bool
    default: false
  allow_empty:
    description:
      - Let O(purge) remove the last of these files. With V(false) that is an error and nothing is changed, because usually
        something is missing from the inventory.
    type: bool
    default: true
    version_added: 1.1.0
"""
