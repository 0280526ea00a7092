# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The load of announcements, as a filter."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.filter import announcement_load
from support import playbook
from support.filters import Filter

FILTER = Filter(announcement_load)
VASSALS = [{"name": "shop", "subscriptions": [{"key": "a.test", "signing": ["SHA256", "/k/a.pem"]}] * 1000}]


def test_arguments_have_names_and_places() -> None:
    found = FILTER(VASSALS, 10, 4, "rsa")
    assert found == FILTER(VASSALS, interval=10, routers=4, key_type="rsa")
    assert (found["busiest_vassal"], found["vassal_share"]) == ("shop", 0.32)


def test_a_play_computes_it_and_says_what_is_wrong(tmp_path: Path) -> None:
    run = playbook.template(
        tmp_path,
        "(vassals | emperor.uwsgi.announcement_load).recommended_interval",
        "vassals | emperor.uwsgi.announcement_load(interval=0)",
        vassals=VASSALS,
    )
    assert run.results[0]["msg"] in (5, "5")
    assert "emperor.uwsgi.announcement_load: interval: must be a whole number from 1 to 86400, not 0" in run.results[1]["msg"]
