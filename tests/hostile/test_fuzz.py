# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Some inputs for every target of ``fuzz``, always the same; "make nightly" runs many more, different each time."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from hostile import fuzz, samples
from support.modules import ROOT

COUNT = 150


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_whatever_is_read_is_taken_or_refused_in_time(name: str) -> None:
    fuzz.fuzz(name, COUNT, 1)


def test_every_filter_is_a_target_and_accepts_its_samples() -> None:
    names = {path.stem for path in (ROOT / "plugins" / "filter").glob("*.py")}
    assert names <= {name[len("filter-") :] for name in fuzz.TARGETS}
    assert set(samples.CALLS) <= names
    for name, calls in samples.CALLS.items():
        for positional, named in calls:
            fuzz.TARGETS["filter-" + name].run(fuzz.Call(positional, named))


@pytest.mark.parametrize(("times", "passes"), [(1, True), (2, False)])
def test_what_is_slow_twice_is_too_slow(times: int, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [times]

    def run(dummy: object) -> None:
        left[0] -= 1
        if left[0] >= 0:
            _endless()

    monkeypatch.setitem(fuzz.TARGETS, "slow", fuzz.TARGETS["pem"]._replace(run=run))
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    with nullcontext() if passes else pytest.raises(AssertionError, match=r"^slow failed with the input 7: SlowError"):
        fuzz.fuzz("slow", 1, 7)


def _endless() -> None:
    while True:
        pass


def test_what_never_ends_is_stopped() -> None:
    with pytest.raises(fuzz.SlowError, match=r"^took more than 0\.05 s$"), fuzz.limited(0.05):
        _endless()
