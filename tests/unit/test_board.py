# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The board for Grafana is what the program makes, and each panel links to the part about an alert."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import Any

import pytest
import yaml
from support.modules import ROOT

FOLDER = ROOT / "extensions" / "monitoring"
TEXT = (FOLDER / "emperor_uwsgi.board.json").read_text(encoding="utf-8")
BOARD = json.loads(TEXT)
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def test_the_board_is_what_the_program_makes() -> None:
    pytest.importorskip("grafana_foundation_sdk")
    spec = importlib.util.spec_from_file_location("board", ROOT / "docs" / "board.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.board() == TEXT, "run python docs/board.py"


def test_a_board_is_of_one_prometheus_one_key_and_one_host_or_of_all() -> None:
    variables = BOARD["templating"]["list"]
    assert [(one["name"], one["type"]) for one in variables] == [
        ("datasource", "datasource"), ("key", "query"), ("host", "query")
    ]  # fmt: skip
    used = set(re.findall(r"\$(\w+)", json.dumps(PANELS)))
    assert used == {"datasource", "key", "host", "__rate_interval"}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_panel_links_to_an_alert_and_is_in_its_place(panel: dict[str, Any]) -> None:
    rules = yaml.safe_load((FOLDER / "emperor_uwsgi.rules.yml").read_text(encoding="utf-8"))
    runbooks = {rule["annotations"]["runbook_url"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    assert {link["url"] for link in panel["links"]} <= runbooks
    assert panel["links"] and panel["targets"] and panel["description"]
    place = panel["gridPos"]
    assert place["x"] + place["w"] <= 24
    assert [one["title"] for one in BOARD["panels"] if one["gridPos"] == place] == [panel["title"]]
