# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The desired state of a host, from the variables of its role."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live import program
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import desired, fastrouter
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.desired import Keys
from support.records import EMPEROR

CHECKED = {"name": "a", "owner": "alice", "health": {"path": "/"}}
PLAIN = {"name": "b"}
KEYS = Keys([{"file": "a.pem", "content": "x"}], [{"file": "a.pem", "content": "y"}], ["a.pem"])
HOST = EMPEROR._replace(vassals=[CHECKED, PLAIN])


OWNED = {"directory_mode": "0711", "directory_owner": "root", "owner": "www-data", "group": "www-data", "tyrant": False}
PRIVATE = {"path": "/etc/uwsgi/keys/private", **OWNED, "purge": True, "allow_empty": True}


def test_all_that_vassals_need_is_there() -> None:
    found = desired.vassals(HOST, "/u", {"master": True}, KEYS)
    *own, gate = found["vassals"].pop("vassals")
    assert (own, gate["name"]) == ([CHECKED, PLAIN], "emperor-health")
    assert found == {
        "signing_keys": {**PRIVATE, "signing_keys": KEYS.current},
        "next_signing_keys": {**PRIVATE, "path": "/etc/uwsgi/keys/private/next", "signing_keys": KEYS.successors},
        "health": {"path": "/etc/uwsgi/health", "directory_owner": "root"},
        "metrics": {"path": "/etc/uwsgi/metrics", "owned": True, "config": None},
        "imports": {},
        "stats_readers": {},
        "vassals": {
            **{"path": "/etc/uwsgi/vassals", "directory_mode": "0755", "directory_owner": "root", "mode": "0640"},
            **{"user": "www-data", "group": "www-data", "tyrant": False, "purge": True, "allow_empty": False},
            **{"emperor_stats": "/run/emperor-uwsgi/emperor-stats.sock", "uwsgi_binary": "/u"},
            **{"suspend_dir": "/etc/uwsgi/suspend", "default_options": {"master": True}},
            "default_client_params": {"announce_interval": 5, "unsubscribe_on_reload": False},
            "default_signing": {
                **{"directory": "/etc/uwsgi/keys/private", "digest": "SHA256", "router_version": "2.0"},
                "succeeding": ["a.pem"],
            },
        },
    }


def test_a_tyrant_s_files_are_for_each_tenant_alone() -> None:
    found = desired.vassals(HOST._replace(tyrant=True), "/u", {}, KEYS)
    vassals, keys = found["vassals"], found["signing_keys"]
    assert (vassals["mode"], vassals["directory_mode"], vassals["user"], vassals["group"]) == ("0400", "0711", "", "")
    assert (keys["directory_mode"], keys["owner"], keys["group"], keys["tyrant"]) == ("0711", "", "", True)
    assert [one["name"] for one in vassals["vassals"]] == ["a", "b", "emperor-health-alice"]


SIGNED: list[tuple[dict[str, Any], Keys, bool, bool]] = [
    ({}, KEYS, True, True),
    ({}, Keys([], [], []), True, False),
    ({"signing": False}, KEYS, False, False),
]


@pytest.mark.parametrize(("given", "keys", "current", "successors"), SIGNED)
def test_keys_are_installed_where_something_is_signed(given: dict[str, Any], keys: Keys, current: bool, successors: bool) -> None:
    found = desired.vassals(HOST._replace(**given), "/u", {}, keys)
    assert (bool(found["signing_keys"]), bool(found["next_signing_keys"])) == (current, successors)
    assert bool(found["vassals"]["default_signing"]) is current


@pytest.mark.parametrize(("vassals", "allowed", "empty"), [([], False, False), ([PLAIN], False, True), ([], True, True)])
def test_a_host_without_vassals_loses_no_last_key(vassals: list[Any], allowed: bool, empty: bool) -> None:
    found = desired.vassals(HOST._replace(vassals=vassals, allow_empty=allowed), "/u", {}, KEYS)
    assert found["signing_keys"]["allow_empty"] is empty


