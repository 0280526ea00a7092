# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of both roles, converted to types. Pure.

A field ``x`` of ``Emperor`` is the variable ``emperor_x``, and its annotation says how a value is converted. Their purposes
are documented in the roles' argument specs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, Optional, TypeVar, get_type_hints

from .texts import Convert, boolean, choice, integer, interval, mapping, mappings, maybe, sequence, text

Bool = Annotated[bool, boolean]
Int = Annotated[int, integer]
Str = Annotated[str, text]
Words = Annotated[list[str], sequence(text)]
Options = Annotated[dict[str, Any], mapping]
Dicts = Annotated[list[dict[str, Any]], mappings]
# If it isn't set, it follows from others.
MaybeWords = Annotated[Optional[list[str]], maybe(sequence(text))]


class Emperor(NamedTuple):
    """The variables of the role ``emperor``."""

    state: Annotated[str, choice("present", "absent")]
    vassals: Dicts
    install: Annotated[str, choice("package", "pip", "none")]
    packages: Words
    package_state: Annotated[str, choice("present", "latest")]
    plugins: Words
    pip_requirement: Str
    pip_venv: Str
    python: Str
    binary: Str
    supervisor: Annotated[str, choice("systemd", "daemon")]
    service: Str
    log_by_vassal: Bool
    user: Str
    group: Str
    tyrant: Bool
    dir: Str
    run_dir: Str
    log_dir: Str
    suspend_dir: Str
    purge: Bool
    allow_empty: Bool
    signing: Bool
    signing_keys_dir: Str
    signing_key_type: Annotated[str, choice("ec", "rsa")]
    signing_digest: Str
    announce_interval: Annotated[int, interval]
    node_count: Int
    unsubscribe_on_reload: Bool
    harakiri: Int
    worker_reload_mercy: Int
    buffer_size: Int
    max_fd: Int
    max_throttle: Int
    routers: Words
    router_stats: Words
    router_tolerance: Int
    router_version: Annotated[str, choice("2.0", "2.1")]
    wait: Bool
    wait_timeout: Int
    allow_outage: Bool
    rolling_vassals: MaybeWords
    rolling_tasks: Str
    rolling_minimum: Int
    rolling_timeout: Int
    rolling_reason: Str
    drain_reason: Str
    drain_minimum: Int
    default_options: Options
    options: Options
    capabilities: Words
    writable_paths: Words
    metrics: Str


class Fastrouter(NamedTuple):
    """The variables of the role ``fastrouter``."""

    listen: Str
    http: Str
    https: Str
    https_certificate: Str
    https_key: Str
    https_subscription_server: Str
    subscription_server: Str
    stats: Str
    http_stats: Str
    https_stats: Str
    nodes: Words
    subscriptions: Dicts
    tolerance: Int
    balancing_algo: Str
    signing_tolerance: Int
    timeout: Int
    processes: Int
    rotation_keys: Words
    rotation_gap: Bool
    rotation_timeout: Int
    before_restart: Str
    after_restart: Str
    sessions_timeout: Int
    cut_sessions: Bool
    dashboard: Str
    dashboard_routers: Words
    dashboard_nodes: Words
    report_stats: Words
    report_key: Str
    report_max_age: Int
    report_timeout: Int
    report_title: Str
    server_params: Options
    server_verification_params: Options
    options: Options
    http_options: Options
    https_options: Options
    vassals: Dicts


Record = TypeVar("Record", Emperor, Fastrouter)


# Computed at import, which Ansible does before it forks a process for each task and host.
_CONVERTERS: Mapping[type, Mapping[str, Convert]] = {
    kind: {name: hint.__metadata__[0] for name, hint in get_type_hints(kind, include_extras=True).items()}
    for kind in (Emperor, Fastrouter)
}


def converters(kind: type[tuple[Any, ...]]) -> Mapping[str, Convert]:
    """The conversions of a role's variables, by field."""
    return _CONVERTERS[kind]


def prefix(kind: type[tuple[Any, ...]]) -> str:
    """The prefix of a role's variables."""
    return kind.__name__.lower() + "_"


def read(kind: type[Record], value: Callable[[str], Any]) -> Record:
    """The variables of a role.

    Args:
        value: from the name of a variable to its value.

    Raises:
        ArgumentError: naming the invalid variable.
    """
    begin = prefix(kind)
    return kind(**{field: convert(begin + field, value(begin + field)) for field, convert in converters(kind).items()})
