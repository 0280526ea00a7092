# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vassals whose subscriptions are signed by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import signed_vassals
from support import playbook
from support.filters import Filter

FILTER = Filter(signed_vassals)


def vassal(*subscriptions: Any) -> dict[str, Any]:
    return {"name": "a", "subscriptions": list(subscriptions)}


SIGNED: list[tuple[Any, list[Any]]] = [
    ([], []),
    ([{"name": "a"}], [{"name": "a"}]),
    (
        [[vassal({"key": ["b", "c"]})]],
        [vassal({"key": "b", "signing": ["SHA256", "/k/b.pem"]}, {"key": "c", "signing": ["SHA256", "/k/c.pem"]})],
    ),
    ([vassal({"key": "b", "signing": False})], [vassal({"key": "b"})]),
    ([vassal({"key": "b", "signing": "SHA1:/x.pem"})], [vassal({"key": "b", "signing": "SHA1:/x.pem"})]),
]


@pytest.mark.parametrize(("vassals", "expected"), SIGNED)
def test_every_subscription_gets_a_key_unless_it_says_otherwise(vassals: Any, expected: list[Any]) -> None:
    assert FILTER(vassals, "/k") == FILTER(vassals, directory="/k/", digest="SHA256", succeeding=[]) == expected


def test_the_digest_can_be_chosen() -> None:
    assert FILTER([vassal({"key": "b"})], "/k", "SHA512") == [vassal({"key": "b", "signing": ["SHA512", "/k/b.pem"]})]


def test_a_key_with_a_successor_signs_twice() -> None:
    [found] = FILTER([vassal({"key": "b"}, {"key": "c"})], "/k", succeeding=["b.pem"])
    assert [one["signing"][1] for one in found["subscriptions"]] == ["/k/b.pem", "/k/next/b.pem", "/k/c.pem"]


REFUSED: list[tuple[Any, tuple[Any, ...], str]] = [
    ("text", ("/k",), "vassals: must be a mapping of arguments or a list"),
    ([5], ("/k",), "vassals[0]: must be a mapping of arguments or a list"),
    ([vassal({"key": [""]})], ("/k",), "vassals[0].subscriptions[0].key[0]: is empty"),
    ([], ("relative",), "directory: 'relative' is not an absolute path"),
    ([], (None,), "directory: must be text, not null"),
    ([], ("/k", "SHA 1"), "digest: 'SHA 1' is not the name of a digest"),
    ([], ("/k", ["SHA256"]), "digest: must be text, not a list"),
]


@pytest.mark.parametrize(("vassals", "arguments", "problem"), REFUSED)
def test_what_cannot_be_signed_is_refused(vassals: Any, arguments: tuple[Any, ...], problem: str) -> None:
    assert FILTER.refusal(vassals, *arguments).startswith(problem)


def test_a_template_gets_the_vassals_or_the_reason(tmp_path: Path) -> None:
    expressions = f"vassals | {FILTER.name}('/k', digest='SHA512')", f"vassals | {FILTER.name}('k')"
    run = playbook.template(tmp_path, *expressions, vassals=[vassal({"key": "b"})])
    assert run.results[0]["msg"] == [vassal({"key": "b", "signing": ["SHA512", "/k/b.pem"]})]
    assert f"{FILTER.name}: directory: 'k' is not an absolute path" in run.results[1]["msg"]
