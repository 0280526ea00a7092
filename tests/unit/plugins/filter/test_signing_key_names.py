# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of the private keys that subscriptions sign with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import signing_key_names
from support import playbook
from support.filters import Filter

FILTER = Filter(signing_key_names)
SIGNED = {"server": "10.0.0.2:2626", "key": "a.test:80", "signing": ["SHA256", "/k/a.pem"]}
UNSIGNED = {"server": "10.0.0.2:2626", "key": "plain"}
VASSALS = [[{"name": "a", "subscriptions": [SIGNED, UNSIGNED]}], {"name": "b"}]
NAMES: list[tuple[Any, list[str]]] = [
    ([], []),
    (UNSIGNED, []),
    (SIGNED, ["a.pem"]),
    (VASSALS, ["a.pem"]),
    ([{**SIGNED, "signing": "SHA1:/k/b.pem"}, SIGNED, SIGNED], ["a.pem", "b.pem"]),
]


@pytest.mark.parametrize(("subscriptions", "names"), NAMES)
def test_each_name_is_there_once(subscriptions: Any, names: list[str]) -> None:
    assert FILTER(subscriptions) == FILTER(subscriptions, "/k") == FILTER(subscriptions, directory="/k/") == names


REFUSED: list[tuple[Any, Any, str]] = [
    (VASSALS, "/elsewhere", "vassals[0][0].subscriptions[0]: /k/a.pem is not in /elsewhere, where this host's private keys are"),
    (VASSALS, "relative", "directory: 'relative' is not an absolute path"),
    (VASSALS, ["/k"], "directory: must be text, not a list"),
    ("text", None, "subscriptions: must be a mapping of arguments or a list"),
    ([5], None, "subscriptions[0]: must be a mapping of arguments or a list"),
    ({**SIGNED, "signing": True}, None, "subscriptions.signing: must be [algorithm, key file]"),
]


@pytest.mark.parametrize(("subscriptions", "directory", "problem"), REFUSED)
def test_what_has_no_names_is_refused(subscriptions: Any, directory: Any, problem: str) -> None:
    assert FILTER.refusal(subscriptions, directory).startswith(problem)


def test_a_template_gets_the_names_or_the_reason(tmp_path: Path) -> None:
    run = playbook.template(tmp_path, f"vassals | {FILTER.name}", f"vassals | {FILTER.name}('k')", vassals=VASSALS)
    assert run.results[0]["msg"] == ["a.pem"]
    assert f"{FILTER.name}: directory: 'k' is not an absolute path" in run.results[1]["msg"]
