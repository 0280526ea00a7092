# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles refuse to remove unless told to: the last vassal of a host, and the keys of a router."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.modules import ROOT
from support.role import apply

# The Emperor is not started.
WRITES = "--skip-tags=service"
ENTRY = {"server": "127.0.0.1:2626", "address": "127.0.0.1:1"}
VASSAL = {"name": "a", "options": {"master": True}, "subscriptions": [{**ENTRY, "key": "a.test"}]}
UNSIGNED = {**VASSAL, "subscriptions": [{**ENTRY, "key": "a.test", "signing": False}]}


def files(folder: Path) -> dict[str, bytes]:
    """The files on the host."""
    return {str(path): path.read_bytes() for path in (folder / "etc").rglob("*") if path.is_file()}


@pytest.mark.parametrize("vassal", [VASSAL, UNSIGNED])
def test_a_host_does_not_lose_its_last_vassal(tmp_path: Path, vassal: dict[str, Any]) -> None:
    assert apply(tmp_path, "emperor", WRITES, emperor_vassals=[vassal]).code == 0
    before = files(tmp_path)
    for lost in ({}, {"emperor_vassals": []}):
        run = apply(tmp_path, "emperor", **lost)
        assert run.code != 0
        assert "nothing would be left in" in run.output and "emperor_allow_empty" in run.output
        assert files(tmp_path) == before
    run = apply(tmp_path, "emperor", WRITES, emperor_allow_empty=True)
    assert (run.code, [*(tmp_path / "etc" / "vassals").glob("*.ini")]) == (0, []), run.output
    # A host without vassals, such as a router, has none to lose.
    assert apply(tmp_path, "emperor", WRITES).code == 0


def subscriptions(count: int) -> list[dict[str, Any]]:
    return [{"key": f"{at}.test"} for at in range(count)]


# How many keys the router keeps, its other variables, and whether the run is accepted.
KEPT: list[tuple[int, dict[str, Any], bool]] = [
    (0, {}, False),
    (0, {"emperor_allow_empty": True}, True),
    (1, {}, True),
    # The inventory has a host but doesn't say what that host announces.
    (2, {"fastrouter_nodes": ["localhost", "127.0.0.1"]}, True),
    (1, {"fastrouter_nodes": ["localhost", "127.0.0.1"]}, False),
    (1, {"fastrouter_nodes": ["localhost", "127.0.0.1"], "emperor_allow_empty": True}, True),
]


@pytest.mark.parametrize(("count", "told", "taken"), KEPT)
def test_a_router_does_not_lose_its_keys(tmp_path: Path, count: int, told: dict[str, Any], taken: bool) -> None:
    assert apply(tmp_path, "fastrouter", WRITES, fastrouter_subscriptions=subscriptions(4)).code == 0
    before = files(tmp_path)
    # The router also gets another option, which would be a change of its own.
    told = {"fastrouter_options": {"fastrouter-quiet": True}, "fastrouter_subscriptions": subscriptions(count), **told}
    run = apply(tmp_path, "fastrouter", WRITES, **told)
    assert (run.code == 0, files(tmp_path) == before) == (taken, not taken), run.output
    if taken:
        keys = sorted(path.name for path in (tmp_path / "etc" / "keys" / "public").glob("*.pem"))
        assert keys == [f"{at}.test.pem" for at in range(count)]
    else:
        assert "emperor_allow_empty" in run.output


def test_no_public_key_goes_before_the_hosts_own_vassals_have_said_goodbye() -> None:
    tasks = yaml.safe_load((ROOT / "roles" / "fastrouter" / "tasks" / "main.yml").read_text(encoding="utf-8"))
    emperor = next(at for at, task in enumerate(tasks) if "ansible.builtin.include_role" in task)
    parts = [task.get("emperor.uwsgi.uwsgi_emperor", {}).get("parts", []) for task in tasks]
    assert (parts[:emperor], parts[emperor + 2]) == ([[], ["new_keys"]], ["public_keys", "routers"])
