# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cut
type: aggregate
short_description: Kill ansible-playbook right before a task
description:
  - For tests of interrupted runs. The whole run is killed with SIGKILL before the first matching task begins, so nothing can
    clean up.
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
options:
  before:
    description: A part of the task's name. If empty, nothing is killed.
    type: str
    default: ''
    env:
      - name: BED_CUT_BEFORE
"""

import os
import signal
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Waits for the task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "cut"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Kill the run before its task."""
        before = self.get_option("before")
        if before and before in task.get_name():
            self._display.display("cut before: " + task.get_name())
            os.kill(os.getpid(), signal.SIGKILL)
