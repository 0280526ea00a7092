# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look as metrics: each series appears once, with names that Prometheus accepts."""

from __future__ import annotations

import re
from typing import Any

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
    """The values by name and labels; a series that appears twice is an error."""
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
    "router_nodes{router=r1,state=failing}": 0,
    "router_info{router=r1,stats=127.0.0.1:1,version=2.0.31}": 1,
    "router_answer_seconds{router=r1}": 0.1,
    "router_dropped_nodes{router=r1}": 0,
    "router_oldest_announcement_seconds{router=r1}": 5,
    "pool_expected_nodes{key=k,router=r1}": 2,
    "pool_expected_nodes{key=k,router=r2}": 2,
    "pool_serving_nodes{key=k,router=r1}": 1,
    "pool_requests_total{key=k,router=r1}": 5,
    "node_expected{host=host-a,key=k,node=a,vassal=a}": 1,
    "node_expected{host=host-b,key=k,node=b,vassal=b}": 1,
    "node_state{host=host-a,key=k,node=a,router=r1,state=fresh}": 1,
    "node_state{host=host-b,key=k,node=b,router=r1,state=dead}": 1,
    "node_requests_total{host=host-a,key=k,node=a,router=r1}": 7,
    "node_failures_total{host=host-a,key=k,node=a,router=r1}": 1,
    "node_in_flight{host=host-a,key=k,node=a,router=r1}": 2,
    "node_weight{host=host-a,key=k,node=a,router=r1}": 3,
    "node_announcement_age_seconds{host=host-a,key=k,node=a,router=r1}": 5,
    "node_requests_total{host=host-b,key=k,node=b,router=r1}": 0,
    "node_failures_total{host=host-b,key=k,node=b,router=r1}": 0,
    "node_in_flight{host=host-b,key=k,node=b,router=r1}": 0,
    "node_weight{host=host-b,key=k,node=b,router=r1}": 1,
    "node_announcement_age_seconds{host=host-b,key=k,node=b,router=r1}": 0,
    "emperor_up{host=here}": 1,
    "vassal_running{host=here,vassal=v}": 1,
    "vassal_running{host=here,vassal=w}": 0,
    "vassal_accepting{host=here,vassal=v}": 1,
    "vassal_respawns_total{host=here,vassal=v}": 2,
    "vassal_failed_starts_total{host=here,vassal=v}": 0,
    "vassal_failed_starts_total{host=here,vassal=w}": 4,
    "vassal_accepting{host=here,vassal=w}": 0,
    "vassal_held_out{host=here,reason=health,vassal=v}": 1,
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
    "scrape_errors_total{name=,source=emperor}": 0,
    "scrape_errors_total{name=v,source=held}": 0,
    "scrape_errors_total{name=/c.pem,source=certificate}": 0,
}


def test_what_was_found_has_its_series_and_nothing_else() -> None:
    history = History()
    history.add(FOUND, GIVEN.max_age)
    assert series(GIVEN, FOUND, history) == {"emperor_uwsgi_" + name: value for name, value in EXPECTED.items()}


def test_nodes_that_nobody_expects_have_no_host_and_those_that_came_back_their_returns() -> None:
    history, given = History(), config()
    for at, more in enumerate(({}, {"dead": True}, {})):
        found = look(time=1_000_000.0 + at, routers={"r1": pools(k={"x": more})})
        history.add(found, given.max_age)
    assert series(given, found, history)["emperor_uwsgi_node_returns_total{host=,key=k,node=x,router=r1}"] == 1


def test_a_node_that_fails_serves_all_the_same() -> None:
    history = History()
    for failures in (0, 1):
        found = look(routers={"r1": pools(k={"x": {"failures": failures}})})
        history.add(found, 17)
    shown = series(config(), found, history)
    assert shown["emperor_uwsgi_node_state{host=,key=k,node=x,router=r1,state=failing}"] == 1
    assert shown["emperor_uwsgi_pool_serving_nodes{key=k,router=r1}"] == 1


def test_the_oldest_announcement_is_that_of_a_node_that_serves() -> None:
    heard = {"a": 999_990, "b": 999_995, "c": 999_000, "d": 1_000_009}
    nodes = {name: {"last_check": at} for name, at in heard.items()}
    found = series(config(), look(routers={"r1": pools(k=nodes, z={"c": {"last_check": 999_000}})}))
    assert found["emperor_uwsgi_router_oldest_announcement_seconds{router=r1}"] == 10
    assert found["emperor_uwsgi_router_nodes{router=r1,state=ghost}"] == 2
    assert found["emperor_uwsgi_pool_serving_nodes{key=k,router=r1}"] == 3
    assert found["emperor_uwsgi_pool_serving_nodes{key=z,router=r1}"] == 0
    # A router's clock may be behind.
    assert found["emperor_uwsgi_node_announcement_age_seconds{host=,key=k,node=d,router=r1}"] == 0
    assert not [name for name in series(config(), look(routers={"r1": pools()})) if "oldest" in name]


def test_what_a_router_dropped_is_counted() -> None:
    found = look(routers={"r1": pools()._replace(dropped=7)})
    assert series(config(), found)["emperor_uwsgi_router_dropped_nodes{router=r1}"] == 7


def test_a_tenant_s_reasons_have_a_bound() -> None:
    found = series(config(), look(held={"v": [f"r{at}" for at in range(20)]}))
    assert len([name for name in found if "held_out" in name]) == 16


def test_a_router_accepts_no_requests_itself() -> None:
    vassals = [{"name": "r", "file": "/r.ini", "accepts": False}, {"name": "v", "file": "/v.ini"}]
    given = config(0, emperor="127.0.0.1:9", vassals=vassals)
    found = series(given, look(emperor=Emperor([Vassal("/r.ini", ready=True), Vassal("/v.ini", ready=True)], {})))
    assert [name for name in found if "accepting" in name] == ["emperor_uwsgi_vassal_accepting{host=here,vassal=v}"]
    assert not [name for name in series(config(0), look()) if "emperor_up" in name or "tolerance" in name]


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
