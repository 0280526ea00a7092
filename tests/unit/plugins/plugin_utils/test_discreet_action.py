# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments that are printed without their values."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._discreet_action import DiscreetAction, Unshown
from support import keys


def test_arguments_are_printed_by_their_names() -> None:
    given = Unshown({"path": "/a", "keys": [1]})
    assert f"a, {given}" == "a, arguments path, keys"
    assert str(given) == "arguments path, keys"
    assert repr([given]) == "[arguments path, keys]"
    assert keys.leaked(str(Unshown({keys.private(): 1})), keys.private()) == []


def test_they_are_a_mapping_as_any_other() -> None:
    given = Unshown({"path": "/a"})
    assert given == {"path": "/a"}
    assert json.dumps(given) == '{"path": "/a"}'
    assert copy.copy(given) == given


class Task:
    """A task with arguments."""

    args = {"a": "the task's"}  # noqa: RUF012


@pytest.mark.parametrize(("given", "got"), [(None, {"a": "the task's"}), ({"b": 1}, {"b": 1}), ({}, {})])
def test_the_module_gets_them_all(given: Any, got: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def run(self: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        seen.append((arguments, named))
        return {"changed": True}

    monkeypatch.setattr(NormalAction, "_execute_module", run)
    action = DiscreetAction.__new__(DiscreetAction)
    action._task = Task()
    assert action._execute_module("name", given, task_vars={}) == {"changed": True}
    [(arguments, named)] = seen
    assert (arguments, named) == (("name", got), {"task_vars": {}})
    assert isinstance(arguments[1], Unshown)
