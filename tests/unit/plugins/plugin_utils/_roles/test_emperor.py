# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role ``emperor`` makes of its variables."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import emperor
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.emperor import Owners
from support.modules import ROOT
from support.records import EMPEROR

CHECKED = {"name": "a", "owner": "alice", "health": {"path": "/"}}
TENANTS = EMPEROR._replace(tyrant=True, vassals=[CHECKED])
DAEMON = EMPEROR._replace(supervisor="daemon")


def test_all_paths_follow_from_three_folders() -> None:
    found = emperor.paths(EMPEROR._replace(dir="/d", run_dir="/r", log_dir="/l"))
    assert found._asdict() == {
        "vassals": "/d/vassals", "leaving": "/d/leaving", "routers": "/d/routers", "private_keys": "/d/keys/private",
        "next_private_keys": "/d/keys/private/next", "public_keys": "/d/keys/public", "health": "/d/health",
        "metrics": "/d/metrics", "dashboard": "/d/dashboard", "results": "/r/health.json",
        "ini": "/d/emperor.ini", "wrapper": "/d/run-vassal", "stats": "/r/emperor-stats.sock", "pidfile": "/l/emperor.pid",
        "log": "/l/emperor.log",
    }  # fmt: skip


OWNERS: list[tuple[Any, Owners]] = [
    (EMPEROR, Owners("root", "www-data", "www-data", "0711")),
    (EMPEROR._replace(user="", group=""), Owners("", "", "", "0700")),
    (TENANTS, Owners("root", "", "", "0711")),
]


@pytest.mark.parametrize(("given", "owners"), OWNERS)
def test_root_writes_into_folders_of_roots(given: Any, owners: Owners) -> None:
    assert emperor.owners(given) == owners


BINARIES = [
    ({}, "apt", "/usr/bin/uwsgi"),
    ({}, "dnf", "/usr/sbin/uwsgi"),
    ({}, "dnf5", "/usr/sbin/uwsgi"),
    ({}, "", "/usr/bin/uwsgi"),
    ({"install": "pip"}, "apt", "/opt/uwsgi/bin/uwsgi"),
    ({"install": "none"}, "dnf", "/usr/bin/uwsgi"),
    ({"install": "pip", "binary": "/srv/uwsgi"}, "apt", "/srv/uwsgi"),
]


@pytest.mark.parametrize(("variables", "manager", "path"), BINARIES)
def test_the_binary_is_where_it_was_installed(variables: dict[str, Any], manager: str, path: str) -> None:
    assert emperor.binary(EMPEROR._replace(**variables), manager) == path


def test_vassals_start_from_the_roles_options() -> None:
    found = emperor.default_options(
        EMPEROR._replace(plugins=["python3", "php"], harakiri=5, worker_reload_mercy=6, buffer_size=7)
    )
    on = ("strict", "master", "need-app", "vacuum", "die-on-term", "single-interpreter", "enable-threads", "close-on-exec")
    assert found == {
        **dict.fromkeys((*on, "auto-procname"), True),
        **{"need-plugins": "python3,php", "procname-prefix-spaced": "%n"},
        **{"harakiri": 5, "worker-reload-mercy": 6, "buffer-size": 7},
    }
    assert "need-plugins" not in emperor.default_options(EMPEROR._replace(plugins=[]))
    own = emperor.vassals_options(EMPEROR._replace(default_options={"harakiri": 9, "cheaper": 2}))
    assert own.options == {**emperor.default_options(EMPEROR), "cheaper": 2}
    assert [flaw.partition(":")[0] for flaw in own.flaws] == ["emperor_default_options.harakiri"]


