# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invented pools, for tests without routers."""

from __future__ import annotations

from typing import Any

FRESH: dict[str, Any] = {
    **{"weight": 1, "modifier1": 0, "modifier2": 0, "requests": 10, "failures": 0, "in_flight": 0},
    **{"age": 3, "dead": False, "fresh": True, "vassal": "", "protocol": "", "backup": 0},
}


def router(stats: str, **keys: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A router with the nodes of each key; each node is given by what differs from ``FRESH``."""
    pools = [
        {"key": key, "hits": 0, "algo": "", "nodes": [{**FRESH, "address": address, **node} for address, node in nodes.items()]}
        for key, nodes in keys.items()
    ]
    return {"stats": stats, "version": "2.0.31", "pools": pools}


def info(*routers: dict[str, Any]) -> dict[str, Any]:
    """A result of uwsgi_router_info, with the parts that are needed."""
    return {"routers": list(routers), "time": "2026-03-01T12:00:00Z", "max_age": 17}
