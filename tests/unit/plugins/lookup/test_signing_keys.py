# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup of signing keys, in plays: keys from a folder, made when missing, and the halves that vassals need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.release import __version__
from support import keys, playbook
from support.files import mode

_RELEASE = tuple(int(number) for number in __version__.split(".")[:2])
# Up to ansible-core 2.18 a variable is undefined as soon as one of its parts is.
UNDEFINED = {"o": "{{ undefined }}"} if _RELEASE >= (2, 19) else {}
OLD, NEW, RSA = keys.private("ec", "old"), keys.private("ec", "new"), keys.private("rsa")
FILES = {"a.pem": OLD, "next/a.pem": NEW, "b.pem": RSA, "public.pem": keys.public("ec")}
PASSWORD = b"secret"
VAULT = VaultLib([("default", VaultSecret(PASSWORD))])


def lookup(*terms: str, **options: Any) -> str:
    """The lookup as an expression, in the folder ``store``."""
    given = [repr(term) for term in terms] + [f"{name}={value!r}" for name, value in options.items()]
    return f"lookup('emperor.uwsgi.signing_keys', {', '.join([*given, 'directory=store'])})"


GOOD: list[tuple[str, Any]] = [
    (lookup("a.pem"), {"a.pem": OLD}),
    (lookup("b.pem", "a.pem", "a.pem"), {"a.pem": OLD, "b.pem": RSA}),
    ("lookup('emperor.uwsgi.signing_keys', ['a.pem', 'b.pem'], directory=store)", {"a.pem": OLD, "b.pem": RSA}),
    (lookup("vaulted.pem"), {"vaulted.pem": NEW}),
    (lookup("a.pem", create=False), {"a.pem": OLD}),
    (lookup("a.pem", ephemeral=True), {"a.pem": OLD}),
    (lookup(successors=True), {"a.pem": NEW}),
    (lookup("b.pem", successors=True), {"a.pem": NEW}),
    ("query('emperor.uwsgi.signing_keys', directory=store) | first", {}),
    ("lookup('emperor.uwsgi.signing_keys', vassals=[], signing_directory='/k', directory=store)", []),
]
# Lookups that make a key, and the names that are then in the folder.
MADE = [
    (lookup("imagined.pem", ephemeral=True) + "['imagined.pem']", []),
    (lookup("imagined.pem", ephemeral=True, create=False) + "['imagined.pem']", []),
    (lookup("made.pem") + "['made.pem']", ["made.pem"]),
    (lookup("rsa.pem", type="rsa", size=2048) + "['rsa.pem']", ["rsa.pem"]),
]
NAME = "can't name a signing key's file"
BAD: list[tuple[str, str]] = [
    (lookup("../a.pem"), NAME),
    (lookup("a.key"), NAME),
    (lookup("none.pem", create=False), "/none.pem is not there; create it, or set create to true"),
    (lookup("folder.pem"), "/folder.pem can't be read: Is a directory"),
    (lookup("public.pem"), "public.pem: is a public key where a private one belongs"),
    (lookup("binary.pem"), "binary.pem: is not PEM"),
    (lookup("new.pem", type="rsa", size=512), "size: 512 is not between 2048 and 16384 bits"),
    ("lookup('emperor.uwsgi.signing_keys', 'new.pem', directory=store ~ '/public.pem')", "can't be"),
    (lookup(vassals="text", signing_directory="/k"), "vassals: must be a mapping of arguments or a list"),
    (lookup(vassals=[], signing_directory="relative"), "directory: 'relative' is not an absolute path"),
    (lookup(vassals=[], half="public", owners=True, signing_directory="/k"), "owners: is for the private half"),
]
# What Ansible itself refuses, and a word of its error.
UNKNOWN = [
    (lookup("new.pem", type="dsa"), "dsa"),
    (lookup(vassals=[], half="both", signing_directory="/k"), "both"),
    ("lookup('emperor.uwsgi.signing_keys', 'a.pem')", "directory"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The controller's folder of keys."""
    found = tmp_path_factory.mktemp("lookup") / "store"
    (found / "next").mkdir(parents=True)
    (found / "folder.pem").mkdir()
    for name, content in FILES.items():
        (found / name).write_text(content, encoding="ascii")
    (found / "binary.pem").write_bytes(b"\xff\xfe")
    (found / "vaulted.pem").write_bytes(VAULT.encrypt(NEW))
    return found


@pytest.fixture(scope="module")
def run(store: Path) -> playbook.Run:
    """All expressions in one play."""
    folder = store.parent
    (folder / "password").write_bytes(PASSWORD)
    expressions = [one for one, dummy in [*GOOD, *MADE, *BAD, *UNKNOWN]]
    tasks = [
        {"ansible.builtin.debug": {"msg": "{{ " + one + " }}"}, "no_log": at < len(GOOD)} for at, one in enumerate(expressions)
    ]
    return playbook.tasks(folder, tasks, "--vault-password-file=password", "-vvv", store=str(store))


@pytest.mark.parametrize("at", range(len(GOOD)), ids=[one for one, dummy in GOOD])
def test_the_keys_come_by_their_files_names(at: int, run: playbook.Run) -> None:
    assert run.results[at]["msg"] == GOOD[at][1]


@pytest.mark.parametrize("at", range(len(MADE)), ids=[one for one, dummy in MADE])
def test_a_missing_key_is_made(at: int, run: playbook.Run, store: Path) -> None:
    made = run.results[len(GOOD) + at]["msg"]
    assert made.startswith("-----BEGIN PRIVATE KEY-----\n")
    for name in MADE[at][1]:
        # Another key of the store is encrypted, so the new one is too.
        assert (mode(store / name), VAULT.decrypt((store / name).read_bytes()).decode()) == ("0600", made)
    assert not (store / "imagined.pem").exists()


@pytest.mark.parametrize("at", range(len(BAD)), ids=[one for one, dummy in BAD])
def test_what_cannot_be_looked_up_is_refused(at: int, run: playbook.Run) -> None:
    result = run.results[len(GOOD) + len(MADE) + at]
    assert result["failed"]
    assert "emperor.uwsgi.signing_keys: " in result["msg"]
    assert BAD[at][1] in result["msg"]


@pytest.mark.parametrize("at", range(len(UNKNOWN)), ids=[one for one, dummy in UNKNOWN])
def test_options_that_are_none_are_refused(at: int, run: playbook.Run) -> None:
    result = run.results[len(GOOD) + len(MADE) + len(BAD) + at]
    assert result["failed"]
    assert UNKNOWN[at][1] in result["msg"]


def test_no_error_has_a_piece_of_a_key_and_none_makes_one(run: playbook.Run, store: Path) -> None:
    said = json.dumps(run.results[len(GOOD) + len(MADE) :])
    assert keys.leaked(said, OLD, NEW, RSA) == []
    assert {path.name for path in store.glob("*.pem")} == {
        "a.pem", "b.pem", "binary.pem", "folder.pem", "made.pem", "public.pem", "rsa.pem", "vaulted.pem",
    }  # fmt: skip


@pytest.mark.parametrize("create", [True, False])
def test_the_private_halves_of_vassals(tmp_path: Path, create: bool) -> None:
    entries = [{"key": ["x", "y"]}, {"key": "z", "signing": False}]
    vassals = [{"name": "a", "options": UNDEFINED, "subscriptions": entries}]
    expression = "lookup('emperor.uwsgi.signing_keys', vassals=vassals, signing_directory='/k', directory=store, create={0})"
    expression = expression.format(create) + " | map(attribute='file')"
    found = playbook.template(tmp_path, expression, vassals=vassals, store=str(tmp_path))
    assert found.results[0]["msg"] == ["x.pem", "y.pem"] if create else found.results[0]["failed"]
    assert sorted(path.name for path in tmp_path.glob("*.pem")) == (["x.pem", "y.pem"] if create else [])


def test_the_public_halves_of_many_nodes(tmp_path: Path) -> None:
    (tmp_path / "next").mkdir()
    made = {"a.pem": ("ec", "old"), "next/a.pem": ("ec", "new"), "own.pem": ("rsa", ""), "next/z.pem": ("ec", "z")}
    for name, kind in made.items():
        (tmp_path / name).write_text(keys.private(*kind), encoding="ascii")
    elsewhere = {"key": ["b", "c"], "signing": ["SHA256", "/elsewhere/own.pem"]}
    node = [{"name": "v", "options": UNDEFINED, "subscriptions": [{"key": "a"}, elsewhere, {"key": "d", "signing": False}]}]
    nodes = [node, node, [], {"subscriptions": {"key": "a"}}]
    expression = "lookup('emperor.uwsgi.signing_keys', vassals=nodes, half='public', signing_directory='/k', directory=store)"
    found = playbook.template(tmp_path, expression, nodes=nodes, store=str(tmp_path))
    # While a key is being rotated, nodes announce with both keys, and the routers get the successor.
    expected = {"a.pem": keys.public("ec", "new"), "b.pem": keys.public("rsa"), "c.pem": keys.public("rsa")}
    assert found.results[0]["msg"] == [{"file": name, "content": public} for name, public in expected.items()]


@pytest.mark.parametrize("successors", [False, True])
def test_private_halves_have_their_vassals_owners(tmp_path: Path, successors: bool) -> None:
    vassals = [{"name": name, "owner": owner, "subscriptions": [{"key": name}]} for name, owner in (("a", "alice"), ("b", "bob"))]
    for path in (tmp_path / "a.pem", tmp_path / "b.pem", tmp_path / "next" / "b.pem", tmp_path / "next" / "c.pem"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(keys.private("ec", str(path.parent.name == "next")), encoding="ascii")
    expression = "lookup('emperor.uwsgi.signing_keys', vassals=vassals, signing_directory='/k', directory=store, owners=true"
    expression += ", successors=true)" if successors else ")"
    found = playbook.template(tmp_path, expression, vassals=vassals, store=str(tmp_path))
    # Only a key that is being rotated has a successor.
    named = [("b.pem", "bob")] if successors else [("a.pem", "alice"), ("b.pem", "bob")]
    assert found.results[0]["msg"] == [
        {"file": name, "content": keys.private("ec", str(successors)), "owner": owner} for name, owner in named
    ]