PROGRAM = "cmd=exec /usr/bin/python3 -I {0}/gate.pyz {0}/checks.json,freq=1"
GATES: list[tuple[Any, list[tuple[str, Any, str]]]] = [
    (EMPEROR, []),
    (EMPEROR._replace(vassals=[{"name": "a"}]), []),
    (EMPEROR._replace(vassals=[CHECKED, {**CHECKED, "owner": "bob"}]), [("emperor-health", None, "/etc/uwsgi/health")]),
    (TENANTS, [("emperor-health-alice", "alice", "/etc/uwsgi/health/%n")]),
    (
        TENANTS._replace(vassals=[CHECKED, {"name": "b", "owner": "bob"}, {**CHECKED, "owner": 1001}, CHECKED]),
        [("emperor-health-alice", "alice", "/etc/uwsgi/health/%n"), ("emperor-health-1001", "1001", "/etc/uwsgi/health/%n")],
    ),
]


@pytest.mark.parametrize(("given", "gates"), GATES)
def test_checked_vassals_have_a_gate_and_each_tenant_its_own(given: Any, gates: list[tuple[str, Any, str]]) -> None:
    assert emperor.gate(given) == [
        {
            "name": name,
            # It has no application, and doesn't need the other vassals' plugins.
            "options": {"need-app": None, "need-plugins": None, "attach-daemon2": PROGRAM.format(folder)},
            **({"owner": owner} if owner else {}),
        }
        for name, owner, folder in gates
    ]


def test_a_gate_writes_its_results_where_somebody_reads_them() -> None:
    (gate,) = emperor.gate(EMPEROR._replace(vassals=[CHECKED], metrics="127.0.0.1:9717", run_dir="/r"))
    assert gate["options"]["attach-daemon2"].endswith("/checks.json /r/health.json,freq=1")


def test_the_emperor_starts_what_the_role_writes() -> None:
    assert emperor.emperor_options(EMPEROR, False).options == {
        **{"strict": True, "emperor": ["/etc/uwsgi/vassals/*.ini", "/etc/uwsgi/routers/*.ini"]},
        **{"emperor-graceful-shutdown": True, "emperor-curse-tolerance": 75, "emperor-max-throttle": 30_000},
        **{"emperor-stats": "/run/emperor-uwsgi/emperor-stats.sock", "emperor-wrapper": "/etc/uwsgi/run-vassal"},
        "max-fd": EMPEROR.max_fd,
    }
    refused = emperor.emperor_options(EMPEROR._replace(options={"max-fd": 5}), False).flaws
    assert [flaw.partition(":")[0] for flaw in refused] == ["emperor_options.max-fd"]


def test_where_the_files_and_folders_are() -> None:
    given = EMPEROR._replace(dir="/d", run_dir="/r")
    assert emperor.former_pidfile(given) == "/r/emperor.pid"
    assert emperor.files(given, ["a", "b"]) == ["/d/vassals/a.ini", "/d/vassals/b.ini"]
    assert emperor.folders(given) == [
        *("/d/keys/private/next", "/d/keys/private", "/d/keys/public", "/d/keys", "/d/leaving", "/d/vassals", "/d/routers", "/d"),
    ]


def test_who_announces_what() -> None:
    vassals = [
        {"name": "a", "subscriptions": [{"key": ["a.test", "b.test"]}, {"key": "c.test"}]},
        {"name": "silent"},
        {"subscriptions": {"key": "a.test"}},
    ]
    given = EMPEROR._replace(vassals=vassals)
    assert emperor.announcing(given) == emperor.rolling_vassals(given) == ["a", ""]
    assert emperor.rolling_vassals(given._replace(rolling_vassals=["b"])) == ["b"]
    assert emperor.rolling_vassals(given._replace(rolling_vassals=[])) == []
    assert emperor.keys(given) == ["a.test", "b.test", "c.test"]
    with pytest.raises(ArgumentError, match=r"^emperor_vassals\[1\]\.subscriptions\[0\]\.key\[1\]: "):
        emperor.keys(EMPEROR._replace(vassals=[{}, {"subscriptions": [{"key": ["a.test", ""]}]}]))


