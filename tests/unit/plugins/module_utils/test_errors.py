# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection's own errors contain."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from support import keys


def test_an_argument_error_has_the_place_and_the_problem() -> None:
    error = ArgumentError("subscriptions[2].server", "is missing")
    assert (error.path, error.problem) == ("subscriptions[2].server", "is missing")
    assert str(error) == "subscriptions[2].server: is missing"
    assert (error.result, ArgumentError("a", "is wrong", {"created": ["b"]}).result) == ({}, {"created": ["b"]})


def test_a_host_error_has_the_part_and_what_was_found_until_then() -> None:
    error = HostError("/etc/uwsgi/shop.ini", "no space left", created=["a"])
    assert (error.what, error.problem, error.result) == ("/etc/uwsgi/shop.ini", "no space left", {"created": ["a"]})
    assert str(error) == "/etc/uwsgi/shop.ini: no space left"
    assert HostError("/etc", "full").result == {}


def test_no_error_has_a_key_in_it() -> None:
    key = keys.private()
    argument = ArgumentError(f"vassals[0].options[{key!r}]", f"{key[:80]!r} is bad")
    assert (argument.path, argument.problem) == (r"vassals[0].options['[PEM not shown]\n']", "'[PEM not shown]")
    host = HostError("/a/" + key, key, found={key: [key]})
    assert host.result == {"found": {"[PEM not shown]\n": ["[PEM not shown]\n"]}}
    for error in (argument, host):
        assert keys.leaked(f"{error} {error!r} {error.args} {vars(error)}", key) == []


def test_who_expects_one_does_not_get_the_other() -> None:
    """A bad argument is a ValueError; a host's failure is not."""
    assert issubclass(ArgumentError, ValueError)
    assert not issubclass(HostError, (ValueError, OSError))
    assert not issubclass(ArgumentError, HostError)
