# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a work tree from being released, and what a new version changes."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from support.modules import ROOT

_SPEC = importlib.util.spec_from_file_location("version", ROOT / "tests" / "release" / "version.py")
assert _SPEC is not None and _SPEC.loader is not None
version = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(version)

GOOD = ("1.10.0", ["1.9.0", "1.10.0"], [], {"plugins/modules/a.py": ["1.9.0", "1.10.0"]})
BAD = [
    ({0: "1.10"}, ["galaxy.yml: version 1.10 is not MAJOR.MINOR.PATCH", "galaxy.yml: version 1.10 is not the newest"]),
    ({0: "1.9.0"}, ["galaxy.yml: version 1.9.0 is not the newest release of the changelog, 1.10.0"]),
    ({0: "2.0.0"}, ["galaxy.yml: version 2.0.0 is not the newest release of the changelog, 1.10.0"]),
    ({1: []}, ["not the newest release of the changelog, none", "version_added 1.9.0", "version_added 1.10.0 is no release"]),
    ({2: ["a.yml"]}, ["changelogs/fragments/a.yml: is in no release"]),
    ({3: {"a.py": ["1.9.0", "1.9.1"]}}, ["a.py: version_added 1.9.1 is no release"]),
]


def test_one_version_everywhere_is_no_problem() -> None:
    assert version.problems(*GOOD) == []


@pytest.mark.parametrize(("changes", "expected"), BAD)
def test_every_other_version_is_named(changes: dict[int, object], expected: list[str]) -> None:
    found = version.problems(*(changes.get(at, one) for at, one in enumerate(GOOD)))
    assert len(found) == len(expected)
    assert all(words in problem for words, problem in zip(expected, found))


def test_a_new_version_is_that_of_the_collection_and_of_what_is_new() -> None:
    assert version.with_version("name: a\nversion: 0.1.0\nreadme: b\n", "1.0.0") == "name: a\nversion: 1.0.0\nreadme: b\n"
    text = "version_added: 0.1.0\nx:\n    version_added: '1.0.0'\n    version_added: \"1.1.0\"\n"
    new = "version_added: 1.2.0\nx:\n    version_added: '1.0.0'\n    version_added: 1.2.0\n"
    assert version.with_added(text, ["1.0.0"], "1.2.0") == new


@pytest.mark.parametrize("given", ["", "1", "1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "0.0.0"])
def test_what_is_no_new_version_changes_nothing(
    given: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(version, "_releases", lambda: ["0.0.0"])
    monkeypatch.setattr(version.subprocess, "run", lambda *dummy, **options: sys.exit("ran something"))
    assert version.main(["set", given]) == 1
    assert "is not a version MAJOR.MINOR.PATCH above 0.0.0" in capsys.readouterr().err
