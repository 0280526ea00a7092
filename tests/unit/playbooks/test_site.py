# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``site``, on the fleet of the README: first run, second run, and a change."""

from __future__ import annotations

import json
import re
from pathlib import Path

from support.documented import README, Fleet, removed
from support.modules import ROOT

SITE = str(ROOT / "playbooks" / "site.yml")


def test_a_fleet(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, README)
    told = "--extra-vars=" + json.dumps({"emperor_router_stats": fleet.stats(), "emperor_site_gather_facts": False})
    fleet.play("app.yml")
    with removed(fleet):
        fleet.play(SITE, told)
        # The test need not wait: when the playbook ends, every router has every node.
        both = fleet.expected("10.0.0.7", "10.0.0.8")
        assert fleet.nodes() == both
        said = fleet.play(SITE, told, "--extra-vars={emperor_harakiri: 50}")
        assert said.count("Deploy the node") >= 2
        assert fleet.nodes() == both
        assert "changed=0" not in re.findall(r"changed=\d+", said)
