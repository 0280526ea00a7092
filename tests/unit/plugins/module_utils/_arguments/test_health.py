# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument "health"."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import health
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.probe import Check

PLACE = "vassals[0].health"
VASSAL = "/etc/uwsgi/vassals/shop.ini"
GOOD: list[tuple[dict[str, Any], Check]] = [
    ({"path": "/ok"}, Check(VASSAL, "/ok", None, None, 5, 1, 3, 2)),
    ({"path": "/", "host": "a.test"}, Check(VASSAL, "/", None, "a.test")),
    ({"command": "test -e /run/ok"}, Check(VASSAL, None, "test -e /run/ok", None)),
    ({"command": "test -e x", "path": None, "interval": None}, Check(VASSAL, None, "test -e x", None)),
    (
        {"path": "/ok?deep=1", "interval": "10", "timeout": 2, "fall": "1", "rise": 1},
        Check(VASSAL, "/ok?deep=1", None, None, 10, 2, 1, 1),
    ),
    (
        {"path": "/", "interval": 86400, "timeout": 86400, "fall": 1000, "rise": 1000},
        Check(VASSAL, "/", None, None, 86400, 86400, 1000, 1000),
    ),
]
BAD: list[tuple[Any, str, str]] = [
    ("/ok", PLACE, "must be a mapping of arguments, not a value of type str"),
    ({}, PLACE, "needs path, to send the application a request, or command"),
    ({"host": "a.test"}, PLACE, "needs path, to send the application a request, or command"),
    ({"path": "/", "command": "x"}, PLACE, "give either path or command, not both"),
    ({"path": "ok"}, PLACE + ".path", "'ok' does not begin with a slash; give the path of a request"),
    ({"path": "http://a.test/"}, PLACE + ".path", "'http://a.test/' does not begin with a slash; give the path of a request"),
    ({"path": ""}, PLACE + ".path", "is empty; give a value or leave the argument out"),
    ({"path": ["/"]}, PLACE + ".path", "must be text, not a list"),
    (
        {"path": "/\nX: y"},
        PLACE + ".path",
        "'/\\nX: y' has a line break, which would start another option; give a value without it",
    ),
    ({"path": "/a b"}, PLACE + ".path", "'/a b' has a blank or a control character; give a plain name"),
    ({"path": "/a\rb"}, PLACE + ".path", "'/a\\rb' has a blank or a control character; give a plain name"),
    ({"path": "/", "host": "a b"}, PLACE + ".host", "'a b' has a blank or a control character; give a plain name"),
    ({"path": "/", "host": "a\tb"}, PLACE + ".host", "'a\\tb' has a blank or a control character; give a plain name"),
    ({"command": True}, PLACE + ".command", "must be text, not a boolean"),
    ({"command": ""}, PLACE + ".command", "is empty; give a value or leave the argument out"),
    ({"path": "/", "interval": 0}, PLACE + ".interval", "0 is not between 1 and 86400"),
    ({"path": "/", "interval": 86401}, PLACE + ".interval", "86401 is not between 1 and 86400"),
    ({"path": "/", "timeout": -1}, PLACE + ".timeout", "-1 is not between 1 and 86400"),
    ({"path": "/", "timeout": 0.5}, PLACE + ".timeout", "0.5 is not a whole number"),
    ({"path": "/", "fall": 0}, PLACE + ".fall", "0 is not between 1 and 1000"),
    ({"path": "/", "rise": 1001}, PLACE + ".rise", "1001 is not between 1 and 1000"),
    ({"path": "/", "rise": "two"}, PLACE + ".rise", "'two' is not a whole number"),
    ({"path": "/", "falls": 3}, PLACE + ".falls", "unknown argument; did you mean 'fall'?"),
]


@pytest.mark.parametrize(("given", "expected"), GOOD)
def test_what_is_taken(given: dict[str, Any], expected: Check) -> None:
    assert health.health(PLACE, given, VASSAL) == expected
    assert health.health(PLACE, given) == expected._replace(vassal="")


@pytest.mark.parametrize(("given", "path", "problem"), BAD)
def test_what_is_refused(given: Any, path: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as found:
        health.health(PLACE, given)
    assert (found.value.path, found.value.problem) == (path, problem)
