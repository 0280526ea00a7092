# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for Prometheus: each alert fires when it should and not before, and the guide explains it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import metrics
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.history import History
from support import promtool
from support.looks import config, look
from support.modules import ROOT

RULES = ROOT / "extensions" / "monitoring" / "emperor_uwsgi.rules.yml"
GROUPS = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule}
EXPRESSIONS = [rule["expr"] for group in GROUPS for rule in group["rules"]]
GUIDE = (ROOT / "docs" / "docsite" / "rst" / "troubleshooting.rst").read_text(encoding="utf-8")
STEP = 15

POOL = '{instance="i",router="r",key="k"}'
NODE = '{key="k",node="n",host="h"}'
EXPECTED = '{key="k",node="n",host="h",vassal="v"}'
HELD = 'vassal_held_out{host="h",vassal="v",reason="operator"}'
ILL = HELD.replace("operator", "health")
UP = 'router_up{router="r"}'
# For each alert: the values, by series, at which it fires, and those at which it doesn't. The prefix emperor_uwsgi_ is left out.
# If there are several that don't fire, all must be silent.
CASES: dict[str, tuple[dict[str, str], ...]] = {
    "KeyUnserved": (
        {f"pool_serving_nodes{POOL}": "0", f"pool_expected_nodes{POOL}": "2"},
        {f"pool_serving_nodes{POOL}": "1", f"pool_expected_nodes{POOL}": "2"},
    ),
    "PoolSmall": (
        # A node that the gate holds out counts as missing; a drained node doesn't.
        {f"pool_serving_nodes{POOL}": "1", f"pool_expected_nodes{POOL}": "2", f"node_expected{EXPECTED}": "1", ILL: "1"},
        {f"pool_serving_nodes{POOL}": "2", f"pool_expected_nodes{POOL}": "2"},
        {f"pool_serving_nodes{POOL}": "1", f"pool_expected_nodes{POOL}": "2", f"node_expected{EXPECTED}": "1", HELD: "1"},
    ),
    "NodeLost": (
        {f"node_expected{EXPECTED}": "1", UP: "1"},
        {f"node_expected{EXPECTED}": "1", UP: "1", HELD: "1"},
    ),
    "NodeFailing": (
        {f"node_failures_total{NODE}": "0+1", f"node_expected{EXPECTED}": "1", ILL: "1"},
        {f"node_failures_total{NODE}": "9"},
        # Four failures in five minutes, which two pages report.
        {f'node_failures_total{{instance="{one}",router="r",key="k",node="n",host="h"}}': "0+0.2" for one in "ab"},
        {f"node_failures_total{NODE}": "0+1", f"node_expected{EXPECTED}": "1", HELD: "1"},
    ),
    "NodeFlapping": (
        {f"node_returns_total{NODE}": "1+1", f"node_expected{EXPECTED}": "1", ILL: "1"},
        {f"node_returns_total{NODE}": "1"},
        {f"node_returns_total{NODE}": "1+1", f"node_expected{EXPECTED}": "1", HELD: "1"},
    ),
    "AllHeldOut": (
        {f"node_expected{EXPECTED}": "1", HELD: "1"},
        {f"node_expected{EXPECTED}": "1", 'node_expected{key="k",node="o",host="h",vassal="w"}': "1", HELD: "1"},
    ),
    "HeldOutTooLong": ({HELD: "1"}, {'vassal_running{host="h",vassal="v"}': "1"}),
    "RouterDown": ({UP: "0"}, {UP: "1"}),
    "EmperorDown": ({'emperor_up{host="h"}': "0"}, {'emperor_up{host="h"}': "1"}),
    "LiveDown": ({'=up{job="emperor_uwsgi",instance="i"}': "0"}, {'=up{job="other",instance="i"}': "0"}),
    "VassalFails": (
        {'vassal_failed_starts_total{host="h",vassal="v"}': "3"},
        {'vassal_failed_starts_total{host="h",vassal="v"}': "2"},
    ),
    # Promtool's clock starts at 0, which is also the time of each sample.
    "ClockSkew": (
        {'clock_timestamp_seconds{host="h"}': f"16+{STEP}", 'signing_tolerance_seconds{host="r"}': "30"},
        {'clock_timestamp_seconds{host="h"}': f"14+{STEP}", 'signing_tolerance_seconds{host="r"}': "30"},
    ),
    "CertificateEnds": (
        {'certificate_end_timestamp_seconds{path="/c"}': str(13 * 86400)},
        {'certificate_end_timestamp_seconds{path="/c"}': str(15 * 86400)},
    ),
    "Capacity": (
        {f"node_in_flight{NODE}": "19", 'pool_capacity{key="k"}': "20"},
        {f"node_in_flight{NODE}": "18", 'pool_capacity{key="k"}': "20"},
        {
            'node_in_flight{instance="a",router="r",key="k",node="n"}': "18",
            'node_in_flight{instance="b",router="r",key="k",node="n"}': "18",
            'pool_capacity{key="k"}': "20",
        },
    ),
    "ListenQueue": (
        {'=uwsgi_socket_queue_length{name="s"}': "90", '=uwsgi_socket_max_queue_length{name="s"}': "100"},
        {'=uwsgi_socket_queue_length{name="s"}': "80", '=uwsgi_socket_max_queue_length{name="s"}': "100"},
    ),
}
SECONDS = {"s": 1, "m": 60, "h": 3600}