# Variables, whether there is an on-demand vassal, and the Emperor's options that differ from the defaults.
OPTIONS: list[tuple[Any, bool, dict[str, Any]]] = [
    (EMPEROR, False, {}),
    (EMPEROR, True, {"emperor-on-demand-extension": ".socket"}),
    (EMPEROR._replace(log_by_vassal=False), False, {"emperor-wrapper": None}),
    (EMPEROR._replace(worker_reload_mercy=90), False, {"emperor-curse-tolerance": 105}),
    (EMPEROR._replace(max_fd=1, max_throttle=2), False, {"max-fd": 1, "emperor-max-throttle": 2}),
    (TENANTS, False, {"emperor-tyrant": True, "emperor-tyrant-nofollow": True}),
    (EMPEROR._replace(metrics="127.0.0.1:1"), False, {}),
    (
        TENANTS._replace(metrics="127.0.0.1:1"),
        False,
        {"emperor-tyrant": True, "emperor-tyrant-nofollow": True, "chmod-socket": "660"},
    ),
    (DAEMON, False, {"emperor-wrapper": None, "umask": "022", "uid": "www-data", "gid": "www-data"}),
    (DAEMON._replace(user="", group=""), False, {"emperor-wrapper": None, "umask": "022"}),
    (
        DAEMON._replace(tyrant=True),
        False,
        {"emperor-wrapper": None, "umask": "022", "emperor-tyrant": True, "emperor-tyrant-nofollow": True},
    ),
    (
        EMPEROR._replace(options={"emperor": "/srv/*.ini", "reload-mercy": 5}),
        False,
        {"emperor": ["/etc/uwsgi/vassals/*.ini", "/etc/uwsgi/routers/*.ini", "/srv/*.ini"], "reload-mercy": 5},
    ),
]


@pytest.mark.parametrize(("given", "on_demand", "differing"), OPTIONS)
def test_the_emperors_options_follow_from_the_variables(given: Any, on_demand: bool, differing: dict[str, Any]) -> None:
    plain = emperor.emperor_options(EMPEROR, False).options
    wanted = {name: value for name, value in {**plain, **differing}.items() if value is not None}
    assert emperor.emperor_options(given, on_demand) == (wanted, [])


def test_the_one_above_waits_longer() -> None:
    given = EMPEROR._replace(worker_reload_mercy=60)
    assert (emperor.curse_tolerance(given), emperor.stop_timeout(given)) == (75, 95)


def test_a_tyrants_service_may_become_its_tenants() -> None:
    given = EMPEROR._replace(capabilities=["CAP_NET_BIND_SERVICE"])
    assert emperor.capabilities(given) == ["CAP_NET_BIND_SERVICE"]
    assert emperor.capabilities(given._replace(tyrant=True)) == ["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_KILL"]


