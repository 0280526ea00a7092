# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``report`` with real routers: it writes one page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import files, playbook
from support.fleet import Router
from support.loopback import free_address

KEY = "<b>{{ shop }}</b>"


def report(folder: Path, hosts: dict[str, Any], *arguments: str, **variables: Any) -> playbook.Run:
    """Run the playbook with an inventory of routers, all on this machine."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    inventory = {"fastrouters": {"hosts": {name: {**local, **one} for name, one in hosts.items()}}}
    (folder / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")
    found = playbook.command(
        "ansible-playbook", "emperor.uwsgi.report", "--inventory=inventory.yml", "--extra-vars=" + json.dumps(variables),
        *arguments, folder=folder, PWD=str(folder),
    )  # fmt: skip
    return playbook.Run([], found.returncode, found.stdout + found.stderr)


def test_each_router_is_asked_on_its_host_and_all_are_one_page(tmp_path: Path) -> None:
    page = tmp_path / "uwsgi-pools.html"
    with Router(tmp_path / "1") as one, Router(tmp_path / "2") as two:
        one.announce(KEY, "10.0.0.7:1", "10.0.0.8:1")
        two.announce(KEY, "10.0.0.7:1")
        hosts = {
            "router1": {"fastrouter_stats": one.stats},
            "router2": {"fastrouter_stats": two.stats},
            "router3": {"fastrouter_stats": free_address()},
            "router4": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
        }
        run = report(tmp_path, hosts, "--check")
        assert (run.code, page.exists()) == (0, False), run.output
        run = report(tmp_path, hosts)
    assert run.code == 0, run.output
    assert files.mode(page) == "0644"
    text = page.read_text(encoding="utf-8")
    assert re.findall(r'data-name="r\d+"><title>(router\d)', text) == ["router1", "router2", "router3", "router4"] * 2
    assert "<bdi>&lt;b&gt;{{ shop }}&lt;/b&gt;</bdi>" in text
    assert [text.count(f"<bdi>10.0.0.{last}:1</bdi>") for last in (7, 8)] == [1, 1]
    assert 'title="router2: missing"' in text
    assert "does not answer: [Errno 111] Connection refused" in text


# The names of release 1.0.0 have no prefix.
@pytest.mark.parametrize("prefix", ["fastrouter_", ""])
def test_one_host_can_ask_all_routers(prefix: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    with Router(tmp_path / "1") as one, Router(tmp_path / "2") as two:
        one.announce("a.test", "10.0.0.7:1")
        two.announce("b.test", "10.0.0.8:1")
        variables = {
            "report_routers": "localhost", "report_stats": [one.stats, two.stats], "report_key": "a.test", "report_max_age": 60,
            "report_timeout": 7, "report_title": "The shop", "report_dest": str(page), "report_mode": "0600",
        }  # fmt: skip
        run = report(tmp_path, {}, **{prefix + name: value for name, value in variables.items()})
    assert run.code == 0, run.output
    assert files.mode(page) == "0600"
    text = page.read_text(encoding="utf-8")
    assert "<title>The shop</title>" in text
    assert f"<bdi>{two.stats}</bdi>" in text
    assert "10.0.0.7:1" in text
    assert "10.0.0.8:1" not in text


def test_without_any_answer_the_old_page_stays(tmp_path: Path) -> None:
    page = files.put(tmp_path / "uwsgi-pools.html")
    gone = free_address()
    run = report(tmp_path, {"router1": {"fastrouter_stats": gone}})
    assert run.code != 0
    assert f"no router answers: router_stats[0]: {gone} does not answer" in run.output
    assert page.read_text(encoding="utf-8") == "old"
