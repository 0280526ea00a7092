# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's folder of private keys: real files, real vaults, and runs at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.store import Store
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from support import keys
from support.files import mode, ordinary_user, put, snapshot
from support.modules import COLLECTIONS

EC = keys.private("ec")
RACERS = 8


def loader(password: bytes = b"") -> DataLoader:
    """Ansible's own loader, which knows the password of one vault or of none."""
    found = DataLoader()
    if password:
        found.set_vault_secrets([("default", VaultSecret(password))])
    return found


def store(folder: Path, *given_: Any) -> Store:
    return Store(str(folder), loader(), *given_)


def vaulted(content: str, password: bytes = b"secret") -> str:
    return str(VaultLib([("default", VaultSecret(password))]).encrypt(content).decode())


def refusal(found: Store, name: Any, missing: str = "create") -> tuple[str, str]:
    with pytest.raises(ArgumentError) as caught:
        found.key(name, missing)
    assert keys.leaked(str(caught.value), EC) == []
    return caught.value.path, caught.value.problem


def kind(content: str) -> tuple[str, int]:
    """What OpenSSL says about a private key: its algorithm and bits."""
    key: Any = load_pem_private_key(content.encode(), None)
    return type(key).__name__[:2], key.key_size


@pytest.mark.parametrize("missing", ["create", "imagine", "refuse"])
def test_a_key_that_is_there_is_read_and_stays(tmp_path: Path, missing: str) -> None:
    put(tmp_path / "a.pem", "# a comment\n" + EC, 0o640)
    before = snapshot(tmp_path)
    assert store(tmp_path).key("a.pem", missing) == "# a comment\n" + EC
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("mask", [0, 0o777 & ~0o700])
def test_a_missing_key_is_made_for_its_owner_alone(tmp_path: Path, mask: int) -> None:
    folder = tmp_path / "parent" / "keys"
    before = os.umask(mask)
    try:
        content = store(folder).key("a.test.pem")
    finally:
        os.umask(before)
    assert kind(content) == ("EC", 256)
    assert list(snapshot(folder)) == ["a.test.pem", "public"]
    assert ((folder / "a.test.pem").read_text(), mode(folder / "a.test.pem"), mode(folder)) == (content, "0600", "0700")
    assert store(folder).key("a.test.pem", "refuse") == content
    assert store(folder).key("b.test.pem") != content


def test_the_longest_name_is_made(tmp_path: Path) -> None:
    name = "a" * 251 + ".pem"
    store(tmp_path).key(name)
    assert (os.listdir(tmp_path / "public"), (tmp_path / name).exists()) == ([], True)
    assert store(tmp_path).public_halves([name])[name].startswith("-----BEGIN PUBLIC KEY-----\n")


def test_the_type_and_the_size_are_chosen(tmp_path: Path) -> None:
    assert kind(store(tmp_path, "rsa", 2048).key("a.pem")) == ("RS", 2048)
    assert kind(store(tmp_path, "rsa").key("b.pem")) == ("RS", 3072)
    # An existing key stays, whatever type is wanted.
    assert kind(store(tmp_path, "ec").key("a.pem")) == ("RS", 2048)
    assert refusal(store(tmp_path, "rsa", 1024), "c.pem") == ("size", "1024 is not between 2048 and 16384 bits")
    assert sorted(os.listdir(tmp_path)) == ["a.pem", "b.pem", "public"]


def test_a_folder_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    content = Store("~/keys", loader()).key("a.pem")
    assert (tmp_path / "keys" / "a.pem").read_text() == content
    assert Store("keys", loader()).key("a.pem", "refuse") == content


def test_a_key_may_be_imagined(tmp_path: Path) -> None:
    found = store(tmp_path / "keys")
    assert kind(found.key("a.pem", "imagine")) == ("EC", 256)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_key_may_be_an_error(tmp_path: Path) -> None:
    problem = f"{tmp_path / 'keys' / 'a.pem'} is not there; create it, or set create to true"
    assert refusal(store(tmp_path / "keys"), "a.pem", "refuse") == ("directory", problem)
    assert list(tmp_path.iterdir()) == []


NO_NAMES = ["../a.pem", "x/../a.pem", "/etc/a.pem", "a", "", ".pem", "a.pem\n", "a\0.pem", None, 5, ["a.pem"]]


@pytest.mark.parametrize("name", NO_NAMES)
@pytest.mark.parametrize("missing", ["create", "refuse"])
def test_a_name_that_is_no_file_s_leads_nowhere(tmp_path: Path, name: Any, missing: str) -> None:
    put(tmp_path / "a.pem", EC)
    path, problem = refusal(store(tmp_path / "keys"), name, missing)
    assert path == "name"
    assert problem.startswith(f"{str(name)!r} can't name a signing key's file; ")
    assert os.listdir(tmp_path) == ["a.pem"]


# Ansible's vault


