# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all benchmarks share: a line of the table, plays whose tasks are timed, and a folder whose disk doesn't matter."""

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
        number: which part of the benchmarks it comes from.
        limit: what is wanted, at least or at most.
        better: ``more`` or ``less``.
        times: the seconds behind it, by what they were measured of, for the JSON.
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
        """Whether what is wanted was reached."""
        return self.reached >= self.limit if self.better == "more" else self.reached <= self.limit


class Task(NamedTuple):
    """A task of a run, and the seconds until the next one began."""

    name: str
    seconds: float


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory, where the machine has that.

    On ext4, making a file next to where many were removed takes up to half a millisecond for the next five minutes
    (``recently_deleted``, fs/ext4/ialloc.c), which every run would find from the one before.
    """
    memory = "/dev/shm"
    folder = Path(tempfile.mkdtemp(prefix="emperor-uwsgi-bench-", dir=memory if os.access(memory, os.W_OK) else None))
    # Other users look at the keys.
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def plays(folder: Path, content: list[dict[str, Any]], *arguments: str, **environment: str) -> list[Task]:
    """Run plays, and time their tasks.

    Raises:
        AssertionError: with all that was printed, when a task failed.
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
    """Run tasks on localhost, and time them."""
    play = {"hosts": "localhost", "gather_facts": False, "vars": LOCAL, "tasks": given}
    return plays(folder, [play], *arguments, **environment)


def median(found: list[Task], name: str) -> float:
    """The median time of the tasks of one name, in seconds."""
    return statistics.median(task.seconds for task in found if task.name == name)


def variables(folder: Path, **values: Any) -> str:
    """Write variables into a file; the argument with which ansible-playbook reads them."""
    path = folder / "variables.json"
    path.write_text(json.dumps(values), encoding="ascii")
    return f"-e@{path}"


def exponent(times: dict[int, float]) -> float:
    """The power of the size with which times grow: the slope of the line that fits their logarithms best."""
    points = [(math.log(size), math.log(seconds)) for size, seconds in times.items()]
    x, y = (statistics.fmean(one) for one in zip(*points))
    return sum((one - x) * (other - y) for one, other in points) / sum((one - x) ** 2 for one, dummy in points)
