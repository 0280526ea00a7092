# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns a look into metrics: their names, labels and values. Pure; ``exposition`` writes the text.

``emperor_uwsgi_*`` are the collection's own. ``uwsgi_*`` are figures of an instance's workers, with the names and labels of
uwsgi_exporter, so that dashboards made for it keep working.
"""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, NamedTuple

from .._host import emperor_stats
from .._pool.stats import Listed
from . import worker_metrics
from .config import Config, Expected
from .families import COUNTER, GAUGE, Family, Labels, Sample
from .history import SERVING, STATES, History
from .sources import Look, sources

# The maximum of reasons for one vassal; the owner of the folder may have created any number.
_MOST_REASONS = 16
_PREFIX = "emperor_uwsgi_"


class _Node(NamedTuple):
    """A node at one router, whose labels all of its series share."""

    labels: Labels
    listed: Listed
    state: str
    age: float
    returns: int


def _family(name: str, text: str, samples: Iterable[Sample], kind: str = GAUGE) -> Family:
    return Family(_PREFIX + name, text, kind, samples)


def families(config: Config, look: Look, history: History) -> Iterator[Family]:
    """All families. Their samples are generated on demand."""
    nodes = list(_nodes(config, look, history))
    yield from _routers(config, look, nodes)
    yield from _pools(config, look, nodes)
    yield from _of_nodes(config, nodes)
    yield from _vassals(config, look)
    yield from _checks(config, look)
    ends = [({"path": path}, end) for path, end in look.certificates.items()]
    yield _family("certificate_end_timestamp_seconds", "When the first certificate in a file ends.", ends)
    yield from _self(config, look, history)
    yield from worker_metrics.families(config, look)


def _nodes(config: Config, look: Look, history: History) -> Iterator[_Node]:
    hosts = {(one.key, one.address): one.host for one in config.expected}
    for name, router in look.routers.items():
        for key, listed in router.pools.items():
            for address, node in listed.items():
                labels = {"router": name, "key": key, "node": address, "host": hosts.get((key, address), "")}
                state = history.state(name, key, node, router.time, config.max_age)
                age = max(0.0, router.time - node.last_check)
                yield _Node(labels, node, state, float(int(age)), history.returns(name, key, address))


def _routers(config: Config, look: Look, nodes: List[_Node]) -> Iterator[Family]:
    names = [router.name for router in config.routers]
    info = [
        ({"router": one.name, "stats": one.stats, "version": look.routers[one.name].version}, 1.0)
        for one in config.routers
        if one.name in look.routers
    ]
    counts = {(name, state): 0 for name in look.routers for state in STATES}
    oldest: Dict[str, float] = {}
    for node in nodes:
        name = node.labels["router"]
        counts[name, node.state] += 1
        if node.state in SERVING:
            oldest[name] = max(oldest.get(name, 0.0), node.age)
    up = [({"router": name}, float(name in look.routers)) for name in names]
    yield _family("router_up", "Whether the router's stats server answers as one.", up)
    yield _family("router_info", "The router's stats server and its uWSGI's release.", info)
    yield _of_routers(look, "router_answer_seconds", "Seconds that the router took to answer.", "seconds")
    keys = [({"router": name}, float(len(router.pools))) for name, router in look.routers.items()]
    yield _family("router_keys", "Keys that the router lists.", keys)
    states = [({"router": name, "state": state}, float(count)) for (name, state), count in counts.items()]
    yield _family("router_nodes", "Subscriptions (a node under a key) that the router lists, by state.", states)
    ages = [({"router": name}, age) for name, age in oldest.items()]
    yield _family("router_oldest_announcement_seconds", "The age of the oldest announcement of a node that serves.", ages)
    yield _of_routers(look, "router_dropped_nodes", "Subscriptions over the bound, which have no series.", "dropped")


def _of_routers(look: Look, name: str, text: str, field: str) -> Family:
    return _family(name, text, [({"router": one}, float(getattr(router, field))) for one, router in look.routers.items()])


def _pools(config: Config, look: Look, nodes: List[_Node]) -> Iterator[Family]:
    expected: Dict[str, int] = {}
    capacity: Dict[str, int] = {}
    for one in config.expected:
        expected[one.key] = expected.get(one.key, 0) + 1
        capacity[one.key] = capacity.get(one.key, 0) + one.capacity
    serving = {(name, key): 0 for name, router in look.routers.items() for key in [*expected, *router.pools]}
    for node in nodes:
        if node.state in SERVING:
            serving[node.labels["router"], node.labels["key"]] += 1
    of_router = [({"router": one.name, "key": key}, float(count)) for one in config.routers for key, count in expected.items()]
    text = "Nodes that the inventory expects under the key at the router."
    yield _family("pool_expected_nodes", text, of_router)
    samples = [({"router": name, "key": key}, float(count)) for (name, key), count in serving.items()]
    text = "Nodes to which the router sends requests; 0 for an expected key that it doesn't list."
    yield _family("pool_serving_nodes", text, samples)
    hits = [({"router": name, "key": key}, float(count)) for name, one in look.routers.items() for key, count in one.hits.items()]
    yield _family("pool_requests_total", "Requests for the key since the router knows it.", hits, COUNTER)
    room = [({"key": key}, float(count)) for key, count in capacity.items() if count]
    yield _family("pool_capacity", "Requests that the key's expected nodes can answer at once.", room)


def _of_nodes(config: Config, nodes: List[_Node]) -> Iterator[Family]:
    expected = [(_expected(one), 1.0) for one in config.expected]
    yield _family("node_expected", "A node that the inventory expects.", expected)
    states = (({**node.labels, "state": node.state}, 1.0) for node in nodes)
    yield _family("node_state", "1 for the state that the node has at the router.", states)
    for name, text, kind, field in (
        ("node_requests_total", "Requests that the router sent to the node since it joined.", COUNTER, "requests"),
        ("node_failures_total", "Failures that the router counted of the node since it joined.", COUNTER, "failures"),
        ("node_in_flight", "Requests that the node has right now.", GAUGE, "in_flight"),
        ("node_weight", "The node's weight.", GAUGE, "weight"),
    ):
        at = Listed._fields.index(field)
        yield _family(name, text, ((node.labels, float(node.listed[at])) for node in nodes), kind)
    ages = ((node.labels, node.age) for node in nodes)
    yield _family("node_announcement_age_seconds", "Seconds since the router last heard the node.", ages)
    returns = ((node.labels, float(node.returns)) for node in nodes if node.returns)
    text = "How often the node came back after it had been away; none before it first did."
    yield _family("node_returns_total", text, returns, COUNTER)


def _expected(one: Expected) -> Labels:
    return {"key": one.key, "node": one.address, "host": one.host, "vassal": one.vassal}


def _vassals(config: Config, look: Look) -> Iterator[Family]:
    if config.emperor is not None:
        up = [({"host": config.host}, float(look.emperor is not None))]
        yield _family("emperor_up", "Whether the Emperor's stats server answers as one.", up)
    held = (
        ({"host": config.host, "vassal": name, "reason": reason}, 1.0)
        for name, reasons in look.held.items()
        for reason in reasons[:_MOST_REASONS]
    )
    yield _family("vassal_held_out", "1 for each reason that keeps the vassal out of its pools.", held)
    if look.emperor is None:
        return
    states = emperor_stats.states(look.emperor, [vassal.file for vassal in config.vassals])
    of = [({"host": config.host, "vassal": one.name}, states[one.file], one) for one in config.vassals]
    running = [(labels, float(state.running is not None)) for labels, state, dummy in of]
    yield _family("vassal_running", "Whether the Emperor runs the vassal.", running)
    accepting = [
        (labels, float(state.running is not None and state.running.accepting)) for labels, state, one in of if one.accepts
    ]
    text = "Whether the vassal's workers accept requests; of one on demand, whether it is awake."
    yield _family("vassal_accepting", text, accepting)
    respawns = [(labels, float(state.running.respawns)) for labels, state, dummy in of if state.running]
    yield _family("vassal_respawns_total", "Reloads of the vassal by the Emperor; a crash begins again at 0.", respawns, COUNTER)
    failing = [(labels, float(state.failing)) for labels, state, dummy in of]
    yield _family("vassal_failed_starts_total", "Failed starts in a row; 0 once the vassal has started.", failing, COUNTER)


def _checks(config: Config, look: Look) -> Iterator[Family]:
    of = [({"host": config.host, "vassal": name}, result) for name, result in look.results.items()]
    well = [(labels, float(result.well)) for labels, result in of]
    yield _family("check_well", "Whether the vassal passed the health gate's last check.", well)
    out = [(labels, float(result.out)) for labels, result in of]
    yield _family("check_held_out", "Whether the health gate keeps the vassal out of its pools.", out)
    seconds = [(labels, result.seconds) for labels, result in of]
    yield _family("check_duration_seconds", "Seconds of the health gate's last check.", seconds)
    times = [(labels, result.time) for labels, result in of]
    yield _family("check_timestamp_seconds", "When the health gate last checked the vassal.", times)


def _self(config: Config, look: Look, history: History) -> Iterator[Family]:
    yield _family("clock_timestamp_seconds", "The host's clock at this scrape.", [({"host": config.host}, look.time)])
    tolerance = [({"host": config.host}, float(config.signing_tolerance))] if config.signing_tolerance else []
    yield _family("signing_tolerance_seconds", "By how much the clocks of nodes and routers may differ.", tolerance)
    yield _family("scrape_duration_seconds", "Seconds that asking everything took.", [({}, look.seconds)])
    errors = []
    for source, dummy in sources(config):
        kind, dummy_colon, name = source.partition(":")
        errors.append(({"source": kind, "name": name}, float(history.errors.get(source, 0))))
    yield _family("scrape_errors_total", "How often a source could not be had.", errors, COUNTER)