def test_only_what_changed_has_its_health_checked() -> None:
    done = {"created": ["a"], "updated": [], "failed_before": {"a": 3}, "unused_keys": ["c.pem"], "since": 7}
    assert desired.served(HOST, done) == {
        **{"path": "/etc/uwsgi/vassals", "keys_path": "/etc/uwsgi/keys/private", "user": "www-data"},
        **{"names": ["a", "b", "emperor-health"], "health": {"a": {"path": "/"}}},
        **{"failed_before": {"a": 3}, "unused_keys": ["c.pem"]},
        "log": {"unit": "emperor-uwsgi.service", "by_vassal": True, "file": "", "since": 7},
    }
    assert desired.served(HOST, {"updated": ["a"]})["health"] == {"a": {"path": "/"}}
    nothing = desired.served(HOST, {})
    assert desired.served(HOST, {"updated": ["b"]})["health"] == nothing["health"] == {}
    assert (nothing["failed_before"], nothing["unused_keys"]) == ({}, [])
    daemon = desired.served(HOST._replace(supervisor="daemon"), {})["log"]
    assert daemon == {"unit": "", "by_vassal": False, "file": "/var/log/emperor-uwsgi/emperor.log", "since": 0}


@pytest.mark.parametrize(
    ("given", "texts"), [({}, {"unit", "wrapper"}), ({"log_by_vassal": False}, {"unit"}), ({"supervisor": "daemon"}, set())]
)
def test_systemd_alone_needs_texts(given: dict[str, Any], texts: set[str]) -> None:
    found = desired.service(HOST._replace(**given), "/u", on_demand=False)
    assert set(found) & {"unit", "wrapper"} == texts
    for name in texts:
        path, mode = {
            "unit": ("/etc/systemd/system/emperor-uwsgi.service", "0644"),
            "wrapper": ("/etc/uwsgi/run-vassal", "0755"),
        }[name]
        content = found[name].pop("content")
        assert (found[name], "/u" in content) == ({"path": path, "mode": mode}, True)


@pytest.mark.parametrize("on_demand", [False, True])
def test_the_emperor_has_a_file_of_its_own(on_demand: bool) -> None:
    found = desired.service(HOST._replace(log_by_vassal=False), "/u", on_demand)
    del found["unit"]
    (emperor,) = found.pop("vassals")
    assert (emperor["name"], "emperor-on-demand-extension" in emperor["options"]) == ("emperor", on_demand)
    assert found == {"path": "/etc/uwsgi", "mode": "0644", "uwsgi_binary": "/u", "user": "www-data", "on_demand": on_demand}


def test_public_keys_are_for_everybody_and_kept_from_loss() -> None:
    assert desired.public_keys(HOST, KEYS.current, 50) == {
        **{"path": "/etc/uwsgi/keys/public", "directory_mode": "0755", "directory_owner": "root", "mode": "0444"},
        **{"purge": True, "allow_empty": False, "purge_limit": 50, "signing_keys": KEYS.current},
    }


@pytest.mark.parametrize(
    ("given", "owner", "reader"),
    [
        ({}, {}, "www-data"),
        ({"tyrant": True}, {"owner": "www-data", "group": "web"}, "www-data"),
        ({"supervisor": "daemon"}, {}, ""),
    ],
)
def test_routers_are_of_their_user(given: dict[str, Any], owner: dict[str, str], reader: str) -> None:
    found = desired.routers(HOST._replace(group="web", **given), "/u", [{"name": "fastrouter"}], ["/c"])
    assert found == {
        **{"path": "/etc/uwsgi/routers", "directory_mode": "0755", "directory_owner": "root", "mode": "0644"},
        **{"user": "www-data", **owner, "tyrant": "tyrant" in given, "purge": True, "uwsgi_binary": "/u"},
        **{"default_options": fastrouter.DEFAULT_OPTIONS, "vassals": [{"name": "fastrouter"}]},
        "dashboard": {"path": "/etc/uwsgi/dashboard", "owned": True, "config": None},
        **{"certificates": ["/c"], "reader": reader},
    }


