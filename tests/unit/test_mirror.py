# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests mirror the plugins: each plugin file has tests at the same place below tests/unit/plugins, and each test file a plugin.

The tests of ``_node/gate.py`` are ``_node/test_gate.py``, and ``_node/test_gate_verdicts.py`` if one file isn't enough.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.modules import ROOT

PLUGINS, TESTS = ROOT / "plugins", ROOT / "tests" / "unit" / "plugins"
KINDS = ("action", "filter", "inventory", "lookup", "modules", "module_utils", "plugin_utils")
# A module's code is tested by running the module, so its tests are those of modules/NAME.py.
BY_MODULES = "module_utils/_run/"
# Tests of a whole folder, not of one of its files.
OF_FOLDERS = ("module_utils/test_standalone.py",)


def names(root: Path, pattern: str) -> list[str]:
    """The files below a folder, as paths below it."""
    found = (path.relative_to(root).as_posix() for kind in KINDS for path in (root / kind).rglob(pattern))
    return sorted(name for name in found if not name.endswith("__init__.py"))


PLUGIN_FILES = [name for name in names(PLUGINS, "*.py") if not name.startswith(BY_MODULES)]
TEST_FILES = [name for name in names(TESTS, "test_*.py") if name not in OF_FOLDERS]


def mirrors(test: str, plugin: str) -> bool:
    """Whether a test file is at the mirrored place of a plugin file."""
    (tests, dummy, test_name), (folder, dummy, plugin_name) = test.rpartition("/"), plugin.rpartition("/")
    stem = "test_" + plugin_name[: -len(".py")].lstrip("_")
    return tests == folder and (test_name == stem + ".py" or test_name.startswith(stem + "_"))


@pytest.mark.parametrize("plugin", PLUGIN_FILES)
def test_a_plugin_file_has_its_tests(plugin: str) -> None:
    assert any(mirrors(test, plugin) for test in TEST_FILES)


@pytest.mark.parametrize("test", TEST_FILES)
def test_a_test_file_has_its_plugin(test: str) -> None:
    assert any(mirrors(test, plugin) for plugin in PLUGIN_FILES)


def test_a_module_s_work_has_the_module_s_name() -> None:
    runs = {name[len(BY_MODULES) :] for name in names(PLUGINS, "*.py") if name.startswith(BY_MODULES)}
    # Code that does several things is in a folder of its own.
    own = {name for name in runs if "/" not in name}
    assert own == {name.rpartition("/")[2] for name in PLUGIN_FILES if name.startswith("modules/")}


def test_all_kinds_of_plugins_are_meant() -> None:
    kinds = {path.name for path in PLUGINS.iterdir() if any(path.rglob("*.py"))}
    # Documentation fragments contain no code.
    assert kinds == {*KINDS, "doc_fragments"}
    assert all((TESTS / name).exists() for name in OF_FOLDERS)