def test_an_encrypted_key_is_decrypted_and_stays(tmp_path: Path) -> None:
    put(tmp_path / "a.pem", vaulted(EC))
    before = snapshot(tmp_path)
    assert Store(str(tmp_path), loader(b"secret")).key("a.pem") == EC
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("password", [b"", b"other"])
@pytest.mark.parametrize("missing", ["create", "imagine", "refuse"])
def test_an_encrypted_key_without_its_password_is_an_error(tmp_path: Path, password: bytes, missing: str) -> None:
    put(tmp_path / "a.pem", vaulted(EC))
    before = snapshot(tmp_path)
    with pytest.raises(AnsibleError) as caught:
        Store(str(tmp_path), loader(password)).key("a.pem", missing)
    assert str(tmp_path / "a.pem") in str(caught.value) or "vault" in str(caught.value)
    assert snapshot(tmp_path) == before


def test_what_is_encrypted_must_be_a_key(tmp_path: Path) -> None:
    path = put(tmp_path / "a.pem", vaulted("words"))
    found = refusal(Store(str(tmp_path), loader(b"secret")), "a.pem")
    assert found == (str(path), "is not PEM ('-----BEGIN ... KEY-----' and its end); give the key in PEM")


# Not a key


ODD = [
    (b"", "is not text; give the key in PEM"),
    (b"\xff\xfe", "is not PEM; give an RSA or an EC key in PEM"),
    (b"words", "is not PEM ('-----BEGIN ... KEY-----' and its end); give the key in PEM"),
    (keys.public().encode(), "is a public key where a private one belongs"),
    (keys.private("ed25519").encode(), "is neither an RSA nor an EC key, and uWSGI signs with no other; make one of those"),
]


@pytest.mark.parametrize(("content", "problem"), ODD)
def test_a_file_that_is_no_private_key_is_an_error_and_stays(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "a.pem"
    path.write_bytes(content)
    before = snapshot(tmp_path)
    assert refusal(store(tmp_path), "a.pem") == (str(path), problem)
    assert snapshot(tmp_path) == before


def test_what_can_not_be_read_is_an_error() -> None:
    with ordinary_user() as folder:
        put(folder / "a.pem", EC, 0)
        (folder / "b.pem").mkdir()
        put(folder / "c")
        assert refusal(store(folder), "a.pem") == ("directory", f"{folder / 'a.pem'} can't be read: Permission denied")
        assert refusal(store(folder), "b.pem") == ("directory", f"{folder / 'b.pem'} can't be read: Is a directory")
        assert refusal(store(folder / "c"), "a.pem")[1] == f"{folder / 'c' / 'a.pem'} can't be read: Not a directory"
        assert sorted(os.listdir(folder)) == ["a.pem", "b.pem", "c"]


def test_what_can_not_be_made_is_an_error() -> None:
    with ordinary_user() as folder:
        (folder / "closed").mkdir(mode=0o500)
        for inner in (folder / "closed", folder / "closed" / "new"):
            problem = f"{inner / 'a.pem'} can't be made: Permission denied"
            assert refusal(store(inner), "a.pem") == ("directory", problem)
        assert os.listdir(folder / "closed") == []


# Runs at the same time


def race(folder: Path, name: str, barrier: threading.Barrier, found: list[str]) -> None:
    """Ask for a key at the same time as the others."""
    one = store(folder)
    barrier.wait()
    found.append(one.key(name))


def test_of_two_threads_that_make_a_key_both_get_the_same(tmp_path: Path) -> None:
    for number in range(5):
        barrier = threading.Barrier(RACERS)
        found: list[str] = []
        name = f"a{number}.pem"
        threads = [threading.Thread(target=race, args=(tmp_path / "keys", name, barrier, found)) for dummy in range(RACERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [(tmp_path / "keys" / name).read_text()] * RACERS
        # The slower ones leave nothing behind.
        assert len(os.listdir(tmp_path / "keys")) == number + 2


RACE = """
import sys
from ansible.parsing.dataloader import DataLoader
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.store import Store
store = Store(sys.argv[1], DataLoader())
print("ready", flush=True)
sys.stdin.readline()
print(store.key("a.pem"))
"""


def test_of_two_processes_that_make_a_key_both_get_the_same(tmp_path: Path) -> None:
    environment = dict(os.environ, PYTHONPATH=str(COLLECTIONS), HOME=str(tmp_path))
    argv = [sys.executable, "-c", RACE, str(tmp_path / "keys")]
    processes = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) for dummy in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [process.communicate(timeout=60)[0] for process in processes]
    assert found == [(tmp_path / "keys" / "a.pem").read_text() + "\n"] * 2
    assert sorted(os.listdir(tmp_path / "keys")) == ["a.pem", "public"]


def test_a_key_that_is_there_at_the_last_moment_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = store(tmp_path)

    def other_run(*given_: Any) -> str:
        put(tmp_path / "a.pem", EC, 0o600)
        return keys.private("ec384")

    monkeypatch.setattr("ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.crypto.generate", other_run)
    assert slow.key("a.pem") == EC
    assert (tmp_path / "a.pem").read_text() == EC
    assert os.listdir(tmp_path) == ["a.pem"]
