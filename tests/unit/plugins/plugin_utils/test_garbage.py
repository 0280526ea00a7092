# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Garbage collection is off where it takes longer than the work, and is on again afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._garbage import uncollected


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.enable()


@uncollected()
def _state(flaw: bool = False) -> bool:
    if flaw:
        raise ValueError
    return gc.isenabled()


@pytest.mark.parametrize("before", [True, False])
def test_collection_is_off_meanwhile_and_then_as_it_was(before: bool) -> None:
    if not before:
        gc.disable()
    # Twice, since a decorator is used again for every call.
    assert [_state(), _state(), gc.isenabled()] == [False, False, before]


def test_collection_is_on_again_after_an_error() -> None:
    with pytest.raises(ValueError):
        _state(flaw=True)
    assert gc.isenabled()
