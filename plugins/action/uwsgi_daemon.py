# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module ``uwsgi_daemon``."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._discreet_action import DiscreetAction


class ActionModule(DiscreetAction):
    """Like Ansible's own action for modules, but without argument values in debug output."""
