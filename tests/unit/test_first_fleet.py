# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleets of the README and of the first guide, deployed exactly as they are shown."""

from __future__ import annotations

import re
from pathlib import Path

from support.documented import GUIDE, README, deployed
from support.loopback import wait_for


def test_the_first_guide_works(tmp_path: Path) -> None:
    with deployed(tmp_path, GUIDE) as fleet:
        wait_for("the node", lambda: fleet.nodes() == fleet.expected("10.0.0.7"))
        assert all(fleet.answers("shop.example.com"))
        assert set(re.findall(r"changed=(\d+)", fleet.play("site.yml"))) == {"0"}
        store = tmp_path / "signing_keys"
        files = sorted(path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file())
        assert files == ["public/shop.example.com.pub.pem", "shop.example.com.pem"]

        added = re.search(r"``(node2: \{.*\})``", GUIDE.read_text(encoding="utf-8"))
        assert added
        nodes = re.search(r"^( +)node1: .*\n", fleet.files["inventory.yml"], re.MULTILINE)
        assert nodes
        line = nodes[1] + fleet.moved(added[1]) + "\n"
        fleet.files["inventory.yml"] = fleet.files["inventory.yml"].replace(nodes[0], nodes[0] + line)
        for name in ("app.yml", "site.yml"):
            assert "node1" not in fleet.play(name, "--limit=node2")
        wait_for("both nodes", lambda: fleet.nodes() == fleet.expected("10.0.0.7", "10.0.0.8"))


def test_the_fleet_of_the_readme_works(tmp_path: Path) -> None:
    with deployed(tmp_path, README) as fleet:
        wait_for("both nodes on both routers", lambda: fleet.nodes() == fleet.expected("10.0.0.7", "10.0.0.8"))
        for key in ("shop.example.com", "www.shop.example.com"):
            assert all(fleet.answers(key)), key
