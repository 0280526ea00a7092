# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store's public halves and successors: which private keys are read for them, and what is trusted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, is_encrypted
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.store import Store
from support import keys
from support.files import snapshot
from support.vaults import Counting, Secret, encrypted, loader

SECRET, OTHER = ("prod", b"secret"), ("dev", b"other")
HOSTILE = keys.public("ec", "somebody else")


def filled(folder: Path, *names: str, secret: Secret | None = SECRET) -> None:
    """A folder with keys as an older release left it: without public halves."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        content = keys.private("ec", name)
        (folder / f"{name}.pem").write_bytes(encrypted(content, secret) if secret else content.encode())


def opened(folder: Path, *secrets: Secret) -> tuple[Store, Counting]:
    counting = Counting({}, *(secrets or [SECRET]))
    return Store(str(folder), counting), counting


def halves(folder: Path, *names: str, missing: str = "create", secrets: Sequence[Secret] = ()) -> tuple[dict[str, str], int]:
    """The public halves of keys, and how many private keys were decrypted for them."""
    store, counting = opened(folder, *secrets)
    found = store.public_halves([f"{name}.pem" for name in names], missing)
    return {name[:-4]: content for name, content in found.items()}, len(counting.decrypted)


def pub(folder: Path, name: str) -> Path:
    return folder / "public" / f"{name}.pub.pem"


def expected(*names: str) -> dict[str, str]:
    return {name: keys.public("ec", name) for name in names}


# Which private keys are decrypted


def test_a_host_decrypts_its_own_keys_and_their_successors_alone(tmp_path: Path) -> None:
    names = [f"k{at}" for at in range(20)]
    filled(tmp_path, *names)
    filled(tmp_path / "next", *names)
    own = ["k3.pem", "k7.pem"]
    store, counting = opened(tmp_path)
    assert list(store.keys(own)) == own
    assert store.successors(own) == {}
    assert sorted(counting.decrypted) == sorted(str(folder / name) for folder in (tmp_path, tmp_path / "next") for name in own)


def test_routers_decrypt_a_key_of_an_old_store_once_and_then_none(tmp_path: Path) -> None:
    filled(tmp_path, "a", "b")
    before = snapshot(tmp_path)
    # Check mode writes nothing.
    assert halves(tmp_path, "a", "b", missing="imagine") == (expected("a", "b"), 2)
    assert snapshot(tmp_path) == before
    assert halves(tmp_path, "a") == (expected("a"), 1)
    assert halves(tmp_path, "a", "b") == (expected("a", "b"), 1)
    assert halves(tmp_path, "a", "b") == (expected("a", "b"), 0)
    assert halves(tmp_path, "a", "b", missing="refuse") == (expected("a", "b"), 0)
    assert pub(tmp_path, "a").read_text().endswith(keys.public("ec", "a"))


@pytest.mark.parametrize("secrets", [(SECRET, OTHER), (OTHER, SECRET)])
def test_one_of_several_passwords_is_enough(tmp_path: Path, secrets: Sequence[Secret]) -> None:
    filled(tmp_path, "a")
    assert [halves(tmp_path, "a", secrets=secrets)[1] for dummy in range(3)] == [1, 0, 0]


def test_a_new_key_has_its_public_half_beside_it_at_once(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    store, counting = opened(tmp_path)
    made = store.key("new.pem")
    # The new key is encrypted, since another key of the store is.
    raw = (tmp_path / "new.pem").read_bytes()
    assert (VaultLib(loader(SECRET)._vault.secrets).decrypt(raw).decode(), counting.decrypted) == (made, [])
    found, decrypted = halves(tmp_path, "new")
    assert (decrypted, found["new"].count("PUBLIC KEY")) == (0, 2)
    with pytest.raises(ArgumentError, match="is for a store that ansible-vault encrypted; give its password"):
        Store(str(tmp_path), loader()).key("newer.pem")
    assert sorted(os.listdir(tmp_path)) == ["a.pem", "new.pem", "public"]


def test_without_a_vault_keys_are_plain_and_nothing_is_sealed(tmp_path: Path) -> None:
    Store(str(tmp_path), loader()).key("a.pem")
    assert not is_encrypted((tmp_path / "a.pem").read_bytes())
    assert "Seal" not in pub(tmp_path, "a").read_text()
    assert halves(tmp_path, "a")[1] == 0


def test_a_store_that_can_not_be_written_works_as_before(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    (tmp_path / "public").write_text("in the way")
    with pytest.raises(ArgumentError, match="Not a directory; let it be read, or remove it"):
        halves(tmp_path, "a")
    (tmp_path / "public").unlink()
    (tmp_path / "public").symlink_to("/proc/self")
    assert [halves(tmp_path, "a") for dummy in range(2)] == [(expected("a"), 1)] * 2


# What is trusted


def tampered(folder: Path, how: str) -> None:
    """Changes that somebody without the vault's password can make to the public half of the key ``a``."""
    path = pub(folder, "a")
    seal = next(line for line in path.read_text().splitlines() if "Seal" in line)
    other = pub(folder, "b").read_text()
    texts = {
        "without a seal": HOSTILE,
        "with the key's own seal": f"{seal}\n{HOSTILE}",
        "with another key's": other,
        "with a seal of another password": "# Seal: " + "a" * 64 + "\n" + HOSTILE,
        "two keys": path.read_text() + HOSTILE,
        "a private key": keys.private("ec", "somebody else"),
        "nothing": "",
    }
    path.write_text(texts[how])


