# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vassals change under load, with real Emperors and routers, and the right application answers every request."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from support import playbook
from support.fleet import Router
from support.hosts import Host, Load, hosts
from support.loopback import wait_for

KEYS = ("blog.test", "shop.test")


def well(host: Host, *vassals: dict[str, Any], **given: Any) -> None:
    """Deploy vassals, and check that they serve."""
    found = host.deploy(*vassals, **given)
    assert not found.failed, found.msg
    assert host.files().keys() & {f"leaving/{one['name']}.ini" for one in vassals} == set()


def nodes(router: Router) -> dict[str, list[str]]:
    return {key: router.nodes(key) for key in (*KEYS, "news.test")}


def changed(host: Host) -> dict[str, list[dict[str, Any]]]:
    """The changes to a host with a blog and a shop, in their order."""
    return {
        "swapped": [host.vassal("blog", "shop"), host.vassal("shop", "blog")],
        "another backlog": [host.vassal("blog", "shop", listen=50), host.vassal("shop", "blog")],
        "another key": [host.vassal("blog", "shop", "news.test"), host.vassal("shop", "blog")],
        "the address of one that is removed": [host.vassal("shop", "shop")],
        "another name": [host.vassal("renamed", "shop", "shop.test", env="APPLICATION=shop")],
    }


def test_whatever_changes_every_request_is_answered_by_the_right_application(tmp_path: Path) -> None:
    with hosts(tmp_path, routers=2) as (router, other, a, b):
        for host in (a, b):
            well(host, host.vassal("blog"), host.vassal("shop"))
        for step, vassals in changed(a).items():
            with Load(router, *KEYS) as load:
                well(a, *vassals)
            wrong = {pair: count for pair, count in load.answers.items() if pair[0] != pair[1] + ".test"}
            assert (step, wrong) == (step, {})
            assert set(load.answers) == {(key, key.partition(".")[0]) for key in KEYS}
        shops = sorted([a.address("shop"), b.address("shop")])
        left = {"blog.test": [b.address("blog")], "news.test": [], "shop.test": shops}
        assert (nodes(router), nodes(other)) == (left, left)
        files = sorted(path for path in a.files() if path.endswith((".ini", ".pem")))
        assert files == ["keys/shop.test.pem", "vassals/renamed.ini"]
        again = a.write(*vassals)
        assert (again.failed, again.changed, again.data["left"]) == (False, False, []), again.msg


def test_a_removed_key_is_there_until_its_vassal_said_goodbye(tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, dummy):
        well(a, a.vassal("blog"), a.vassal("shop"))
        planned = a.write(a.vassal("shop"), check=True)
        assert (planned.failed, planned.changed, planned.data["left"]) == (False, True, ["blog"])
        assert nodes(router)["blog.test"] == [a.address("blog")]
        written = a.write(a.vassal("shop"))
        assert (written.failed, written.data["left"], written.data["unused_keys"]) == (False, ["blog"], ["blog.test.pem"])
        assert nodes(router)["blog.test"] == []
        assert "keys/blog.test.pem" in a.files()
        served = a.serve(written, a.vassal("shop"))
        assert (served.failed, served.data["removed_keys"]) == (False, ["blog.test.pem"]), served.msg
        assert "keys/blog.test.pem" not in a.files()
        assert [path for path in a.files() if path.startswith(("leaving", "suspend"))] == []


@pytest.mark.parametrize("seen", [True, False], ids=["alone", "unseen"])
def test_what_would_leave_a_key_without_a_node_is_refused_unless_it_is_allowed(seen: bool, tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, dummy):
        given = {} if seen else {"router_stats": [], "router_tolerance": 1}
        well(a, a.vassal("shop"))
        before = a.files()
        refused = a.write(a.vassal("shop", listen=50), **given)
        assert refused.failed and "rolling_update" in refused.msg and "emperor_allow_outage" in refused.msg
        assert (a.files(), nodes(router)["shop.test"]) == (before, [a.address("shop")])
        well(a, a.vassal("shop", listen=50), allow_outage=True, **given)
        wait_for("the shop", lambda: nodes(router)["shop.test"] == [a.address("shop")])


def test_who_leaves_is_nobody_else(tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, dummy):
        both = [a.vassal("shop", key="shop.test"), a.vassal("blog", key="shop.test")]
        well(a, *both)
        before = a.files()
        refused = a.write(a.vassal("shop", key="shop.test", listen=50), a.vassal("blog", key="shop.test", listen=50))
        assert refused.failed and refused.msg.startswith("vassals (shop, blog): must stop and start, and "), refused.msg
        # Renaming the vassal would stop the only node of its key.
        refused = a.write(a.vassal("renamed", "shop", "shop.test"))
        assert refused.failed and "has no other fresh node for 'shop.test'" in refused.msg
        assert (a.files(), router.nodes("shop.test")) == (before, sorted([a.address("shop"), a.address("blog")]))
        # Changing one vassal at a time is allowed, and a key that is no longer wanted needs no node.
        well(a, a.vassal("shop", key="shop.test", listen=50), both[1])
        well(a, a.vassal("news"))


