# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters and the lookup in real templates: good input, vaulted input, and input that is refused without a word of a key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import keys, playbook

EC = keys.private("ec", "templates")
RSA = keys.private("rsa", "templates")
PUBLIC = keys.public("ec", "templates")
OTHERS = {
    "encrypted": keys.private("ec", "templates", passphrase=b"p"),
    "old_encrypted": keys.private("rsa", "templates", "TraditionalOpenSSL", b"p"),
    "openssh": keys.private("ec", "templates", "OpenSSH"),
    "ed25519": keys.private("ed25519", "templates"),
    "dsa": keys.private("dsa", "templates"),
    "cut": "\n".join(EC.splitlines()[:2] + EC.splitlines()[3:]) + "\n",
    "broken": EC.replace(EC.splitlines()[1][8:16], "AAAAAAAA"),
    "two": EC + RSA,
    "huge": EC.replace("\n", "\n" + "A" * 70000 + "\n", 1),
}
SIGNED = {"server": "10.0.0.2:2626", "key": "a.test:80", "signing": ["SHA256", "/k/a.pem"]}
VARIABLES: dict[str, Any] = {
    "ec": EC,
    "rsa": RSA,
    "public": PUBLIC,
    "signed": SIGNED,
    "vassals": [[{"name": "a", "subscriptions": [SIGNED, {"server": "10.0.0.2:1", "key": "plain"}]}], {"name": "b"}],
    "files": {"a.pem": EC},
    **OTHERS,
}
P = "emperor.uwsgi."
GOOD: list[tuple[str, Any]] = [
    ("'test.uwsgi.it:8000' | {0}signing_key_file", "test.uwsgi.it_8000.pem"),
    ("'x/y:z' | {0}signing_key_file", "x_y_z.pem"),
    ("'.example.com' | {0}signing_key_file", ".example.com.pem"),
    ("'käse' | {0}signing_key_file", "k__se.pem"),
    ("8080 | {0}signing_key_file", "8080.pem"),
    ("ec | {0}signing_public_key", PUBLIC),
    ("rsa | {0}signing_public_key", keys.public("rsa", "templates")),
    ("vaulted | {0}signing_public_key", PUBLIC),
    ("[signed] | {0}signing_keys(files, half='public')", [{"file": "a.test_80.pem", "content": PUBLIC}]),
    ("vassals | {0}signing_keys(files, 'public')", [{"file": "a.test_80.pem", "content": PUBLIC}]),
    ("vassals | {0}signing_keys(files, half='private')", [{"file": "a.pem", "content": EC}]),
    ("vassals | {0}signing_keys({{'a.test:80': vaulted}}, half='public')", [{"file": "a.test_80.pem", "content": PUBLIC}]),
    ("vassals | {0}signing_keys({{'a.test:80': vaulted}}, half='private')", [{"file": "a.pem", "content": EC}]),
    ("[] | {0}signing_keys({{}}, half='private')", []),
    ("vassals | {0}signing_key_names", ["a.pem"]),
    ("vassals | {0}signing_key_names('/k')", ["a.pem"]),
    (
        "[{{'name': 'a', 'subscriptions': [{{'key': ['b', 'c']}}]}}] | {0}signed_vassals('/k/')",
        [{"name": "a", "subscriptions": [{"key": key, "signing": ["SHA256", "/k/" + key + ".pem"]} for key in "bc"]}],
    ),
    ("vassals | {0}signed_vassals('/k', digest='SHA512') | map(attribute='name')", ["a", "b"]),
]
# What the message says, beside the filter's own name.
BAD: list[tuple[str, str]] = [
    ("'' | {0}signing_key_file", "key: is empty"),
    ("'../a\\nb' | {0}signing_key_file", "key: '../a\\\\nb' has a quote, a backslash"),
    ("'../a' | {0}signing_key_file", "key: '../a' leads out of the folder"),
    ("('k' * 256) | {0}signing_key_file", "key: has 256 bytes"),
    ("('k' * 253) | {0}signing_key_file", "can't name a signing key's file"),
    ("['a'] | {0}signing_key_file", "key: must be text, not a list"),
    ("{{'a': 1}} | {0}signing_key_file", "key: must be text, not a mapping"),
    ("none | {0}signing_key_file", "key: must be text, not null"),
    ("public | {0}signing_public_key", "is a public key where a private one belongs"),
    ("'secret' | {0}signing_public_key", "private key: is not PEM"),
    ("'' | {0}signing_public_key", "private key: is no text"),
    ("[ec] | {0}signing_public_key", "private key: is no text; give the key in PEM"),
    ("5 | {0}signing_public_key", "private key: is no text"),
    ("none | {0}signing_public_key", "private key: is no text"),
    ("encrypted | {0}signing_public_key", "is encrypted, and uWSGI can't ask for a passphrase"),
    ("old_encrypted | {0}signing_public_key", "is encrypted, and uWSGI can't ask for a passphrase"),
    ("openssh | {0}signing_public_key", "is in OpenSSH's own format"),
    ("ed25519 | {0}signing_public_key", "is neither an RSA nor an EC key"),
    ("dsa | {0}signing_public_key", "is neither an RSA nor an EC key"),
    ("cut | {0}signing_public_key", "what is in it is damaged"),
    ("broken | {0}signing_public_key", "private key: is"),
    ("two | {0}signing_public_key", "holds 2 PEM blocks"),
    ("huge | {0}signing_public_key", "has more than 65536 bytes"),
    ("[signed] | {0}signing_keys({{}}, half='public')", "private_keys has neither 'a.pem' nor a key for 'a.test:80'"),
    ("[signed] | {0}signing_keys([ec], half='public')", "private_keys: must be a mapping"),
    ("[signed] | {0}signing_keys(files, half='both')", "half: 'both' is neither 'private' nor 'public'"),
    ("[signed] | {0}signing_keys({{'a.pem': 5}}, half='public')", "private_keys['a.pem']: is no text"),
    ("[signed] | {0}signing_keys({{'a.pem': encrypted}}, half='private')", "private_keys['a.pem']: is encrypted"),
    ("'text' | {0}signing_keys(files, half='public')", "subscriptions: must be a mapping of arguments or a list"),
    ("[signed, signed | combine({{'key': 'a.test/80'}})] | {0}signing_keys(files, half='public')", "fall on one file name"),
    (
        "[signed, signed | combine({{'signing': ['SHA256', '/k/b.pem']}})] | {0}signing_keys(files, half='public')",
        "sign it with the same everywhere",
    ),
    (
        "[signed, signed | combine({{'key': 'b', 'signing': ['SHA256', '/l/a.pem']}})] | {0}signing_keys(files, half='private')",
        "have one name, and a host keeps its keys in one folder",
    ),
    ("[signed | combine({{'signing': 'SHA256'}})] | {0}signing_keys(files, half='public')", "must be [algorithm, key file]"),
    (
        "[signed | combine({{'signing': ['SHA256', '/k/../a b.pem']}})] | {0}signing_keys(files, half='public')",
        "can't name a signing key's file",
    ),
    (
        "[{{'signing': ['SHA256', '/k/a.pem']}}] | {0}signing_keys(files, half='public')",
        "is missing; a signature belongs to a key",
    ),
    ("vassals | {0}signing_key_names('/elsewhere')", "is not in /elsewhere, where this host's private keys are"),
    ("vassals | {0}signing_key_names('relative')", "is not an absolute path"),
    ("vassals | {0}signed_vassals('relative')", "directory: 'relative' is not an absolute path"),
    ("vassals | {0}signed_vassals('/k', digest='SHA 1')", "digest: 'SHA 1' is no digest's name"),
    ("'text' | {0}signed_vassals('/k')", "vassals: must be a mapping of arguments or a list"),
    ("lookup('{0}signing_keys', '../a.pem', directory='store')", "can't name a signing key's file"),
    ("lookup('{0}signing_keys', 'a.key', directory='store')", "can't name a signing key's file"),
    ("lookup('{0}signing_keys', 'none.pem', directory='store', create=false)", "is not there; make it, or let create be true"),
    ("lookup('{0}signing_keys', 'folder.pem', directory='store')", "can't be read: Is a directory"),
    ("lookup('{0}signing_keys', 'public.pem', directory='store')", "is a public key where a private one belongs"),
    ("lookup('{0}signing_keys', 'binary.pem', directory='store')", "is not PEM"),
    ("lookup('{0}signing_keys', 'new.pem', directory='store/public.pem')", "can't be"),
    ("lookup('{0}signing_keys', 'new.pem', directory='store', type='dsa')", "dsa"),
    ("lookup('{0}signing_keys', 'new.pem', directory='store', type='rsa', size=512)", "512 is not from 2048 to 16384 bits"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> playbook.Run:
    """All expressions in one play, at the verbosity at which Ansible says most."""
    folder = tmp_path_factory.mktemp("templates")
    store = folder / "store"
    (store / "folder.pem").mkdir(parents=True)
    (store / "public.pem").write_text(PUBLIC, encoding="ascii")
    (store / "binary.pem").write_bytes(b"\xff\xfe")
    (folder / "password").write_text("a vault's", encoding="ascii")
    found = playbook.command(
        "ansible-vault", "encrypt_string", "--vault-password-file=password", "--name=vaulted", EC, folder=folder
    )
    assert found.returncode == 0, found.stderr
    (folder / "vaulted.yml").write_text(found.stdout, encoding="ascii")
    # In a file, so that what Ansible shows of a playbook's text around an error isn't what is looked for.
    (folder / "variables.json").write_text(json.dumps(VARIABLES), encoding="utf-8")
    expressions = [expression.format(P) for expression, dummy in [*GOOD, *BAD]]
    tasks = [
        {"ansible.builtin.set_fact": {"made": "{{ " + one + " }}"}, "no_log": at < len(GOOD)}
        for at, one in enumerate(expressions)
    ]
    arguments = ("--vault-password-file=password", "-e@vaulted.yml", "-e@variables.json", "-vvv")
    return playbook.tasks(folder, tasks, *arguments)


@pytest.mark.parametrize("at", range(len(GOOD)), ids=[expression for expression, dummy in GOOD])
def test_good_input(at: int, run: playbook.Run) -> None:
    assert run.results[at]["ansible_facts"]["made"] == GOOD[at][1]


@pytest.mark.parametrize("at", range(len(BAD)), ids=[expression for expression, dummy in BAD])
def test_bad_input_is_refused_with_a_reason(at: int, run: playbook.Run) -> None:
    result = run.results[len(GOOD) + at]
    assert result["failed"]
    name = "signing_keys" if "lookup(" in BAD[at][0] else BAD[at][0].rpartition("{0}")[2].partition("(")[0]
    # The lookup's choices are checked by Ansible, which has a longer name for it.
    assert P + name + ": " in result["msg"] or "lookup.signing_keys" in result["msg"]
    assert BAD[at][1] in result["msg"]


def test_no_output_has_a_piece_of_a_private_key(run: playbook.Run) -> None:
    secrets = [EC, RSA, *(OTHERS[name] for name in ("ed25519", "dsa", "openssh", "encrypted", "old_encrypted"))]
    said = run.output + json.dumps(run.results[len(GOOD) :])
    assert keys.leaked(said, *secrets) == []
    # The search finds what there is to find.
    assert keys.leaked(json.dumps(run.results[: len(GOOD)]), EC) != []
