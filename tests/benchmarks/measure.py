# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers of all benchmarks: a line of the table, plays with timed tasks, and a folder in memory."""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from support import playbook
from support.modules import ROOT

CALLBACKS = Path(__file__).with_name("callbacks")
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
UWSGI = os.environ.get("TEST_UWSGI") or str(ROOT / ".venv" / "bin" / "uwsgi")


class Line(NamedTuple):
    """One line of the table.

    Attributes:
        number: a number that groups related lines.
        limit: the least or the most that is acceptable.
        better: ``more`` or ``less``.
        times: the figures behind the result, mostly seconds, by what was measured; for the JSON.
    """

    number: int
    what: str
    limit: float
    better: str
    unit: str
    reached: float
    times: dict[str, float]

    @property
    def met(self) -> bool:
        """Whether the result is within the limit."""
        return self.reached >= self.limit if self.better == "more" else self.reached <= self.limit


class Task(NamedTuple):
    """A task of a run, and the seconds until the next task began."""

    name: str
    seconds: float


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory, if the machine has /dev/shm.

    On ext4, making a file where many were removed in the last five minutes takes up to half a millisecond (``recently_deleted``,
    fs/ext4/ialloc.c). So each run would slow down the next one.
    """
    memory = "/dev/shm"
    folder = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-bench-", dir=memory if os.access(memory, os.W_OK) else None))
    # Other users have to read the keys.
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def plays(folder: Path, content: list[dict[str, Any]], *arguments: str, **environment: str) -> list[Task]:
    """Run plays and time their tasks.

    Raises:
        AssertionError: if a task failed, with the output.
    """
    timings = folder / "timings.json"
    timings.unlink(missing_ok=True)
    run = playbook.run(
        folder,
        content,
        *arguments,
        ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS),
        ANSIBLE_CALLBACKS_ENABLED="timings",
        TIMINGS=str(timings),
        **environment,
    )
    assert run.code == 0, run.output
    began = json.loads(timings.read_text(encoding="utf-8"))
    return [Task(name, after - at) for (name, at), (dummy, after) in zip(began, began[1:]) if name]


def tasks(folder: Path, given: list[dict[str, Any]], *arguments: str, **environment: str) -> list[Task]:
    """Run tasks on localhost and time them."""
    play = {"hosts": "localhost", "gather_facts": False, "vars": LOCAL, "tasks": given}
    return plays(folder, [play], *arguments, **environment)


def median(found: list[Task], name: str) -> float:
    """The median seconds of the tasks with a name."""
    return statistics.median(task.seconds for task in found if task.name == name)


def variables(folder: Path, **values: Any) -> str:
    """Write variables to a file; returns the argument with which ansible-playbook reads them."""
    path = folder / "variables.json"
    path.write_text(json.dumps(values), encoding="ascii")
    return f"-e@{path}"


def exponent(times: dict[int, float]) -> float:
    """The exponent with which times grow with the size: the slope of the line that best fits their logarithms."""
    points = [(math.log(size), math.log(seconds)) for size, seconds in times.items()]
    x, y = (statistics.fmean(one) for one in zip(*points))
    return sum((one - x) * (other - y) for one, other in points) / sum((one - x) ** 2 for one, dummy in points)
