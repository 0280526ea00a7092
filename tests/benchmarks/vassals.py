# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many vassals in one task: compared with a loop of templates and with a ping, and how the time grows."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils import _bulk_argument
from benchmarks.measure import UWSGI, Line, median, scratch, tasks, variables
from support.modules import COLLECTIONS, PACKAGE

PING = {"name": "ping", "ansible.builtin.ping": {}}
_SERVERS = ("10.0.0.2:2626", "10.0.0.3:2626")
# The loop's template, which writes the same lines.
_TEMPLATE = """\
[uwsgi]
{% for name, value in item.options.items() %}
{{ name }} = {{ value }}
{% endfor %}
{% for subscription in item.subscriptions %}
subscribe2 = server={{ subscription.server }},key={{ subscription.key }},sign={{ subscription.signing | join(':') }}
{% endfor %}
"""


def vassals(count: int, keys: Path) -> list[dict[str, Any]]:
    """Vassals with two signed subscriptions each; makes empty files as their keys."""
    keys.mkdir(exist_ok=True)
    found = []
    for at in range(count):
        key = keys / f"v{at}.test.pem"
        if not key.exists():
            key.touch()
        signing = ["SHA256", str(key)]
        found.append(
            {
                "name": f"v{at}",
                "options": {
                    "socket": f"10.0.0.7:{1024 + at}",
                    "wsgi-file": f"/srv/v{at}/app.py",
                    "processes": 4,
                },
                "subscriptions": [{"server": one, "key": f"v{at}.test", "signing": signing} for one in _SERVERS],
            }
        )
    return found


def arguments(path: Path, given: Any) -> dict[str, Any]:
    """The arguments of the module ``uwsgi_vassals``."""
    return {
        "path": str(path),
        "directory_mode": "0755",
        "mode": "0644",
        "purge": True,
        "user": "nobody",
        "uwsgi_binary": UWSGI,
        "vassals": given,
    }


def at_once(name: str, path: Path) -> dict[str, Any]:
    """A task that writes all the vassals."""
    return {"name": name, "emperor.uwsgi.uwsgi_vassals": arguments(path, "{{ vassals }}")}


def against_ping(folder: Path, count: int, runs: int) -> dict[str, float]:
    """Median seconds of ``ping``, ``first`` and ``unchanged``; the tasks take turns in one play."""
    given = [PING, at_once("warm up", folder / f"warm-up-{count}")]
    measured = dict(PING, name="measured ping")
    for run in range(runs):
        path = folder / f"vassals-{count}-{run}"
        given += [measured, at_once("first", path), measured, at_once("unchanged", path)]
    found = tasks(folder, given, variables(folder, vassals=vassals(count, folder / "keys")))
    return {"ping": median(found, "measured ping"), "first": median(found, "first"), "unchanged": median(found, "unchanged")}


def loop(folder: Path, count: int) -> dict[str, float]:
    """Seconds per item of a loop of templates, ``first`` and ``unchanged``."""
    (folder / "vassal.ini.j2").write_text(_TEMPLATE, encoding="ascii")
    path = folder / f"loop-{count}"
    path.mkdir()
    task = {
        "ansible.builtin.template": {
            "src": str(folder / "vassal.ini.j2"),
            "dest": str(path) + "/{{ item.name }}.ini",
            "mode": "0644",
        },
        "loop": "{{ vassals }}",
        "loop_control": {"label": "{{ item.name }}"},
    }
    given = [PING, dict(task, name="first"), dict(task, name="unchanged")]
    found = tasks(folder, given, variables(folder, vassals=vassals(count, folder / "keys")))
    return {name: median(found, name) / count for name in ("first", "unchanged")}


class Call(NamedTuple):
    """The seconds of a run of the module alone, and its maximum of megabytes."""

    seconds: float
    megabytes: float


def call(folder: Path, count: int) -> Call:
    """Run the module as on a managed host, with vassals in the form that the controller sends."""
    given = arguments(folder / f"grown-{count}", _bulk_argument.pack(json.dumps(vassals(count, folder / "keys"))))
    given.update({"_ansible_remote_tmp": str(folder), "_ansible_check_mode": False, "_ansible_diff": False})
    process = subprocess.Popen(
        [sys.executable, "-m", PACKAGE + "uwsgi_vassals"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(COLLECTIONS), "LC_ALL": "C.UTF-8"},
    )
    assert process.stdin is not None and process.stdout is not None
    begin = time.monotonic()
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
    process.stdin.close()
    out = process.stdout.read()
    dummy, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0 and "msg" not in json.loads(out), out[:2000]
    return Call(seconds, usage.ru_maxrss / 1024)


def growth(folder: Path, counts: list[int], runs: int) -> dict[int, Call]:
    """The median seconds and the maximum of megabytes of unchanged runs, by the number of vassals."""
    found = {}
    for count in counts:
        # The first call writes the vassals.
        calls = [call(folder, count) for dummy in range(runs + 1)]
        found[count] = Call(statistics.median(one.seconds for one in calls[1:]), max(one.megabytes for one in calls))
    return found


def lines() -> list[Line]:
    """The lines of the table about vassals."""
    with scratch() as folder:
        ours = against_ping(folder, 1000, 15)
        loops = {count: loop(folder, count) for count in (100, 200)}
        grown = growth(folder, [1, 100, 1000, 10000], 3)
    found = []
    for run in ("first", "unchanged"):
        each = loops[200][run]
        times = {"loop of 100, an item": loops[100][run], "loop of 200, an item": each, "1,000 at once": ours[run]}
        what = f"1,000 vassals against a loop of templates, {run} run (its time extrapolated from 200 items)"
        found.append(Line(1, what, 250, "more", "times faster", 1000 * each / ours[run], times))
        flat = max(each, loops[100][run]) / min(each, loops[100][run])
        what = f"the loop's time for an item, of 200 items against 100, {run} run"
        found.append(Line(1, what, 1.25, "less", "times", flat, {}))
    found.append(Line(2, "1,000 vassals unchanged against a ping", 1.5, "less", "pings", ours["unchanged"] / ours["ping"], ours))
    found.append(Line(2, "1,000 vassals written against a ping", 2.5, "less", "pings", ours["first"] / ours["ping"], ours))
    times = {f"{count:,} vassals": one.seconds for count, one in grown.items()}
    each = 1000 * (grown[10000].seconds - grown[1].seconds) / 9999
    found.append(Line(3, "a vassal on the managed host, of 10,000 unchanged ones", 0.2, "less", "ms", each, times))
    early = (grown[1000].seconds - grown[100].seconds) / 900
    late = (grown[10000].seconds - grown[1000].seconds) / 9000
    what = "a vassal from 1,000 to 10,000 against one from 100 to 1,000"
    found.append(Line(3, what, 1.5, "less", "times", late / early, times))
    found.append(Line(3, "memory on the managed host with 10,000 vassals", 150, "less", "MB", grown[10000].megabytes, {}))
    return found
