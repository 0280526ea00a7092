# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller does for ``uwsgi_emperor``: it asks until nothing is pending, shows what is, and handles hosts in turn.

conformance/test_deployment.py tests the module with real hosts; here nothing answers.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.action.uwsgi_emperor import _joined
from support import debug_output, keys, playbook
from support.debug_output import VALUE
from support.role import base
from support.stream import refusing

LOG = {"unit": "", "by_vassal": False, "file": "", "since": 0}


def served(folder: Path, stats: str, **given: Any) -> dict[str, Any]:
    """A task that waits for a vassal."""
    desired = {"path": str(folder), "keys_path": str(folder), "names": ["shop"], "unused_keys": [], "log": LOG}
    arguments = {"desired": {**desired, "health": {}, "failed_before": {}}, "state": "served", "leaving_path": "/l"}
    return {"emperor.uwsgi.uwsgi_emperor": {**arguments, "emperor_stats": stats, "wait_timeout": 1, **given}}


def test_results_of_modules_are_joined_to_those_of_a_task_that_began_with_the_first() -> None:
    first = {"changed": True, "since": 1, "created": ["shop"], "diff": [{"after": "a"}], "warnings": ["w"]}
    second = {"changed": False, "since": 2, "failed": True, "msg": "m", "diff": {"after": "b"}}
    both = {**first, **second, "changed": True, "since": 1, "diff": [{"after": "a"}, {"after": "b"}]}
    assert _joined(first, second) == both


def test_no_argument_is_in_the_debug_output(tmp_path: Path) -> None:
    line = debug_output.said(tmp_path, "uwsgi_emperor", state="served", desired={}, leaving_path=f"/{VALUE}", emperor_stats="/x")
    assert VALUE not in line
    assert "(emperor.uwsgi.uwsgi_emperor, arguments " in line


def test_it_says_whom_it_waits_for_and_fails_when_the_time_is_over(tmp_path: Path) -> None:
    with refusing() as stats:
        run = playbook.tasks(tmp_path, [served(tmp_path, stats), served(tmp_path, stats, wait=False)])
    late, unwaited = run.results
    assert "localhost: waiting for shop: the Emperor: " in run.output
    assert late["failed"] and "the Emperor: " in late["msg"]
    assert (unwaited.get("failed", False), unwaited["changed"], unwaited["pending"]) == (False, False, {})


def test_where_nothing_started_the_emperor_it_is_a_warning(tmp_path: Path) -> None:
    with refusing() as stats:
        run = playbook.tasks(tmp_path, [served(tmp_path, stats, running=False)])
    assert run.results[0].get("failed", False) is False
    assert "nothing was waited for, since the Emperor doesn't run" in run.output


def test_the_steps_of_a_rotation_change_the_controllers_folder_and_say_names_alone(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    vassals = [{"name": "shop", "subscriptions": [{"server": "127.0.0.1:2626", "key": "shop.test"}]}]
    roles = [{"ansible.builtin.include_role": {"name": "emperor.uwsgi.fastrouter", "tasks_from": name}} for name in
             ("make_successors", "make_successors", "promote_successors", "promote_successors")]  # fmt: skip
    given = {**base(tmp_path / "host"), "emperor_vassals": vassals}
    inventory = {"all": {"hosts": {"localhost": {**given, "ansible_connection": "local"}}}}
    (tmp_path / "inventory.json").write_text(json.dumps(inventory), encoding="ascii")
    run = playbook.run(tmp_path, [{"hosts": "localhost", "gather_facts": False, "tasks": roles}], "-i", "inventory.json", "-vvv")
    assert run.code == 0, run.output
    store = tmp_path / "host" / "signing_keys"
    key = (store / "shop.test.pem").read_text(encoding="ascii")
    assert (store / "next" / "shop.test.pem").read_text(encoding="ascii") == key
    assert [path.name for path in (store / "public").iterdir()] == ["shop.test.pub.pem"]
    said = re.findall(r'"keys": \[\s*(.*?)\s*\]', run.output, re.DOTALL)
    assert said == ['"shop.test.pem"', "", '"shop.test.pem"', ""], run.output
    assert keys.leaked(run.output, key) == []
