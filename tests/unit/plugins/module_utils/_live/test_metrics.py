# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look as metrics: each series once, with names that Prometheus has no complaint about."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.emperor_stats import Emperor, Vassal
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import metrics
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.config import Config
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.history import History
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.sources import Look, Result
from support.looks import config, look, pools

GIVEN = config(
    2,
    "a b",
    emperor="127.0.0.1:9",
    vassals=[{"name": "v", "file": "/v.ini", "suspend": ["/s"]}, {"name": "w", "file": "/w.ini"}],
    certificates=["/c.pem"],
    signing_tolerance=30,
)
FOUND = look(
    routers={
        "r1": pools(
            k={"a": {"requests": 7, "failures": 1, "in_flight": 2, "weight": 3, "last_check": 999_995}, "b": {"dead": True}}
        )
    },
    emperor=Emperor([Vassal("/v.ini", accepting=True, respawns=2)], {"/w.ini": 4}),
    held={"v": ["health", "operator"]},
    results={"v": Result(True, False, 0.25, 999_990.0)},
    certificates={"/c.pem": 2_000_000.0},
    errors={"router:r2": "down"},
)


def series(given: Config, found: Look, history: Any = None) -> dict[str, float]:
    """By name and labels; a series that is there twice is an error."""
    result: dict[str, float] = {}
    for family in metrics.families(given, found, history or History()):
        for labels, value in family.samples:
            name = family.name + "{" + ",".join(f"{key}={labels[key]}" for key in sorted(labels)) + "}"
            assert name not in result
            result[name] = value
    return result


EXPECTED = {
    "router_up{router=r1}": 1,
    "router_up{router=r2}": 0,
    "router_keys{router=r1}": 1,
    "router_nodes{router=r1,state=fresh}": 1,
    "router_nodes{router=r1,state=dead}": 1,
    "router_nodes{router=r1,state=ghost}": 0,
    "router_oldest_announcement_seconds{router=r1}": 5,
    "pool_expected_nodes{key=k,router=r1}": 2,
    "pool_expected_nodes{key=k,router=r2}": 2,
    "pool_serving_nodes{key=k,router=r1}": 1,
    "pool_requests_total{key=k,router=r1}": 5,
    "node_expected{host=host-a,key=k,node=a,vassal=a}": 1,
    "node_state{host=host-a,key=k,node=a,router=r1,state=fresh}": 1,
    "node_state{host=host-b,key=k,node=b,router=r1,state=dead}": 1,
    "node_requests_total{host=host-a,key=k,node=a,router=r1}": 7,
    "node_failures_total{host=host-a,key=k,node=a,router=r1}": 1,
    "node_in_flight{host=host-a,key=k,node=a,router=r1}": 2,
    "node_weight{host=host-a,key=k,node=a,router=r1}": 3,
    "node_announcement_age_seconds{host=host-a,key=k,node=a,router=r1}": 5,
    "emperor_up{host=here}": 1,
    "vassal_running{host=here,vassal=v}": 1,
    "vassal_running{host=here,vassal=w}": 0,
    "vassal_accepting{host=here,vassal=v}": 1,
    "vassal_respawns_total{host=here,vassal=v}": 2,
    "vassal_failed_starts_total{host=here,vassal=v}": 0,
    "vassal_failed_starts_total{host=here,vassal=w}": 4,
    "vassal_held_out{host=here,reason=operator,vassal=v}": 1,
    "check_well{host=here,vassal=v}": 1,
    "check_held_out{host=here,vassal=v}": 0,
    "check_duration_seconds{host=here,vassal=v}": 0.25,
    "check_timestamp_seconds{host=here,vassal=v}": 999_990,
    "certificate_end_timestamp_seconds{path=/c.pem}": 2_000_000,
    "clock_timestamp_seconds{host=here}": 1_000_000,
    "signing_tolerance_seconds{host=here}": 30,
    "scrape_duration_seconds{}": 0.1,
    "scrape_errors_total{name=r2,source=router}": 1,
    "scrape_errors_total{name=r1,source=router}": 0,
}


@pytest.mark.parametrize(("name", "value"), EXPECTED.items())
def test_what_was_found_has_its_series(name: str, value: float) -> None:
    history = History()
    history.add(FOUND, GIVEN.max_age)
    assert series(GIVEN, FOUND, history)["emperor_uwsgi_" + name] == value


def test_a_key_that_no_router_lists_has_no_serving_node_where_the_router_answers() -> None:
    found = series(GIVEN, look(routers={"r1": pools()}))
    assert found["emperor_uwsgi_pool_serving_nodes{key=k,router=r1}"] == 0
    assert "emperor_uwsgi_pool_serving_nodes{key=k,router=r2}" not in found


def test_only_those_who_came_back_have_returns_and_only_known_capacity_is_there() -> None:
    nodes = [{"key": "k", "address": one, "host": "h", "capacity": 4} for one in ("a", "b")]
    given = config(1, expected="")._replace(expected=config(expected="").expected)
    assert not [name for name in series(given, FOUND) if "capacity" in name or "returns" in name]
    given = config(1)
    from ansible_collections.emperor.uwsgi.plugins.module_utils._live.config import parse  # noqa: PLC0415

    full = parse({"host": "h", "expected": nodes})
    assert series(full, look())["emperor_uwsgi_pool_capacity{key=k}"] == 8


def test_what_does_not_answer_has_no_figures_but_that() -> None:
    found = series(GIVEN, look())
    assert found["emperor_uwsgi_emperor_up{host=here}"] == 0
    assert not [name for name in found if re.search("vassal_|node_state|pool_serving", name)]


def test_names_follow_the_rules() -> None:
    for family in metrics.families(GIVEN, FOUND, History()):
        assert re.fullmatch(r"(emperor_)?uwsgi_[a-z_]+", family.name)
        assert family.text.endswith(".") or family.name.startswith("uwsgi_")
        assert (family.kind == "counter") == family.name.endswith("_total")
        assert not family.name.endswith(("_count", "_sum", "_bucket", "_info_total"))