def test_the_module_is_told_how_to_do_it() -> None:
    given = HOST._replace(router_stats=["10.0.0.2:2627"], router_tolerance=9, allow_outage=True)
    given = given._replace(rolling_timeout=8, wait_timeout=7)
    assert desired.options(given) == {
        **{"leaving_path": "/etc/uwsgi/leaving", "emperor_stats": "/run/emperor-uwsgi/emperor-stats.sock"},
        **{"router_stats": ["10.0.0.2:2627"], "router_tolerance": 9, "allow_outage": True, "timeout": 8},
        **{"wait": True, "wait_timeout": 7},
    }


def test_routers_have_no_keys_and_no_health() -> None:
    assert desired.routers_served(HOST, ["http"], {"failed_before": {"http": 1}, "since": 7}) == {
        **{"path": "/etc/uwsgi/routers", "keys_path": "", "names": ["http"], "health": {}, "failed_before": {"http": 1}},
        **{"unused_keys": [], "log": {"unit": "emperor-uwsgi.service", "by_vassal": True, "file": "", "since": 7}},
    }
    assert desired.routers_served(HOST, [], {})["failed_before"] == {}


def test_a_page_is_a_vassal_with_files_and_one_that_is_off_has_none() -> None:
    page = desired.Page({"name": "page"}, {"host": "h"})
    found = desired.vassals(HOST, "/u", {}, KEYS, page, imports=True)
    assert [one["name"] for one in found["vassals"]["vassals"]] == ["a", "b", "emperor-health", "page"]
    files = {"owned": True, "config": {"host": "h"}, "program": base64.b64encode(program.program()).decode()}
    assert found["metrics"] == {"path": "/etc/uwsgi/metrics", **files}
    assert (found["imports"]["module"], found["imports"]["binary"]) == ("prometheus_client", "/u")
    off = desired.vassals(HOST._replace(user=""), "/u", {}, KEYS)
    assert (off["metrics"], off["imports"]) == ({"path": "/etc/uwsgi/metrics", "owned": False, "config": None}, {})
    shared = HOST._replace(tyrant=True, metrics="127.0.0.1:1", user="pages", group="watchers")
    readers = [desired.vassals(one, "/u", {}, KEYS)["stats_readers"] for one in (shared, shared._replace(metrics=""), HOST)]
    assert readers == [{"group": "watchers", "user": "pages"}, {}, {}]
    routers = desired.routers(HOST, "/u", [{"name": "fastrouter"}], [], page)
    assert [one["name"] for one in routers["vassals"]] == ["fastrouter", "page"]
    assert routers["dashboard"] == {"path": "/etc/uwsgi/dashboard", **files}
    assert desired.routers(HOST, "/u", [], [])["dashboard"]["config"] is None
    watched = desired.served(HOST._replace(metrics="127.0.0.1:1"), {})
    assert watched["names"] == ["a", "b", "emperor-health", "emperor-metrics"]


DAEMON = HOST._replace(supervisor="daemon", log_dir="/log", run_dir="/run/e", user="www-data", group="web")
SAME = DAEMON._replace(user="", group="", log_dir="/run/e")
LOG = {"path": "/log", "owner": "root", "group": "", "mode": "0755"}
SOCKETS = {"path": "/run/e", "owner": "www-data", "group": "web", "mode": "0755"}
FOLDERS: list[tuple[Any, dict[str, Any]]] = [
    (HOST, {}),
    (DAEMON, {"folders": [LOG, SOCKETS], "former_pidfile": "/run/e/emperor.pid"}),
    (
        DAEMON._replace(tyrant=True, metrics="127.0.0.1:1"),
        {"folders": [LOG, {**SOCKETS, "owner": "root", "mode": "2755"}], "former_pidfile": "/run/e/emperor.pid"},
    ),
    (SAME, {"folders": [{**SOCKETS, "owner": "", "group": ""}]}),
]


