# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the arguments of modules out of Ansible's debug output.

With ANSIBLE_DEBUG=1 Ansible prints the arguments of each module that it ran, including those with ``no_log``.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import mask


class Unshown(dict[str, Any]):
    """Arguments that are printed without their values."""

    def __repr__(self) -> str:
        return f"arguments {mask(', '.join(map(str, self)))}"

    __str__ = __repr__


class DiscreetAction(NormalAction):
    """Like Ansible's own action for modules, but prints no argument values."""

    def _execute_module(self, module_name: Any = None, module_args: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Run a module; by default the task's, with the task's arguments."""
        given = Unshown(self._task.args if module_args is None else module_args)
        found: dict[str, Any] = super()._execute_module(module_name, given, **kwargs)
        return found
