# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmarks' plot and table, and that each benchmark runs. Results that depend on the machine's load are not checked."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible.parsing.vault import VaultLib
from benchmarks import drains, fleets, keys, large, plot, report, roles, rolling, vassals
from benchmarks.measure import Line, exponent, scratch
from support.modules import ROOT

_SVG = "{http://www.w3.org/2000/svg}"
_FEW = 5


@pytest.mark.long
def test_vassals_are_compared_with_a_loop_and_with_a_ping(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ours = vassals.against_ping(tmp_path, _FEW, 1)
    each = vassals.loop(tmp_path, _FEW)
    assert {"first", "unchanged", "ping"} <= {name for name, seconds in ours.items() if seconds > 0}
    assert {"first", "unchanged"} <= {name for name, seconds in each.items() if seconds > 0}


@pytest.mark.long
def test_the_role_with_many_vassals_has_the_tasks_that_it_has_with_one(tmp_path: Path) -> None:
    one = roles.deployed(tmp_path / "one", 1, 1)
    many = roles.deployed(tmp_path / "many", 100, 1)
    assert [task.name for task in many[0]] == [task.name for task in one[0]]
    assert roles.seconds(many) > 0


def test_a_drain_of_many_keys_loses_no_datagram() -> None:
    found = drains.many(3, 300)
    assert (found.lost, found.seconds > 0, 0 < found.polled < 1) == (0, True, True), found


@pytest.mark.parametrize("store", [_FEW, 4 * _FEW])
def test_a_rotation_costs_a_host_its_own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: int) -> None:
    decrypted = []
    decrypt = VaultLib.decrypt
    monkeypatch.setattr(VaultLib, "decrypt", lambda *args, **given: decrypted.append(args) or decrypt(*args, **given))
    assert keys.rotated(tmp_path / "store", _FEW, store) > 0
    # The current key and its successor, for each key that it uses.
    assert len(decrypted) == 2 * _FEW


@pytest.mark.parametrize("shared", [0, 20])
def test_the_page_of_a_large_pool_is_small(shared: int) -> None:
    text, times = large.page(400, shared)
    assert len(text.encode()) < 60_000 + 30 * 400 * (shared or 10)
    assert times["page"] > 0


def test_the_inventory_of_a_large_pool_stays_small(tmp_path: Path) -> None:
    few, many = (large.inventory(tmp_path, keys) for keys in (10, 500))
    # 5,000 subscriptions; each router's answer has half a megabyte.
    assert many.megabytes - few.megabytes < 40, (few, many)
    assert many.cpu > 0


def test_the_controllers_part_is_what_no_module_took(tmp_path: Path) -> None:
    plays = fleets.fleet(tmp_path / "fleet", 1)
    pings = [{"hosts": play["hosts"], "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}] * 3} for play in plays]
    found = fleets.run(tmp_path / "fleet", pings)
    assert (found.modules, found.controller > 0) == (6, True)
    assert fleets.ratio(fleets.Cost(6.0, 4), fleets.Cost(2.0, 2)) == 1.5


@pytest.mark.long
def test_a_rolling_update_loses_no_request() -> None:
    with scratch() as folder, rolling.Fleet(folder / "fleet", 2) as fleet:
        found = fleet.update()
    assert (found.lost, found.requests > 0) == (0, True), found


def test_a_scrape_asks_a_router_for_all_that_it_has(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client")
    from benchmarks import live  # noqa: PLC0415

    found = live.scrape(tmp_path / "live", 20)
    assert (found.seconds > 0, found.megabytes > 1) == (True, True), found


def test_an_exponent_is_that_of_the_power() -> None:
    assert exponent({size: 3.0 * size**2 for size in (10, 30, 100)}) == pytest.approx(2)
    assert exponent({size: 0.1 * size for size in (10, 30, 100)}) == pytest.approx(1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0004, "0.4 ms"), (0.047, "47 ms"), (0.25, "0.25 s"), (1.0, "1 s"), (42.4, "42 s"), (100, "1.7 min"), (6000, "100 min")],
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert plot.spoken(seconds) == words


def test_bars_are_as_long_as_their_times_are_on_the_scale() -> None:
    bars = [plot.Bar("a < b", 0.1, "ours"), plot.Bar("c", 1, "peer"), plot.Bar("d", 100, "guess")]
    tree = ElementTree.fromstring(plot.svg([plot.Group("&", bars)], "a title"))
    assert tree.findtext(_SVG + "title") == "a title"
    drawn = [(one.get("class"), float(one.get("width", ""))) for one in tree.iter(_SVG + "rect")]
    assert [kind for kind, width in drawn] == ["ours", "peer", "guess"]
    assert drawn[0][1] == 0
    assert drawn[2][1] == pytest.approx(3 * drawn[1][1], abs=0.2)
    words = [one.text for one in tree.iter(_SVG + "text")]
    assert words[-7:] == ["&", "a < b", "0.1 s", "c", "1 s", "d", "1.7 min"]


def test_a_line_says_what_is_wanted_and_whether_it_was_reached() -> None:
    lines = [Line(1, "a", 250, "more", "times faster", 251.4, {}), Line(2, "b", 1.5, "less", "pings", 1.51, {"c": 1.0})]
    assert [line.met for line in lines] == [True, False]
    assert report.table(lines).splitlines() == [
        "   what  wanted                     reached",
        "1  a     at least 250 times faster  251 times faster  met",
        "2  b     at most 1.5 pings          1.51 pings        MISSED",
    ]
    text = report.to_json({"keys": report.Part("here", lines)})
    found = json.loads(text)["keys"]
    assert [line["met"] for line in found["lines"]] == [True, False]
    assert found["lines"][1]["times"] == {"c": 1.0}
    assert report.from_json(text) == {"keys": report.Part("here", lines)}


def test_the_page_has_the_figures_that_were_measured() -> None:
    site = ROOT / "docs" / "docsite"
    parts = report.from_json((site / "performance.json").read_text(encoding="utf-8"))
    tree = ElementTree.fromstring((site / "performance.svg").read_text(encoding="utf-8"))
    alt = tree.findtext(_SVG + "title") or ""
    assert (site / "rst" / "performance.rst").read_text(encoding="utf-8") == report.page(parts, alt)
    assert (site / "performance.svg").read_text(encoding="utf-8") == plot.svg(report.groups(parts), alt)
