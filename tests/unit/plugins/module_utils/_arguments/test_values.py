# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values of arguments: what each becomes, and the errors for those that can't be used."""

from __future__ import annotations

from typing import Any, List, Tuple, Type

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table, values
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.values import Modifier, Signing
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

ACCEPTED: List[Tuple[str, Any, Any]] = [
    ("text", "a, b=c", "a, b=c"),
    ("text", 5, "5"),
    ("text", 1.5, "1.5"),
    ("text", "ü" * 300, "ü" * 300),
    ("word", "shop.ini", "shop.ini"),
    ("vassal_name", "shop.ini", "shop.ini"),
    ("vassal_name", "v" * 255, "v" * 255),
    ("protocol", "http", "http"),
    ("protocol", "uwsgi", "uwsgi"),
    ("flag", True, True),
    ("flag", "yes", True),
    ("flag", "On", True),
    ("flag", 1, True),
    ("flag", "no", False),
    ("flag", "FALSE", False),
    ("flag", 0, False),
    ("positive", 1, 1),
    ("positive", " 17 ", 17),
    ("positive", "+3", 3),
    ("positive", 2**31 - 1, 2**31 - 1),
    ("level", 0, 0),
    ("level", "2", 2),
    ("file", "/a b/ü,%$", "/a b/ü,%$"),
    ("file", "/" + "a" * 4094, "/" + "a" * 4094),
    ("client_ca", "/a", "/a"),
    ("client_ca", "!/a", "!/a"),
    ("directory", "/a/b//", "/a/b"),
    ("directory", "/", "/"),
    ("directory", "/aZ", "/aZ"),
    ("directories", ["/a", "/b/", "/"], ["/a/", "/b/", "/"]),
    ("directories", "/a", ["/a/"]),
    ("directories", ["/aZ/"], ["/aZ/"]),
    ("socket_path", "/" + "s" * 101, "/" + "s" * 101),
    ("server", "10.0.0.2:2626", "10.0.0.2:2626"),
    ("server", "255.255.255.255:65535", "255.255.255.255:65535"),
    ("server", "/run/s", "/run/s"),
    ("key", "shop.example.com:8080", "shop.example.com:8080"),
    ("key", 8080, "8080"),
    ("key", "k" * 255, "k" * 255),
    ("key", "ü" * 127 + "k", "ü" * 127 + "k"),
    ("key", "a/..b", "a/..b"),
    ("address", "10.0.0.7:3031", "10.0.0.7:3031"),
    ("address", 0, 0),
    ("address", "12", 12),
    ("address", 255, 255),
    ("address", "/run/a.sock", "/run/a.sock"),
    ("address", "@a", "@a"),
    ("modifier", "wsgi", Modifier(0, None)),
    ("modifier", "php", Modifier(14, None)),
    ("modifier", 255, Modifier(255, None)),
    ("modifier", "9", Modifier(9, None)),
    ("modifier", {"modifier1": "psgi"}, Modifier(5, None)),
    ("modifier", {"modifier1": 5, "modifier2": "7"}, Modifier(5, 7)),
    ("modifier", {"modifier1": 0, "modifier2": 0}, Modifier(0, 0)),
    ("modifier", {"modifier1": 0, "modifier2": 255}, Modifier(0, 255)),
    ("modifier", " +5 ", Modifier(5, None)),
    ("algorithm", "iphash", _dialect.ALGORITHMS[0]),
    ("algorithm", "ip_hash", _dialect.ALGORITHMS[0]),
    ("algorithm", "lrc", _dialect.ALGORITHMS[1]),
    ("digest", "SHA256", "SHA256"),
    ("digest", "RSA-SHA256", "RSA-SHA256"),
    ("signing", ["SHA256", "/k.pem"], Signing("SHA256", "/k.pem")),
    ("signing", "SHA512:/a:b.pem", Signing("SHA512", "/a:b.pem")),
    ("signing", False, None),
    ("uids", [33, "1000"], [33, 1000]),
    ("uids", 5, [5]),
    ("uids", 2**32 - 2, [2**32 - 2]),
]
# Kind, value, the path that the error adds to "arg", and what it says.
REFUSED: List[Tuple[str, Any, str, str]] = [
    ("text", None, "", "must be text, not null"),
    ("text", True, "", "must be text, not a boolean"),
    ("text", ["a"], "", "must be text, not a list"),
    ("text", {"a": 1}, "", "must be text, not a mapping"),
    ("text", b"a", "", "must be text, not a value of type bytes"),
    ("text", "", "", "is empty; give a value or leave the argument out"),
    ("text", "a\nb", "", "'a\\nb' has a line break, which would start another option; give a value without it"),
    ("text", "a\0b", "", "has a NUL character"),
    ("text", "%(a)", "", "has '%(', which uWSGI expands"),
    ("text", "\ud800", "", "is not valid Unicode text"),
    ("text", "\n" * 100, "", "... (202 characters) has a line break"),
    ("word", "a b", "", "has a blank or a control character; give a plain name"),
    ("word", "a\tb", "", "has a blank or a control character"),
    ("word", "a\x7f", "", "has a blank or a control character"),
    ("vassal_name", "a b", "", "has a blank or a control character; give a plain name"),
    ("vassal_name", "ü" * 128, "", "has 256 bytes; more than 255 crash the router"),
    ("vassal_name", 'a"b', "", "has a quote or a backslash, which breaks the router's stats; give the vassal's file name"),
    ("vassal_name", "a\\b", "", "has a quote or a backslash"),
    ("protocol", "h", "", "'h' is not a protocol that a router knows; give http or uwsgi"),
    ("protocol", "HTTP", "", "'HTTP' is not a protocol that a router knows"),
    ("flag", "maybe", "", "'maybe' is not a boolean; give true or false"),
    ("flag", 2, "", "2 is not a boolean"),
    ("flag", None, "", "None is not a boolean"),
    ("flag", ["yes"], "", "is not a boolean"),
    ("positive", 0, "", "0 is not between 1 and 2147483647"),
    ("positive", -5, "", "-5 is not between 1"),
    ("positive", 2**31, "", "2147483648 is not between 1"),
    ("positive", "abc", "", "'abc' is not a whole number"),
    ("positive", 1.5, "", "1.5 is not a whole number"),
    ("positive", True, "", "True is not a whole number"),
    ("level", -1, "", "-1 is not between 0 and 2147483647"),
    ("file", "a/b", "", "'a/b' is not an absolute path; uWSGI would look from whatever folder it runs in"),
    ("file", "/" + "a" * 4095, "", "is longer than the 4095 bytes of a path"),
    ("file", "/" + "ü" * 2048, "", "is longer than the 4095 bytes of a path"),
    ("client_ca", "!a", "", "'a' is not an absolute path"),
    ("client_ca", "!!/a", "", "'!/a' is not an absolute path"),
    ("directory", "keys", "", "'keys' is not an absolute path"),
    ("directories", ["/a", "b"], "[1]", "'b' is not an absolute path"),
    ("directories", {"a": 1}, "", "must be a value or a list of values, not a mapping"),
    ("socket_path", "/" + "s" * 102, "", "has 103 bytes and uWSGI cuts a socket's path at 102; give a shorter one"),
    ("socket_path", "/" + "ü" * 51, "", "has 103 bytes"),
    ("socket_path", "/a:1", "", "has a colon, so uWSGI takes it as an address and a port; give another path"),
    ("server", "localhost:2626", "", "is neither an IPv4 address and a port (10.0.0.2:2626) nor the absolute path"),
    ("server", "[::1]:2626", "", "with a host name or IPv6 uWSGI never registers; set resolve_server to true"),
    ("server", "10.0.0.2", "", "is neither"),
    ("server", ":2626", "", "is neither"),
    ("server", "10.0.0.2:0", "", "is neither"),
    ("server", "10.0.0.2:65536", "", "is neither"),
    ("server", "10.0.0.2:02626", "", "is neither"),
    ("server", "127.1:2626", "", "is neither"),
    ("server", "010.0.0.2:2626", "", "is neither"),
    ("server", "256.0.0.2:2626", "", "is neither"),
    ("server", "10.0.0.2.3:2626", "", "is neither"),
    ("server", "10.0.0.2:2626 ", "", "is neither"),
    ("server", "10.0.0.2:2626\n", "", "has a line break"),
    ("server", "run/s", "", "is neither"),
    ("server", "/" + "s" * 102, "", "has 103 bytes"),
    ("server", "/s:1", "", "has a colon"),
    ("key", "k" * 256, "", "has 256 bytes; more than 255 crash the router"),
    ("key", "ü" * 128, "", "has 256 bytes"),
    ("key", 'a"b', "", "has a quote, a backslash or a control character, which breaks the router's stats"),
    ("key", "a\\b", "", "has a quote, a backslash or a control character"),
    ("key", "a\tb", "", "has a quote, a backslash or a control character"),
    ("key", "../a", "", "leads out of the folder of credentials; give it without '..'"),
    ("key", "a/..", "", "leads out of the folder of credentials"),
    ("address", -1, "", "-1 is not between 0 and 255"),
    ("address", "256", "", "256 is not between 0 and 255"),
    ("address", True, "", "True is not a whole number"),
    ("address", "localhost:3031", "", "is not an IPv4 address, and the router resolves no names and knows no IPv6; give an IPv4"),
    ("address", "[::1]:3031", "", "is not an IPv4 address"),
    ("address", "0.0.0.0:3031", "", "is a wildcard, which for the router is its own host"),
    ("address", "0:3031", "", "is a wildcard"),
    ("address", ":3031", "", "is a wildcard"),
    ("address", "*:3031", "", "is a wildcard"),
    ("address", "a.sock", "", "is a relative path, which the router takes from its own folder"),
    ("address", "10.0.0.7:0", "", "has no port from 1 to 65535"),
    ("address", "10.0.0.7:99999", "", "has no port from 1 to 65535"),
    ("address", "@", "", "'@' names no socket; give the path of one"),
    ("address", "/run/", "", "'/run/' names no socket"),
    ("server", "/", "", "'/' names no socket"),
    ("address", "/" + "s" * 102, "", "has 103 bytes"),
    ("address", "/a:1", "", "has a colon"),
    # More than the router has room for.
    ("address", "1" * 256 + ":1", "", "... (260 characters) is not an IPv4 address"),
    ("modifier", "pgsi", "", "'pgsi' is not the name of a modifier; did you mean 'psgi'?"),
    ("modifier", "qqqqqq", "", "known are cache, cgi,"),
    ("modifier", 256, "", "256 is not between 0 and 255; a modifier has 8 bits"),
    ("modifier", "-1", "", "-1 is not between 0 and 255"),
    ("modifier", {"modifier2": 1}, ".modifier1", "is missing; modifier2 only refines it"),
    ("modifier", {"modifier1": 1, "modifier2": 256}, ".modifier2", "256 is not between 0 and 255"),
    ("modifier", {"modifier1": 1, "modifier2": -1}, ".modifier2", "-1 is not between 0 and 255"),
    ("modifier", {"modifier1": 1, "modifer2": 2}, ".modifer2", "unknown argument; did you mean 'modifier2'?"),
    ("modifier", {"modifier1": "x" * 9}, ".modifier1", "is not the name of a modifier"),
    ("modifier", [5], "", "is not a whole number"),
    (
        "algorithm",
        "random",
        "",
        "is not a balancing algorithm, and uWSGI would silently use wrr; give one of ip_hash, iphash",
    ),
    ("digest", "SHA 256", "", "'SHA 256' is not the name of a digest; give one such as SHA256"),
    ("digest", "SHA256:", "", "is not the name of a digest"),
    ("signing", True, "", "must be [algorithm, key file], such as"),
    ("signing", "SHA256", "", "must be [algorithm, key file]"),
    ("signing", ["SHA256"], "", "must be [algorithm, key file]"),
    ("signing", ["SHA256", "/a", "/b"], "", "must be [algorithm, key file]"),
    ("signing", ["", "/a"], "[0]", "is empty"),
    ("signing", ["SHA256", "a"], "[1]", "'a' is not an absolute path"),
    ("signing", ":/a", "[0]", "is empty"),
    ("uids", [33, 0], "[1]", "uWSGI never skips the check for uid 0; give the uid of an unprivileged user"),
    ("uids", ["0"], "[0]", "uWSGI never skips the check for uid 0"),
    ("uids", [-1], "[0]", "-1 is not between 1"),
    ("uids", [2**32 - 1], "[0]", "4294967295 is not between 1 and 4294967294"),
    ("uids", ["www-data"], "[0]", "'www-data' is not a whole number"),
]


