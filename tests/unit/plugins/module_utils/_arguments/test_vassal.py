# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a vassal's arguments to the lines of its file, and the address that it would announce."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.vassal import (
    ADDRESS_SUFFIX,
    SUFFIX,
    Defaults,
    Vassal,
    vassals,
)
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini.writer import Line
from hypothesis import given
from hypothesis import strategies as st

NO_NAME = "is not a valid option name; use letters, digits, '-', '_' and '.'"
S = {"server": "10.0.0.2:2626", "key": "a.test"}
SUBSCRIBE = "subscribe2 = server=10.0.0.2:2626,key=a.test"
HTTP = "10.0.0.7:3031"


def one(item: Any, defaults: Defaults = Defaults(), release: Tuple[int, int] = V2_0) -> Vassal:  # noqa: B008 - it is immutable
    return vassals([item], release, {"router": "10.0.0.2"}.__getitem__, defaults)[0]


def lines(vassal: Vassal) -> List[str]:
    return [f"{line.name} = {line.value}" for line in vassal.lines]


def refusal(item: Any, defaults: Defaults = Defaults()) -> Tuple[str, str]:  # noqa: B008 - it is immutable
    with pytest.raises(ArgumentError) as caught:
        vassals([{"name": "first", "options": {"master": True}}, item], V2_0, None, defaults)
    return caught.value.path, caught.value.problem


def options(**given_: Any) -> Dict[str, Any]:
    return {"name": "a", "options": given_}


WRITTEN: List[Tuple[str, Dict[str, Any], Defaults, List[str]]] = [
    ("nothing but an option", options(master=True), Defaults(), ["master = true"]),
    (
        "values in order",
        options(strict=False, env=["A=1", "B=%n"], processes=4, ratio=1.5, empty="", text=" $(X) @(y) %(z)"),
        Defaults(),
        ["strict = false", "env = A=1", "env = B=%n", "processes = 4", "ratio = 1.5", "empty = ", "text =  $(X) @(y) %(z)"],
    ),
    ("null and no values", options(a=1, b=None, c=[]), Defaults(), ["a = 1"]),
    (
        "defaults first, and a vassal's own in their place",
        options(c=[3, 4], b=None, d=5),
        Defaults({"a": 1, "b": 2, "c": 3}),
        ["a = 1", "c = 3", "c = 4", "d = 5"],
    ),
    ("defaults alone", {"name": "a"}, Defaults({"a": [1, 2], "b": None}), ["a = 1", "a = 2"]),
    (
        "all groups after the options",
        {
            "name": "a",
            "subscriptions": [dict(S, address=HTTP)],
            "client_params": {"announce_interval": 5},
            "server_verification_params": {"no_check_uid": 33},
            "server_params": {"tolerance": 7},
            "options": {"master": True},
        },
        Defaults(),
        ["master = true", "subscription-tolerance = 7", "subscriptions-sign-skip-uid = 33", "subscribe-freq = 5",
         SUBSCRIBE + ",addr=" + HTTP],
    ),
    (
        "a subscription without options",
        {"name": "a", "subscriptions": [dict(S, address=HTTP)]},
        Defaults(),
        [SUBSCRIBE + ",addr=" + HTTP],
    ),
    (
        "client's defaults where there are subscriptions",
        {"name": "a", "subscriptions": [dict(S, address=HTTP)], "client_params": {"announce_interval": 5}},
        Defaults({}, {"announce_interval": 3, "start_unsubscribed": True}),
        ["start-unsubscribed = true", "subscribe-freq = 5", SUBSCRIBE + ",addr=" + HTTP],
    ),
    (
        "client's defaults alone",
        {"name": "a", "subscriptions": [dict(S, address=HTTP)]},
        Defaults({}, {"announce_interval": 3}),
        ["subscribe-freq = 3", SUBSCRIBE + ",addr=" + HTTP],
    ),
    ("no client's defaults without subscriptions", options(a=1), Defaults({}, {"announce_interval": 3}), ["a = 1"]),
    (
        "names resolved by default",
        {"name": "a", "subscriptions": [{"server": "router:2626", "key": "a.test", "address": HTTP}]},
        Defaults(resolve_server=True),
        [SUBSCRIBE + ",addr=" + HTTP],
    ),
    (
        "names resolved",
        {"name": "a", "subscriptions": [{"server": "router:2626", "key": "a.test", "address": HTTP}], "resolve_server": True},
        Defaults(),
        [SUBSCRIBE + ",addr=" + HTTP],
    ),
    (
        "suspend files in a folder",
        {"name": "a.b", "subscriptions": [dict(S, address=HTTP), dict(S, address=HTTP, suspend_file="/s"),
                                          dict(S, address=HTTP, check_file="/c")]},
        Defaults(suspend_dir="/run/a, b"),
        [SUBSCRIBE + ",addr=" + HTTP + check for check in (",check=/run/a\\, b/a.b", ",check=/s", ",check=/c")],
    ),
    ("no suspend file without a subscription", options(a=1), Defaults(suspend_dir="/run"), ["a = 1"]),
    (
        "a tenant's suspend file",
        {"name": "b", "subscriptions": [dict(S, address=HTTP)], "owner": "alice"},
        Defaults(suspend_dir="/run", tyrant=True),
        [SUBSCRIBE + ",addr=" + HTTP + ",check=/run/alice/b"],
    ),
    ("on demand", dict(options(a=1), on_demand=HTTP), Defaults(), ["a = 1"]),
    (
        "literal values, as they are",
        options(env=[{"literal": "PW=100%"}, "A=%n"], x={"literal": " $(X)%s"}, y={"literal": 5}, z={"literal": ""}),
        Defaults({"d": {"literal": "@(e)"}}),
        ["d = @(e)", "env = PW=100%", "env = A=%n", "x =  $(X)%s", "y = 5", "z = "],
    ),
    ("no subscriptions", dict(options(a=1), subscriptions=[]), Defaults({}, {"announce_interval": 3}), ["a = 1"]),
    ("a health check is for others", dict(options(a=1), health={"path": "/"}), Defaults(), ["a = 1"]),
]


