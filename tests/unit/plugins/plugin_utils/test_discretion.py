# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of plugins: they name the plugin, are of Ansible's kind, and contain no key."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._discretion import discreet
from support import keys

KEY = keys.private()
# A line of the key, which doesn't look like a key.
LINE = KEY.splitlines()[1]


class Kind(Exception):
    """A kind of Ansible's errors."""


def raised(error: Exception, cause: Exception | None = None, *given: Any) -> BaseException:
    """The error that comes out."""
    with pytest.raises(Exception) as caught, discreet("name", Kind, *given):
        raise error from cause
    return caught.value


def test_without_an_error_nothing_is_read() -> None:
    class Unread(list[Any]):
        def __iter__(self) -> Any:
            raise AssertionError

    with discreet("name", Kind, Unread()):
        pass


def test_an_argument_s_error_becomes_one_of_the_kind() -> None:
    error = ArgumentError("a[2].b", "is bad")
    found = raised(error)
    assert (type(found), str(found), found.__cause__) == (Kind, "name: a[2].b: is bad", error)


@pytest.mark.parametrize("error", [ValueError("v"), KeyError("k"), HostError("/a", "is full")])
def test_other_errors_stay(error: Exception) -> None:
    assert raised(error) is error
    assert raised(error, None, [KEY]) is error


LEAKING: list[tuple[Exception, Exception | None, str]] = [
    (ArgumentError("a", LINE), None, "name: a: [PEM not shown]"),
    (ArgumentError("a", "is bad"), ValueError(LINE), "name: a: is bad"),
    (ArgumentError("a", "is bad"), ValueError(KEY), "name: a: is bad"),
    (ValueError(f"no {LINE} here"), None, "name: ValueError: no [PEM not shown] here"),
    (KeyError(KEY), None, r"name: KeyError: '[PEM not shown]\n'"),
    (ValueError("v"), ValueError(KEY), "name: ValueError: v"),
]


@pytest.mark.parametrize(("error", "cause", "text"), LEAKING, ids=range(len(LEAKING)))
def test_what_would_show_a_key_does_not(error: Exception, cause: Exception | None, text: str) -> None:
    found = raised(error, cause, {"a": [KEY]})
    assert (type(found), str(found)) == (Kind, text)
    assert found.__cause__ is None
    assert found.__suppress_context__
