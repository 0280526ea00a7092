# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All files of a host to its variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import document, host, router
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.host import Host
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.instance import BROKEN, VASSAL
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import emperor, fastrouter
from support import records
from support.adoptable import S, file, plain, shown, vassal

APP = "module = app"


def of(*files: dict[str, Any]) -> Host:
    return host.of_files("node1", list(files))


def test_the_role_says_the_same_of_every_vassal() -> None:
    """What is left out here because the role says it has to be what the role says."""
    own = {name: value for name, value in emperor.default_options(records.EMPEROR).items() if name != "need-plugins"}
    assert set(own) == set(host.DEFAULTS)
    flags = {name: value for name, value in own.items() if name not in ("harakiri", "worker-reload-mercy", "buffer-size")}
    assert flags.items() <= host.DEFAULTS.items()
    assert router.DEFAULTS == fastrouter.DEFAULT_OPTIONS


def test_a_vassal_without_an_application_needs_none() -> None:
    found = of(
        vassal("a", "check-static = /srv", "master = true"),
        vassal("b", APP, "vacuum ="),
        vassal("c", "need-app = true", "listen = 5"),
    )
    rows = [plain(host.entry(one, False)).get("options") for one in found.vassals]
    assert rows == [{"need-app": None, "check-static": "/srv"}, {"module": "app"}, {"listen": 5}]


def test_vassals_have_names_and_sockets_of_their_own() -> None:
    found = of(
        vassal("a", APP, "socket = 10.0.0.7:1"),
        file("uwsgi:\n  module: app\n", "/etc/uwsgi/vassals/a.yml"),
        vassal("b", APP, "socket = 10.0.0.7:1"),
        vassal("c", APP, "socket = 10.0.0.7:2"),
    )
    assert [one.kind for one in found.vassals] == [VASSAL, BROKEN, BROKEN, VASSAL]
    assert "has the name of /etc/uwsgi/vassals/a.ini" in found.vassals[1].why
    assert "is that of /etc/uwsgi/vassals/a.ini too" in found.vassals[2].why


EMPEROR = file("emperor = /etc/uwsgi/vassals\nuid = web\ngid = www", "/etc/uwsgi/emperor.ini")
TYRANT = file("emperor = /etc/uwsgi/vassals\nemperor-tyrant = true", "/etc/uwsgi/emperor.ini")
ALICE, BOB = vassal("a", APP, "uid = alice"), vassal("b", APP, "uid = bob", "gid = web")
NONE = vassal("c", APP)
OWNED = {"owner": "carol", "group": "users"}
USERS: list[tuple[list[dict[str, Any]], dict[str, Any], list[dict[str, Any]]]] = [
    ([NONE], {}, [{}]),
    ([ALICE], {"emperor_user": "alice"}, [{}]),
    ([EMPEROR, NONE], {"emperor_user": "web", "emperor_group": "www"}, [{}]),
    ([vassal("a", APP, "uid = root")], {}, [{}]),
    ([ALICE, BOB], {"emperor_tyrant": True}, [{"owner": "alice"}, {"owner": "bob", "group": "web"}]),
    ([ALICE, EMPEROR, NONE], {"emperor_tyrant": True}, [{"owner": "alice", "group": "www"}, {"owner": "web", "group": "www"}]),
    ([ALICE, {**NONE, **OWNED}], {"emperor_tyrant": True}, [{"owner": "alice"}, {"owner": "carol"}]),
    ([TYRANT, {**NONE, **OWNED}], {"emperor_tyrant": True}, [OWNED]),
]


@pytest.mark.parametrize(("files", "variables", "owners"), USERS)
def test_whom_vassals_run_as(files: list[dict[str, Any]], variables: dict[str, Any], owners: list[dict[str, Any]]) -> None:
    found = of(*files)
    names = ("emperor_user", "emperor_group", "emperor_tyrant")
    assert {one.name: one.value for one in found.variables if one.name in names} == variables
    rows = [plain(host.entry(one, found.owned)) for one in found.vassals]
    assert [{name: row[name] for name in ("owner", "group") if name in row} for row in rows] == owners


def test_a_vassal_that_ran_as_root_has_no_owner() -> None:
    found = of(TYRANT, {**NONE, "owner": "root"}, {**ALICE, **OWNED})
    assert [one.kind for one in found.vassals] == [BROKEN, VASSAL]
    assert "ran as root" in found.vassals[0].why
    assert found.vassals[1].notes == ["uid = alice: a tyrant Emperor runs it as its file's owner, carol"]


def test_a_second_emperor_is_said() -> None:
    found = of(EMPEROR, {**EMPEROR, "path": "/etc/other.ini"})
    assert [(one.path, one.kind) for one in found.vassals] == [("/etc/other.ini", BROKEN)]


def test_nothing_is_signed_that_was_not() -> None:
    assert [one.name for one in of(NONE).variables] == [""]
    assert "emperor_signing: false\n" in shown(of(vassal("a", APP, "socket = 10.0.0.7:1", f"subscribe-to = {S}:a")).variables)
    assert "emperor_signing: false\n" in shown(of(file("fastrouter = :1")).variables)


def test_an_item_of_the_variable() -> None:
    found = of(
        vassal("a", APP, "socket = 10.0.0.7:1", f"subscribe-to = {S}:a", "subscribe-to = x:1:b", "weight = 3", "if-env = A")
    )
    text = document.text([], document.Rows([("x", [host.entry(found.vassals[0], False)])]))
    head, dummy, rest = text.partition("    # subscribe-to = x:1:b: ")
    assert head == (
        "---\nx:\n  # /etc/uwsgi/vassals/a.ini\n  - name: a\n    options:\n      module: app\n      socket: 10.0.0.7:1\n"
        "      # if-env = A: holds for the lines below it, and options of the role have no conditions and loops\n"
    )
    assert rest.endswith(f"    subscriptions:\n      - server: {S}\n        key: a\n        balancing_weight: 3\n")
    assert found.left == 2
