# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection's own errors carry."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError


def test_an_argument_error_has_the_place_and_the_problem() -> None:
    error = ArgumentError("subscriptions[2].server", "is missing")
    assert (error.path, error.problem) == ("subscriptions[2].server", "is missing")
    assert str(error) == "subscriptions[2].server: is missing"


def test_a_host_error_has_the_part_and_what_was_found_until_then() -> None:
    error = HostError("/etc/uwsgi/shop.ini", "no space left", created=["a"])
    assert (error.what, error.problem, error.result) == ("/etc/uwsgi/shop.ini", "no space left", {"created": ["a"]})
    assert str(error) == "/etc/uwsgi/shop.ini: no space left"
    assert HostError("/etc", "full").result == {}


def test_who_expects_one_does_not_get_the_other() -> None:
    """A bad argument is a bad value; a host's failure is none."""
    assert issubclass(ArgumentError, ValueError)
    assert not issubclass(HostError, (ValueError, OSError))
    assert not issubclass(ArgumentError, HostError)
