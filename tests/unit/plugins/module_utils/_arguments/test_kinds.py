# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of values: what Ansible passes on, what is written for uWSGI, and what is read back from a file."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import kinds
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.kinds import Kind, Pairs
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1


def option(*texts: str) -> Pairs:
    return [("option", text) for text in texts]


# What a user gives, what is written, and what each line of it is read back as.
KINDS: List[Tuple[Kind, Any, Pairs, List[Any]]] = [
    (kinds.ADDRESS, "10.0.0.7:3031", option("10.0.0.7:3031"), ["10.0.0.7:3031"]),
    (kinds.ADDRESS, "/run/a,b.sock", option("/run/a,b.sock"), ["/run/a,b.sock"]),
    # The index of a socket is written as another field; the import recognises it by that name.
    (kinds.ADDRESS, 3, [("socket", "3")], ["3"]),
    (kinds.ALGORITHM, "ip_hash", option("iphash"), ["ip_hash"]),
    (kinds.ALGORITHM, "lrc", option("lrc"), ["least_reference_count"]),
    (kinds.CLIENT_CA, "!/$CA/ca.pem", option("!/$CA/ca.pem"), ["!/$CA/ca.pem"]),
    (kinds.DIGEST, "SHA256", option("SHA256"), ["SHA256"]),
    (kinds.DIRECTORY, "/etc/$KEYS/", option("/etc/$KEYS"), ["/etc/$KEYS"]),
    (kinds.DIRECTORIES, ["/a,b", "/c/"], option("/a,b/", "/c/"), [["/a,b/"], ["/c/"]]),
    (kinds.FILE, "/$HOME/~", option("/$HOME/~"), ["/$HOME/~"]),
    (kinds.FLAG, True, option("true"), [True]),
    (kinds.FLAG, False, option("false"), [False]),
    (kinds.KEYS, "a,b.test", option("a,b.test"), ["a,b.test"]),
    (kinds.KEYS, 8080, option("8080"), ["8080"]),
    (kinds.LEVEL, 0, option("0"), [0]),
    (kinds.MARK, True, option("1"), [True]),
    (kinds.MARK, False, [], []),
    (kinds.MODIFIER, "php", option("14"), [14]),
    (kinds.MODIFIER, {"modifier1": 5, "modifier2": 0}, [*option("5"), ("modifier2", "0")], [5, 0]),
    (kinds.POSITIVE, 17, option("17"), [17]),
    (kinds.PROTOCOL, "http", option("http"), ["http"]),
    (kinds.PROTOCOL, "uwsgi", option("uwsgi"), ["uwsgi"]),
    (kinds.SERVERS, "10.0.0.2:2626", option("10.0.0.2:2626"), ["10.0.0.2:2626"]),
    (kinds.SIGNING, ["SHA256", "/a:b.pem"], option("SHA256:/a:b.pem"), [["SHA256", "/a:b.pem"]]),
    (kinds.SIGNING, False, [], []),
    (kinds.SOCKET_PATH, "/run/a.sock", option("/run/a.sock"), ["/run/a.sock"]),
    (kinds.UIDS, [33, 1000], option("33", "1000"), [[33], [1000]]),
    (kinds.VASSAL, "shop.ini", option("shop.ini"), ["shop.ini"]),
]


def test_every_kind_has_cases() -> None:
    every = {name for name, one in vars(kinds).items() if isinstance(one, Kind)}
    assert every == {kind.name.upper() for kind, *dummy in KINDS}


@pytest.mark.parametrize(("kind", "value", "pairs", "back"), KINDS)
def test_a_value_is_written_and_read_back(kind: Kind, value: Any, pairs: Pairs, back: List[Any]) -> None:
    assert kind.write("option", kind.check("arg", value)) == pairs
    assert [kind.read(text) for dummy, text in pairs] == back


@pytest.mark.parametrize(("kind", "value"), [case[:2] for case in KINDS])
def test_ansible_passes_a_value_on_as_it_is(kind: Kind, value: Any) -> None:
    found = ArgumentSpecValidator({"arg": kind.ansible}).validate({"arg": value})
    assert found.error_messages == []
    assert (found.validated_parameters["arg"], type(found.validated_parameters["arg"])) == (value, type(value))


