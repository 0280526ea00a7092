# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of public halves: where they are, what is not a public half, and what belongs to another key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing import public_file
from support import keys
from support.files import mode, ordinary_user, put

PUBLIC, OTHER, PRIVATE = keys.public("ec"), keys.public("ec", "other"), "/keys/a.pem"
SEAL = "5" * 64


@pytest.mark.parametrize(("name", "path"), [("a.pem", "/k/public/a.pub.pem"), ("a.pub.pem", "/k/public/a.pub.pub.pem")])
def test_each_key_has_a_place(name: str, path: str) -> None:
    assert public_file.path_of("/k", name) == path


@pytest.mark.parametrize("seal", ["", SEAL])
def test_what_is_written_is_read(tmp_path: Path, seal: str) -> None:
    path = tmp_path / "public" / "a.pub.pem"
    for content in (OTHER, PUBLIC):
        public_file.write(str(path), "a.pem", content, seal)
    found = public_file.read(str(path), PRIVATE)
    assert found is not None
    assert (found.content, found.seal, mode(path), os.listdir(path.parent)) == (PUBLIC, seal, "0644", ["a.pub.pem"])
    public_file.refuse_other(found, PUBLIC, str(path), PRIVATE)
    public_file.remove(str(path))
    public_file.remove(str(path))
    assert public_file.read(str(path), PRIVATE) is None


def test_a_name_that_is_too_long_has_none(tmp_path: Path) -> None:
    path = public_file.path_of(str(tmp_path), "a" * 251 + ".pem")
    public_file.write(path, "a.pem", PUBLIC, "")
    public_file.remove(path)
    assert public_file.read(path, PRIVATE) is None
    assert os.listdir(tmp_path / "public") == []


AGAIN = f"; it is to be the public half of {PRIVATE}; remove it, and it is made again"
ODD = [
    (b"", "is not text; give the key in PEM" + AGAIN),
    (b"\xff\xfe", "is not text" + AGAIN),
    (b"words", "is not PEM ('-----BEGIN ... KEY-----' and its end); give the key in PEM" + AGAIN),
    (keys.private("ec").encode(), "is a private key where a public one belongs" + AGAIN),
    ((PUBLIC + OTHER).encode(), "holds 2 PEM blocks; give the one key alone" + AGAIN),
    (b"#" * 70_000 + PUBLIC.encode(), "has more than 65536 bytes, too many for a single key; give one key in PEM" + AGAIN),
]


@pytest.mark.parametrize(("content", "problem"), ODD)
def test_what_is_no_public_half_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "a.pub.pem"
    path.write_bytes(content)
    with pytest.raises(ArgumentError) as caught:
        public_file.read(str(path), PRIVATE)
    assert (caught.value.path, caught.value.problem) == (str(path), problem)
    assert keys.leaked(str(caught.value), keys.private("ec")) == []
    assert path.read_bytes() == content


def test_another_key_s_is_refused_by_both_names(tmp_path: Path) -> None:
    path = put(tmp_path / "a.pub.pem", OTHER)
    found = public_file.read(str(path), PRIVATE)
    assert found is not None
    with pytest.raises(ArgumentError) as caught:
        public_file.refuse_other(found, PUBLIC, str(path), PRIVATE)
    assert caught.value.path == str(path)
    assert caught.value.problem.startswith(f"is not the public half of {PRIVATE}: it is SHA256:")
    assert caught.value.problem.endswith("remove the public half, and it is made again; if not, restore the private key")


def test_what_can_not_be_read_or_removed_is_an_error_and_what_can_not_be_written_is_none() -> None:
    with ordinary_user() as folder:
        (folder / "public").mkdir()
        path = put(folder / "public" / "a.pub.pem", PUBLIC, 0)
        with pytest.raises(ArgumentError, match="can't be read: Permission denied; let it be read, or remove it"):
            public_file.read(str(path), PRIVATE)
        path.parent.chmod(0o500)
        with pytest.raises(ArgumentError, match="can't be removed: Permission denied"):
            public_file.remove(str(path))
        public_file.write(str(path), "a.pem", PUBLIC, "")
        assert (os.listdir(path.parent), mode(path)) == (["a.pub.pem"], "0000")
        path.parent.chmod(0o700)
