# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health gate's verdicts, the Emperor's stats, and the archive that the gate runs from."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import gate
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.probe import Check
from ansible_collections.emperor.uwsgi.plugins.module_utils._run import uwsgi_health

# fall, rise, whether it is out at first, answers (w: well, f: failed), and after which of them it changes.
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


def test_results_are_replaced_as_a_whole_when_there_is_something_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.json"
    keepers = [gate.Keeper(Check(vassal="/v/a.ini", command="true")), gate.Keeper(Check(vassal="/v/b.ini", command="true"))]
    results = gate.Results(str(path))
    keepers[0].result = {"well": True, "out": False, "seconds": 0.1, "time": 5}
    results.write(keepers)
    first = path.stat()
    assert json.loads(path.read_text()) == {"/v/a.ini": keepers[0].result}
    assert first.st_mode & 0o777 == 0o644
    results.write(keepers)
    assert path.stat().st_ino == first.st_ino
    keepers[0].result = None
    results.write(keepers)
    assert json.loads(path.read_text()) == {}
    assert [one.name for one in tmp_path.iterdir()] == ["results.json"]
    # A file that can't be written is reported once.
    gone = gate.Results(str(tmp_path / "none" / "results.json"))
    for dummy in range(3):
        gone.write(keepers)
    assert capsys.readouterr().out.count("results not written") == 1
    gate.Results(None).write(keepers)


def test_a_gate_that_ends_leaves_no_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.json"
    path.touch()
    # The file belongs to another gate.
    gate.Results(str(path)).remove()
    gate.Results(None).remove()
    assert path.exists()
    results = gate.Results(str(path))
    results.write([])
    results.remove()
    assert not path.exists()
    assert capsys.readouterr().out == ""
    results.remove()
    assert "results not removed" in capsys.readouterr().out
