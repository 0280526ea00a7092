# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor plan in CONTRIBUTING.md matches the tree and the order that the linter checks; and the linter can fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import tomllib
from support.modules import COLLECTIONS, ROOT

TREE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[1]
DRAWN = re.findall(r"^( +)(_?\w+)(/?)(?= )", TREE, re.MULTILINE)
LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]


def drawn(package: str) -> list[str]:
    """The names that are drawn below one of the two shared packages, with a slash after those of folders."""
    found: list[str] = []
    inside = False
    for indent, name, slash in DRAWN:
        if len(indent) == 2:
            inside = name == package
        elif inside and len(indent) == 4:
            found.append(name + slash)
    return found


def layers(package: str) -> list[list[str]]:
    (one,) = [one for one in LINTER["contracts"] if one.get("containers", [""])[0].endswith("plugins." + package)]
    return [layer.split(" | ") for layer in one["layers"]]


@pytest.mark.parametrize("package", ["plugin_utils", "module_utils"])
def test_every_package_is_drawn_and_nothing_else(package: str) -> None:
    there = [path for path in (ROOT / "plugins" / package).iterdir() if path.name != "__pycache__"]
    assert sorted(drawn(package)) == sorted(path.name + "/" if path.is_dir() else path.stem for path in there)


@pytest.mark.parametrize("package", ["plugin_utils", "module_utils"])
def test_it_is_drawn_in_the_order_that_is_proved(package: str) -> None:
    order = {name: at for at, layer in enumerate(layers(package)) for name in layer}
    places = [order[name.rstrip("/")] for name in drawn(package)]
    assert places == sorted(places)


def test_each_module_is_run_by_the_file_of_its_name() -> None:
    names = {path.name for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert {path.name for path in (ROOT / "plugins" / "module_utils" / "_run").glob("*.py")} == names
    for name in names:
        text = (ROOT / "plugins" / "modules" / name).read_text(encoding="utf-8")
        assert re.search(rf"plugins\.module_utils\._run\.{name[:-3]} import (load, )?run\n", text)


# A file, a line to add to it, and the contract that this breaks.
BROKEN = [
    ("module_utils/_ini/writer.py", "from .._arguments import values", "On managed hosts each package"),
    ("module_utils/_node/suspend.py", "from ansible.module_utils import urls", "without Ansible imports nothing of it"),
    ("module_utils/_files/plan.py", "def lazy():\n    from . import directory", "No import cycle"),
    ("plugin_utils/_filters.py", "from ._signing import store", "On the controller each package"),
    ("module_utils/_errors.py", "import ansible_collections.emperor.uwsgi.plugins.filter.pool_page", "which imports no plugin"),
]


@pytest.mark.parametrize(("path", "line", "contract"), BROKEN, ids=[one[2] for one in BROKEN])
def test_the_linter_sees_a_wall_that_is_broken(path: str, line: str, contract: str, tmp_path: Path) -> None:
    program = shutil.which("lint-imports")
    if not program:
        pytest.skip("import-linter is not installed")
    copy = tmp_path / "ansible_collections" / "emperor" / "uwsgi" / "plugins"
    shutil.copytree(COLLECTIONS / "ansible_collections" / "emperor" / "uwsgi" / "plugins", copy)
    with (copy / path).open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    found = subprocess.run(
        [program, "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 1
    broken = [line for line in found.stdout.splitlines() if line.endswith(" BROKEN")]
    assert any(contract in line for line in broken), found.stdout