@pytest.mark.parametrize(("item", "defaults", "expected"), [case[1:] for case in WRITTEN], ids=[case[0] for case in WRITTEN])
def test_arguments_become_lines(item: Any, defaults: Defaults, expected: List[str]) -> None:
    assert lines(one(item, defaults)) == expected


GIVEN = "10.0.0.7:0"
LEAVES = "unsubscribe-on-graceful-reload = true"
# A vassal whose port the kernel chooses: its options and subscriptions, and the line added for reloads.
GIVEN_PORTS: List[Tuple[str, Dict[str, Any], List[str]]] = [
    ("a socket", dict(options(socket=GIVEN), subscriptions=[S]), [LEAVES]),
    ("of another protocol", dict(options(**{"http-socket": GIVEN}), subscriptions=[S]), [LEAVES]),
    ("the second one", dict(options(socket=[HTTP, GIVEN]), subscriptions=[dict(S, address=1)]), [LEAVES]),
    ("with other words", dict(options(socket=GIVEN), subscriptions=[S], client_params={"announce_interval": 3}),
     [LEAVES, "subscribe-freq = 3"]),
    ("by the user", dict(options(socket=GIVEN), subscriptions=[S], client_params={"unsubscribe_on_reload": "yes"}), [LEAVES]),
    ("not announced", options(socket=GIVEN), []),
    ("a port of its own", dict(options(socket=HTTP), subscriptions=[S]), []),
]


@pytest.mark.parametrize(("item", "expected"), [case[1:] for case in GIVEN_PORTS], ids=[case[0] for case in GIVEN_PORTS])
def test_a_port_that_the_kernel_gives_is_announced_and_left_at_a_reload(item: Any, expected: List[str]) -> None:
    found = one(item)
    assert [line for line in lines(found) if line.startswith(("subscribe-freq", "unsubscribe"))] == expected
    assert found.warnings == []


def test_routers_must_not_keep_a_port_that_is_gone() -> None:
    item = dict(options(socket=GIVEN), subscriptions=[S], client_params={"unsubscribe_on_reload": False})
    path, problem = refusal(item)
    assert path == "vassals[1].client_params.unsubscribe_on_reload"
    assert problem.startswith("must be true for a socket with port 0: after a reload it has another port")
    assert problem.endswith("leave it out, or give the socket a port")
    item["client_params"]["unsubscribe_on_reload"] = "perhaps"
    assert refusal(item) == (path, "'perhaps' is not a boolean; give true or false")
    wildcard = refusal(dict(options(socket="0.0.0.0:0"), subscriptions=[S]))
    assert wildcard[0] == "vassals[1].subscriptions[0].address" and "is a wildcard" in wildcard[1]