@pytest.mark.parametrize(("given", "wanted"), FOLDERS)
def test_a_daemon_has_folders_that_systemd_would_make(given: Any, wanted: dict[str, Any]) -> None:
    found = desired.service(given, "/u", on_demand=False)
    assert {name: found[name] for name in ("folders", "former_pidfile") if name in found} == wanted


UNIT = "ansible.builtin.systemd_service"
OWN = "emperor.uwsgi.uwsgi_emperor"
# The result of the part service, whether another uWSGI was installed, whether it is check mode; the modules and the states.
ACTS: list[tuple[Any, dict[str, Any], bool, bool, list[tuple[str, str]]]] = [
    (HOST, {}, False, False, [(UNIT, "started")]),
    (HOST, {"configured": True, "unit": False}, False, False, [(UNIT, "restarted")]),
    (HOST, {"configured": False, "unit": True}, False, False, [(UNIT, "restarted")]),
    (HOST, {"configured": False, "unit": False}, True, False, [(UNIT, "restarted")]),
    (HOST, {"stale": True}, False, False, [(UNIT, "restarted")]),
    (HOST, {"stale": True}, False, True, [(UNIT, "restarted")]),
    (HOST, {"configured": True, "unit": False}, False, True, [(UNIT, "restarted")]),
    # In check mode the unit isn't there, so it can't be started.
    (HOST, {"unit": True}, False, True, []),
    (DAEMON, {}, False, False, [(OWN, "started")]),
    (DAEMON, {"configured": True, "former": False}, False, True, [(OWN, "restarted")]),
    (DAEMON, {"stale": True}, False, False, [(OWN, "restarted")]),
    (DAEMON, {"former": True}, False, False, [(OWN, "stopped"), (OWN, "started")]),
]


def states(call: desired.Call) -> list[str]:
    """The states of the units or daemons that the call asks for."""
    if call.module == UNIT:
        return [call.arguments["state"]]
    assert call.arguments["state"] == "running"
    return [one["state"] for one in call.arguments["desired"]["daemons"]]


@pytest.mark.parametrize(("given", "done", "restart", "check_mode", "wanted"), ACTS)
def test_the_service_manager_does_what_changed(
    given: Any, done: dict[str, Any], restart: bool, check_mode: bool, wanted: list[tuple[str, str]]
) -> None:
    found = desired.running(given, done, restart, check_mode)
    assert [(one.module, state) for one in found for state in states(one)] == wanted


def test_the_service_manager_is_told_what_it_runs() -> None:
    (unit,) = desired.running(HOST._replace(service="uwsgi"), {"unit": True}, False, False)
    assert unit.arguments == {"name": "uwsgi.service", "daemon_reload": True, "enabled": True, "state": "restarted"}
    (stale,) = desired.running(HOST._replace(service="uwsgi"), {"stale": True}, False, False)
    # An earlier run may have failed before it reloaded systemd.
    assert stale.arguments["daemon_reload"] is True
    (call,) = desired.running(DAEMON, {"former": True, "binary": "/u"}, False, False)
    common = {"ini": "/etc/uwsgi/emperor.ini", "timeout": 95}
    former = {**common, "pidfile": "/run/e/emperor.pid", "state": "stopped"}
    own = {**common, "pidfile": "/log/emperor.pid", "log": "/log/emperor.log", "uwsgi_binary": "/u", "state": "started"}
    assert call.arguments == {"state": "running", "desired": {"daemons": [former, own]}}
    (call,) = desired.running(DAEMON, {}, False, False)
    assert call.arguments["desired"] == {"daemons": [{**own, "uwsgi_binary": ""}]}
