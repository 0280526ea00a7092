# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The private and public keys that a host needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import signing_keys
from support import keys, playbook
from support.filters import Filter

FILTER = Filter(signing_keys)
EC = keys.private("ec")
SIGNED = {"server": "10.0.0.2:2626", "key": "a.test:80", "signing": ["SHA256", "/k/a.pem"]}
VASSALS = [[{"name": "a", "subscriptions": [SIGNED, {"server": "10.0.0.2:1", "key": "plain"}]}], {"name": "b"}]
HALVES = {
    "private": [{"file": "a.pem", "content": EC}],
    "public": [{"file": "a.test_80.pem", "content": keys.public("ec")}],
}


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", ["a.pem", "a.test:80", "a.test_80.pem"])
@pytest.mark.parametrize("subscriptions", [SIGNED, [SIGNED, SIGNED], VASSALS])
def test_the_halves_are_files_with_their_content(subscriptions: Any, name: str, half: str) -> None:
    assert FILTER(subscriptions, {name: EC}, half) == FILTER(subscriptions, private_keys={name: EC}, half=half) == HALVES[half]


@pytest.mark.parametrize("half", HALVES)
def test_without_signed_subscriptions_there_are_none(half: str) -> None:
    assert FILTER([], {}, half) == FILTER([{"name": "b"}], {"a.pem": EC}, half) == []


REFUSED: list[tuple[Any, Any, Any, str]] = [
    ("text", {}, "public", "subscriptions: must be a mapping of arguments or a list"),
    ([SIGNED], {}, "public", "subscriptions[0].signing: private_keys has neither 'a.pem' nor a key for 'a.test:80'"),
    ([SIGNED], [EC], "public", "private_keys: must be a mapping"),
    ([SIGNED], None, "private", "private_keys: must be a mapping"),
    ([SIGNED], {"a.pem": EC}, "both", "half: 'both' is neither 'private' nor 'public'"),
    ([SIGNED], {"a.pem": EC}, None, "half: None is neither 'private' nor 'public'"),
    ([SIGNED], {"a.pem": [EC]}, "private", "private_keys['a.pem']: is not text; give the key in PEM"),
    ([SIGNED], {"a.pem": "x"}, "private", "private_keys['a.pem']: is not PEM"),
    ([SIGNED], {"a.pem": keys.public("ec")}, "private", "private_keys['a.pem']: is a public key where a private one belongs"),
]


@pytest.mark.parametrize(("subscriptions", "private_keys", "half", "problem"), REFUSED, ids=range(len(REFUSED)))
def test_what_has_no_halves_is_refused_without_a_word_of_a_key(
    subscriptions: Any, private_keys: Any, half: Any, problem: str
) -> None:
    found = FILTER.refusal(subscriptions, private_keys, half)
    assert found.startswith(problem)
    assert keys.leaked(found, EC) == []


def test_a_template_gets_the_halves_of_a_vaulted_key(tmp_path: Path) -> None:
    expressions = [f"vassals | {FILTER.name}({{'a.test:80': vaulted}}, half='{half}')" for half in HALVES]
    tasks = [{"ansible.builtin.debug": {"msg": "{{ " + one + " }}"}, "no_log": True} for one in expressions]
    run = playbook.tasks(tmp_path, tasks, *playbook.vaulted(tmp_path, "vaulted", EC), vassals=VASSALS)
    assert [result["msg"] for result in run.results] == list(HALVES.values())
    assert keys.leaked(run.output, EC) == []