def test_where_nobody_can_look_the_address_and_the_key_wait_for_the_tolerance(tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, dummy):
        well(a, a.vassal("blog"), a.vassal("shop"))
        began = time.monotonic()
        written = a.write(a.vassal("shop"), router_stats=[], router_tolerance=6)
        assert not written.failed, written.msg
        assert time.monotonic() - began >= 6
        assert nodes(router)["blog.test"] == []


def test_a_vassal_that_does_not_start_is_an_error_with_its_log_and_the_mended_one_is_none(tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, dummy):
        # Otherwise the blog might still be starting when the shop is given up, and be named too.
        well(a, a.vassal("blog"))
        broken = a.vassal("shop", wsgi_file=str(tmp_path / "missing.py"))
        found = a.deploy(a.vassal("blog"), broken)
        assert found.failed and found.msg.startswith("1 of 2 vassals: doesn't serve: shop: does not start"), found.msg
        assert "missing.py" in found.msg and f"tail {a.emperor.log}" in found.msg
        assert nodes(router)["blog.test"] == [a.address("blog")]
        well(a, a.vassal("blog"), a.vassal("shop"))


def test_one_that_is_held_out_is_reported_and_no_failure(tmp_path: Path) -> None:
    with hosts(tmp_path) as (dummy, a, other):
        (a.etc / "suspend" / "shop").mkdir()
        (a.etc / "suspend" / "shop" / "operator").touch()
        found = a.deploy(a.vassal("shop"))
        assert (found.failed, found.data["held"]) == (False, {"shop": ["operator"]}), found.msg


def test_one_that_a_router_does_not_take_is_an_error_that_names_the_causes(tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, dummy):
        stranger = a.vassal("shop", key="stranger.test")
        written = a.write(stranger)
        assert not written.failed, written.msg
        found = a.serve(written, stranger, last=True, timeout=1)
        wait = 0
        while "doesn't have" not in found.msg and wait < 50:
            wait += 1
            found = a.serve(written, stranger, last=True, timeout=1)
        assert found.failed and f"{router.stats} doesn't have {a.address('shop')} in 'stranger.test'" in found.msg
        assert "no public key" in found.msg


def test_the_heir_of_one_that_was_cut_off_gets_no_goodbye(tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, b):
        for host in (a, b):
            well(host, host.vassal("shop"))
        heir = a.vassal("renamed", "shop", "shop.test")
        left = (a.etc / "vassals" / "shop.ini").read_bytes()
        well(a, heir)
        (a.etc / "leaving").mkdir(exist_ok=True)
        (a.etc / "leaving" / "shop.ini").write_bytes(left)
        well(a, heir)
        assert not (a.etc / "leaving" / "shop.ini").exists()
        assert router.nodes("shop.test") == sorted([a.address("shop"), b.address("shop")])


@pytest.mark.parametrize("point", ["held", "gone"])
def test_a_run_that_is_cut_off_is_completed_by_the_next_one(point: str, tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, b):
        for host in (a, b):
            well(host, host.vassal("blog"), host.vassal("shop"))
        swapped = changed(a)["swapped"]
        process = a.start(*swapped)
        try:
            if point == "held":
                wait_for("a reason", (a.etc / "suspend" / "shop" / "deploy").exists)
            else:
                wait_for("the file to go", lambda: not (a.etc / "vassals" / "shop.ini").exists())
        finally:
            process.kill()
            process.communicate()
        well(a, *swapped)
        assert nodes(router)["shop.test"] == sorted([a.address("blog"), b.address("shop")])
        assert [path for path in a.files() if path.startswith(("leaving", "suspend"))] == []


def test_hosts_of_one_run_take_turns(tmp_path: Path) -> None:
    with hosts(tmp_path) as (router, a, b):
        both = {"a": a, "b": b}
        for host in both.values():
            well(host, host.vassal("shop"))
        waiting = a.write(a.vassal("shop", listen=50), turn=False)
        assert (waiting.failed, waiting.changed, waiting.data["turn_needed"]) == (False, False, True), waiting.msg
        assert b"listen = 50" not in a.files()["vassals/shop.ini"]
        common = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        given = {name: {**common, "given": host.written(host.vassal("shop", listen=50))} for name, host in both.items()}
        (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": given}}), encoding="ascii")
        task = {"emperor.uwsgi.uwsgi_emperor": {name: "{{ given." + name + " }}" for name in given["a"]["given"]}}
        with Load(router, "shop.test") as load:
            run = playbook.run(tmp_path, [{"hosts": "all", "gather_facts": False, "tasks": [task]}], "-iinventory.json")
        assert run.code == 0, run.output
        assert set(load.answers) == {("shop.test", "shop")}
        assert all(b"listen = 50" in host.files()["vassals/shop.ini"] for host in both.values())
