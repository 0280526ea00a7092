# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The models name the code that they stand for: every step names some, and all that they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.modules import ROOT

MODELS = sorted((ROOT / "tests" / "model").glob("*.pml"))
_COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
_FILE = re.compile(r"((?:plugins|roles|playbooks)/[\w/.]+\.(?:py|yml))(?: \(([\w, ]+)\))?")
# Steps of the model itself: its properties, its choices, and its clock.
OWN = {"check", "choose", "begin_wait", "end_wait", "end_waits", "last_announcement", "forgotten"}


def named(text: str) -> list[tuple[str, str]]:
    """The files that a model's comments name, and the functions in them."""
    comments = " ".join(" ".join(found.replace(" * ", " ").split()) for found in _COMMENT.findall(text))
    return [(file, name) for file, names in _FILE.findall(comments) for name in (names.split(", ") if names else [""])]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_what_a_model_names_exists(path: Path) -> None:
    for file, name in named(path.read_text(encoding="utf-8")):
        assert (ROOT / file).is_file(), file
        if name:
            assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), f"{file}: {name}"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_every_step_of_a_model_says_what_it_stands_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for found in re.finditer(r"^inline (\w+)\(", text, re.MULTILINE):
        # The text since the last step, which may have more than one version.
        before = text[: found.start()].rpartition("\n}\n")[2]
        assert found[1] in OWN or "Stands for:" in before, f"{path.name}: {found[1]}"


def test_the_models_name_the_walk() -> None:
    files = {file for path in MODELS for file, dummy in named(path.read_text(encoding="utf-8"))}
    assert {"plugins/module_utils/_run/emperor/served.py", "plugins/module_utils/_deployment/leaving.py"} <= files
