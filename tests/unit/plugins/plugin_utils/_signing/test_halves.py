# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys are used for signing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import default_signing
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing import crypto, halves
from hypothesis import given
from hypothesis import strategies as st
from support import keys

S = "10.0.0.2:2626"
FOLDER = "/keys"
EC, RSA = keys.private("ec"), keys.private("rsa")


def entry(key: Any = "a.test", **fields: Any) -> dict[str, Any]:
    return {"server": S, "key": key, **fields}


def signed(key: Any, file: str = "a.test.pem", digest: str = "SHA256", folder: str = FOLDER) -> dict[str, Any]:
    return entry(key, signing=[digest, folder + "/" + file])


def vassal(*subscriptions: Any, name: str = "v") -> dict[str, Any]:
    return {"name": name, "subscriptions": list(subscriptions)}


# Names

NAMES: list[tuple[Any, Any, list[str]]] = [
    (None, None, []),
    ([vassal(entry(), entry(signing=False), entry(signing=None)), {"name": "x"}, {}], None, []),
    (signed("b", "b.pem"), None, ["b.pem"]),
    ([signed("b", "b.pem"), [vassal(signed("a")), signed("a2")], signed("b", "b.pem")], None, ["a.test.pem", "b.pem"]),
    ([signed("a"), signed("b", folder="/other")], None, ["a.test.pem"]),
    ([signed("a")], FOLDER + "/", ["a.test.pem"]),
    (entry(signing="SHA1:/keys/c.pem"), FOLDER, ["c.pem"]),
]


@pytest.mark.parametrize(("items", "directory", "expected"), NAMES)
def test_the_names_of_the_keys_are_told(items: Any, directory: Any, expected: list[str]) -> None:
    assert halves.key_names(items, directory) == expected


UNNAMED: list[tuple[Any, Any, str, str]] = [
    ([signed("a", folder="/other")], FOLDER, "subscriptions[0]",
     "/other/a.test.pem is not in /keys, where this host's private keys are; put it there"),
    ([vassal(signed("a", "x/a.pem"))], FOLDER, "vassals[0].subscriptions[0]",
     "/keys/x/a.pem is not in /keys, where this host's private keys are; put it there"),
    ([{"signing": "SHA1:/k"}], None, "subscriptions[0].key", "is missing; a signature belongs to a key"),
    ([entry([], signing="SHA1:/k")], None, "subscriptions[0].key", "is missing; a signature belongs to a key"),
]
# What the check of the arguments refuses, and words from the error.
MALFORMED: list[tuple[Any, Any, str, str]] = [
    (signed("a"), "keys", "directory", "is not an absolute path"),
    (vassal(entry(signing="SHA1")), None, "vassals.subscriptions[0].signing", "must be [algorithm, key file]"),
    ([entry(signing=True)], None, "subscriptions[0].signing", "must be [algorithm, key file]"),
    ([signed(["a", "\n"])], None, "subscriptions[0].key[1]", "has a line break"),
    (["a"], None, "subscriptions[0]", "must be a mapping"),
]