# Values in Ansible's other notations; ``None`` if Ansible itself refuses them.
CONVERTED: List[Tuple[Kind, Any, Any]] = [
    (kinds.FLAG, "yes", True),
    (kinds.FLAG, "maybe", None),
    (kinds.MARK, "no", False),
    (kinds.LEVEL, "2", 2),
    (kinds.POSITIVE, "2", 2),
    (kinds.POSITIVE, "two", None),
    (kinds.DIRECTORIES, "/a", ["/a"]),
    (kinds.DIRECTORIES, [5], ["5"]),
    (kinds.UIDS, "33", [33]),
    (kinds.UIDS, ["www-data"], None),
    (kinds.ALGORITHM, "random", None),
    (kinds.PROTOCOL, "fastcgi", None),
    (kinds.DIGEST, 5, "5"),
]


@pytest.mark.parametrize(("kind", "value", "converted"), CONVERTED)
def test_ansible_converts_what_has_a_type(kind: Kind, value: Any, converted: Any) -> None:
    found = ArgumentSpecValidator({"arg": kind.ansible}).validate({"arg": value})
    assert bool(found.error_messages) == (converted is None)
    if converted is not None:
        assert found.validated_parameters["arg"] == converted


# What people write, besides what the collection writes.
READ: List[Tuple[Kind, str, Any]] = [
    *[(kinds.FLAG, text, False) for text in ("false", "off", "no", "0", "FALSE", "Off")],
    *[(kinds.FLAG, text, True) for text in ("true", "on", "yes", "1", "", "2", "nope")],
    *[(kinds.MARK, text, True) for text in ("1", "0", "", "false")],
    # Invalid values pass here; the check of the arguments refuses them with a better message.
    (kinds.ALGORITHM, "random", "random"),
    (kinds.LEVEL, "x", "x"),
    (kinds.POSITIVE, "-1", "-1"),
    (kinds.POSITIVE, "\u0663", "\u0663"),
    (kinds.POSITIVE, "", ""),
    (kinds.UIDS, "www-data", ["www-data"]),
    (kinds.SIGNING, "SHA1:", ["SHA1", ""]),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_what_people_write_is_read(kind: Kind, text: str, value: Any) -> None:
    assert kind.read(text) == value


UNREADABLE: List[Tuple[Kind, str, str]] = [
    *[(kinds.MODIFIER, text, f"has {text!r} where a number belongs") for text in ("x", "", "-1", "\u0663", "5x", " 5")],
    (kinds.DIRECTORIES, "/keys", "is a prefix of file names to uWSGI, not a folder; add a slash at the end"),
    (kinds.SIGNING, "SHA256", "has the signature 'SHA256', which is not a digest and a key file"),
]


@pytest.mark.parametrize(("kind", "text", "why"), UNREADABLE)
def test_what_no_argument_says_is_told_with_the_reason(kind: Kind, text: str, why: str) -> None:
    with pytest.raises(kinds.Unreadable) as caught:
        kind.read(text)
    assert str(caught.value) == why


def test_only_one_algorithm_needs_a_newer_release() -> None:
    assert kinds.ALGORITHM.since(kinds.ALGORITHM.check("arg", "ip_hash")) == V2_1
    for kind, value, *dummy in KINDS:
        if value != "ip_hash":
            assert kind.since(kind.check("arg", value)) == V2_0


def test_these_add_to_their_value_with_each_line() -> None:
    assert {kind.name for kind, *dummy in KINDS if kind.repeats} == {"directories", "uids"}


@pytest.mark.parametrize("text", ["٣", "²", "३", "", "+1", " 1", "9" * 21, "9" * 5000])
def test_numbers_have_few_ascii_digits(text: str) -> None:
    assert not kinds.is_number(text)
    with pytest.raises(kinds.Unreadable, match="where a number belongs"):
        kinds.read_number(text)


def test_a_number_is_read() -> None:
    assert [kinds.read_number(text) for text in ("0", "007", "9" * 20)] == [0, 7, 10**20 - 1]
