# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From all files of a host to its variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import document, host, router
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.host import Host
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.instance import BROKEN, VASSAL
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import emperor, fastrouter
from support.adoptable import S, file, plain, shown, vassal

APP = "module = app"


def of(*files: dict[str, Any]) -> Host:
    return host.of_files("node1", list(files))


def test_the_role_says_the_same_of_every_vassal() -> None:
    """The options left out here must be exactly those that the role sets anyway."""
    assert host.DEFAULTS == emperor.DEFAULT_OPTIONS
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


def test_of_more_files_than_are_converted_the_others_say_so() -> None:
    text = "[uwsgi]\n" + "# x\n" * 16000
    files = [file(text + f"module = a{at}\n", f"/v/{at:02}.ini") for at in range(34)]
    # A file that is too long to be read uses up none of the others' share.
    large = file("[uwsgi]\n" + "x" * 2**20, "/v/large.ini")
    found = of(large, *files)
    assert [one.why.partition(";")[0] for one in found.vassals if one.kind == BROKEN] == [
        "is longer than 65536 characters",
        "is not converted, since the files before it have 2097152 characters",
        "is not converted, since the files before it have 2097152 characters",
    ]


def test_many_vassals_with_one_socket_are_each_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    check = host.arguments.vassals

    def counted(*given: Any) -> Any:
        nonlocal looked
        looked += len(given[0])
        return check(*given)

    monkeypatch.setattr(host.arguments, "vassals", counted)
    found = of(*(vassal(f"a{at}", APP, "socket = 10.0.0.7:1") for at in range(50)))
    assert len(found.adopted) == 1
    # Once by itself, and once together with the others.
    assert looked == 100


ALL_AS_ROOT = "The vassals ran as root, as which the role runs none. It runs them as emperor_user, by default www-data."
SEVERAL = "The files name several users, so each vassal has its own."
UNSIGNED = "What is announced today is not signed by the roles. With true they sign it, and routers check it."
SAID: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([NONE], ["No file names a user. The role runs the vassals as emperor_user, by default www-data."]),
    ([vassal("a", APP, "uid = root")], [ALL_AS_ROOT]),
    ([vassal("a", APP, "uid = 0")], [ALL_AS_ROOT]),
    ([vassal("a", APP, "gid = www")], [ALL_AS_ROOT]),
    ([ALICE], []),
    ([ALICE, BOB], [SEVERAL]),
    ([ALICE, EMPEROR, NONE], [SEVERAL + " The Emperor's own user was web."]),
    ([TYRANT, {**NONE, **OWNED}], ["As with emperor-tyrant, each runs as its file's owner."]),
    ([ALICE, file("fastrouter = :1", "/etc/r.ini")], [UNSIGNED]),
    ([], []),
]


@pytest.mark.parametrize(("files", "words"), SAID)
def test_what_is_said_of_users_and_keys(files: list[dict[str, Any]], words: list[str]) -> None:
    found = of(*files)
    assert [note for one in found.variables for note in one.notes if "/etc/uwsgi/emperor.ini" not in note] == words
    assert all(not one.name or one.name.startswith("emperor_") for one in found.variables)


def test_why_vassals_are_not_converted() -> None:
    found = of(
        TYRANT,
        {**ALICE, "owner": "0"},
        {**BOB, "owner": ""},
        {**TYRANT, "path": "/etc/e.ini"},
        {**ALICE, "path": "/v/a.yml.ini"},
        {**NONE, **OWNED, "path": "/other/c.ini"},
        {**NONE, **OWNED},
    )
    root = "ran as root, as which the role runs no vassal; give it an owner of its own"
    assert {one.path: one.why for one in found.vassals if one.kind == BROKEN} == {
        "/etc/uwsgi/vassals/a.ini": root,
        "/etc/uwsgi/vassals/b.ini": root,
        "/v/a.yml.ini": root,
        "/etc/e.ini": "is a second Emperor; the role runs one, so merge the two",
        "/etc/uwsgi/vassals/c.ini": "has the name of /other/c.ini but for its folder or ending; rename one of them",
    }


def test_a_folder_of_which_nothing_is_converted_stays_one() -> None:
    found = of(EMPEROR, file("[uwsgi]\n", "/etc/uwsgi/vassals/a.ini", error="can't be read"))
    assert "emperor = /etc/uwsgi/vassals: is kept" in shown(found.variables)
    assert found.left == 1


def test_no_other_vassal_has_an_owner_of_its_own() -> None:
    assert of(NONE).owned is False
    assert of(ALICE, BOB).owned is True
    assert of(ALICE, BOB, file("[uwsgi]\ninclude = gone.ini\n", "/v/x.ini", error="is gone")).vassals[2].owner == "root"
    # These run as the owner of their file anyway.
    found = of(TYRANT, {**ALICE, **OWNED, "owner": "alice"}, {**NONE, **OWNED})
    assert [one.notes for one in found.vassals] == [[], []]


def test_an_application_is_said_to_be_missing_and_nothing_to_review() -> None:
    found = of(vassal("a", "socket = 10.0.0.7:1"))
    assert document.text([], document.Rows([("x", [host.entry(found.vassals[0], False)])])) == (
        "---\nx:\n  # /etc/uwsgi/vassals/a.ini\n  - name: a\n    options:\n"
        "      # The file names no application, and the role's vassals need one by default.\n      need-app: null\n"
        "      socket: 10.0.0.7:1\n"
    )
    assert found.left == 0
    [one] = of(vassal("a", "need-app = true", f"subscribe2 = server={S},key=a,addr=10.0.0.7:1")).vassals
    assert "options" not in plain(host.entry(one, False))


def test_a_router_in_the_emperor_s_file_is_one_of_the_host_s() -> None:
    found = of(file("emperor = /x\nfastrouter = :1\nfastrouter-subscription-server = :2", "/etc/uwsgi/emperor.ini"))
    assert [one.name for one in found.routers if one.name][:2] == ["fastrouter_listen", "fastrouter_subscription_server"]
    assert of(EMPEROR).routers == []


def test_so_much_is_converted_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [vassal("a", APP), vassal("b", APP), vassal("c", APP)]
    size = len(files[0]["text"])
    for most, kinds in ((2 * size, [VASSAL, VASSAL, BROKEN]), (2 * size - 1, [VASSAL, BROKEN, BROKEN]), (3 * size, [VASSAL] * 3)):
        monkeypatch.setattr(host, "_MOST_CHARACTERS", most)
        assert [one.kind for one in of(*files).vassals] == kinds
    assert host._TOO_MUCH == (
        "is not converted, since the files before it have 2097152 characters; name it in adopt_paths, in a run of its own"
    )
