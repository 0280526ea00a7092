# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of keys in real templates: their errors show nothing of a key, at any verbosity."""

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
GOOD = "vassals | emperor.uwsgi.signing_keys(files, half='private')"
# The expected message, without the filter's name.
BAD: list[tuple[str, str]] = [
    ("public | {0}signing_public_key", "is a public key where a private one belongs"),
    ("'secret' | {0}signing_public_key", "private key: is not PEM"),
    ("'' | {0}signing_public_key", "private key: is not text"),
    ("[ec] | {0}signing_public_key", "private key: is not text; give the key in PEM"),
    ("5 | {0}signing_public_key", "private key: is not text"),
    ("none | {0}signing_public_key", "private key: is not text"),
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
    ("[signed] | {0}signing_keys({{'a.pem': 5}}, half='public')", "private_keys['a.pem']: is not text"),
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
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> playbook.Run:
    """Evaluate all expressions in one play, at the highest verbosity."""
    folder = tmp_path_factory.mktemp("templates")
    # In a file, so that the lines that Ansible quotes around an error can't contain the key.
    (folder / "variables.json").write_text(json.dumps(VARIABLES), encoding="utf-8")
    tasks = [
        {"ansible.builtin.set_fact": {"made": "{{ " + one + " }}"}, "no_log": one == GOOD}
        for one in [GOOD, *(expression.format(P) for expression, dummy in BAD)]
    ]
    return playbook.tasks(folder, tasks, "-e@variables.json", "-vvv")


@pytest.mark.parametrize("at", range(len(BAD)), ids=[expression for expression, dummy in BAD])
def test_bad_input_is_refused_with_a_reason(at: int, run: playbook.Run) -> None:
    result = run.results[1 + at]
    assert result["failed"]
    name = BAD[at][0].rpartition("{0}")[2].partition("(")[0]
    assert P + name + ": " in result["msg"]
    assert BAD[at][1] in result["msg"]


def test_no_output_has_a_piece_of_a_private_key(run: playbook.Run) -> None:
    secrets = [EC, RSA, *(OTHERS[name] for name in ("ed25519", "dsa", "openssh", "encrypted", "old_encrypted"))]
    said = run.output + json.dumps(run.results[1:])
    assert keys.leaked(said, *secrets) == []
    # The search finds a key that is shown.
    assert run.results[0]["ansible_facts"]["made"] == [{"file": "a.pem", "content": EC}]
    assert keys.leaked(json.dumps(run.results[0]), EC) != []
