# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From one file to what the roles have for it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import instance
from support.adoptable import PATH, S, file

KINDS = [
    ("socket = 10.0.0.7:1", instance.VASSAL),
    ("http = :80\nmodule = app", instance.VASSAL),
    ("http = :80\nhttp-to = 10.0.0.2:3030", instance.ROUTER),
    ("http = :80\nhttp-subscription-server = 10.0.0.2:2626", instance.ROUTER),
    ("fastrouter = :3030", instance.ROUTER),
    ("rawrouter = :3030", instance.ROUTER),
    ("emperor = /etc/uwsgi/vassals\nfastrouter = :1", instance.EMPEROR),
    # A front of its own kind of address, and what is none.
    ("https = :443,/c,/k\nhttp-to = 10.0.0.2:3030", instance.ROUTER),
    ("https2 = addr=:443,cert=/c,key=/k\nhttp-to = 10.0.0.2:3030", instance.ROUTER),
    ("http-to = 10.0.0.2:3030", instance.VASSAL),
    ("http = :80\nhttp-to = 10.0.0.2:3030\nmodule = app", instance.VASSAL),
    # It serves what it announces.
    (f"http = :80\nhttp-to = 10.0.0.2:3030\nsubscribe2 = server={S},key=a,addr=10.0.0.7:1", instance.VASSAL),
]


@pytest.mark.parametrize(("lines", "kind"), KINDS)
def test_what_an_instance_is(lines: str, kind: str) -> None:
    assert instance.of_file(file(lines)).kind == kind


def test_a_vassal() -> None:
    one = instance.of_file(
        file(
            "uid = alice\ngid = www\nenv = A=1\nprocesses = 4\nenv = B=2\nsocket = 10.0.0.7:1\n"
            f"subscribe-to = {S}:a\nsubscribe-freq = 3\ndaemonize = /log",
            group="adm",
        )
    )
    assert (one.path, one.name, one.user, one.group, one.owner, one.file_group) == (PATH, "shop", "alice", "www", "root", "adm")
    assert instance.given_options(one) == {"env": ["A=1", "B=2"], "processes": 4, "socket": "10.0.0.7:1"}
    assert one.arguments == {"subscriptions": [{"server": S, "key": "a"}], "client_params": {"announce_interval": 3}}
    assert [note for option in one.options for note in option.notes] == [
        "daemonize = /log: would take it away from the Emperor, which also has its log"
    ]


# Whom an instance runs as by its own options, and what is in them for good.
USERS: list[tuple[str, tuple[str, str], dict[str, Any]]] = [
    ("module = app", ("", ""), {"module": "app"}),
    ("immediate-uid = alice\nimmediate-gid = www", ("alice", "www"), {}),
    # The last counts.
    ("uid = alice\nuid = 1000", ("1000", ""), {}),
    # What an Emperor runs as is for its vassals to know.
    ("emperor = /v\nuid = web\ndaemonize = /log", ("", ""), {"emperor": "/v", "uid": "web", "daemonize": "/log"}),
]


@pytest.mark.parametrize(("given", "users", "rest"), USERS)
def test_whom_an_instance_names(given: str, users: tuple[str, str], rest: dict[str, Any]) -> None:
    one = instance.of_file(file(given))
    assert ((one.user, one.group), instance.given_options(one), one.why) == (users, rest, "")


AWAY = "would take it away from the Emperor, which also has its log"
ROOT = "needs root, as which the role's vassals don't run"
PLUGINS = "depends on the plugins of the host; name those that it needs in emperor_plugins"
OTHER = "brings the options of another file"
# Lines, and what becomes of each: an option with its values, or what is said in its place.
PLACES: list[tuple[str, list[tuple[str, list[Any], list[str]]]]] = [
    ("daemonize = /l\ndaemonize2 = /m", [("", [], [f"daemonize = /l: {AWAY}"]), ("", [], [f"daemonize2 = /m: {AWAY}"])]),
    ("chroot = /srv\ncap = net_raw", [("", [], [f"chroot = /srv: {ROOT}"]), ("", [], [f"cap = net_raw: {ROOT}"])]),
    ("autoload = true\nautoload = false", [("", [], [f"autoload = true, false: {PLUGINS}"])]),
    # What is said stays between its neighbours.
    (
        "module = app\nif-env = A\nendif =\nenv = A=1\nlisten = 5\nenv = B=2",
        [
            ("module", ["app"], []),
            ("", [], ["if-env = A: holds for the lines below it, and options of the role have no conditions and loops"]),
            ("", [], ["endif =: has no meaning among the options of the role"]),
            ("env", ["A=1", "B=2"], []),
            ("listen", [5], []),
        ],
    ),
    (
        "include = gone.ini",
        [
            (
                "include",
                ["/etc/uwsgi/vassals/gone.ini"],
                [f"include = gone.ini: {OTHER}; it stays an option, and what it says of subscriptions is not known here"],
            )
        ],
    ),
    ('{"uwsgi": {"env": "A= "}}', [("env", [{"literal": "A= "}], [])]),
    # What the module refuses at an option is said there, and the others stay.
    (
        "module = app\ndeclare-option = say=set=$1\nsay = weight=3\nsay = procname=x\nlisten = 5",
        [
            ("module", ["app"], []),
            (
                "",
                [],
                [
                    "set = weight=3, procname=x: sets weight, which is not checked among the options; "
                    "use subscriptions[].balancing_weight"
                ],
            ),
            ("listen", [5], []),
        ],
    ),
]