@pytest.mark.parametrize("option", ["fastrouter-resubscribe", "http-resubscribe"])
def test_a_router_that_checks_signatures_and_passes_announcements_on_is_warned_of(option: str) -> None:
    checks = {"server_verification_params": {"digest_algo": "SHA256", "dir_cert": "/k"}}
    [warning] = one(dict(options(**{option: "10.0.0.3:1"}), **checks)).warnings
    assert warning == (
        f"vassals[0].options.{option}: passes announcements on without their signatures, so a router that checks them refuses "
        "all of these silently; let the nodes announce themselves to every router"
    )
    assert one(options(**{option: "10.0.0.3:1"})).warnings == []
    assert one(dict(options(**{option + "-bind": "10.0.0.3:1"}), **checks)).warnings == []


NEWER: List[Tuple[str, List[Any], str, str]] = [
    (
        "a key beside another vassal's mountpoint of it",
        [dict(options(socket=HTTP), subscriptions=[S]),
         {"name": "b", "options": {"socket": "10.0.0.7:3032"}, "subscriptions": [dict(S, key="a.test/b")]}],
        "vassals[1].subscriptions[0].key",
        "'a.test/b' is announced to 10.0.0.2:2626 beside 'a.test' of vassals[0].subscriptions[0], and uWSGI 2.1 mixes the "
        "nodes of a domain with those of its mountpoints; give each a domain of its own, or "
        "announce them to routers of their own",
    ),
    *[
        (
            f"two parts of the path for {kind}",
            [dict(options(**{kind: "10.0.0.2:80"}), server_params={"mountpoints_depth": 2})],
            "vassals[0].server_params.mountpoints_depth",
            f"2 is too large for a router with {kind}, which looks at one part of the path; give 1",
        )
        for kind in ("http", "https", "https2", "http-to-https")
    ],
]