@pytest.mark.parametrize(("items", "directory", "path", "problem"), UNNAMED)
def test_names_that_can_not_be_told_are_refused(items: Any, directory: Any, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        halves.key_names(items, directory)
    assert (caught.value.path, caught.value.problem) == (path, problem)


@pytest.mark.parametrize(("items", "directory", "path", "problem"), MALFORMED)
def test_names_of_malformed_subscriptions_are_refused(items: Any, directory: Any, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        halves.key_names(items, directory)
    assert caught.value.path == path
    assert problem in caught.value.problem


# Halves


class Vaulted:
    """What Ansible passes for a value from ansible-vault: an object that decrypts when it is read."""

    def __init__(self, content: str) -> None:
        self._content = content

    def __str__(self) -> str:
        return self._content


PUBLIC = {"ec": keys.public("ec"), "rsa": keys.public("rsa")}
TWO = [vassal(signed("a.test")), signed(["b.test:1", "c.test"], "shared.pem", folder="/other")]
BOTH = {"a.test.pem": EC, "shared.pem": RSA}
PRIVATE_HALVES = [{"file": "a.test.pem", "content": EC}, {"file": "shared.pem", "content": RSA}]
PUBLIC_HALVES = [
    {"file": "a.test.pem", "content": PUBLIC["ec"]},
    {"file": "b.test_1.pem", "content": PUBLIC["rsa"]},
    {"file": "c.test.pem", "content": PUBLIC["rsa"]},
]
KNOWN_AS: list[dict[str, Any]] = [
    BOTH,
    {"a.test": EC, "b.test:1": RSA},
    {"a.test": Vaulted(EC), "c.test": Vaulted(RSA), "of somebody else": None},
    {"a.test": EC, "c.test.pem": RSA},
    {"a.test": EC, "b.test_1.pem": RSA},
    # The file's own name comes first, then the keys in their order, then the names of their files.
    {"a.test.pem": EC, "a.test": "x", "shared.pem": RSA, "b.test:1": "x", "c.test": "x"},
    {"a.test": EC, "b.test:1": RSA, "c.test": "x", "b.test_1.pem": "x"},
    {"a.test": EC, "c.test": RSA, "b.test_1.pem": "x"},
]


@pytest.mark.parametrize("private_keys", KNOWN_AS)
def test_the_halves_of_the_keys_are_told(private_keys: Any) -> None:
    assert halves.halves(TWO, private_keys, "private") == PRIVATE_HALVES
    assert halves.halves(TWO, private_keys, "public") == PUBLIC_HALVES
    # The files are sorted, whatever the order of the subscriptions.
    assert halves.halves(TWO[::-1], private_keys, "public") == PUBLIC_HALVES


def test_public_halves_that_are_known_are_those_of_routers() -> None:
    known = {name: crypto.public_half(name, content) for name, content in BOTH.items()}
    assert halves.of_routers(TWO[::-1], known) == PUBLIC_HALVES


def test_subscriptions_that_agree_need_a_key_once() -> None:
    again = [*TWO, signed("a.test"), signed(["c.test"], "shared.pem", "SHA1", "/other")]
    assert halves.halves(again, BOTH, "public") == PUBLIC_HALVES
    assert halves.halves([entry(), None, {"name": "x"}], {}, "private") == []


MISSING = "private_keys has neither 'a.test.pem' nor a key for 'a.test'; add it, or leave the subscription unsigned"
NO_TEXT = "is not text; give the key in PEM"
REFUSED: list[tuple[Any, Any, str, str, str]] = [
    (TWO, BOTH, "both", "half", "'both' is neither 'private' nor 'public'"),
    (TWO, [EC], "public", "private_keys", "must be a mapping of file names, or of subscription keys, to keys in PEM"),
    ([signed("a.test")], {}, "public", "subscriptions[0].signing", MISSING),
    ([signed(["a.test", "b"])], {}, "private", "subscriptions[0].signing", MISSING.replace("'a.test';", "'a.test', 'b';")),
    ([vassal(signed("a")), signed("b", folder="/other")], BOTH, "public", "subscriptions[1].signing",
     "/other/a.test.pem and /keys/a.test.pem of vassals[0].subscriptions[0] have one name, and a host keeps its keys in one "
     "folder; rename one"),
    ([signed("a:1"), signed("a/1")], BOTH, "public", "subscriptions[1].key",
     "'a/1' and 'a:1' fall on one file name, a_1.pem, so one could announce the other; rename one"),
    ([signed("a.test"), signed("a.test", "shared.pem")], BOTH, "public", "subscriptions[1].signing",
     "'a.test' is signed with shared.pem here and with a.test.pem elsewhere, and a router checks it with one key; sign it "
     "with the same everywhere"),
    *[([signed("a.test")], {"a.test": value}, half, "private_keys['a.test']", NO_TEXT)
      for value in (None, True, 5, 1.5, EC.encode(), [EC], (EC,), {"content": EC}) for half in ("public", "private")],
    ([signed("a.test")], {}, "private", "subscriptions[0].signing", MISSING),
]
# Errors about private keys and the names of their files: words from each.
UNUSABLE: list[tuple[Any, Any, str, str, str]] = [
    ([signed("a", "a.key")], BOTH, "public", "subscriptions[0].signing", "'a.key' can't name a signing key's file"),
    ([signed("k" * 252)], BOTH, "public", "subscriptions[0].key", "can't name a signing key's file"),
    *[([signed("a.test")], {"a.test": keys.public()}, half, "private_keys['a.test.pem']", "is a public key where a private one "
       "belongs") for half in ("public", "private")],
    ([signed("a.test")], {"a.test": "x"}, "public", "private_keys['a.test.pem']", "is not PEM"),
]


@pytest.mark.parametrize(("items", "private_keys", "half", "path", "problem"), REFUSED)
def test_halves_that_can_not_be_told_are_refused(items: Any, private_keys: Any, half: str, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        halves.halves(items, private_keys, half)
    assert (caught.value.path, caught.value.problem) == (path, problem)


@pytest.mark.parametrize(("items", "private_keys", "half", "path", "problem"), UNUSABLE)
def test_keys_that_can_not_be_used_are_refused(items: Any, private_keys: Any, half: str, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        halves.halves(items, private_keys, half)
    assert caught.value.path == path
    assert problem in caught.value.problem
    assert keys.leaked(str(caught.value), EC, RSA, keys.public()) == []


def test_text_is_a_key_as_it_is() -> None:
    assert halves.key_text("key", "x") == halves.key_text("key", Vaulted("x")) == "x"


@given(st.lists(st.lists(st.text("ab:/_.", min_size=1, max_size=4), min_size=1, max_size=3), max_size=4))
def test_signed_vassals_need_one_key_for_each_of_theirs(groups: list[list[str]]) -> None:
    try:
        vassals = default_signing.signed_vassals([vassal(*[entry(group) for group in groups])], FOLDER)
        found = halves.halves(vassals, {key: EC for group in groups for key in group}, "private")
    except ArgumentError as error:
        assert "fall on one file name" in error.problem or "'..'" in error.problem
        return
    assert len(found) == len({key for group in groups for key in group})
    assert [one["file"] for one in found] == halves.key_names(vassals, FOLDER)


class Unresolved(dict):  # type: ignore[type-arg]
    """A mapping that fails the test when any other member is read."""

    def __getitem__(self, name: Any) -> Any:
        assert name in ("subscriptions", "key", "signing"), name
        return super().__getitem__(name)


def test_of_vassals_nothing_is_read_but_what_they_announce() -> None:
    entries = [Unresolved(key="a", server="s"), Unresolved(key=["b"], signing=False, address=0)]
    vassals = [Unresolved(name="v", subscriptions=entries), Unresolved(name="w")]
    read = [{"key": "a"}, {"key": ["b"], "signing": False}]
    assert halves.announced(vassals) == [{"subscriptions": read}, {"subscriptions": []}]
    own = Unresolved(key="a", server="s", signing=["SHA1", "/k.pem"])
    assert halves.key_names([Unresolved(name="v", subscriptions=[own])]) == ["k.pem"]


ELSE: list[tuple[Any, str]] = [
    (["a"], "vassals[0]"),
    ([[], [vassal("a")]], "vassals[1][0].subscriptions[0]"),
]


@pytest.mark.parametrize(("vassals", "path"), ELSE)
def test_what_is_no_vassal_announces_nothing(vassals: Any, path: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        halves.announced(vassals)
    assert caught.value.path == path


def owned(name: str, owner: Any, *subscriptions: Any) -> dict[str, Any]:
    return {**vassal(*subscriptions, name=name), "owner": owner}


def test_whose_a_vassal_is_is_read_where_it_is_asked_for() -> None:
    read = {"subscriptions": [{"key": "a", "signing": ["SHA256", "/keys/a.test.pem"]}]}
    assert halves.announced(owned("x", "alice", signed("a"))) == [read]
    assert halves.announced(owned("x", "alice", signed("a")), owned=True) == [{"name": "x", "owner": "alice", **read}]
    assert halves.announced({"subscriptions": signed("a")}, owned=True) == [read]


def test_keys_have_the_owners_of_the_vassals_that_sign_with_them() -> None:
    vassals = [owned("x", "alice", signed("a.test"), signed("b.test", "b.test.pem")), [owned("y", "alice", signed("a.test"))]]
    vassals += [owned("z", 1001, signed("c.test", "c.test.pem")), owned("unsigned", None, entry("d.test", signing=False))]
    assert halves.key_owners(halves.announced(vassals, owned=True)) == {
        "a.test.pem": "alice", "b.test.pem": "alice", "c.test.pem": "1001",
    }  # fmt: skip


BOTHS = (
    "a.test.pem is the key of 'x', which is alice's, and of 'y', which is bob's, and only one of them could read it; give each a "
    "key of its own, or both vassals one owner"
)
WHOSE = "is {0}; a tyrant Emperor runs a vassal as its file's owner, so give 'x' a user of its own"
UNOWNED: list[tuple[list[Any], str, str]] = [
    ([owned("x", "alice", signed("a.test")), owned("y", "bob", entry("b.test", signing=False), signed("c.test"))],
     "vassals[1].subscriptions[1].signing", BOTHS),
    ([vassal(signed("a.test"), name="x")], "vassals[0].owner", WHOSE.format("missing")),
    ([[owned("x", "root", signed("a.test"))]], "vassals[0][0].owner", WHOSE.format("root")),
    ([owned("x", 0, signed("a.test"))], "vassals[0].owner", WHOSE.format("root")),
]  # fmt: skip


@pytest.mark.parametrize(("vassals", "path", "problem"), UNOWNED)
def test_a_key_that_nobody_or_two_could_own_is_refused(vassals: list[Any], path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        halves.key_owners(vassals)
    assert (caught.value.path, caught.value.problem) == (path, problem)


def test_the_mountpoints_of_a_domain_have_one_key_for_a_router_of_2_1() -> None:
    entries = [{"server": "r", "key": f"a.test/{path}", "signing": ["SHA256", "/k/a.test.pem"]} for path in ("b", "c")]
    private = {"a.test.pem": keys.private("ec")}
    older, newer = halves.halves(entries, private, "public"), halves.halves(entries, private, "public", V2_1)
    assert [one["file"] for one in older] == ["a.test_b.pem", "a.test_c.pem"]
    assert [one["file"] for one in newer] == ["a.test.pem"]
    two = [entries[0], {**entries[1], "signing": ["SHA256", "/k/other.pem"]}]
    with pytest.raises(ArgumentError) as caught:
        halves.halves(two, {**private, "other.pem": keys.private("ec", "other")}, "public", V2_1)
    assert "is signed with other.pem here and with a.test.pem elsewhere" in caught.value.problem
    with pytest.raises(ArgumentError, match="fall on one file name"):
        halves.halves([entries[0], {**entries[0], "key": "a_test"}, {**entries[0], "key": "a/test"}], private, "public")
