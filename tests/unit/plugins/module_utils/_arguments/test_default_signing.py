# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vassals' subscriptions are signed unless they say otherwise."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import default_signing
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

S = "10.0.0.2:2626"
FOLDER = "/keys"


def entry(key: Any = "a.test", **fields: Any) -> Dict[str, Any]:
    return {"server": S, "key": key, **fields}


def signed(key: Any, file: str = "a.test.pem") -> Dict[str, Any]:
    return entry(key, signing=["SHA256", FOLDER + "/" + file])


def vassal(*subscriptions: Any, name: str = "v") -> Dict[str, Any]:
    return {"name": name, "subscriptions": list(subscriptions)}


class Undefined:
    """A value that the inventory leaves undefined: reading it fails."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError("read")


SIGNED: List[Tuple[str, Any, List[Any]]] = [
    ("nothing", None, []),
    ("an empty list", [], []),
    ("one vassal", vassal(entry()), [vassal(signed("a.test"))]),
    ("lists in lists", [[vassal(entry(), name="a")], (vassal(name="b"), [vassal(entry(), name="c")])],
     [vassal(signed("a.test"), name="a"), vassal(name="b"), vassal(signed("a.test"), name="c")]),
    ("no subscriptions", [{"name": "a"}, {"name": "b", "subscriptions": None}],
     [{"name": "a"}, {"name": "b", "subscriptions": None}]),
    ("a mapping of one", {"name": "a", "subscriptions": entry()}, [{"name": "a", "subscriptions": [signed("a.test")]}]),
    ("a file's name", vassal(entry("b.test:80/x")), [vassal(signed("b.test:80/x", "b.test_80_x.pem"))]),
    ("a key for each", vassal(entry(["a.test", "b.test", "a.test"], balancing_weight=2)),
     [vassal(*[dict(signed(key, key + ".pem"), balancing_weight=2) for key in ("a.test", "b.test")])]),
    ("a list of one", vassal(entry(["a.test"])), [vassal(signed("a.test"))]),
    ("false", vassal(entry(signing=False)), [vassal(entry())]),
    ("its own", vassal(entry(signing="SHA1:/k.pem")), [vassal(entry(signing="SHA1:/k.pem"))]),
    ("its own with several keys", vassal(entry(["a", "b"], signing=["SHA1", "/k"])),
     [vassal(entry(["a", "b"], signing=["SHA1", "/k"]))]),
    ("null", vassal(entry(signing=None)), [vassal(signed("a.test"))]),
    ("no key", vassal({"server": S}, entry(None), entry([])), [vassal({"server": S}, entry(None), entry([]))]),
]


@pytest.mark.parametrize(("vassals", "expected"), [case[1:] for case in SIGNED], ids=[case[0] for case in SIGNED])
def test_every_subscription_that_does_not_say_otherwise_is_signed(vassals: Any, expected: List[Any]) -> None:
    assert default_signing.signed_vassals(vassals, FOLDER) == expected
    # A slash at the end makes no difference, and what is already signed stays as it is.
    assert default_signing.signed_vassals(vassals, FOLDER + "//") == expected
    again = default_signing.signed_vassals(expected, FOLDER)
    assert default_signing.signed_vassals(again, "/elsewhere") == again


def test_the_digest_and_the_folder_are_chosen() -> None:
    found = default_signing.signed_vassals(vassal(entry()), "/", "SHA512")
    assert found == [vassal(entry(signing=["SHA512", "/a.test.pem"]))]


def test_nothing_else_of_a_vassal_is_read_and_the_given_one_stays() -> None:
    options = Undefined()
    given_ = vassal(entry(address=options), name="a")
    given_["options"] = options
    found = default_signing.signed_vassals([given_], FOLDER)
    assert found[0]["options"] is options
    assert found[0]["subscriptions"][0]["address"] is options
    assert list(given_["subscriptions"][0]) == ["server", "key", "address"]


EMPTY = "is empty; give a value or leave the argument out"
NO_FILE = (
    f"'{'k' * 80}' can't name a signing key's file; give at most 255 of letters, digits, '.', '_' and '-', with .pem at the end, "
    "as the filter emperor.uwsgi.signing_key_file does"
)
NOT_SIGNED: List[Tuple[Any, Any, Any, str, str]] = [
    ("a", FOLDER, "SHA256", "vassals", "must be a mapping of arguments or a list of them"),
    ([[], ["a"]], FOLDER, "SHA256", "vassals[1][0]", "must be a mapping of arguments or a list of them"),
    (vassal("a"), FOLDER, "SHA256", "vassals.subscriptions[0]", "must be a mapping of arguments or a list of them"),
    ([vassal(entry(), [entry(["b", ""])])], FOLDER, "SHA256", "vassals[0].subscriptions[1][0].key[1]", EMPTY),
    (vassal(entry("")), FOLDER, "SHA256", "vassals.subscriptions[0].key", EMPTY),
    (vassal(entry({})), FOLDER, "SHA256", "vassals.subscriptions[0].key", "must be a value or a list of values, not a mapping"),
    (vassal(entry("k" * 252)), FOLDER, "SHA256", "vassals.subscriptions[0].key", NO_FILE),
    (vassal(entry()), "keys", "SHA256", "directory",
     "'keys' is not an absolute path; uWSGI would look from whatever folder it runs in"),
    (vassal(entry()), None, "SHA256", "directory", "must be text, not null"),
    (vassal(entry()), FOLDER, "SHA 1", "digest", "'SHA 1' is not the name of a digest; give one such as SHA256"),
    ([], FOLDER, None, "digest", "must be text, not null"),
]  # fmt: skip


@pytest.mark.parametrize(("vassals", "directory", "digest", "path", "problem"), NOT_SIGNED)
def test_what_can_not_be_signed_is_refused(vassals: Any, directory: Any, digest: Any, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        default_signing.signed_vassals(vassals, directory, digest)
    assert (caught.value.path, caught.value.problem) == (path, problem)


# Arguments besides the vassals, and the place of the invalid one.
PLACED: List[Tuple[Dict[str, Any], str]] = [
    ({"directory": "keys"}, "default_signing.directory"),
    ({"directory": FOLDER, "digest": "SHA 1"}, "default_signing.digest"),
    ({"directory": FOLDER, "succeeding": {"a.pem": True}}, "default_signing.succeeding"),
    # A vassal's own signature must be valid before a successor can be added to it.
    ({"vassals": vassal(entry(signing="SHA1")), "directory": FOLDER, "succeeding": "a.pem"}, "vassals.subscriptions[0].signing"),
]


@pytest.mark.parametrize(("arguments", "path"), PLACED)
def test_places_begin_with_the_path(arguments: Dict[str, Any], path: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        default_signing.signed_vassals(**{"vassals": [], "path": "default_signing", **arguments})
    assert caught.value.path == path


# A subscription, the names that have successors, and how it's announced.
ANNOUNCED: List[Tuple[Dict[str, Any], List[str], List[Any]]] = [
    (entry(), [], [["SHA256", "/keys/a.test.pem"]]),
    (entry(), ["b.test.pem"], [["SHA256", "/keys/a.test.pem"]]),
    (entry(), ["a.test.pem"], [["SHA256", "/keys/a.test.pem"], ["SHA256", "/keys/next/a.test.pem"]]),
    (entry(signing="SHA512:/keys/any.pem"), ["any.pem"], ["SHA512:/keys/any.pem", ["SHA512", "/keys/next/any.pem"]]),
    (entry(signing="SHA512:/other/any.pem"), ["any.pem"], ["SHA512:/other/any.pem"]),
    (entry(signing=False), ["a.test.pem"], [None]),
]


@pytest.mark.parametrize(("given_", "succeeding", "signings"), ANNOUNCED)
def test_what_has_a_successor_is_announced_with_either(given_: Any, succeeding: List[str], signings: List[Any]) -> None:
    found = default_signing.signed_vassals(vassal(given_), FOLDER, "SHA256", succeeding)[0]["subscriptions"]
    assert [one.get("signing") for one in found] == signings
    assert {(one["server"], one["key"]) for one in found} == {(S, "a.test")}


def test_lists_are_a_few_deep() -> None:
    items: Any = {"name": "a"}
    for dummy in range(32):
        items = [items]
    assert [one for dummy, one in default_signing.flat("vassals", items)] == [{"name": "a"}]
    with pytest.raises(ArgumentError) as caught:
        list(default_signing.flat("vassals", [items]))
    assert str(caught.value) == "vassals: has lists that are nested more than 32 deep; flatten them"


@pytest.mark.parametrize("name", [["a"], {}, "\ud800", 16**5000], ids=range(4))
def test_the_name_of_a_successor_is_text(name: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        default_signing.signed_vassals([], "/k", succeeding=["a.pem", name])
    assert caught.value.path == "succeeding[1]"


def test_the_mountpoints_of_a_domain_are_signed_with_one_key_for_2_1() -> None:
    vassals = [{"subscriptions": [{"server": "r", "key": ["a.test/b", "a.test/c", "d.test"]}]}]
    older, newer = (
        [one["signing"][1] for one in default_signing.signed_vassals(vassals, "/k", **more)[0]["subscriptions"]]
        for more in ({}, {"release": V2_1})
    )
    assert older == ["/k/a.test_b.pem", "/k/a.test_c.pem", "/k/d.test.pem"]
    assert newer == ["/k/a.test.pem", "/k/a.test.pem", "/k/d.test.pem"]