@pytest.mark.parametrize(("items", "path", "problem"), [case[1:] for case in NEWER], ids=[case[0] for case in NEWER])
def test_what_2_1_does_wrong_is_refused(items: List[Any], path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        vassals(items, V2_1)
    assert (caught.value.path, caught.value.problem) == (path, problem)


def test_2_0_has_no_mountpoints() -> None:
    assert len(vassals(NEWER[0][1], V2_0)) == 2


def test_two_parts_of_the_path_are_for_a_fastrouter_and_one_is_for_all() -> None:
    for kind, depth in (("fastrouter", 2), ("http", 1), ("http", "1")):
        assert one(dict(options(**{kind: "10.0.0.2:80"}), server_params={"mountpoints_depth": depth}), release=V2_1)


def test_two_vassals_of_a_pool_with_one_name_are_warned_of_once() -> None:
    items = [
        {"name": name, "options": {"socket": f"10.0.0.7:{at}"}, "subscriptions": [dict(S, address_vassal="v"), *more]}
        for name, at, more in (("a", 1, []), ("b", 2, [dict(S, address=HTTP, address_vassal="v")]))
    ]
    found = vassals(items, V2_1)
    assert found[0].warnings == []
    assert [warning.partition(" too, ")[0] for warning in found[1].warnings] == [
        f"vassals[1].subscriptions[{at}].address_vassal: 'v' is that of vassals[{other}].subscriptions[0]"
        for at, other in ((1, 1), (0, 0), (1, 0))
    ]


def test_a_vassal_knows_what_it_was_made_of() -> None:
    entry = dict(S, signing=["SHA1", "/k"])
    given_ = dict(options(uid=["x", "y"], socket=HTTP), owner="b", group=5, mode="0640", subscriptions=[entry])
    found = one(given_)
    assert (found.name, found.place, found.uid, found.warnings) == ("a", "vassals[0]", "y", [])
    assert {name: found.arguments[name] for name in given_} == given_
    assert found.lines[:3] == [Line("uid", "x", False), Line("uid", "y", False), Line("socket", HTTP, False)]
    # What is not written in uWSGI's own language is escaped, so that uWSGI reads exactly the value.
    assert found.lines[-1] == Line("subscribe2", SUBSCRIBE[13:] + ",sign=SHA1:/k", True)
    assert one(options(a={"literal": "%"})).lines == [Line("a", "%", True)]
    assert [str(one_.signing) for one_ in found.subscriptions] == ["Signing(digest='SHA1', file='/k')"]
    assert one(options(gid=5, suid=4)).uid is None


def test_the_release_counts() -> None:
    item = {"name": "a", "subscriptions": [dict(S, address=HTTP, inactive=True)]}
    assert lines(one(item, release=V2_1)) == [SUBSCRIBE + ",addr=" + HTTP + ",proto=uwsgi,inactive=1"]
    assert refusal(item)[0] == "vassals[1].subscriptions[0].inactive"


@pytest.mark.parametrize("name", ["a", "_", "0", "a.b-c@d+e_F9", "a" * 250, "a.ini.d", 5])
def test_names_are_taken_as_they_are(name: Any) -> None:
    assert one(dict(options(a=1), name=name)).name == str(name)


NAME = (
    "can't name a vassal's file; give at most 250 of letters, digits, '_', '.', '@', '+' and '-', not beginning with one of the "
    "last four"
)
CALLED = [(name, f"{name[:80]!r} {NAME}") for name in (
    ".a", "-a", "+a", "@a", "a/b", "../a", "a b", "\u00fc", "a:b", "a,b", "a%n", "a" * 251,
)]
NAMED: List[Tuple[Any, str]] = [
    *CALLED,
    (None, "is missing; it names the vassal's file"),
    ("", "is empty; give a value or leave the argument out"),
    ("a.ini", "'a.ini' ends in .ini; give the name without it"),
    (True, "must be text, not a boolean"),
    ("a\n", "'a\\n' has a line break, which would start another option; give a value without it"),
    ("first", "'first' is the name of vassals[0] too; give each vassal its own"),
]


@pytest.mark.parametrize(("name", "problem"), NAMED, ids=[repr(case[0])[:20] for case in NAMED])
def test_what_can_not_name_a_vassal_is_refused(name: Any, problem: str) -> None:
    assert refusal(dict(options(a=1), name=name)) == ("vassals[1].name", problem)


WRONG = "must be a value, a list of values or {literal: TEXT}; give true for an option that takes none"
REFUSED: List[Tuple[Any, str, str]] = [
    ("a", "", "must be a mapping of arguments, not a value of type str"),
    (dict(options(a=1), option=1), ".option", "unknown argument; did you mean 'options'?"),
    ({"name": "a"}, ".options", "is missing; a vassal without options does not start"),
    (options(a=None), ".options", "is missing; a vassal without options does not start"),
    ({"name": "a", "options": ["a"]}, ".options", "must be a mapping of uWSGI's options to values"),
    (options(**{"a b": 1}), ".options['a b']", NO_NAME),
    (options(**{"-a": 1}), ".options.-a", NO_NAME),
    ({"name": "a", "options": {8000: 1}}, ".options[8000]", NO_NAME),
    (options(a={}), ".options.a", WRONG),
    (options(a=[1, {}]), ".options.a[1]", WRONG),
    (options(a=[None]), ".options.a[0]", WRONG),
    (options(a="b\nexec-asap = c"), ".options.a", "has a line break, which would start another option; give a list "
     "to repeat the option"),
    (options(a=["b", "c\0"]), ".options.a[1]", "has a NUL character, where uWSGI cuts the value; give a list to repeat "
     "the option"),
    ({"name": "a", "subscriptions": [{"key": "a"}]}, ".subscriptions[0].server", "is missing; without a subscription server "
     "uWSGI sends nothing and says nothing"),
    (dict(options(a=1), health={"path": "ok"}), ".health.path", "'ok' does not begin with a slash; give the path of a request"),
    (dict(options(a=1), client_params={"announce_interval": 0}), ".client_params.announce_interval", "0 is not between 1 and "
     "2147483647"),
]


@pytest.mark.parametrize(("item", "path", "problem"), REFUSED)
def test_arguments_that_do_not_work_are_refused(item: Any, path: str, problem: str) -> None:
    assert refusal(item) == ("vassals[1]" + path, problem)


TYRANT = Defaults(tyrant=True)
OWNED: List[Tuple[Any, Defaults, Optional[str], str]] = [
    ("alice", TYRANT, "alice", ""),
    (1001, TYRANT, "1001", ""),
    (None, TYRANT._replace(owner="bob"), "bob", ""),
    ("alice", TYRANT._replace(owner="bob"), "alice", ""),
    (None, Defaults(), None, ""),
    (None, TYRANT, None, "is missing; a tyrant Emperor runs a vassal as its file's owner, so give 'a' one"),
    ("root", TYRANT, None, "is root, and a tyrant Emperor runs no vassal as root; give 'a' a user of its own"),
    (0, TYRANT, None, "is root, and a tyrant Emperor runs no vassal as root; give 'a' a user of its own"),
    ("../a", TYRANT, None, "'../a' is not the name of a user; give one for 'a'"),
    ("", TYRANT, None, "'' is not the name of a user; give one for 'a'"),
    ("a b" * 30, TYRANT, None, f"{('a b' * 30)[:80]!r} is not the name of a user; give one for 'a'"),
    ("host$", TYRANT, "host$", ""),
    ("0", TYRANT, None, "is root, and a tyrant Emperor runs no vassal as root; give 'a' a user of its own"),
]


@pytest.mark.parametrize(("owner", "defaults", "expected", "problem"), OWNED)
def test_a_tyrants_vassal_has_an_owner(owner: Any, defaults: Defaults, expected: Optional[str], problem: str) -> None:
    item = dict(options(a=1), owner=owner)
    if problem:
        with pytest.raises(ArgumentError) as caught:
            one(item, defaults)
        assert (caught.value.path, caught.value.problem) == ("vassals[0].owner", problem)
    else:
        assert one(item, defaults).owner == expected


TWICE = "the socket '127.0.0.1:1' is that of vassals[0] too, so only one of them would start; give each its own"
ON_DEMAND: List[Tuple[Any, str, str]] = [
    (dict(options(a=1), on_demand=3031), ".on_demand", "'3031' is neither an IPv4 address and a port (127.0.0.1:3031) nor the "
     "absolute path of a unix socket, and the Emperor binds nothing else"),
    (dict(options(socket=HTTP), on_demand=HTTP), ".options", "the socket '10.0.0.7:3031' is bound by the Emperor, for on_demand; "
     "leave it out here"),
    (dict(options(a=1), on_demand=HTTP, subscriptions=[dict(S, address=HTTP)]), ".subscriptions",
     "are announced only while the vassal runs, and an on-demand vassal runs only after a request, so no router would start it; "
     "announce the address 10.0.0.7:3031 from a vassal of its own, or leave on_demand out"),
    (dict(options(a=1), on_demand="127.0.0.1:1"), ".options", TWICE),
    # Two ordinary sockets must differ too.
    (dict(options(socket=["127.0.0.1:2", "127.0.0.1:1"])), ".options", TWICE),
]  # fmt: skip


@pytest.mark.parametrize(("item", "path", "problem"), ON_DEMAND)
def test_a_socket_that_two_would_bind_is_refused(item: Any, path: str, problem: str) -> None:
    first = {"name": "first", "options": {"socket": "127.0.0.1:1"}}
    with pytest.raises(ArgumentError) as caught:
        vassals([first, item], V2_0)
    assert (caught.value.path, caught.value.problem) == ("vassals[1]" + path, problem)


def test_the_address_that_the_emperor_binds_is_told() -> None:
    found = one(dict(options(socket="127.0.0.1:1"), on_demand=HTTP))
    assert (found.on_demand, found.sockets) == (HTTP, ["127.0.0.1:1", HTTP])
    assert one(options(socket=HTTP)).on_demand is None


def test_files_end_in_what_the_emperor_looks_for() -> None:
    """The second one is the value of emperor-on-demand-extension in the role ``emperor``."""
    assert (SUFFIX, ADDRESS_SUFFIX) == (".ini", ".socket")


def test_names_of_servers_are_not_resolved_unasked() -> None:
    item = {"name": "a", "subscriptions": [{"server": "router:2626", "key": "a.test", "address": HTTP}]}
    assert refusal(item)[0] == "vassals[1].subscriptions[0].server"
    with pytest.raises(ArgumentError, match="set resolve_server to true"):
        one(item)


def test_defaults_that_do_not_work_are_refused() -> None:
    entry = {"name": "a", "subscriptions": [dict(S, address=HTTP)]}
    assert refusal(entry, Defaults({"a\n": 1})) == ("default_options['a\\n']", NO_NAME)
    entry["client_params"] = {"interval": 1}
    assert refusal(entry, Defaults({}, {"announce_interval": 1}))[0] == "vassals[1].client_params.interval"


NONE = "asks for socket 0, and the vassal's options have none; give it a socket, or the subscription an address"
TEMPLATE = (
    "uWSGI would announce the vassal's socket {0!r}, which {1}; give the socket an IPv4 address and a port, or the subscription "
    "an address"
)
RELATIVE = "is a relative path, which the router takes from its own folder"
WILDCARD = "is a wildcard, which for the router is its own host"
# A vassal's options, its subscription's address, and what is wrong with the address that it would announce.
ANNOUNCED: List[Tuple[Dict[str, Any], Any, Optional[str]]] = [
    ({"master": True}, HTTP, None),
    ({"master": True}, None, NONE),
    ({"master": True}, 2, NONE.replace("socket 0", "socket 2")),
    ({"socket": HTTP}, None, None),
    ({"socket": HTTP}, 0, None),
    ({"socket": HTTP}, 1, NONE.replace("socket 0", "socket 1").replace("none", "1")),
    ({"socket": [HTTP, ":1"]}, 0, None),
    ({"socket": [HTTP, ":1"]}, 1, TEMPLATE.format(":1", WILDCARD)),
    ({"socket": [HTTP, ":1"]}, 2, NONE.replace("socket 0", "socket 2").replace("none", "2")),
    ({"http-socket": ":1", "socket": HTTP}, 1, None),
    ({"socket": HTTP, "http-socket": ":1"}, 1, TEMPLATE.format(":1", WILDCARD)),
    ({"socket": "run.sock"}, None, TEMPLATE.format("run.sock", RELATIVE)),
    ({"socket": ":3031"}, HTTP, None),
    ({"socket": "localhost:1"}, None, TEMPLATE.format(
        "localhost:1", "is not an IPv4 address, and the router resolves no names and knows no IPv6")),
    # The result of what uWSGI expands is unknown.
    *[({"socket": text}, None, None) for text in ("%n.sock", "$(IP):1", "@(/ip):1", "=0", "fd://3", ":%p", "@a")],
    *[({name: "relative"}, None, TEMPLATE.format("relative", RELATIVE)) for name in (
        "socket", "uwsgi-socket", "suwsgi-socket", "puwsgi-socket", "ssl-socket", "http-socket", "http11-socket",
        "https-socket", "fastcgi-socket", "fastcgi-nph-socket", "scgi-socket", "scgi-nph-socket", "raw-socket",
    )],
    *[({name: HTTP}, None, NONE) for name in (
        "http", "s", "shared-socket", "stats", "socket-timeout", "emperor-socket", "undeferred-socket", "sockets", "include-x",
        "xzerg", "init",
    )],
    # Other options that may bring a socket.
    *[({name: "x"}, 3, None) for name in (
        "include", "inherit", "inherit-template", "ini", "ini-paste", "ini-paste-logged", "if-env", "for", "for-glob",
        "emperor-fd-config", "on-demand", "map-socket", "zerg",
    )],
]


@pytest.mark.parametrize(("given_", "address", "problem"), ANNOUNCED)
def test_a_vassal_announces_a_socket_that_a_router_can_reach(
    given_: Dict[str, Any], address: Any, problem: Optional[str]
) -> None:
    fine = dict(S, address=HTTP)
    item = {"name": "a", "options": given_, "subscriptions": [fine, dict(S, address=address)]}
    if problem is None:
        assert one(item).warnings == []
        return
    assert refusal(item) == ("vassals[1].subscriptions[1].address", problem)


def test_a_unix_socket_is_warned_of() -> None:
    found = one({"name": "a", "options": {"socket": [HTTP, "/run/a"]}, "subscriptions": [S, dict(S, address=1)]}).warnings
    assert len(found) == 1
    assert found[0].startswith("vassals[0].subscriptions[1].address: the vassal announces a unix socket; it has no failover: ")
    # Each subscription that announces it is named.
    both = one({"name": "a", "options": {"socket": "/run/a"}, "subscriptions": [S, S]}).warnings
    assert [words.partition(": ")[0] for words in both] == [f"vassals[0].subscriptions[{at}].address" for at in (0, 1)]
    given_ = {"name": "a", "subscriptions": [dict(S, address="/run/a")]}
    assert [words[:60] for words in one(given_).warnings] == ["vassals[0].subscriptions[0].address: the node is on a unix s"]


@given(st.text(max_size=12))
def test_a_name_is_a_file_s_name_or_an_error(name: str) -> None:
    try:
        found = one(dict(options(a=1), name=name))
    except ArgumentError as error:
        assert error.path == "vassals[0].name"
        return
    assert found.name == name
    assert name[0] not in ".-+@"
    assert not set(name) & set("/%:, \n\0")


SHARED = ["%n.sock", "127.0.0.1:0", "=0", "fd://3", "$(SOCKET)"]


@pytest.mark.parametrize("socket", SHARED)
def test_what_stands_for_a_socket_of_its_own_may_stand_twice(socket: str) -> None:
    both = [dict(options(socket=socket), name=name) for name in ("a", "b")]
    assert [one.name for one in vassals(both, (2, 0))] == ["a", "b"]