HOW = [
    "without a seal", "with the key's own seal", "with another key's", "with a seal of another password", "two keys",
    "a private key", "nothing",
]  # fmt: skip


@pytest.mark.parametrize(("secret", "how"), [(secret, how) for secret in (SECRET, None) for how in HOW])
def test_a_public_half_that_is_not_the_key_s_is_refused_by_both_names(tmp_path: Path, secret: Secret | None, how: str) -> None:
    filled(tmp_path, "a", "b")
    halves(tmp_path, "a", "b")
    if secret is None:
        filled(tmp_path, "a", "b", secret=None)
    tampered(tmp_path, how)
    for missing in ("create", "imagine", "refuse"):
        before = pub(tmp_path, "a").read_text()
        with pytest.raises(ArgumentError) as caught:
            halves(tmp_path, "b", "a", missing=missing)
        assert caught.value.path == str(pub(tmp_path, "a"))
        assert str(tmp_path / "a.pem") in caught.value.problem and "remove" in caught.value.problem
        assert keys.leaked(str(caught.value), keys.private("ec", "a"), keys.private("ec", "somebody else")) == []
        assert pub(tmp_path, "a").read_text() == before
    # The remedy in the error works.
    pub(tmp_path, "a").unlink()
    assert halves(tmp_path, "a")[0] == expected("a")


def test_a_private_key_that_was_exchanged_is_refused_until_its_public_half_is_removed(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    halves(tmp_path, "a")
    (tmp_path / "a.pem").write_bytes(encrypted(keys.private("ec", "b"), SECRET))
    with pytest.raises(ArgumentError, match="is not the public half of"):
        halves(tmp_path, "a")
    pub(tmp_path, "a").unlink()
    assert halves(tmp_path, "a")[0] == {"a": keys.public("ec", "b")}


def test_a_key_that_was_lost_is_made_anew_with_its_public_half(tmp_path: Path) -> None:
    filled(tmp_path, "a", "b")
    halves(tmp_path, "a", "b")
    (tmp_path / "a.pem").unlink()
    found, dummy = halves(tmp_path, "a", "b")
    assert (found["a"] != keys.public("ec", "a"), found["b"]) == (True, keys.public("ec", "b"))
    assert halves(tmp_path, "a", "b") == (found, 0)


@pytest.mark.parametrize("now", [OTHER, None, ("prod", b"new")])
def test_the_same_key_encrypted_otherwise_needs_no_help(tmp_path: Path, now: Secret | None) -> None:
    filled(tmp_path, "a")
    halves(tmp_path, "a")
    filled(tmp_path, "a", secret=now)
    assert [halves(tmp_path, "a", secrets=[now or SECRET]) for dummy in range(2)] == [
        (expected("a"), 1 if now else 0),
        (expected("a"), 0),
    ]
    # And back again, as when a user encrypts a plain key at last.
    filled(tmp_path, "a")
    assert [halves(tmp_path, "a")[1] for dummy in range(2)] == [1, 0]


def test_without_the_password_nothing_is_believed(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    halves(tmp_path, "a")
    with pytest.raises(AnsibleError):
        Store(str(tmp_path), loader()).public_halves(["a.pem"])
    with pytest.raises(AnsibleError):
        halves(tmp_path, "a", secrets=[OTHER])
