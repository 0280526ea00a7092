# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write when each task of a run began, and when the run ended, as JSON to the file that TIMINGS names."""

from __future__ import annotations

DOCUMENTATION = r"""
name: timings
type: aggregate
short_description: When each task began
description:
  - Writes the names of all tasks with the time when each began.
author:
  - The emperor.uwsgi authors
"""

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """A task ends when the next one begins, so what Ansible does in between counts for it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "timings"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._began: list[tuple[str, float]] = []

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._began.append(("", time.monotonic()))

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._began.append((task.get_name(), time.monotonic()))

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._began.append((task.get_name(), time.monotonic()))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._began.append(("", time.monotonic()))
        with open(os.environ["TIMINGS"], "w", encoding="utf-8") as stream:
            json.dump(self._began, stream)
