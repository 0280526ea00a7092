# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the board for Grafana, on the metrics and the rules of the live page: python docs/board.py"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

BOARD = Path(__file__).resolve().parents[1] / "extensions" / "monitoring" / "emperor_uwsgi.board.json"
_GUIDE = "https://github.com/emperor-uwsgi/emperor.uwsgi/blob/main/docs/docsite/rst/troubleshooting.rst"
_SOURCE = DataSourceRef("prometheus", "$datasource")
_NODE = 'key=~"$key",host=~"$host"'


class Panel(NamedTuple):
    """What one panel shows.

    Attributes:
        queries: expressions, each with its legend.
        alert: the alert whose part of the guide it links to, without its prefix.
    """

    title: str
    text: str
    alert: str
    queries: dict[str, str]
    unit: str = "short"


STATS = [
    Panel(
        "Alerts",
        "Alerts of the collection's rules that fire",
        "PoolSmall",
        {'count(ALERTS{alertname=~"EmperorUwsgi.+",alertstate="firing"}) or vector(0)': "alerts"},
    ),
    Panel(
        "Missing nodes",
        "Expected nodes that a router doesn't list as serving, at the worst router of each key",
        "PoolSmall",
        {
            'sum(clamp_min(max by (key) (emperor_uwsgi_pool_expected_nodes{key=~"$key"})'
            ' - key:emperor_uwsgi_serving_nodes:min{key=~"$key"}, 0))': "nodes"
        },
    ),
    Panel(
        "Held out",
        "Vassals that somebody, or the health gate, keeps out of their pools",
        "HeldOutTooLong",
        {'count(max by (host, vassal) (emperor_uwsgi_vassal_held_out{host=~"$host"})) or vector(0)': "vassals"},
    ),
    Panel(
        "Routers down",
        "Routers that don't answer",
        "RouterDown",
        {"count(min by (router) (emperor_uwsgi_router_up) == 0) or vector(0)": "routers"},
    ),
]
STATES = [
    Panel(
        "Who is held out, and by whom",
        "The reason of each vassal that keeps silent",
        "HeldOutTooLong",
        {'max by (host, vassal, reason) (emperor_uwsgi_vassal_held_out{host=~"$host"})': "{{host}} {{vassal}}: {{reason}}"},
    ),
]
POOLS = [
    Panel(
        "Nodes that serve",
        "The fewest at any router, and what the inventory expects",
        "PoolSmall",
        {
            'key:emperor_uwsgi_serving_nodes:min{key=~"$key"}': "{{key}}",
            'max by (key) (emperor_uwsgi_pool_expected_nodes{key=~"$key"})': "{{key}} expected",
        },
    ),
    Panel(
        "Requests",
        "Requests a second that routers sent to nodes",
        "KeyUnserved",
        {'key:emperor_uwsgi_requests:rate5m{key=~"$key"}': "{{key}}"},
        "reqps",
    ),
    Panel(
        "Failures",
        "Failures a second that routers counted",
        "NodeFailing",
        {'key:emperor_uwsgi_failures:rate5m{key=~"$key"}': "{{key}}"},
        "reqps",
    ),
    Panel(
        "Capacity in use",
        "Requests in flight, of those that the expected nodes can answer at once",
        "Capacity",
        {'key:emperor_uwsgi_capacity:ratio{key=~"$key"}': "{{key}}"},
        "percentunit",
    ),
]
NODES = [
    Panel(
        "Requests of each node",
        "Requests a second",
        "NodeLost",
        {
            "sum by (key, host, node) (max by (router, key, host, node) ("
            f"rate(emperor_uwsgi_node_requests_total{{{_NODE}}}[$__rate_interval])))": "{{host}} {{node}} {{key}}"
        },
        "reqps",
    ),
    Panel(
        "In flight on each node",
        "Requests that a node has right now",
        "Capacity",
        {
            f"sum by (key, host, node) (max by (router, key, host, node) (emperor_uwsgi_node_in_flight{{{_NODE}}}))": (
                "{{host}} {{node}} {{key}}"
            )
        },
    ),
    Panel(
        "Oldest announcement",
        "Of the nodes that serve, by router",
        "NodeFlapping",
        {"max by (router) (emperor_uwsgi_router_oldest_announcement_seconds)": "{{router}}"},
        "s",
    ),
    Panel(
        "Subscriptions",
        "A node under a key, by its state at a router",
        "NodeLost",
        {"max by (router, state) (emperor_uwsgi_router_nodes)": "{{router}} {{state}}"},
    ),
]
HOSTS = [
    Panel(
        "Health checks",
        "Seconds of the last check",
        "AllHeldOut",
        {'max by (host, vassal) (emperor_uwsgi_check_duration_seconds{host=~"$host"})': "{{host}} {{vassal}}"},
        "s",
    ),
    Panel(
        "Failed starts",
        "In a row; 0 once the vassal has started",
        "VassalFails",
        {'max by (host, vassal) (emperor_uwsgi_vassal_failed_starts_total{host=~"$host"})': "{{host}} {{vassal}}"},
    ),
    Panel(
        "Clocks",
        "The host's clock against that of Prometheus",
        "ClockSkew",
        {'host:emperor_uwsgi_clock_skew:seconds{host=~"$host"}': "{{host}}"},
        "s",
    ),
    Panel(
        "Certificates",
        "Time until the first of a file ends",
        "CertificateEnds",
        {"min by (path) (emperor_uwsgi_certificate_end_timestamp_seconds) - time()": "{{path}}"},
        "s",
    ),
]


