# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports from an archive, by each Python in a process of its own."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.modules import PYTHONS, ROOT

SOURCE = ROOT / "plugins" / "module_utils" / "_zip_imports.py"
PARTS = {
    "top/__init__.py": "",
    "top/_zip_imports.py": SOURCE.read_text(encoding="utf-8"),
    "top/one.py": "from . import two\nfrom .below import three\n",
    "top/two.py": "",
    "top/below/__init__.py": "four = 4\n",
    "top/below/three.py": "from . import four\n",
}
OUTSIDE = {"outside.py": ""}
FUTURE = "from __future__ import annotations"
PROGRAM = """
import builtins, json, sys
archive, other, once = sys.argv[1:4]
sys.path[:0] = [archive, other]
compiled, compiles = [], builtins.compile
def counted(source, path, *more, **others):
    compiled.append(path)
    return compiles(source, path, *more, **others)
import top._zip_imports
if once == "once":
    top._zip_imports.compile_once()
builtins.compile = counted
import top.one, outside
try:
    import top.missing
except ImportError as exc:
    missing = type(exc).__name__
print(json.dumps({
    "compiled": [path for path in compiled if path.startswith((archive, other))],
    "modules": {name: [one.__file__, one.__spec__.origin, getattr(one, "__path__", None), one.__loader__.get_source(name)]
                for name, one in sorted(sys.modules.items()) if name.partition(".")[0] in ("top", "outside")},
    "missing": missing,
}))
"""


def zipped(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def imported(python: str, folder: Path, how: str) -> Any:
    # One name begins with the other.
    archive, other = zipped(folder / "a.zip", PARTS), zipped(folder / "a.zip2", OUTSIDE)
    done = subprocess.run([python, "-c", PROGRAM, str(archive), str(other), how], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("python", PYTHONS)
def test_each_module_of_the_archive_is_compiled_once_and_otherwise_the_same(python: str, tmp_path: Path) -> None:
    ours, theirs = imported(python, tmp_path, "once"), imported(python, tmp_path, "twice")
    archive = f"{tmp_path}/a.zip/"
    later = [archive + name for name in PARTS if name not in ("top/__init__.py", "top/_zip_imports.py")]
    assert Counter(ours["compiled"]) == {**dict.fromkeys(later, 1), f"{tmp_path}/a.zip2/outside.py": 2}
    # Once a Python compiles once by itself, the module can go.
    assert Counter(theirs["compiled"]) == dict.fromkeys([*later, f"{tmp_path}/a.zip2/outside.py"], 2)
    assert ours["modules"] == theirs["modules"]
    assert ours["missing"] == theirs["missing"] == "ModuleNotFoundError"


def test_without_an_archive_nothing_happens() -> None:
    program = f"""
import sys
sys.path.insert(0, {str(SOURCE.parent)!r})
import _zip_imports
before = list(sys.path_hooks), dict(sys.path_importer_cache)
_zip_imports.compile_once()
assert (list(sys.path_hooks), dict(sys.path_importer_cache)) == before
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("path", sorted((ROOT / "plugins" / "modules").glob("*.py")), ids=lambda path: path.stem)
def test_every_module_begins_with_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    nodes = [node for node in ast.parse(text).body if not isinstance(node, ast.Assign)]
    first, second, third = [line for line in (ast.get_source_segment(text, node) for node in nodes) if line != FUTURE][:3]
    assert first.endswith(".plugins.module_utils import _zip_imports")
    assert second == "_zip_imports.compile_once()"
    assert third.startswith("from ")
