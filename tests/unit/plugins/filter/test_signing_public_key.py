# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public half of a private key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import signing_public_key
from support import keys, playbook
from support.filters import Filter

FILTER = Filter(signing_public_key)
EC = keys.private("ec")


@pytest.mark.parametrize("kind", ["ec", "ec384", "rsa"])
def test_a_private_key_has_a_public_half(kind: str) -> None:
    assert FILTER(keys.private(kind)) == keys.public(kind)
    assert FILTER("# of the shop\n" + keys.private(kind)) == keys.public(kind)


NO_TEXT = "private key: is not text; give the key in PEM"
REFUSED: list[tuple[Any, str]] = [
    ("", NO_TEXT),
    ([EC], NO_TEXT),
    ({"content": EC}, NO_TEXT),
    (EC.encode(), NO_TEXT),
    (5, NO_TEXT),
    (True, NO_TEXT),
    (None, NO_TEXT),
    ("secret", "private key: is not PEM"),
    (keys.public("ec"), "private key: is a public key where a private one belongs"),
    (keys.private("ed25519"), "private key: is neither an RSA nor an EC key"),
    (keys.private("ec", passphrase=b"p"), "private key: is encrypted"),
]


@pytest.mark.parametrize(("value", "problem"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_private_key_is_refused_without_a_word_of_it(value: Any, problem: str) -> None:
    found = FILTER.refusal(value)
    assert found.startswith(problem)
    assert keys.leaked(found, EC, keys.private("ed25519")) == []


def test_a_template_gets_the_half_of_a_vaulted_key(tmp_path: Path) -> None:
    tasks = [{"ansible.builtin.debug": {"msg": "{{ vaulted | " + FILTER.name + " }}"}}]
    run = playbook.tasks(tmp_path, tasks, *playbook.vaulted(tmp_path, "vaulted", EC))
    assert run.results[0]["msg"] == keys.public("ec")
    assert keys.leaked(run.output, EC) == []