def test_every_kind_of_the_table_has_cases() -> None:
    checks = {row.kind.check.__name__ for rows in table.GROUPS.values() for row in rows}
    assert checks - {name for name, *dummy in ACCEPTED} == set()
    assert checks - {name for name, *dummy in REFUSED} == set()


@pytest.mark.parametrize(("kind", "value", "result"), ACCEPTED)
def test_good_values_have_one_form(kind: str, value: Any, result: Any) -> None:
    found = getattr(values, kind)("arg", value)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(("kind", "value", "place", "problem"), REFUSED)
def test_bad_values_are_refused_with_a_hint(kind: str, value: Any, place: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        getattr(values, kind)("arg", value)
    assert caught.value.path == "arg" + place
    assert problem in caught.value.problem
    assert "\n" not in str(caught.value)


NODE = "give an IPv4 address and a port (10.0.0.7:3031), the absolute path of a unix socket, or the number of the socket"
NEITHER = (
    "is neither an IPv4 address and a port (10.0.0.2:2626) nor the absolute path of a unix socket; with a host name or IPv6 "
    "uWSGI never registers; set resolve_server to true to have a name resolved to IPv4 on the host"
)
# The full text of an error: what is wrong with the value, and what to do.
WORDS: List[Tuple[str, Any, str]] = [
    ("text", "%(a)", "'%(a)' has '%(', which uWSGI expands as a placeholder and which no escape protects; give a value without "
     "it"),
    ("text", None, "must be text, not null"),
    ("text", False, "must be text, not a boolean"),
    ("text", {"a": 1}, "must be text, not a mapping"),
    ("text", "", "is empty; give a value or leave the argument out"),
    ("text", float("inf"), "inf is not a finite number of 64 bits; give one, or text"),
    ("word", "a b", "'a b' has a blank or a control character; give a plain name"),
    # A long value is cut.
    ("word", "a b" + "c" * 75, f"'a b{'c' * 75}' has a blank or a control character; give a plain name"),
    ("word", "a b" + "c" * 76, f"'a b{'c' * 56}... (81 characters) has a blank or a control character; give a plain name"),
    ("positive", 0, "0 is not between 1 and 2147483647"),
    ("positive", "1" * 20, f"{'1' * 20} is not between 1 and 2147483647"),
    ("level", -1, "-1 is not between 0 and 2147483647"),
    ("directories", {"a": 1}, "must be a value or a list of values, not a mapping"),
    ("positive", "1" * 21, f"'{'1' * 21}' is not a whole number"),
    ("file", "a/b", "'a/b' is not an absolute path; uWSGI would look from whatever folder it runs in"),
    ("file", "/" + "a" * 4095, "is longer than the 4095 bytes of a path"),
    # No part of a key appears in the output.
    ("file", "-----BEGIN PRIVATE KEY-----", "is a key or a certificate itself; give the path of its file"),
    ("server", "localhost:2626", f"'localhost:2626' {NEITHER}"),
    ("server", "/s:1", "'/s:1' has a colon, so uWSGI takes it as an address and a port; give another path"),
    ("key", "k" * 256, "has 256 bytes; more than 255 crash the router"),
    ("key", 'a"b', "'a\"b' has a quote, a backslash or a control character, which breaks the router's stats; give the domain as "
     "clients send it"),
    ("key", "../a", "'../a' leads out of the folder of credentials; give it without '..'"),
    ("vassal_name", "v" * 256, "has 256 bytes; more than 255 crash the router"),
    ("vassal_name", 'a"b', "'a\"b' has a quote or a backslash, which breaks the router's stats; give the vassal's file name"),
    ("address", "a.sock", f"'a.sock' is a relative path, which the router takes from its own folder; {NODE}"),
    ("address", "/a:1", "'/a:1' has a colon, so uWSGI takes it as an address and a port; give another path"),
    ("modifier", "pgsi", "'pgsi' is not the name of a modifier; did you mean 'psgi'?"),
    ("modifier", "qqqqqq", f"'qqqqqq' is not the name of a modifier; known are {', '.join(sorted(_dialect.MODIFIERS))}"),
    ("modifier", 256, "256 is not between 0 and 255; a modifier has 8 bits"),
    ("modifier", {"modifier2": 1}, "is missing; modifier2 only refines it"),
    ("algorithm", "random", "'random' is not a balancing algorithm, and uWSGI would silently use wrr; give one of ip_hash, "
     "iphash, least_reference_count, lrc, weighted_least_reference_count, wlrc, weighted_round_robin, wrr"),
    ("digest", "SHA256:", "'SHA256:' is not the name of a digest; give one such as SHA256"),
    ("signing", True, "must be [algorithm, key file], such as [SHA256, /etc/uwsgi/keys/private/shop.pem], or 'SHA256:/etc/...'"),
    ("uids", 0, "uWSGI never skips the check for uid 0; give the uid of an unprivileged user"),
    ("flag", ["yes"], "['yes'] is not a boolean; give true or false"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "problem"), WORDS)
def test_errors_say_what_to_do(kind: str, value: Any, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        getattr(values, kind)("arg", value)
    assert caught.value.problem == problem


@pytest.mark.parametrize("error", [ValueError, RecursionError])
def test_what_can_not_be_shown_is_shown_by_its_type(error: Type[Exception]) -> None:
    class Unwritable:
        def __repr__(self) -> str:
            raise error

    assert values.shown(Unwritable()) == "a value of type Unwritable"


def test_a_mapping_has_known_members_and_no_nulls() -> None:
    assert values.mapping("arg", None, dict.fromkeys(["a"])) == {}
    assert values.mapping("arg", {"a": 1, "b": None, "c": False}, dict.fromkeys(["a", "b", "c"])) == {"a": 1, "c": False}


@pytest.mark.parametrize(
    ("value", "path", "problem"),
    [
        ("a", "arg", "must be a mapping of arguments, not a value of type str"),
        ([], "arg", "must be a mapping of arguments, not a list"),
        ({"weigth": 1}, "arg.weigth", "unknown argument; did you mean 'weight'?"),
        ({"qq": None}, "arg.qq", "unknown argument; known are weight, key"),
    ],
)
def test_a_mapping_of_something_else_is_refused(value: Any, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        values.mapping("arg", value, dict.fromkeys(["weight", "key"]))
    assert (caught.value.path, caught.value.problem) == (path, problem)


def test_one_value_is_a_list_of_one() -> None:
    assert [values.sequence("arg", value) for value in (None, [], (1, 2), "ab", 0)] == [[], [], [1, 2], ["ab"], [0]]


def test_members_of_nothing_stand_alone() -> None:
    assert (values.child("", "a"), values.child("a[0]", "b")) == ("a", "a[0].b")
    assert (values.child("a", "b\n"), values.child("a", 5), values.child("a", "")) == ("a['b\\n']", "a[5]", "a['']")


# Digits of other scripts, which Python's int() and isdigit() accept; numbers that can't become text; and endless values.
HUGE = 16**5000
DEEP: List[Any] = []
for dummy in range(5000):
    DEEP = [DEEP]
STRANGE: List[Tuple[str, Any]] = [
    *[(name, value) for name in ("positive", "level", "address", "modifier")
      for value in ("٣", "²", "३", "1\u00a0", HUGE, DEEP)],
    *[("uids", [value]) for value in ("٣", HUGE, DEEP, "٤")],
    *[(name, value) for name in ("text", "word", "key", "file", "server", "digest", "algorithm", "socket_path",
                                 "vassal_name", "protocol")
      for value in (float("inf"), float("-inf"), float("nan"), HUGE, -HUGE, 2**64, -(2**63) - 1, DEEP)],
    *[("flag", value) for value in (HUGE, DEEP, float("nan"), float("inf"), "३")],
    ("signing", ["SHA256", HUGE]), ("modifier", {"modifier1": "٣"}), ("server", "10.0.0.٢:2626"), ("server", "10.0.0.2:٢"),
    ("address", "10.0.0.٣:3031"), ("address", "10.0.0.7:٣"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), STRANGE, ids=range(len(STRANGE)))
def test_what_is_no_number_of_uwsgi_is_an_error_of_its_argument(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        getattr(values, name)("arg", value)
    assert caught.value.path.startswith("arg")
    assert len(str(caught.value)) < 500


def test_a_member_of_any_name_is_an_error_of_it() -> None:
    for name in (HUGE, 5, None, ("a",)):
        with pytest.raises(ArgumentError, match="unknown argument; known are a"):
            values.mapping("arg", {name: 1}, dict.fromkeys(["a"]))


def test_numbers_that_uwsgi_has_are_text() -> None:
    assert [values.text("arg", number) for number in (2**64 - 1, -(2**63), 1e3)] == [str(2**64 - 1), str(-(2**63)), "1000.0"]
