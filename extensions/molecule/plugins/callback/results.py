# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: results
type: aggregate
short_description: Write the results of tasks to a file
description:
  - For tests of results. Each result is a line of JSON with the task's name, the host and a part of the result.
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
options:
  to:
    description: The file; it is replaced. If empty, nothing is written.
    type: str
    default: ''
    env:
      - name: BED_RESULTS
"""

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

# Return values of the collection's modules, without those that are long or secret.
_SAID = ("changed", "msg", "left", "created", "updated", "removed", "removed_keys", "forgotten", "held")


class CallbackModule(CallbackBase):
    """Writes each result as it comes."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Remove the file of an earlier run."""
        path = self.get_option("to")
        if path and os.path.exists(path):
            os.unlink(path)

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task that is done."""
        self._write(result, False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task that failed."""
        self._write(result, not ignore_errors)

    def _write(self, result: Any, failed: bool) -> None:
        path = self.get_option("to")
        if path:
            said = {name: result.result[name] for name in _SAID if name in result.result}
            line = {"host": result.host.get_name(), "task": result.task.get_name(), "failed": failed, **said}
            with open(path, "a", encoding="utf-8") as stream:
                stream.write(json.dumps(line, default=str) + "\n")
