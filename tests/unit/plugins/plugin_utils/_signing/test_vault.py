# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of ansible-vault: made like others, with seals that are valid for one file and one password."""

from __future__ import annotations

import pytest
from ansible.parsing.vault import VaultLib
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.vault import Vault
from support.vaults import Counting, encrypted, loader

DEV, PROD = ("dev", b"one"), ("prod", b"two")
BOTH = loader(DEV, PROD)


def test_a_file_is_decrypted_once() -> None:
    raw = encrypted("text", DEV)
    found = Counting({"/a": raw, "/b": raw}, DEV)
    vault = Vault(found)
    assert [vault.decrypted("/a", raw) for dummy in range(3)] == [b"text"] * 3
    assert vault.decrypted("/b", b"plain") == b"plain"
    assert found.decrypted == ["/a"]


# The file to imitate, the head of the new file, and who can read it.
LIKE = [
    (encrypted("x", DEV), b"$ANSIBLE_VAULT;1.1;AES256\n", DEV),
    (encrypted("x", PROD), b"$ANSIBLE_VAULT;1.1;AES256\n", PROD),
    (encrypted("x", PROD, labelled=True), b"$ANSIBLE_VAULT;1.2;AES256;prod\n", PROD),
    # The label is somebody else's, but the password is one of those given.
    (encrypted("x", ("else", PROD[1]), labelled=True), b"$ANSIBLE_VAULT;1.2;AES256;else\n", PROD),
]


@pytest.mark.parametrize(("raw", "head", "secret"), LIKE)
def test_what_is_made_like_a_file_has_its_password_and_label(raw: bytes, head: bytes, secret: tuple[str, bytes]) -> None:
    vault = Vault(BOTH)
    for content in (b"new", b"other"):
        made = vault.encrypted_like("/a", raw, content)
        assert made.startswith(head)
        assert VaultLib(loader(secret)._vault.secrets).decrypt(made) == content


def test_without_a_password_nothing_is_made() -> None:
    with pytest.raises(ArgumentError) as caught:
        Vault(loader()).encrypted_like("/a", encrypted("x", DEV), b"new")
    assert (caught.value.path, "give its password" in caught.value.problem) == ("/a", True)


def test_a_seal_is_of_one_file_one_text_and_one_password() -> None:
    one, again = encrypted("x", DEV), encrypted("x", DEV)
    (seal,) = Vault(loader(DEV)).seals(one, b"said")
    assert Vault(loader(DEV)).seals(one, b"said") == [seal]
    others = [
        *Vault(loader(DEV)).seals(again, b"said"),
        *Vault(loader(DEV)).seals(one, b"said otherwise"),
        *Vault(loader(PROD)).seals(one, b"said"),
    ]
    assert len({seal, *others}) == 4
    assert Vault(loader()).seals(one, b"said") == []


def test_a_label_says_which_password_can_seal() -> None:
    named, unnamed = encrypted("x", PROD, labelled=True), encrypted("x", PROD)
    assert Vault(BOTH).seals(named, b"said") == Vault(loader(PROD)).seals(named, b"said")
    assert len(Vault(BOTH).seals(unnamed, b"said")) == 2
