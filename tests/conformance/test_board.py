# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queries of the Grafana board, sent to a real Prometheus that scrapes a real live page."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support import keys
from support.drained import KEY, fleet
from support.loopback import wait_for
from support.modules import ROOT
from support.prometheus import Prometheus, needs_prometheus

pytest.importorskip("prometheus_client")
from support.live import Page, Server

FOLDER = ROOT / "extensions" / "monitoring"
BOARD = json.loads((FOLDER / "emperor_uwsgi.board.json").read_text(encoding="utf-8"))
# The variables, as Grafana fills them in.
VARIABLES = {"$key": ".*", "$host": ".*", "$__rate_interval": "1m"}


def queries() -> dict[str, list[str]]:
    """The queries, by the title of their panel."""
    found: dict[str, list[str]] = {}
    for panel in BOARD["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            found.setdefault(panel["title"], []).append(query)
    for variable in BOARD["templating"]["list"][1:]:
        metric, dummy, label = variable["query"].removeprefix("label_values(").removesuffix(")").partition(", ")
        found[variable["name"]] = [f"group by ({label}) ({metric})"]
    return found


@needs_prometheus
def test_every_query_of_the_board_has_a_result(tmp_path: Path) -> None:
    with fleet(tmp_path) as all_of_it, ExitStack() as stack:
        nodes = [all_of_it.node("one"), all_of_it.node("two")]
        all_of_it.run("drained", nodes[1])
        files = [str(node.file) for node in nodes]
        gate = {files[0]: {"well": True, "out": False, "seconds": 0.1, "time": int(time.time())}}
        (tmp_path / "gate.json").write_text(json.dumps(gate), encoding="utf-8")
        (tmp_path / "cert.pem").write_text(keys.certificate("shop"), encoding="ascii")
        emperor = {"vassals": [{"id": file, "accepting": 1, "ready": 1} for file in files]}
        config: dict[str, Any] = {
            "routers": [{"name": "router1", "stats": all_of_it.routers[0].stats}],
            "emperor": stack.enter_context(Server(json.dumps(emperor).encode())).address,
            "vassals": [
                {"name": node.name, "file": str(node.file), "suspend": [str(all_of_it.suspend / node.name)]} for node in nodes
            ],
            "gates": [str(tmp_path / "gate.json")],
            "certificates": [str(tmp_path / "cert.pem")],
            # The same host as the page's.
            "expected": [
                {"key": KEY, "address": node.address, "host": "router1", "vassal": node.name, "capacity": 2} for node in nodes
            ],
            "signing_tolerance": 300,
        }
        page = stack.enter_context(Page(tmp_path / "page", **config))
        scrape = {"job_name": "emperor_uwsgi", "static_configs": [{"targets": [page.address]}]}
        rules = {"rule_files": [str(FOLDER / "emperor_uwsgi.rules.yml")], "scrape_configs": [scrape]}
        often = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}}
        prometheus = stack.enter_context(Prometheus(tmp_path / "prometheus", {**often, **rules}))
        asked = queries()
        assert len(asked) == 19

        for title, each in asked.items():
            for query in each:
                wait_for(f"{title}: {query}", partial(prometheus.ask, "query", query=query))
        (drained,) = prometheus.ask("query", query="key:emperor_uwsgi_drained_nodes:count")
        assert drained["value"][1] == "1"
