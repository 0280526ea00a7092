# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of a run."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.settings import Settings


@pytest.mark.parametrize(("tolerance", "age"), [(1, 17), (17, 17), (18, 18), (62, 62)])
def test_a_node_is_fresh_for_as_long_as_its_router_keeps_it(tolerance: int, age: int) -> None:
    assert Settings("/s", [], tolerance, 1, False, lambda *dummy: b"").max_age == age
