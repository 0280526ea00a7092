# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and keys as files: which pairs a router could serve."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._tls import pair
from support import keys, tls

DAY = 24 * 3600


@pytest.mark.parametrize("memory", [True, False], ids=["in memory", "in a folder"])
def test_a_pair_that_belongs_together_is_read(memory: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    crt, key = tls.pair(tmp_path, "a.test")
    before = sorted(tmp_path.iterdir())
    found = pair.read(crt, key)
    assert (found.path, found.certificate.names, found.flaw("a.test", time.time())) == (crt, ("a.test",), "")
    assert sorted(tmp_path.iterdir()) == before


def broken(folder: Path, what: str) -> tuple[str, str]:
    """A pair with something wrong with it."""
    crt, key = tls.pair(folder, "a.test")
    content = {
        "another key": keys.private("ec", "b.test"),
        "a key of another kind": keys.private("rsa"),
        "a passphrase": keys.private("ec", "a.test", passphrase=b"secret"),
        "no key": "nothing",
    }
    if what in content:
        Path(key).write_text(content[what], encoding="ascii")
    elif what == "no certificate":
        Path(crt).write_text("nothing", encoding="ascii")
    else:
        Path({"no file of the certificate": crt, "no file of the key": key}[what]).unlink()
    return crt, key


UNUSABLE = [
    ("another key", "{crt}: {key} is the key of another certificate; put"),
    ("a key of another kind", "{crt}: {key} is the key of another certificate; put"),
    ("a passphrase", "{key}: has a passphrase"),
    ("no key", "{crt} and {key}: OpenSSL cannot load them (no PEM)"),
    ("no certificate", "{crt}: it has no certificate; put"),
    ("no file of the certificate", "{crt}: cannot be read (No such file or directory); put it there"),
    ("no file of the key", "{key}: cannot be read (No such file or directory); put it there"),
]


@pytest.mark.parametrize(("what", "words"), UNUSABLE)
def test_what_a_router_could_not_load_is_refused_with_its_path(what: str, words: str, tmp_path: Path) -> None:
    crt, key = broken(tmp_path, what)
    with pytest.raises(pair.Unusable) as caught:
        pair.read(crt, key)
    assert str(caught.value).startswith(words.format(crt=crt, key=key))


FLAWS = [
    ({"end": -60}, "a.test", "expired at 20"),
    ({"begin": DAY, "end": 2 * DAY}, "a.test", "is not valid before 20"),
    ({}, "b.test", "is not for b.test, only for a.test; put"),
    ({"names": ["a.test", "*.c.test"]}, "x.c.test", ""),
    ({"names": list("012345")}, "b.test", "is not for b.test, only for 0, 1, 2, 3, 4, ...; put"),
    ({}, "", ""),
]


@pytest.mark.parametrize(("made", "name", "words"), FLAWS)
def test_what_clients_would_refuse_is_a_flaw(made: dict[str, object], name: str, words: str, tmp_path: Path) -> None:
    found = pair.read(*tls.pair(tmp_path, "a.test", **made))
    flaw = found.flaw(name, time.time())
    assert flaw == "" if not words else flaw.startswith(f"{found.path}: {words}")
