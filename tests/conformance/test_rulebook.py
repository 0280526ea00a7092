# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example rulebook in a real ansible-rulebook, with the real page of a real router and its nodes.

It needs Java and its own environment: "make rulebook" makes that and sets TEST_RULEBOOK to the program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.drained import KEY, fleet
from support.loopback import wait_for
from support.modules import COLLECTIONS, ROOT

PROGRAM = os.environ.get("TEST_RULEBOOK", "")
RULEBOOK = ROOT / "extensions" / "eda" / "rulebooks" / "pools.yml"
# Runs instead of site.yml, which other tests cover.
PLAYBOOK = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        content: "{{ ansible_eda.event | to_json }}"
        dest: %s
        mode: "0644"
"""
pytestmark = pytest.mark.skipif(not PROGRAM, reason='needs ansible-rulebook; "make rulebook" runs it')


@contextmanager
def running(folder: Path, page: str) -> Iterator[Path]:
    """Run the rulebook on a page; yields the file to which its playbook writes the event."""
    event = folder / "event.json"
    (folder / "playbook.yml").write_text(PLAYBOOK % event, encoding="ascii")
    text = RULEBOOK.read_text(encoding="utf-8")
    assert text.count("name: emperor.uwsgi.site") == 1
    (folder / "rulebook.yml").write_text(text.replace("emperor.uwsgi.site", str(folder / "playbook.yml")), encoding="utf-8")
    (folder / "vars.yml").write_text(json.dumps({"pools_page": page}), encoding="ascii")
    (folder / "inventory.ini").write_text(f"localhost ansible_python_interpreter={sys.executable}\n", encoding="utf-8")
    names = {"--rulebook": "rulebook.yml", "--inventory": "inventory.ini", "--vars": "vars.yml"}
    command = [PROGRAM, *(part for option, name in names.items() for part in (option, str(folder / name)))]
    path = f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "PATH": path},
        )
        try:
            yield event
        except BaseException:
            print((folder / "said").read_text(errors="replace"))
            raise
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_pool_below_its_minimum_runs_the_playbook(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client")
    from support.live import Page  # noqa: PLC0415

    folder = tmp_path / "book"
    folder.mkdir()
    with fleet(tmp_path) as all_of_it:
        one, two = all_of_it.node("one"), all_of_it.node("two")
        nodes = [{"key": KEY, "address": node.address, "host": node.name, "vassal": node.name} for node in (one, two)]
        asked = [{"name": "router", "stats": all_of_it.routers[0].stats}]
        with Page(tmp_path / "page", routers=asked, expected=nodes, max_age=6) as page:
            wait_for("both nodes", lambda: {page.states(KEY).get(node.address) for node in (one, two)} == {"fresh"})
            with running(folder, page.address) as event:
                two.__exit__()
                wait_for("the playbook", event.exists, 180)
                found = json.loads(event.read_text(encoding="utf-8"))
    assert (found["type"], found["key"]) == ("pool_below_minimum", KEY)
    assert (found["pool"]["serving"], found["pool"]["expected"]) == (1, 2)
