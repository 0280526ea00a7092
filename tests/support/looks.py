# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invented looks: what routers, an Emperor and other hosts could have reported."""

from __future__ import annotations

from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._live.config import Config, parse
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.sources import Look, Pools
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import Listed

NOW = 1_000_000.0


def pools(**keys: dict[str, dict[str, Any]]) -> Pools:
    """A router's pools: by key and address, the values that differ from a node that was heard just now."""
    listed = {
        key: {address: Listed(address, **{"last_check": int(NOW), **node}) for address, node in nodes.items()}
        for key, nodes in keys.items()
    }
    return Pools("2.0.31", NOW, 0.1, listed, {key: 5 for key in keys})


def look(**found: Any) -> Look:
    """A look that found only the given data."""
    nothing: dict[str, Any] = {name: {} for name in Look._fields}
    return Look(**{**nothing, "time": NOW, "seconds": 0.1, "emperor": None, **found})


def config(routers: int = 1, expected: str = "", **more: Any) -> Config:
    """A configuration.

    Args:
        expected: the addresses of the key ``k``; each is both the host's and the vassal's name.
    """
    asked = [{"name": f"r{at}", "stats": f"127.0.0.1:{at}"} for at in range(1, routers + 1)]
    nodes = [{"key": "k", "address": one, "host": "host-" + one, "vassal": one} for one in expected.split()]
    return parse({"host": "here", "routers": asked, "expected": nodes, **more})