@pytest.mark.parametrize(("given", "options"), PLACES)
def test_what_is_said_of_a_line_is_said_at_its_place(given: str, options: list[tuple[str, list[Any], list[str]]]) -> None:
    path = "/etc/uwsgi/vassals/shop.json" if given.startswith("{") else PATH
    assert [tuple(option) for option in instance.of_file(file(given, path)).options] == options


@pytest.mark.parametrize(
    "line",
    [
        "include = gone.ini",
        "vassals-include = x.ini",
        "config = x.toml",
        "fastrouter = :1\nhttp-subscription-server = :2",
    ],
)
def test_what_is_said_at_its_place_is_not_said_again(line: str) -> None:
    assert instance.of_file(file("module = app\n" + line)).notes == []


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("0644", "0644"),
        ("7", 7),
        ("0", 0),
        ("-1", "-1"),
        ("1.5", "1.5"),
        ("9" * 11, "9" * 11),
    ],
)
def test_values_are_those_that_people_write(value: str, found: Any) -> None:
    assert instance.plain(value) == found
    assert type(instance.plain(value)) is type(found)


def test_what_the_module_refuses_is_said_at_its_place() -> None:
    one = instance.of_file(
        file(
            f"socket = 10.0.0.7:1\nset = subscribe-freq=2\nsubscribe2 = server=router:1,key=a\n"
            f"subscribe2 = server={S},key=b,check=x\nsubscribe2 = server={S},key=c"
        )
    )
    assert one.arguments["subscriptions"] == [{"server": S, "key": "c"}]
    assert "subscribe2 = server=router:1,key=a: " in one.notes[0]
    assert "check=x" in one.notes[1]


SOCKET = "address asks for socket {}, and the vassal's options have 1; give it a socket, or the subscription an address"
PORT = (
    "must be true for a socket with port 0: after a reload it has another port, and routers would send requests to the old one "
    "until their tolerance ends; leave it out, or give the socket a port"
)
# Lines, the subscriptions and parameters that stay, and what is said of the others.
REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    # One of each kind is named, and how many are like it.
    (
        f"subscribe2 = server={S},key=a,socket=7\nsubscribe2 = server={S},key=b\nsubscribe2 = server=10.0.0.3:1,key=c,socket=7\n"
        f"subscribe2 = server={S},key=d,socket=7",
        {"subscriptions": [{"server": S, "key": "b"}]},
        [f"the subscription of a to {S} and 2 others: {SOCKET.format(7)}"],
    ),
    (
        f"subscribe2 = server={S},key=a,socket=7\nsubscribe2 = server={S},key=b,socket=8\nsubscribe2 = server={S},key=c,socket=7",
        {},
        [f"the subscription of a to {S} and 1 other: {SOCKET.format(7)}", f"the subscription of b to {S}: {SOCKET.format(8)}"],
    ),
]


@pytest.mark.parametrize(("given", "arguments", "said"), REFUSED)
def test_what_is_refused_of_subscriptions_is_said(given: str, arguments: dict[str, Any], said: list[str]) -> None:
    one = instance.of_file(file("socket = 10.0.0.7:1\n" + given))
    assert one.kind == instance.VASSAL
    assert one.arguments == arguments
    assert one.notes == said


@pytest.mark.parametrize(("more", "params"), [("", {}), ("\nsubscribe-freq = 3", {"client_params": {"announce_interval": 3}})])
def test_a_parameter_that_is_refused_is_said(more: str, params: dict[str, Any]) -> None:
    announces = f"socket = 10.0.0.7:0\nsubscribe2 = server={S},key=a\nunsubscribe-on-graceful-reload = false"
    one = instance.of_file(file(announces + more))
    assert one.arguments == {"subscriptions": [{"server": S, "key": "a"}], **params}
    assert one.notes == ["client_params.unsubscribe_on_reload: " + PORT]