ONE_NAME = "emperor_vassals: two of them have one name, or none, and so one file; give each its own"
CURSE = (
    "emperor_options: an emperor-curse-tolerance that is not above emperor_worker_reload_mercy lets the Emperor kill vassals "
    "that finish their requests; leave it out"
)
FILES = "emperor_max_fd: must be at least 1, since without a limit uWSGI reserves memory for as many files as the host allows"
INTERVAL = "emperor_announce_interval: must be at least 1, since an interval of 0 crashes uWSGI"
COUNT = "emperor_node_count: must be at least 1, since this host announces itself too"
USER = "emperor_user: with emperor_tyrant it is whom routers run as, since nothing runs as root; name one"
LONG = "emperor_run_dir: uWSGI cuts the path of a socket at 102 bytes, and /{0}/emperor-stats.sock has 103; shorten it"
GROUP = (
    "emperor_group: www-data is the group of {} too, and with emperor_metrics it reads the Emperor's stats, which name every "
    "tenant's vassals; name a group that no tenant is in"
)
NO_OWNER = "emperor_vassals: with emperor_tyrant each needs an owner other than root, which "
FLAWS: list[tuple[Any, list[str]]] = [
    (EMPEROR._replace(vassals=[{"name": "a"}, {"name": "b"}]), []),
    (EMPEROR._replace(vassals=[{"name": "a"}, {"name": "a"}]), [ONE_NAME]),
    (EMPEROR._replace(vassals=[{}, {}]), [ONE_NAME]),
    (EMPEROR._replace(options={"emperor-curse-tolerance": 60}), [CURSE]),
    (EMPEROR._replace(options={"emperor-curse-tolerance": "61"}), []),
    (EMPEROR._replace(options={"emperor-curse-tolerance": None}), [CURSE]),
    (EMPEROR._replace(options={"emperor-curse-tolerance": "soon"}), []),
    (EMPEROR._replace(worker_reload_mercy=29, options={"emperor-curse-tolerance": None}), []),
    (EMPEROR._replace(worker_reload_mercy=30, options={"emperor-curse-tolerance": None}), [CURSE]),
    (EMPEROR._replace(max_fd=0), [FILES]),
    (EMPEROR._replace(max_fd=1, announce_interval=1, node_count=1), []),
    (EMPEROR._replace(announce_interval=0), [INTERVAL]),
    (EMPEROR._replace(node_count=0), [COUNT]),
    (EMPEROR._replace(run_dir="/" + "r" * 82), []),
    (EMPEROR._replace(run_dir="/" + "r" * 83), [LONG.format("r" * 83)]),
    # Bytes, not characters.
    (EMPEROR._replace(run_dir="/" + "\u00e4" * 41 + "r"), [LONG.format("\u00e4" * 41 + "r")]),
    (TENANTS, []),
    (TENANTS._replace(metrics="127.0.0.1:1"), []),
    (TENANTS._replace(vassals=[{**CHECKED, "group": "www-data"}]), []),
    (
        TENANTS._replace(metrics="127.0.0.1:1", vassals=[{**CHECKED, "group": "www-data"}]),
        [GROUP.format("a")],
    ),
    (
        TENANTS._replace(
            metrics="127.0.0.1:1",
            vassals=[{**CHECKED, "group": "www-data"}, {"name": "b", "owner": "bob"}, {"owner": "eve", "group": "www-data"}],
        ),
        [GROUP.format("a, ")],
    ),
    (
        TENANTS._replace(metrics="127.0.0.1:1", group="", vassals=[{**CHECKED, "group": ""}]),
        [
            "emperor_group: with emperor_tyrant and emperor_metrics it can read the Emperor's stats, which name every tenant's "
            "vassals; name a group that no tenant is in"
        ],
    ),
    *((TENANTS._replace(user=user), [USER]) for user in ("", "root", "0")),
    (EMPEROR._replace(user="root"), []),
    (TENANTS._replace(vassals=[CHECKED, {"name": "b", "owner": 0}]), [NO_OWNER + "b has not"]),
    (
        TENANTS._replace(vassals=[{"name": "b"}, {"name": "c", "owner": "root"}, {}]),
        [NO_OWNER + "b, c, (without a name) have not"],
    ),
]


@pytest.mark.parametrize(("given", "words"), FLAWS)
def test_what_goes_wrong_in_silence_is_found(given: Any, words: list[str]) -> None:
    found = emperor.flaws(given, emperor.emperor_options(given, False).options)
    assert found == words


def test_what_every_vassal_starts_from_has_an_order_and_the_defaults_of_the_role() -> None:
    given = EMPEROR._replace(plugins=["python3", "http"], harakiri=1, worker_reload_mercy=2, buffer_size=3)
    own = {"harakiri": 1, "worker-reload-mercy": 2, "buffer-size": 3}
    found = emperor.default_options(given)
    assert found == {**emperor.DEFAULT_OPTIONS, **own, "need-plugins": "python3,http"}
    assert list(found)[:3] == ["strict", "need-plugins", "master"]
    assert list(emperor.default_options(given._replace(plugins=[]))) == list(emperor.DEFAULT_OPTIONS)
    defaults = yaml.safe_load((ROOT / "roles" / "emperor" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    names = {name: "emperor_" + name.replace("-", "_") for name in own}
    assert {name: defaults[variable] for name, variable in names.items()} == {name: emperor.DEFAULT_OPTIONS[name] for name in own}
