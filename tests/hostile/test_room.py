# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On hosts only one package opens, lists, renames, removes, locks or changes files by name: a scan of the code for exceptions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.modules import ROOT

# Calls that act on a path, or on everything below it.
_OS = {
    "access", "chdir", "chflags", "chmod", "chown", "chroot", "lchmod", "lchown", "link", "listdir", "lstat", "makedirs", "mkdir",
    "mkfifo", "mknod", "open", "readlink", "remove", "removedirs", "rename", "renames", "replace", "rmdir", "scandir", "stat",
    "statvfs", "symlink", "truncate", "unlink", "utime", "walk", "fwalk",
}
_PATH = {"exists", "getmtime", "getsize", "isdir", "isfile", "islink", "ismount", "lexists", "realpath", "samefile"}
_MODULES = {"fcntl", "glob", "pathlib", "shutil", "tempfile"}
# Where names are used, with the reason.
ROOM = "module_utils/_files/"
EXCEPTIONS = {
    ("module_utils/_node/suspend.py", "os.open"): "in a folder that the room opened",
    ("module_utils/_node/suspend.py", "os.stat"): "in a folder that the room opened",
    ("module_utils/_node/suspend.py", "os.mkdir"): "in a folder that the room opened",
    ("module_utils/_node/suspend.py", "os.rmdir"): "in a folder that the room opened",
    ("module_utils/_node/suspend.py", "os.unlink"): "in a folder that the room opened",
    ("module_utils/_node/suspend.py", "os.scandir"): "of a descriptor",
    ("module_utils/_host/on_demand.py", "os.rename"): "in a folder that the room opened",
    ("module_utils/_node/gate.py", "os.open"): "in a folder that the room opened",
    ("module_utils/_node/gate.py", "os.rename"): "in a folder that the room opened",
    ("module_utils/_node/gate.py", "os.unlink"): "in a folder that the room opened",
    ("module_utils/_host/command.py", "os.chdir"): "in a child that is the user already",
}
HOSTS = sorted(path for part in ("module_utils", "modules") for path in (ROOT / "plugins" / part).rglob("*.py"))


def calls(source: str) -> Iterator[str]:
    """The calls in some code that act on a path."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in _MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            module = (node.module or "").split(".")[0]
            yield from (f"{module}.{alias.name}" for alias in node.names if module in _MODULES or _acts(module, alias.name))
        elif isinstance(node, ast.Attribute):
            base = ast.unparse(node.value)
            if (base == "os" and node.attr in _OS) or (base == "os.path" and node.attr in _PATH):
                yield f"{base}.{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield "open"


def _acts(module: str, name: str) -> bool:
    return (module == "os" and name in _OS) or (module == "io" and name == "open")


@pytest.mark.parametrize("path", HOSTS, ids=lambda path: str(path.relative_to(ROOT / "plugins")))
def test_only_the_room_touches_files(path: Path) -> None:
    name = str(path.relative_to(ROOT / "plugins"))
    found = {call for call in calls(path.read_text(encoding="utf-8")) if (name, call) not in EXCEPTIONS}
    assert name.startswith(ROOM) or found == set()


def test_every_exception_is_needed() -> None:
    sources = {name: (ROOT / "plugins" / name).read_text(encoding="utf-8") for name, dummy in EXCEPTIONS}
    assert {(name, call) for name, source in sources.items() for call in calls(source)} == set(EXCEPTIONS)


ACTING = [
    "open('a')", "import os\nos.open('a', 0)", "import os\nos.chown('a', 0, 0)", "from os import rename", "import shutil",
    "from pathlib import Path", "import os\nf = os.unlink", "import os.path\nos.path.exists('a')", "import fcntl",
    "from tempfile import mkdtemp", "from io import open",
]


@pytest.mark.parametrize("source", ACTING)
def test_what_acts_on_a_path_is_found(source: str) -> None:
    assert list(calls(source))


HARMLESS = ["import os\nos.read(0, 1)", "os.path.join('a', 'b')", "stream.open()", "from . import opened"]


@pytest.mark.parametrize("source", HARMLESS)
def test_what_does_not_is_left_alone(source: str) -> None:
    assert list(calls(source)) == []
