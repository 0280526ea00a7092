# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check what Prometheus saw of the scenario's events; runs on the host of Prometheus: python3 - EVENTS.

EVENTS is a JSON list of objects with ``name``, ``begin`` and ``end``. The series must show what happened in each event, and
exactly the right alerts must have fired in it. It prints a line for each event, and all that is wrong.
"""

import json
import re
import sys
import urllib.parse
import urllib.request

API = "http://127.0.0.1:9090/api/v1/"
PREFIX = "EmperorUwsgi"
# Seconds before and after an event that count for it: the last scrape before it, and the first one after it.
EARLY = LATE = 5
# Each router's page shows both routers.
KEY = 'key="shop.example.com"'
NODES = ("node1", "node2", "node3")
ROUTERS = ("router1", "router2")


def held(host, reason):
    """The query: a node was held out for a reason."""
    return f'max_over_time(emperor_uwsgi_vassal_held_out{{host="{host}",vassal="shop",reason="{reason}"}}[WINDOW]) == 1'


def small(router):
    """The query: a router had fewer nodes."""
    return f'min_over_time(emperor_uwsgi_pool_serving_nodes{{router="{router}",{KEY}}}[WINDOW]) < 3'


def restarted(router):
    """The query: a router's counters began again."""
    return f'resets(emperor_uwsgi_pool_requests_total{{router="{router}",{KEY}}}[WINDOW]) > 0'


def reloaded(host):
    """The query: the Emperor reloaded a node."""
    return f'changes(emperor_uwsgi_vassal_respawns_total{{host="{host}",vassal="shop"}}[WINDOW]) > 0'


ROLLING = [held(node, "rolling-update") for node in NODES]
ROTATION = [restarted(router) for router in ROUTERS] + [reloaded(node) for node in NODES]
LOST = ["NodeLost node3", "PoolSmall router1", "PoolSmall router2"]
# For each event: queries that must have a result, alerts that must fire, and a pattern of alerts that may fire.
EVENTS = {
    # Before it there are no pages to scrape. Until a node's page exists, Prometheus doesn't know what holds the node out.
    "upgrade": (
        [
            'sum(max_over_time(up{job="emperor_uwsgi"}[WINDOW])) == 5',
            "count(max_over_time(emperor_uwsgi_check_well[WINDOW]) == 1) == 3",
            "count(max_over_time(emperor_uwsgi_emperor_up[WINDOW]) == 1) == 5",
            # Two keys at two routers, on two pages.
            "count(max_over_time(emperor_uwsgi_pool_serving_nodes[WINDOW]) == 3) == 8",
        ],
        ["LiveDown node3"],
        "LiveDown .*|NodeLost .*|PoolSmall .*",
    ),
    "rolling_update": (ROLLING, [], ""),
    "rotate_signing_keys": (ROTATION, [], ""),
    "drain_node": ([held("node1", "operator"), small("router1"), small("router2")], [], ""),
    "kill_node": (
        ['min_over_time(up{instance="node3"}[WINDOW]) == 0', small("router1"), small("router2")],
        [*LOST, "LiveDown node3"],
        "",
    ),
    "restart_router": ([restarted("router2")], [], ""),
    "remove_vassal": (
        [
            'sum_over_time(up{instance="node3"}[WINDOW]) - on (instance) '
            'count_over_time(emperor_uwsgi_vassal_running{instance="node3",vassal="shop"}[WINDOW]) > 2',
            small("router1"),
            small("router2"),
        ],
        LOST,
        "",
    ),
    # It is over before most alerts fire.
    "hang_node": (
        [
            # The operator's drain is over before the next scrape.
            held("node2", "health"),
            'min_over_time(emperor_uwsgi_check_well{host="node2"}[WINDOW]) == 0',
            small("router1"),
            small("router2"),
        ],
        [],
        "PoolSmall .*",
    ),
    "cut_rolling_update": (ROLLING, [], ""),
    "cut_rotation": (ROTATION, [], ""),
}


def ask(path, **arguments):
    """Ask Prometheus; returns the result."""
    with urllib.request.urlopen(API + path + "?" + urllib.parse.urlencode(arguments), timeout=60) as answer:
        return json.load(answer)["data"]["result"]


def alerts(begin, end):
    """When each alert began to fire, and its short name."""
    for series in ask("query_range", query='ALERTS{alertstate="firing"}', start=begin, end=end, step=1):
        labels = series["metric"]
        of = labels.get("host") or labels.get("router") or labels.get("instance") or labels.get("key", "")
        before = 0
        for at, dummy in series["values"]:
            # A gap means that the alert stopped: Prometheus only fills gaps in series that have not ended.
            if at - before > 10:
                yield at, labels["alertname"][len(PREFIX) :] + " " + of
            before = at


def seen(event, raised):
    """What is wrong with an event."""
    shown, must, may = EVENTS[event["name"]]
    window = f"{int(event['end'] - event['begin']) + EARLY + LATE}s"
    for query in shown:
        if not ask("query", query=query.replace("WINDOW", window), time=event["end"] + LATE):
            yield "not seen: " + query.replace("WINDOW", window)
    for alert in must:
        if alert not in raised:
            yield "not raised: " + alert
    for alert in sorted(raised):
        if alert not in must and not re.fullmatch(may, alert):
            yield "raised: " + alert


def main():
    events = json.loads(sys.argv[1])
    raised = [set() for dummy in events]
    for at, alert in alerts(events[0]["begin"] - 120, events[-1]["end"] + LATE):
        # Alerts from before the first event count for that event.
        number = max([number for number, event in enumerate(events) if event["begin"] <= at], default=0)
        raised[number].add(alert)
    wrong = []
    for event, found in zip(events, raised):
        wrong += [f"{event['name']}: {one}" for one in seen(event, found)]
        print(f"{event['name']}: {', '.join(sorted(found)) or 'no alert'}")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