def seconds(alert: str) -> int:
    """How long the condition must last."""
    text = str(ALERTS[alert].get("for", "0s"))
    return int(text[:-1]) * SECONDS[text[-1]]


def case(alert: str, series: dict[str, str], times: dict[int, bool]) -> dict[str, Any]:
    """A test for promtool, with the times at which the alert fires or doesn't."""
    count = max(times) // STEP + 2
    return {
        "interval": f"{STEP}s",
        "input_series": [
            {
                "series": name[1:] if name.startswith("=") else "emperor_uwsgi_" + name,
                "values": f"{value}x{count}" if "+" in value else f"{value}+0x{count}",
            }
            for name, value in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
                "eval_time": f"{at}s",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
            for at, fires in times.items()
        ],
    }


def test_every_alert_has_its_case() -> None:
    assert {"EmperorUwsgi" + name for name in CASES} == set(ALERTS)


@promtool.needs_promtool
def test_prometheus_takes_the_rules() -> None:
    code, said = promtool.run("check", "rules", RULES)
    assert code == 0, said
    assert f"{len(EXPRESSIONS)} rules found" in said


@promtool.needs_promtool
def test_every_alert_fires_after_its_time_and_not_before(tmp_path: Path) -> None:
    tests = []
    for short, (firing, *silent) in CASES.items():
        alert = "EmperorUwsgi" + short
        # Counters have to grow for a while first.
        first = 1800 if any("+" in value and short != "ClockSkew" for value in firing.values()) else 0
        late = first + seconds(alert) + 4 * STEP
        before = {} if first or not seconds(alert) else {seconds(alert) - STEP: False}
        tests += [case(alert, firing, {**before, late: True}), *(case(alert, one, {late: False}) for one in silent)]
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": f"{STEP}s", "tests": tests}))
    code, said = promtool.run("test", "rules", file)
    assert code == 0, said


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_its_part_in_the_guide(alert: str) -> None:
    link, dummy, anchor = ALERTS[alert]["annotations"]["runbook_url"].partition("#")
    assert link.endswith("/docs/docsite/rst/troubleshooting.rst")
    assert anchor == alert.lower()
    assert re.search(rf"^{alert}\n~+\n\n\S", GUIDE, re.MULTILINE)
    assert ALERTS[alert]["labels"]["severity"] in ("critical", "warning")


def test_the_rules_use_metrics_that_the_page_has() -> None:
    vassals = [{"name": "v", "file": "/v", "stats": "127.0.0.1:1"}]
    families = metrics.families(config(emperor="127.0.0.1:2", vassals=vassals), look(), History())
    known = {family.name for family in families} | {"emperor_uwsgi_vassal_failed_starts_total"}
    used = {name for expr in EXPRESSIONS for name in re.findall(r"(?<![:\w\"])(?:emperor_)?uwsgi_\w+", expr)}
    assert len(used) > 12
    assert used <= known


@pytest.mark.parametrize("name", ["prometheus.yml", "alertmanager.yml"])
def test_the_guide_has_the_files_to_begin_with(name: str) -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "watch-pools.rst").read_text(encoding="utf-8")
    (shown,) = re.findall(rf"^    # /etc/prometheus/{name}\n((?:\n|    .*\n)+)", guide, re.MULTILINE)
    assert yaml.safe_load(shown) == yaml.safe_load((RULES.parent / name).read_text(encoding="utf-8"))


@promtool.needs_promtool
def test_prometheus_takes_the_file_to_begin_with(tmp_path: Path) -> None:
    text = (RULES.parent / "prometheus.yml").read_text(encoding="utf-8")
    for name, folder in (("emperor_uwsgi.rules.yml", RULES.parent), ("uwsgi.json", tmp_path)):
        text = text.replace("/etc/prometheus/" + name, f"{folder}/{name}")
    (tmp_path / "prometheus.yml").write_text(text, encoding="utf-8")
    (tmp_path / "uwsgi.json").write_text('[{"targets": ["10.0.0.7:9717"], "labels": {"instance": "node1"}}]', encoding="utf-8")
    code, said = promtool.run("check", "config", tmp_path / "prometheus.yml")
    assert code == 0, said
    assert f"{len(EXPRESSIONS)} rules found" in said
