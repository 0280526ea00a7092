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
]


@pytest.mark.parametrize(("lines", "kind"), KINDS)
def test_what_an_instance_is(lines: str, kind: str) -> None:
    assert instance.of_file(file(lines)).kind == kind


def test_a_vassal() -> None:
    one = instance.of_file(
        file(
            "uid = alice\ngid = www\nenv = A=1\nprocesses = 4\nenv = B=2\nsocket = 10.0.0.7:1\n"
            f"subscribe-to = {S}:a\nsubscribe-freq = 3\ndaemonize = /log"
        )
    )
    assert (one.path, one.name, one.user, one.group, one.owner) == (PATH, "shop", "alice", "www", "root")
    assert instance.given_options(one) == {"env": ["A=1", "B=2"], "processes": 4, "socket": "10.0.0.7:1"}
    assert one.arguments == {"subscriptions": [{"server": S, "key": "a"}], "client_params": {"announce_interval": 3}}
    assert [note for option in one.options for note in option.notes] == [
        "daemonize = /log: would take it away from the Emperor, which also has its log"
    ]


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


def test_a_subscription_without_a_socket_is_said() -> None:
    one = instance.of_file(file(f"subscribe-to = {S}:a"))
    assert one.arguments == {}
    assert one.notes[0].startswith(f"the subscription of a to {S}: address asks for socket 0")


BROKEN: list[tuple[dict[str, Any], str]] = [
    (file("[other]\nx = 1\n"), "has no option in a section [uwsgi]"),
    (file("", error="can't be read: Permission denied"), "can't be read: Permission denied"),
    (file("<uwsgi>", "/a/b.xml"), "is not XML"),
    (file("{", "/a/b.json"), "is not JSON"),
    (file("socket = :1", "/a/-b.ini"), "can't name a vassal's file"),
    (file("include = shop.ini"), "includes itself"),
]


@pytest.mark.parametrize(("given", "why"), BROKEN)
def test_what_can_not_be_converted_says_why(given: dict[str, Any], why: str) -> None:
    one = instance.of_file(given)
    assert one.kind == instance.BROKEN
    assert why in one.why


def test_what_is_included_is_asked_for() -> None:
    given = file(f"include = common.ini\nini = /b.ini:web\nsubscribe-to = {S}:@keys\nif-env = A\ninclude = never.ini\nendif =")
    wanted = ["/etc/uwsgi/vassals/common.ini", "/b.ini", "/etc/uwsgi/vassals/keys"]
    assert instance.wanted(given) == wanted
    rest = {"others": {wanted[0]: "[uwsgi]\ninclude = /c.ini\n", wanted[1]: "", wanted[2]: "a\n"}}
    assert instance.wanted({**given, **rest}) == ["/c.ini"]
    assert instance.wanted({**given, **rest, "missing": {"/c.ini": "can't be read: x"}}) == []
    assert instance.wanted({**given, "error": "x"}) == []
    assert (
        instance.of_file({**given, **rest, "missing": {"/c.ini": "can't be read: x"}}).notes[0].startswith("/c.ini can't be read")
    )


@pytest.mark.parametrize("given", [{"path": 1}, {"path": "/a.ini", "others": ["/b.ini"]}, {"path": "/a.ini", "text": None}])
def test_what_is_no_file_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="as uwsgi_config_info returns it"):
        instance.of_file(given)
