# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health gate's verdicts, the Emperor's stats, and the archive that the gate runs from."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import emperor_stats
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import gate
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import StatsError
from ansible_collections.emperor.uwsgi.plugins.module_utils._run import uwsgi_health

# fall, rise, out to begin with, answers (w: well, f: failed), and after which of them it changes.
VERDICTS = [
    (3, 2, False, "fff", "..x"),
    (3, 2, False, "ffwfff", ".....x"),
    (3, 2, False, "wwww", "...."),
    (1, 1, False, "fwfw", "xxxx"),
    (3, 2, True, "ww", ".x"),
    (3, 2, True, "wfww", "...x"),
    (2, 3, False, "fffwwwff", ".x...x.x"),
]


@pytest.mark.parametrize(("fall", "rise", "out", "answers", "changes"), VERDICTS)
def test_so_many_in_a_row_decide(fall: int, rise: int, out: bool, answers: str, changes: str) -> None:
    verdict = gate.Verdict(fall, rise, out)
    assert "".join("x" if verdict.add(answer == "w") else "." for answer in answers) == changes
    assert verdict.out == (out != bool(changes.count("x") % 2))


PATH = "/etc/uwsgi/vassals/shop.ini"
STATES: list[tuple[dict[str, Any], emperor_stats.State]] = [
    ({"vassals": [{"id": PATH, "last_mod": 5, "accepting": 1}]}, emperor_stats.State(True, 5, True)),
    ({"vassals": [{"id": "shop.ini", "last_mod": 5, "accepting": 0}]}, emperor_stats.State(True, 5, False)),
    ({"vassals": [{"id": "other.ini", "last_mod": 5, "accepting": 1}]}, emperor_stats.State()),
    ({"vassals": [], "blacklist": [{"id": PATH, "attempt": 3}]}, emperor_stats.State(failing=3)),
    ({"vassals": [], "blacklist": [{"id": "other.ini", "attempt": 3}]}, emperor_stats.State()),
]


@pytest.mark.parametrize(("stats", "state"), STATES)
def test_the_emperors_stats_say_what_becomes_of_a_vassal(stats: dict[str, Any], state: emperor_stats.State) -> None:
    assert emperor_stats.vassal(emperor_stats.parse(json.dumps(stats).encode()), PATH) == state


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"version": "2.0", "subscriptions": []}'])
def test_what_is_no_emperors_answer_is_an_error(raw: bytes) -> None:
    with pytest.raises(StatsError):
        emperor_stats.parse(raw)


def test_the_archive_has_what_the_gate_imports_and_is_always_the_same() -> None:
    first = uwsgi_health.program()
    assert first == uwsgi_health.program()
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    packages = {"", "_ini/", "_node/"}
    base = "ansible_collections/emperor/uwsgi/plugins/module_utils/"
    found = {name[len(base) :] for name in names if name.startswith(base)}
    assert {f"{package}__init__.py" for package in packages} <= found
    assert {"_node/gate.py", "_node/signature.py", "_ini/instance.py", "_errors.py"} <= found
    assert not [name for name in found if name.startswith("_run") or name == "_module.py"]
    assert "__main__.py" in names