def _link(panel: Panel) -> dashboard.DashboardLink:
    name = "EmperorUwsgi" + panel.alert
    return dashboard.DashboardLink("What to do").type(DashboardLinkType.LINK).url(f"{_GUIDE}#{name.lower()}")


def _filled(made: Any, panel: Panel, width: int, height: int) -> Any:
    made.title(panel.title).description(panel.text).unit(panel.unit).datasource(_SOURCE)
    made.links([_link(panel)]).span(width).height(height)
    for at, (expr, legend) in enumerate(panel.queries.items()):
        made.with_target(prometheus.Dataquery().ref_id(chr(ord("A") + at)).expr(expr).legend_format(legend).range())
    return made


def _variables() -> Iterator[dashboard.DatasourceVariable | dashboard.QueryVariable]:
    yield dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    for name, metric in (("key", "emperor_uwsgi_pool_serving_nodes"), ("host", "emperor_uwsgi_clock_timestamp_seconds")):
        every = VariableOption(selected=True, text=["All"], value=["$__all"])
        one = dashboard.QueryVariable(name).label(name.capitalize()).datasource(_SOURCE)
        one.query(f"label_values({metric}, {name})").refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        # A node that nobody expects has no host.
        yield one.sort(VariableSort.ALPHABETICAL_ASC).multi(True).include_all(True).all_value(".*").current(every)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def board() -> str:
    """The board as its file has it."""
    made = dashboard.Dashboard("uWSGI pools").uid("emperor-uwsgi").tags(["uwsgi"]).refresh("30s").time("now-1h", "now")
    made.link(dashboard.DashboardLink("What to do").type(DashboardLinkType.LINK).url(_GUIDE)).readonly()
    for variable in _variables():
        made.with_variable(variable)
    for panel in STATS:
        made.with_panel(_filled(stat.Panel(), panel, 6, 4))
    for title, panels in (("Pools", POOLS), ("Nodes", NODES), ("Hosts", HOSTS)):
        made.with_row(dashboard.Row(title))
        for panel in STATES if title == "Pools" else []:
            made.with_panel(_filled(statetimeline.Panel(), panel, 24, 6))
        for panel in panels:
            made.with_panel(_filled(timeseries.Panel().min(0) if panel.title != "Clocks" else timeseries.Panel(), panel, 12, 8))
    content = _without_nulls(json.loads(JSONEncoder(sort_keys=True).encode(made.build())))
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    BOARD.write_text(board(), encoding="utf-8")
