# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of on-demand vassals: what the Emperor can bind."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import on_demand
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError


def refusal(value: Any) -> Tuple[str, str]:
    with pytest.raises(ArgumentError) as caught:
        on_demand.on_demand_address("a", value)
    return caught.value.path, caught.value.problem


@pytest.mark.parametrize("value", ["127.0.0.1:3031", "0.0.0.0:1", "10.0.0.7:65535", "/run/a.sock", "/" + "a" * 101])
def test_what_the_emperor_binds_is_taken_as_it_is(value: str) -> None:
    assert on_demand.on_demand_address("a", value) == value


CUT = "has a blank or non-ASCII character, where the Emperor cuts it; give another"
LONG = "has 103 bytes and uWSGI cuts a socket's path at 102; give a shorter one"
NEITHER = (
    "is neither an IPv4 address and a port (127.0.0.1:3031) nor the absolute path of a unix socket, and the Emperor binds "
    "nothing else"
)
REFUSED: List[Tuple[Any, str]] = [
    *[(value, f"{value!r} {NEITHER}") for value in (
        "3031", ":3031", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "localhost:3031", "[::1]:3031", "run/a.sock", "@a",
    )],
    *[(value, f"{value!r} {CUT}") for value in ("/run/a b", "/run/\u00fc", "127.0.0.1:1 ", "/run/a\tb")],
    ("/run/a:1", "'/run/a:1' has a colon, so uWSGI takes it as an address and a port; give another path"),
    ("/run/", "'/run/' names no socket; give the path of one"),
    ("/" + "a" * 102, f"'/{'a' * 58}... (105 characters) {LONG}"),
    # This much of a value is enough to recognise it.
    ("a" * 81, f"{'a' * 80!r} {NEITHER}"),
    (" " * 81, f"{' ' * 80!r} {CUT}"),
    ("", "is empty; give a value or leave the argument out"),
    (3031, "'3031' " + NEITHER),
    (["127.0.0.1:1"], "must be text, not a list"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "problem"), REFUSED)
def test_what_it_does_not_bind_is_refused(value: Any, problem: str) -> None:
    assert refusal(value) == ("a", problem)


OPTIONS = {"emperor": "/v/*.ini", "emperor-graceful-shutdown": True, "emperor-stats": "/s"}


GRACEFUL = [(V2_0, True, 3), (V2_0, False, 3), (V2_1, False, 3), (V2_1, True, 2)]


@pytest.mark.parametrize(("release", "has_on_demand", "kept"), GRACEFUL)
def test_in_2_1_only_an_emperor_that_is_not_graceful_lets_vassals_sleep(
    release: Tuple[int, int], has_on_demand: bool, kept: int
) -> None:
    found = on_demand.emperor_options(OPTIONS, release, has_on_demand)
    assert len(found) == kept and ("emperor-graceful-shutdown" in found) is (kept == 3)
    assert len(OPTIONS) == 3
