# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module ``uwsgi_vassals``."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._bulk_action import BulkAction


class ActionModule(BulkAction):
    """As Ansible's own action for modules."""

    BULK = "vassals"
