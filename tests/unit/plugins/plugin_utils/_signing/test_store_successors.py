# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that succeed others: made, encrypted like them, promoted, and interrupted in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.parsing.vault import is_encrypted
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing import public_file
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.store import Store
from support import keys
from support.files import mode
from support.vaults import Counting, Secret, encrypted, loader

SECRET = ("prod", b"secret")
NAMES = ["a.pem", "b.pem"]


def written(folder: Path, secret: Secret | None, *names: str) -> None:
    for name in names:
        content = keys.private("ec", name)
        (folder / name).write_bytes(encrypted(content, secret, labelled=True) if secret else content.encode())


def opened(folder: Path) -> tuple[Store, Counting]:
    counting = Counting({}, ("dev", b"other"), SECRET)
    return Store(str(folder), counting), counting


def test_successors_are_encrypted_as_the_keys_are_and_none_is_decrypted_for_that(tmp_path: Path) -> None:
    written(tmp_path, SECRET, "a.pem")
    written(tmp_path, None, "b.pem")
    store, counting = opened(tmp_path)
    assert store.make_successors(NAMES, "imagine") == NAMES
    assert not (tmp_path / "next").exists()
    assert store.make_successors(NAMES) == NAMES
    assert counting.decrypted == []
    heads = [(tmp_path / "next" / name).read_bytes()[:30] for name in NAMES]
    assert (heads[0], is_encrypted(heads[1])) == (b"$ANSIBLE_VAULT;1.2;AES256;prod", False)
    assert {mode(tmp_path / "next" / name) for name in NAMES} == {"0600"}
    # After an interruption the same keys are kept, since routers already have them.
    before = {name: (tmp_path / "next" / name).read_bytes() for name in NAMES}
    assert store.make_successors([*NAMES, "c.pem"]) == ["c.pem"]
    assert {name: (tmp_path / "next" / name).read_bytes() for name in NAMES} == before
    found = store.public_halves(NAMES)
    assert (counting.decrypted, [found[name] == keys.public("ec", name) for name in NAMES]) == ([], [False, False])


@pytest.mark.parametrize("half_there", [True, False])
def test_what_is_promoted_is_the_same_file(tmp_path: Path, half_there: bool) -> None:
    written(tmp_path, SECRET, *NAMES)
    store, counting = opened(tmp_path)
    store.public_halves(NAMES)
    store.make_successors(["a.pem"])
    new, raw = store.public_halves(["a.pem"]), (tmp_path / "next" / "a.pem").read_bytes()
    if not half_there:
        (tmp_path / "next" / "public" / "a.pub.pem").unlink()
    old = (tmp_path / "a.pem").read_bytes()
    assert (opened(tmp_path)[0].promote(pretend=True), (tmp_path / "a.pem").read_bytes()) == (["a.pem"], old)
    store, counting = opened(tmp_path)
    assert store.promote() == ["a.pem"]
    assert len(counting.decrypted) == (0 if half_there else 1)
    assert ((tmp_path / "a.pem").read_bytes(), mode(tmp_path / "a.pem")) == (raw, "0600")
    assert store.promote() == []
    store, counting = opened(tmp_path)
    assert store.successors(NAMES) == {}
    assert Store(str(tmp_path), counting).public_halves(NAMES) == {**new, "b.pem": keys.public("ec", "b.pem")}
    # The end of the rotation.
    for path in sorted((tmp_path / "next").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    store, counting = opened(tmp_path)
    assert store.public_halves(NAMES) == {**new, "b.pem": keys.public("ec", "b.pem")}
    assert counting.decrypted == []


def test_what_an_older_release_made_plain_is_encrypted_when_it_is_promoted(tmp_path: Path) -> None:
    written(tmp_path, SECRET, "a.pem")
    (tmp_path / "next").mkdir()
    (tmp_path / "next" / "a.pem").write_text(keys.private("ec", "new"))
    store, dummy = opened(tmp_path)
    assert store.promote() == ["a.pem"]
    assert (tmp_path / "a.pem").read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    store, counting = opened(tmp_path)
    assert store.public_halves(["a.pem"]) == {"a.pem": keys.public("ec", "new")}
    assert store.key("a.pem") == keys.private("ec", "new")
    with pytest.raises(ArgumentError, match="give its password"):
        Store(str(tmp_path), loader()).make_successors(["b.pem", "a.pem"]) and Store(str(tmp_path), loader()).promote()


def test_a_hostile_public_half_is_not_promoted(tmp_path: Path) -> None:
    written(tmp_path, SECRET, "a.pem")
    store, dummy = opened(tmp_path)
    store.make_successors(["a.pem"])
    public_file.write(public_file.path_of(str(tmp_path / "next"), "a.pem"), "a.pem", keys.public("ec", "somebody else"), "")
    old = (tmp_path / "a.pem").read_bytes()
    for action in (store.promote, lambda: store.public_halves(["a.pem"])):
        with pytest.raises(ArgumentError, match="is not the public half of"):
            action()
    assert (tmp_path / "a.pem").read_bytes() == old


def test_a_run_that_is_cut_off_before_the_private_key_is_written_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, SECRET, "a.pem")
    store, dummy = opened(tmp_path)
    store.public_halves(["a.pem"])
    store.make_successors(["a.pem"])
    new = store.public_halves(["a.pem"])

    def cut(*given: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Store, "_write", cut)
        with pytest.raises(KeyboardInterrupt):
            store.promote()
    store, counting = opened(tmp_path)
    # Routers still have only the successor's public half, while nodes use both keys.
    assert (store.public_halves(["a.pem"]), list(store.successors(["a.pem"]))) == (new, ["a.pem"])
    assert store.promote() == ["a.pem"]
    assert (store.public_halves(["a.pem"]), store.successors(["a.pem"])) == (new, {})
    assert sorted(os.listdir(tmp_path)) == ["a.pem", "next", "public"]
