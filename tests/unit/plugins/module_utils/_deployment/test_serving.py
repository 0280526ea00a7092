# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether vassals serve, with a stats server in place of the Emperor. Real ones are in conformance/test_deployment.py."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment import serving
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.serving import EmperorSilent, Outcome, Wanted
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.settings import Settings
from support.stream import refusing
from support.stream import serving as answering

UP = {"last_mod": 5, "accepting": 1}
SLEEPING = {"last_mod": 5, "on_demand": "127.0.0.1:1", "pid": -1}
# What the Emperor says about the vassal, how often it has failed to start (now and before), and what is pending or failed.
CASES: List[Any] = [
    (UP, 0, 0, {}, {}),
    ({"last_mod": 5, "ready": 1}, 0, 0, {}, {}),
    ({**UP, "last_mod": 6}, 0, 0, {}, {}),
    (SLEEPING, 0, 0, {}, {}),
    (None, 0, 0, {"shop": "the Emperor has not started it"}, {}),
    ({**UP, "last_mod": 4}, 0, 0, {"shop": "the Emperor has not read its last change"}, {}),
    ({"last_mod": 5}, 0, 0, {"shop": "it takes no requests yet"}, {}),
    ({"last_mod": 5}, 1, 0, {"shop": "it takes no requests yet"}, {}),
    ({"last_mod": 5}, 2, 0, {}, {"shop": "does not start (2 tries)"}),
    ({"last_mod": 5}, 4, 3, {"shop": "it takes no requests yet"}, {}),
    ({"last_mod": 5}, 5, 3, {}, {"shop": "does not start (2 tries)"}),
    # It was repaired before this run; one that has only just started may end again.
    (UP, 23, 0, {}, {}),
    ({**UP, "last_run": 2**40}, 23, 0, {}, {"shop": "does not start (23 tries)"}),
    # Without a socket it has no workers, and says that it's ready only until its first reload.
    ({"last_mod": 5, "respawns": 1, "last_run": 6}, 0, 0, {}, {}),
    ({"last_mod": 5, "respawns": 1, "last_run": 2**40}, 0, 0, {"shop": "it takes no requests yet"}, {}),
    ({"last_mod": 5, "respawns": 0, "last_run": 6}, 0, 0, {"shop": "it takes no requests yet"}, {}),
    # It ran in between, so the count started again.
    ({"last_mod": 5}, 2, 3, {"shop": "it takes no requests yet"}, {}),
]


def settings(stats: str) -> Settings:
    return Settings(stats, [], 17, 5, False, lambda *dummy: b"")


def test_one_with_workers_is_waited_for_after_a_reload(tmp_path: Path) -> None:
    path = tmp_path / "shop.ini"
    path.write_text("[uwsgi]\nsocket = 127.0.0.1:3031\n", encoding="ascii")
    os.utime(path, (5, 5))
    says = {"id": str(path), "last_mod": 5, "respawns": 1, "last_run": 6}
    with answering(json.dumps({"vassals": [says]}).encode("ascii"), asked=False) as server:
        found = serving.look(Wanted(str(tmp_path), ["shop"], {}, {}), settings(server.address))
    assert found.pending == {"shop": "it takes no requests yet"}


@pytest.mark.parametrize("named", [True, False], ids=["path", "name"])
@pytest.mark.parametrize(("says", "tries", "before", "pending", "failed"), CASES)
def test_a_vassal_serves_when_the_emperor_has_its_last_change(
    tmp_path: Path, named: bool, says: Any, tries: int, before: int, pending: Dict[str, str], failed: Dict[str, str]
) -> None:
    path = tmp_path / "shop.ini"
    path.write_text("[uwsgi]\nmaster = true\n", encoding="ascii")
    os.utime(path, (5, 5))
    one = str(path) if named else "shop.ini"
    # A vassal of the same name in another folder is a different one.
    there = [{"id": "/elsewhere/shop.ini", "last_mod": 9, "accepting": 1}, *([{"id": one, **says}] if says else [])]
    answer = {"vassals": there, "blacklist": [{"id": one, "attempt": tries}] if tries else []}
    with answering(json.dumps(answer).encode("ascii"), asked=False) as server:
        found = serving.look(Wanted(str(tmp_path), ["shop"], {}, {"shop": before}), settings(server.address))
    assert found == Outcome(pending, failed, {}, [])


def test_an_emperor_that_does_not_answer_is_an_error_of_its_own() -> None:
    with refusing() as address:
        with pytest.raises(EmperorSilent):
            serving.look(Wanted("/v", ["shop"], {}, {}), settings(address))
        assert serving.failing(settings(address)) == {}


def test_failed_starts_are_counted_by_name() -> None:
    answer = {"vassals": [], "blacklist": [{"id": "/v/shop.ini", "attempt": 3}, {"id": "/v/other.txt", "attempt": 1}]}
    with answering(json.dumps(answer).encode("ascii"), asked=False) as server:
        assert serving.failing(settings(server.address)) == {"shop": 3}
