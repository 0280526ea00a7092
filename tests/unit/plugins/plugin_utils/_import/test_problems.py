# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""What is left over, and what is refused."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import problems


def test_a_line_is_given_back_with_its_reason() -> None:
    assert problems.LeftOver("x = 1", "is unknown")._asdict() == {"line": "x = 1", "why": "is unknown"}


def test_what_is_not_read_is_an_error_of_its_value() -> None:
    assert issubclass(problems.NotReadError, ValueError)


def test_the_limits_are_above_what_people_write() -> None:
    assert (problems.MOST_DEPTH, problems.MOST_ROWS) == (16, 16384)
    assert problems.WIDE == (2**21, 2**23, 16384)