def _bad(count: int) -> str:
    """Subscriptions of which each is refused for a reason of its own."""
    return "\n".join(f"subscribe2 = server={S},key=k,socket={at + 1}" for at in range(count))


# The lines, how many keys they also announce, and whether what is refused is still sorted out.
MUCH = [
    (_bad(63), 0, True),
    (_bad(64), 0, False),
    # Each time all options and subscriptions are looked at.
    (_bad(3) + "\nenv = A=1" * 4000, 0, True),
    (_bad(4) + "\nenv = A=1" * 4000, 0, False),
    (_bad(4), 4000, False),
]


@pytest.mark.parametrize(("given", "keys", "enough"), MUCH, ids=["63", "64", "3 of 4000", "4 of 4000", "4 of 4000 keys"])
def test_so_much_that_is_refused_is_sorted_out(given: str, keys: int, enough: bool) -> None:
    others = {"/etc/uwsgi/vassals/keys": "".join(f"k{at},{at % 2}\n" for at in range(keys))}
    one = instance.of_file(file(f"socket = 10.0.0.7:1\n{given}\nsubscribe-to = {S}:@keys", others=others))
    assert (one.kind, one.why) == ((instance.VASSAL, "") if enough else (instance.BROKEN, "has too much that the role refuses"))


@pytest.mark.parametrize(("more", "count"), [(0, 2**17), (1, 0)])
def test_what_is_too_long_counts_as_nothing(more: int, count: int) -> None:
    given = {"path": PATH, "text": "x" * 2**16, "others": {"/a": "y" * 2**15, "/b": "z" * (2**15 + more)}}
    assert instance.characters(given) == count


def test_a_subscription_without_a_socket_is_said() -> None:
    one = instance.of_file(file(f"subscribe-to = {S}:a"))
    assert one.arguments == {}
    assert one.notes[0].startswith(f"the subscription of a to {S}: address asks for socket 0")


BROKEN: list[tuple[dict[str, Any], str]] = [
    (file("[other]\nx = 1\n"), "has no option in a section [uwsgi]"),
    (file("", error="can't be read: Permission denied"), "can't be read: Permission denied"),
    (file("{", "/a/b.json"), "is not JSON"),
    (file("include = shop.ini"), "has a section [uwsgi] that includes itself, so uWSGI never starts"),
    (file("listen = 1\n" * 5000), "comes to more than 4096 lines with what it includes"),
    (file("declare-option = a=" + ";".join(["listen=1"] * 5000) + "\na = x"), "comes to more than 4096 options"),
    (file("<uwsgi>", "/a/b.xml"), "is not XML, so uWSGI doesn't start with it"),
    (
        file("socket = :1", "/a/-b.ini"),
        "name '-b' can't name a vassal's file; give at most 250 of letters, digits, '_', '.', '@', '+' and '-', not beginning "
        "with one of the last four",
    ),
]


@pytest.mark.parametrize(("given", "why"), BROKEN)
def test_what_can_not_be_converted_says_why(given: dict[str, Any], why: str) -> None:
    one = instance.of_file(given)
    assert one.kind == instance.BROKEN
    assert one.why.startswith(why)


def test_what_is_included_is_asked_for() -> None:
    given = file(f"include = common.ini\nini = /b.ini:web\nsubscribe-to = {S}:@keys\nif-env = A\ninclude = never.ini\nendif =")
    wanted = ["/etc/uwsgi/vassals/common.ini", "/b.ini", "/etc/uwsgi/vassals/keys"]
    assert instance.wanted(given) == wanted
    rest = {"others": {wanted[0]: "[uwsgi]\ninclude = /c.ini\n", wanted[1]: "", wanted[2]: "a\n"}}
    assert instance.wanted({**given, **rest}) == ["/c.ini"]
    assert instance.wanted({**given, **rest, "missing": {"/c.ini": "can't be read: x"}}) == []
    assert instance.wanted({**given, "error": "x"}) == []
    notes = instance.of_file({**given, **rest, "missing": {"/c.ini": "can't be read: x"}}).notes
    assert notes[0] == "/c.ini can't be read: x, so what it says is missing here"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": 1}, "files.path: must be text, as uwsgi_config_info returns it"),
        ({"path": "/a.ini", "text": None}, "files.text: must be text, as uwsgi_config_info returns it"),
        ({"path": "/a.ini", "others": ["/b.ini"]}, "files.others: must be a mapping, as uwsgi_config_info returns it"),
    ],
)
def test_what_is_no_file_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError) as error:
        instance.of_file(given)
    assert str(error.value) == said
