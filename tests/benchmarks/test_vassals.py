# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's vassals cost in one task, against a loop of templates in the same run. Printed, not asserted."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

from support import playbook

VASSALS = 100
LOOPED = 20
RUNS = 3
_TEMPLATE = """\
[uwsgi]
socket = {{ item.options.socket }}
{% for subscription in item.subscriptions %}
subscribe2 = server={{ subscription.server }},key={{ subscription.key }}
{% endfor %}
"""


def vassals(count: int) -> list[dict[str, Any]]:
    return [
        {
            "name": "v{0}".format(at),
            "options": {"socket": "10.0.0.7:{0}".format(3000 + at)},
            "subscriptions": [{"server": server, "key": "v{0}.test".format(at)} for server in ("10.0.0.2:2626", "10.0.0.3:2626")],
        }
        for at in range(count)
    ]


def seconds(folder: Path, tasks: list[dict[str, Any]], **variables: Any) -> float:
    """How long a play takes."""
    (folder / "variables.json").write_text(json.dumps(variables), encoding="ascii")
    start = time.monotonic()
    run = playbook.tasks(folder, tasks, "-e@variables.json")
    assert not any(result.get("failed") for result in run.results), run.output
    return time.monotonic() - start


def test_a_hundred_vassals_against_a_loop_of_templates(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "vassal.ini.j2").write_text(_TEMPLATE, encoding="ascii")
    looped = {
        "ansible.builtin.template": {
            "src": str(tmp_path / "vassal.ini.j2"),
            "dest": "{0}/{{{{ item.name }}}}.ini".format(tmp_path / "loop"),
            "mode": "0644",
        },
        "loop": "{{ vassals }}",
    }
    at_once = {
        "emperor.uwsgi.uwsgi_vassals": {
            "path": str(tmp_path / "at-once"),
            "directory_mode": "0755",
            "vassals": "{{ vassals }}",
            "uwsgi_version": "2.0",
            "validate": False,
        }
    }
    found: dict[str, list[float]] = {"nothing": [], "loop": [], "one task": [], "one task, unchanged": []}
    for dummy in range(RUNS):
        for name in ("loop", "at-once"):
            for path in (tmp_path / name).glob("*.ini"):
                path.unlink()
        (tmp_path / "loop").mkdir(exist_ok=True)
        found["nothing"].append(seconds(tmp_path, []))
        found["loop"].append(seconds(tmp_path, [looped], vassals=vassals(LOOPED)))
        found["one task"].append(seconds(tmp_path, [at_once], vassals=vassals(VASSALS)))
        found["one task, unchanged"].append(seconds(tmp_path, [at_once], vassals=vassals(VASSALS)))
    base = statistics.median(found.pop("nothing"))
    each = (statistics.median(found.pop("loop")) - base) / LOOPED
    with capsys.disabled():
        print("\n{0:32} {1:8.3f} s".format("a template in a loop, each", each))
        for name, times in found.items():
            net = statistics.median(times) - base
            print("{0:32} {1:8.3f} s, {2:.0f} times faster than the loop".format(name, net, each * VASSALS / net))
